"""The generated tables of the environments' document are up to date, and its other tables are the code's."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from acbridge_gym import Action, Ends, Randomize, Settings, reference
from acbridge_gym.observation import LOOK_S
from acbridge_gym.settings import settings_of

pytestmark = pytest.mark.house


@pytest.fixture
def document(checkout: Path) -> str:
    return (checkout / "docs" / "reference" / "environments.md").read_text(encoding="utf-8")


def test_the_generated_tables_are_up_to_date(checkout: Path) -> None:
    assert [] == reference.write(checkout / "docs", check=True)


def test_every_setting_is_explained(document: str) -> None:
    for kind in (Settings, Action, Ends, Randomize):
        for each in fields(kind):
            assert f"`{each.name}`" in document, each.name


def test_the_defaults_are_the_documented_ones(document: str) -> None:
    ends, action = Ends(), Action()
    limits = re.findall(r"`(\w+)`\s\((\d+)(?:: never)?\)", document)
    assert {name: getattr(ends, name) for name, _ in limits} == {name: float(value) for name, value in limits}
    assert {"off_track_s", "stuck_s", "wrong_way_m", "crash_kmh", "lap_goal"} == {name for name, _ in limits}
    for name in ("pedals", "gears", "mode", "steer_range", "smooth_s", "limit"):
        value: Any = getattr(action, name)
        row = re.search(rf"\| `{name}` \| (.*?) \|", document)
        assert row, name
        assert row[1] in (f"`{value}`", f"{value:g}" if isinstance(value, float) else "(0, 0)")
    assert (45, 180.0, "hotlap") == (settings_of({}).step_ms, settings_of({}).max_episode_s, settings_of({}).start)


def test_the_places_ahead_are_the_documented_ones(document: str) -> None:
    text = " ".join(document.split())
    times = [f"{seconds:g}" for seconds in LOOK_S]
    assert f"{', '.join(times[:-1])} and {times[-1]} s at its speed" in text
