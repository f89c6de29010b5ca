"""Rewards: each term by a state that has it, the sum exact, and one's own terms beside them."""

import math
from typing import Any

import pytest

from acbridge_gym import REASONS, TABLE, Reward, Seen
from acbridge_gym.referee import Referee
from acbridge_gym.rules import TERMS
from acbridge_gym.settings import settings_of
from acbridge_sim import layout
from racing import rules

TRACK = layout("oval")


def step(
    action: tuple[float, float] = (0.0, 0.0), metres: float = 0.9, before: dict[str, Any] | None = None, **after: Any
) -> dict[str, float]:
    """Return the terms of one step with a weight of 1 each, for a car on the centre line."""
    weights = dict.fromkeys(TERMS, 1.0)
    referee = Referee(TRACK.road, rules(reward=weights, ends={"off_track_s": 0.0}))
    x, z, heading = TRACK.point(40.0)
    values: dict[str, Any] = {"forward": 20.0} | (before or {})
    referee.begin(Seen(x=x, z=z, heading=heading, **values))
    referee.command(action)
    x, z, heading = TRACK.point(40.0 + metres)
    values = {"forward": 20.0} | after
    outcome = referee.end(Seen(x=x, z=z, heading=heading, **values), step_s=0.045)
    total = 0.0
    for term in outcome.terms:
        total += term
    assert total == outcome.reward
    return dict(zip(TERMS, outcome.terms, strict=True))


def test_the_table_has_every_term_in_the_order_of_the_sum() -> None:
    assert TERMS == tuple(TABLE)
    assert Reward().weights == [term.weight for term in TABLE.values()]


def test_progress_is_tens_of_metres_forward_and_backward() -> None:
    assert 0.09 == pytest.approx(step()["progress"], rel=1e-3)
    assert -0.05 == pytest.approx(step(metres=-0.5)["progress"], rel=1e-3)


def test_progress_is_cut_off_at_what_a_car_can_drive() -> None:
    assert (1.5 * 20 * 0.045 + 1) / 10 == pytest.approx(step(metres=9.0)["progress"])


def test_wheels_off_the_track_cost_at_each_step_and_leaving_it_costs_the_energy() -> None:
    assert (2.0, 0.0) == (step(wheels_off=2)["edge"], step(wheels_off=2)["crash"])
    assert 1 + 0.003 * 400 == pytest.approx(step(wheels_off=3)["crash"])
    assert 1 + 0.003 * 100 == pytest.approx(step(wheels_off=3, forward=10.0)["crash"])


def test_standing_still_costs_as_a_failure_does() -> None:
    referee = Referee(TRACK.road, rules(reward={"crash": 1.0}, ends={"stuck_s": 0.0}))
    x, z, heading = TRACK.point(40.0)
    referee.begin(Seen(x=x, z=z, heading=heading))
    ends = [referee.end(Seen(x=x, z=z, heading=heading), step_s=0.045) for _ in range(200)]
    stuck = next(outcome for outcome in ends if outcome.reason)
    assert "stuck" == REASONS[stuck.reason].name
    assert [1.0] == [term for name, term in zip(TERMS, stuck.terms, strict=True) if name == "crash"]


def test_damage_counts_only_while_it_grows() -> None:
    assert 0.3 == pytest.approx(step(before={"damage": 20.0}, damage=50.0)["damage"])
    assert 0.0 == step(before={"damage": 50.0}, damage=0.0)["damage"]


def test_a_change_of_the_action_counts_by_its_square() -> None:
    assert (0.25 + 1) / 0.045 == pytest.approx(step(action=(0.5, -1.0))["action_rate"])


def test_speed_terms_follow_their_formulas() -> None:
    assert 72 / 300 == pytest.approx(step()["speed_gap"], rel=1e-3)
    assert 20 / 50 == pytest.approx(step()["speed_along"], rel=1e-2)


def test_only_a_lap_without_a_cut_counts() -> None:
    lap: dict[str, Any] = {"laps": 1, "last_lap_s": 60.0}
    assert [1.0, 0.0, 0.0] == [
        step(**lap, last_lap_valid=True)["lap"],
        step(**lap)["lap"],
        step(before=lap | {"last_lap_valid": True}, **lap, last_lap_valid=True)["lap"],
    ]


def test_a_term_of_ones_own_stands_beside_the_others() -> None:
    def mine(before: Any, after: Any, memory: Any, road: Any) -> float:
        return after.forward - before.forward + memory.progress_m + road.length

    reward = settings_of({"reward": {"progress": 2.0, "mine": (mine, 0.5)}}).reward
    assert (2.0, TABLE["edge"].weight) == (reward.progress, reward.edge)
    assert {"mine": (mine, 0.5)} == reward.own


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fun": 1.0}, "there is no term 'fun'; there are progress"),
        ({"progress": math.nan}, "weight of progress is a finite number"),
        ({"mine": (abs, math.inf)}, "weight of mine is a finite number"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        settings_of({"reward": given})
