"""The cost of a tick and of a decoded frame in instructions, which the load of the machine does not change."""

import shutil

import pytest

from instructions import count_each

COMMITTED = {"decode physics": 0.88, "derive": 2.9, "tick": 5.0}
"""User instructions as multiples of those of `msgpack.unpackb` of a physics frame."""
ROOM = 1.15


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="instructions are counted by valgrind, which is not here")
def test_no_more_instructions_than_before() -> None:
    counted = count_each()
    ratios = {name: counted[name] / counted["unpackb"] for name in COMMITTED}
    assert all(ratios[name] <= ROOM * most for name, most in COMMITTED.items()), ratios
    assert all(ratios[name] >= most / ROOM**2 for name, most in COMMITTED.items()), f"commit the gain: {ratios}"
