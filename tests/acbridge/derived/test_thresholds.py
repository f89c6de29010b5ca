"""The thresholds: their rules hold together, and they change only to what they may be."""

import math
import re
from dataclasses import fields

import pytest

from acbridge.derived import THRESHOLDS, Thresholds, ThresholdSpec, parse_thresholds
from acbridge.derived.thresholds import PAIRS, checked

DEFAULTS = Thresholds().values()


@pytest.mark.parametrize("name", THRESHOLDS)
def test_every_default_lies_in_its_range(name: str) -> None:
    rule = THRESHOLDS[name]
    assert rule.low <= DEFAULTS[name] <= rule.high
    assert rule.low < rule.high
    assert math.isfinite(rule.low + rule.high)


@pytest.mark.parametrize("name", THRESHOLDS)
def test_every_rule_says_what_it_decides_and_where_it_comes_from(name: str) -> None:
    rule = THRESHOLDS[name]
    assert rule.meaning.endswith(".")
    assert rule.source
    assert rule.unit == rule.unit.strip()


def test_every_threshold_has_a_rule() -> None:
    assert [each.name for each in fields(Thresholds)] == list(THRESHOLDS) == list(DEFAULTS)
    assert {ThresholdSpec} == {type(rule) for rule in THRESHOLDS.values()}


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_threshold_may_be_anything_from_low_to_high(name: str) -> None:
    rule = THRESHOLDS[name]
    for value in (rule.low, (rule.low + rule.high) / 2, rule.high):
        assert {name: value} == checked({name: value})
        if not any(name in pair for pair in PAIRS):
            assert DEFAULTS | {name: value} == Thresholds().changed({name: value}).values()


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_threshold_out_of_its_range_is_refused(name: str) -> None:
    rule = THRESHOLDS[name]
    beside = (math.nextafter(rule.low, -math.inf), math.nextafter(rule.high, math.inf))
    for value in (*beside, math.nan, math.inf, -math.inf, 10**400, True, False, "1", None, [1.0], 1j):
        with pytest.raises(ValueError, match=rf"^{name} must be a number from "):
            Thresholds().changed({name: value})


def test_a_refused_value_is_answered_with_the_range() -> None:
    with pytest.raises(ValueError, match=r"^min_speed must be a number from 0\.5 to 30 m/s$"):
        Thresholds().changed({"min_speed": 31.0})
    with pytest.raises(ValueError, match=r"^lock_slip_ratio must be a number from -1 to -0\.01$"):
        Thresholds().changed({"lock_slip_ratio": "much"})


def test_an_unknown_threshold_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match=r"^there is no threshold 'stuk_s'; did you mean 'stuck_s'\?$"):
        Thresholds().changed({"stuk_s": 3.0})


def test_a_threshold_like_no_other_is_answered_with_the_names_that_exist() -> None:
    with pytest.raises(ValueError, match=r"^there is no threshold 'weather'; there are: ") as refusal:
        Thresholds().changed({"weather": 3.0})
    assert str(refusal.value).endswith(", ".join(THRESHOLDS))


def test_a_long_unknown_name_is_shortened_in_the_error() -> None:
    with pytest.raises(ValueError, match=f"'{'x' * 36}\\.\\.\\.;"):
        Thresholds().changed({"x" * 5000: 3.0})


def test_one_wrong_value_changes_nothing() -> None:
    before = Thresholds()
    with pytest.raises(ValueError, match="stuck_s"):
        before.changed({"min_speed": 4.0, "stuck_s": -1.0})
    assert DEFAULTS == before.values()


def test_a_change_makes_new_thresholds_and_leaves_the_old() -> None:
    before = Thresholds()
    after = before.changed({"min_speed": 4, "cut_wheels": 4.0}).changed({"stuck_s": 2.5})
    assert (4.0, 4.0, 2.5) == (after.min_speed, after.cut_wheels, after.stuck_s)
    assert (3.0, 3.0, 3.0) == (before.min_speed, before.cut_wheels, before.stuck_s)


def test_a_whole_number_becomes_a_float() -> None:
    assert {float} == {type(value) for value in Thresholds().changed({"cut_wheels": 4}).values().values()}


def test_thresholds_come_back_from_their_values() -> None:
    some = Thresholds().changed({"min_speed": 4.5, "lock_release": -0.2, "teleport_m": 35.0})
    assert some == Thresholds().changed(some.values())
    assert some != Thresholds()
    assert Thresholds() == Thresholds().changed({})


def test_words_become_names_and_numbers() -> None:
    assert {"stuck_s": 5.0, "unheard_of": -0.5} == parse_thresholds(["stuck_s=5", "unheard_of=-.5"])


@pytest.mark.parametrize("word", ["", "stuck_s", "stuck_s=", "stuck_s=soon", "stuck_s=1=2", "5"])
def test_a_word_that_sets_nothing_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"NAME=VALUE, such as stuck_s=5"):
        parse_thresholds([word])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"spin_angle": 0.5, "spin_over_angle": 1.5},
            "spin_over_angle must stay under spin_angle: 1.5 is not under 0.5",
        ),
        ({"lock_release": -0.6}, "lock_slip_ratio must stay under lock_release: -0.3 is not under -0.6"),
        ({"wheelspin_release": 0.3}, "wheelspin_release must stay under wheelspin_slip_ratio: 0.3 is not under 0.3"),
    ],
)
def test_thresholds_that_contradict_each_other_are_refused(values: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Thresholds().changed(values)
