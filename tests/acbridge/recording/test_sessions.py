"""Recorded sessions with the events that they must give: a bug report becomes a test by dropping two files."""

import json
from pathlib import Path
from typing import Any

import pytest

from acbridge import Event
from acbridge.recording import Recording, open_recording, read_ticks

SESSIONS = Path(__file__).resolve().parents[2] / "golden" / "sessions"
RECORDINGS = sorted(SESSIONS.glob("*.acrec"))


def events(path: Path) -> list[dict[str, Any]]:
    """Return the events of a recording with the tick of each, without the fields that say nothing."""
    found: list[dict[str, Any]] = []
    played: Any = Recording(path).frames(Event)
    for frame in played:
        record: Event = frame.record
        values: dict[str, Any] = vars(record)
        said = {name: value for name, value in values.items() if value is not None}
        found.append({"tick": frame.tick, **json.loads(json.dumps(said))})
    return found


@pytest.mark.parametrize("path", RECORDINGS, ids=[path.stem for path in RECORDINGS])
def test_a_recorded_session_gives_the_events_beside_it(path: Path) -> None:
    assert json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) == events(path)


def test_the_format_of_the_oldest_recording_is_read_on_every_platform() -> None:
    ticks = list(read_ticks(open_recording(SESSIONS / "start-mark-end.acrec")))
    assert list(range(120)) == [tick.tick for tick in ticks]
    assert {"acbridge_park"} == {tick.static.track for tick in ticks if tick.static}
    assert all(tick.physics and tick.physics.speedKmh > 1 for tick in ticks[60:])
