"""Maps of laps that the stand-in drove, as recordings show them."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from acbridge.recording import open_recording, read_ticks
from acbridge.track_map import Borders, TrackMap, shape
from acbridge.track_map.learn import DrivenLap, LapsFound, laps_of, learned
from acbridge_sim import Track
from laps import record, tiny

TRACK = tiny()
LEFT_BY, RIGHT_BY = 4.1, -4.1
"""Offsets of a car whose outer wheels, 0.76 m beside its middle, run 0.14 m inside the edges."""


def found_in(path: Path) -> LapsFound:
    return laps_of(read_ticks(open_recording(path)))


@pytest.fixture(scope="module")
def laps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LapsFound]:
    """Return the laps of three recordings: two on the racing line, and one on each border."""
    folder = tmp_path_factory.mktemp("laps")
    drives: dict[str, dict[str, Any]] = {
        "line": {"laps": 2, "every": 10},
        "left": {"beside": LEFT_BY, "every": 20},
        "right": {"beside": RIGHT_BY, "every": 20},
    }
    found: dict[str, LapsFound] = {}
    for name, drive in drives.items():
        path = folder / f"{name}.jsonl"
        record(path, TRACK, **drive)
        found[name] = found_in(path)
    return found


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the lines of a recording of one lap."""
    path = tmp_path_factory.mktemp("lap") / "lap.jsonl"
    record(path, TRACK, every=10)
    return list(open_recording(path))


def apart(x: Any, z: Any, other: Any) -> float:
    """Return how far another line runs from a line, at the most."""
    return max(abs(offset) for *_, offset in shape.sections(x, z, other["x"], other["z"]))


def deviations(found: TrackMap, track: Track) -> dict[str, float]:
    """Return by how much a map differs from a track, at the most: line, edges, and distance along the track."""
    places = [track.locate(x, z) for x, z in zip(found.x, found.z, strict=True)]
    along = [track.length * at / found.length for at in found.s]
    return {
        "line": max(abs(p.offset) for p in places),
        "left": max(abs(track.left[p.near] - p.offset - w) for p, w in zip(places, found.left, strict=True)),
        "right": max(abs(track.right[p.near] + p.offset - w) for p, w in zip(places, found.right, strict=True)),
        "along": max(abs(math.remainder(p.distance - at, track.length)) for p, at in zip(places, along, strict=True)),
    }


def test_the_laps_of_a_recording_are_cut_at_the_timing_line(laps: dict[str, LapsFound]) -> None:
    for found, count in ((laps["line"], 2), (laps["left"], 1), (laps["right"], 1)):
        assert (count, []) == (len(found.laps), found.left_out)
        for lap in found.laps:
            assert ("tiny", "short") == (lap.track, lap.configuration)
            start = TRACK.locate(lap.path["x"][0], lap.path["z"][0])
            assert math.remainder(start.distance, TRACK.length) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("count", [1, 2])
def test_the_line_of_a_map_is_within_0_3_m_of_the_mean_path_of_the_contact_points(
    count: int, laps: dict[str, LapsFound]
) -> None:
    driven = laps["line"].laps[:count]
    found = learned(driven)
    assert ("tiny", "short", Borders.ASSUMED) == (found.name, found.configuration, found.borders)
    assert ("1 lap" if count == 1 else "2 laps") == found.origin
    assert (True, (10.0, 10.0)) == (found.even, found.widths)
    for lap in driven:
        assert apart(found.x, found.z, lap.path) < 0.3
    assert found.speed is not None
    assert (min(found.speed), max(found.speed)) == pytest.approx(
        (min(driven[0].path["speed"]), max(driven[0].path["speed"])), abs=1
    )


def test_the_mean_of_two_laps_lies_between_them(laps: dict[str, LapsFound]) -> None:
    left, right = laps["left"].laps, laps["right"].laps
    assert deviations(learned([*left, *right]), TRACK)["line"] < 0.5


def test_border_laps_measure_the_borders_within_half_a_metre_and_the_middle_within_0_3(
    laps: dict[str, LapsFound],
) -> None:
    found = learned(laps["line"].laps, laps["left"].laps, laps["right"].laps)
    assert (Borders.MEASURED, "2 laps, 1 left border lap, 1 right border lap") == (found.borders, found.origin)
    by = deviations(found, TRACK)
    assert by["line"] < 0.3
    assert max(by["left"], by["right"]) < 0.5
    assert by["along"] < 0.5
    assert found.length == pytest.approx(TRACK.length, rel=0.002)


def test_border_laps_on_the_wrong_side_are_refused(laps: dict[str, LapsFound]) -> None:
    with pytest.raises(ValueError, match="laps on the left border lie on the other side of the line"):
        learned(laps["line"].laps, laps["right"].laps, laps["left"].laps)
    with pytest.raises(ValueError, match="no border laps or some on both"):
        learned(laps["line"].laps, laps["left"].laps)
    with pytest.raises(ValueError, match="needs a lap"):
        learned([])


def test_laps_of_two_tracks_make_no_map(laps: dict[str, LapsFound]) -> None:
    (lap, other) = laps["line"].laps
    with pytest.raises(ValueError, match="of different tracks: oval and tiny short"):
        learned([lap, other._replace(track="oval", configuration="")])


def test_a_lap_that_does_not_close_shows_no_track(laps: dict[str, LapsFound]) -> None:
    lap = laps["line"].laps[0]
    half = len(lap.path["x"]) // 2
    path = {key: column[:half] for key, column in lap.path.items()}
    with pytest.raises(ValueError, match="no closed track"):
        learned([DrivenLap("tiny", "", lap.time_ms, path, lap.wheels)])


def test_a_lap_with_a_cut_is_left_out(tmp_path: Path) -> None:
    record(tmp_path / "cut.jsonl", TRACK, laps=1, cut=True, every=20)
    found = found_in(tmp_path / "cut.jsonl")
    assert ([], ["lap 1: cut"]) == (found.laps, found.left_out)
    assert found.ticks > 500


@pytest.mark.parametrize("seconds", [1.0, 12.0])
def test_a_lap_with_a_hole_in_it_is_left_out(lines: list[str], seconds: float) -> None:
    middle, hole = len(lines) // 2, round(seconds / 0.03)
    found = laps_of(read_ticks([*lines[:middle], *lines[middle + hole :]]))
    assert ([], 1) == (found.laps, len(found.left_out))
    assert any(reason in found.left_out[0] for reason in ("not_seen_whole", "teleport", "ticks are"))


def test_a_recording_that_begins_in_the_lap_has_none(lines: list[str]) -> None:
    found = laps_of(read_ticks([lines[0], *lines[len(lines) // 2 :]]))
    assert ([], ["lap 1: the recording begins in it"]) == (found.laps, found.left_out)


def test_values_that_are_not_finite_are_left_out(lines: list[str]) -> None:
    spoilt: list[str] = []
    for i, line in enumerate(lines):
        values = json.loads(line)
        if i and i % 3 == 0:
            values["physics"]["tyreContactPoint"] = [[None] * 3] * 4
        spoilt.append(json.dumps(values) + "\n")
    (lap,), (whole,) = laps_of(read_ticks(spoilt)).laps, laps_of(read_ticks(lines)).laps
    found = learned([whole])
    assert apart(found.x, found.z, lap.path) < 0.3
