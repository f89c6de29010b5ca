"""The compiled backend: every function of the subset is compiled, and the arrays it is given are let go."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba")
import numpy as np

from acbridge_gym.backends.compiled import KERNELS, MODULES, CompiledSim, Lanes
from acbridge_gym.start import Place
from acbridge_sim import CarSpec, layout
from acbridge_sim.compiled import subset
from racing import random_actions, rules

PLACE = Place("", 100.0, 0.5, 0.0, 20.0)


def lanes(n: int = 2) -> Lanes:
    return Lanes(n, [layout("oval")], CarSpec(), rules())


def test_the_kernels_call_every_function_of_the_subset() -> None:
    found = {name: f for module in MODULES for name, f in subset(importlib.import_module(module)).items()}
    reached, called = {"_zeros"}, set(KERNELS)  # the one that makes tables
    while called:
        reached |= called
        names = {name for each in called for name in found[each].__code__.co_names}
        called = (names & set(found)) - reached
    assert set(found) == reached


@pytest.mark.long
def test_the_kernels_keep_no_reference_to_the_arrays_they_are_given() -> None:
    held = lanes()
    actions, chosen = np.zeros((2, 2)), np.ones(2, bool)
    arrays = [held.seens, held.memories, held.observations, actions, chosen]
    before = [sys.getrefcount(array) for array in arrays]
    for _ in range(100):
        held.begin({0: (PLACE, {})})
        held.step(actions, chosen)
    assert before == [sys.getrefcount(array) for array in arrays]


def test_a_lane_that_is_not_chosen_stands_still() -> None:
    held = lanes()
    held.begin(dict.fromkeys((0, 1), (PLACE, {})))
    arrays = [held.groups[0].worlds.lanes, held.memories, held.observations]
    kept = [array[1].tobytes() for array in arrays]
    held.step(np.full((2, 2), 0.5), np.array([True, False]))
    assert kept == [array[1].tobytes() for array in arrays]
    assert [1, 0] == held.memories["steps"].tolist()


def test_an_outcome_is_that_of_the_plain_backend() -> None:
    from acbridge_gym.backends.plain import PlainSim

    found: list[Any] = []
    for kind in (PlainSim, CompiledSim):
        backend = kind(layout("oval"), CarSpec())
        backend.open(rules())
        outcomes: list[Any] = [backend.begin(PLACE, {"lag": 7, "grip": 0.95, "fuel": 0.3, "temperature": 80.0})]
        for action in random_actions(50, 2, 4).tolist():
            backend.send(action)
            outcomes.append(backend.wait())
        found.append([each._replace(terms=tuple(each.terms)) for each in outcomes])
        assert 0.021 == pytest.approx(outcomes[-1].lag_s)
        backend.close()
        backend.close()
    assert [each._replace(terms=()) for each in found[0]] == [each._replace(terms=()) for each in found[1]]


def test_without_numba_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import gymnasium, acbridge_gym; "
        "gymnasium.make_vec('acbridge/RaceSim-v0', num_envs=2)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert 'ImportError: compiled environments need numpy and numba: pip install "acbridge[gym,batch]"' == last
