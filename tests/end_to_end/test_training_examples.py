"""
The examples that learn: each runs for a short time.

Needs the extra ``train``, and rtgym for one: ``uv run --extra train --with rtgym pytest -m train``.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from programs import Daemon

pytestmark = [pytest.mark.train, pytest.mark.house]


def run(checkout: Path, name: str, *arguments: str) -> str:
    command = [sys.executable, str(checkout / "clients" / "examples" / "training" / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


def test_the_examples_have_at_most_sixty_lines(checkout: Path) -> None:
    lines = {path.name: path.read_text().count("\n") for path in (checkout / "clients/examples/training").glob("*.py")}
    assert 3 == len(lines)
    assert {} == {name: count for name, count in lines.items() if count > 60}


def test_ppo_of_stable_baselines3_drives_a_daemons_car(checkout: Path) -> None:
    with Daemon("--source", "sim", "--controls", "sim", "--rate", "333") as daemon:
        printed = run(checkout, "sb3.py", "2000", daemon.address)
    ends = [line for line in printed.splitlines() if ", then " in line]
    assert 2 == len(ends), printed


def test_ppo_in_one_file_makes_its_steps(checkout: Path) -> None:
    assert "16384 steps:" in run(checkout, "cleanrl.py", "1e4")


def test_rtgym_drives_a_daemons_car(checkout: Path) -> None:
    pytest.importorskip("rtgym")
    with Daemon("--source", "sim", "--controls", "sim", "--rate", "333") as daemon:
        printed = run(checkout, "tmrl.py", daemon.address, "40")
    assert 40 == printed.count("age"), printed
