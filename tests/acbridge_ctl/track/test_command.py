"""The commands that make and show maps: what they write, print and refuse."""

import gzip
import math
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from acbridge.track_map import Borders, TrackMap, find, read, write
from acbridge_ctl.cli import main
from acbridge_sim import CarSpec, RacingLine, Track, layout, map_of
from fast_lanes import fast_lane, of_track
from laps import record, tiny
from programs import Program

TRACK = tiny()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of maps."""
    monkeypatch.setenv("ACBRIDGE_TRACKS", str(tmp_path / "maps"))
    return tmp_path / "maps"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return recordings: a lap on the racing line, one on each border, and a lap with a cut."""
    home = tmp_path_factory.mktemp("recordings")
    drives: dict[str, dict[str, Any]] = {"lap": {}, "left": {"beside": 4.1}, "right": {"beside": -4.1}}
    found = {name: home / f"{name}.jsonl" for name in drives}
    for name, drive in drives.items():
        record(found[name], TRACK, every=20, **drive)
    return found


def ctl(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["track", *map(str, arguments)])


def facts(result: Result) -> dict[str, str]:
    return {line[:10].strip(): line[10:] for line in result.stdout.splitlines()}


def deviation(found: TrackMap, track: Track) -> float:
    """Return how far the line and the edges of a map are from those of a track, at the most."""
    worst = 0.0
    for x, z, left, right in zip(found.x, found.z, found.left, found.right, strict=True):
        place = track.locate(x, z)
        to_left, to_right = track.left[place.near] - place.offset, track.right[place.near] + place.offset
        worst = max(worst, abs(place.offset), abs(to_left - left), abs(to_right - right))
    return worst


def test_a_lap_becomes_a_map_in_the_folder_of_maps(recordings: dict[str, Path], folder: Path) -> None:
    result = ctl("learn", recordings["lap"])
    assert 0 == result.exit_code, result.output
    found = find("tiny", "short")
    assert found == read(folder / "tiny-short.csv")
    assert {
        "file": str(folder / "tiny-short.csv"),
        "track": "tiny short",
        "line": f"{found.length:.1f} m long, {len(found.s)} points 2.00 m apart",
        "borders": "assumed, 10.0 to 10.0 m apart",
        "height": "0.0 to 0.0 m",
        "made of": "1 lap",
        "sha": found.sha,
    }.items() <= facts(result).items()
    assert "the edges are assumed; drive a lap along each" in result.stderr


def test_border_laps_become_borders(recordings: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    borders = ("--left", recordings["left"], "--right", recordings["right"])
    result = ctl("learn", recordings["lap"], *borders, "--output", path)
    assert (0, "") == (result.exit_code, result.stderr)
    assert deviation(read(path), TRACK) < 0.5
    assert facts(result)["borders"].startswith("measured, 9.")


def test_a_directory_of_compressed_recordings_is_one_recording(recordings: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "evening").mkdir()
    for i in (1, 2):
        (tmp_path / "evening" / f"{i}.jsonl.gz").write_bytes(gzip.compress(recordings["lap"].read_bytes()))
    assert "2 laps" == facts(ctl("learn", tmp_path / "evening"))["made of"]


def test_a_program_learns_a_map(recordings: dict[str, Path], folder: Path) -> None:
    with Program("acbridge_ctl", "track", "learn", str(recordings["lap"])) as program:
        assert 0 == program.wait()
    assert f"file      {folder / 'tiny-short.csv'}" == program.out[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "it has no tick with physics, graphics and static"),
        ("lap,time\n1,95.4\n", "line 1"),
        ('{"type":"header","schema":"other/1"}\n', "its schema is 'other/1'"),
    ],
)
def test_what_is_no_recording_of_laps_ends_with_one_line(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "lap.jsonl"
    path.write_text(content)
    result = ctl("learn", path)
    assert (65, "") == (result.exit_code, result.stdout)
    assert 1 == len(result.stderr.splitlines())
    assert str(path) in result.stderr
    assert message in result.stderr


def test_a_recording_without_a_whole_lap_says_so(recordings: dict[str, Path], tmp_path: Path) -> None:
    lines = recordings["lap"].read_text().splitlines(keepends=True)
    path = tmp_path / "half.jsonl"
    path.write_text("".join(lines[: len(lines) // 2]))
    result = ctl("learn", path)
    assert 65 == result.exit_code
    assert f"{path}: it shows no whole lap; record from before the timing line" in result.stderr
    path.write_text("".join([lines[0], *lines[len(lines) // 2 :]]))
    result = ctl("learn", path)
    assert 65 == result.exit_code
    assert [f"{path}: left out lap 1: ", f"{path}: no lap of it counts"] == [
        next(part for part in (f"{path}: left out lap 1: ", f"{path}: no lap of it counts") if part in line)
        for line in result.stderr.splitlines()
    ]


def test_border_laps_are_given_for_both_sides(recordings: dict[str, Path]) -> None:
    result = ctl("learn", recordings["lap"], "--left", recordings["left"])
    assert (2, True) == (result.exit_code, "both, or neither" in result.stderr)
    swapped = ctl("learn", recordings["lap"], "--left", recordings["right"], "--right", recordings["left"])
    assert (65, True) == (swapped.exit_code, "lie on the other side of the line" in swapped.stderr)


def in_the_game(home: Path, data: bytes) -> Path:
    path = home / "content" / "tracks" / "tiny" / "short" / "ai" / "fast_lane.ai"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def test_the_games_line_becomes_a_map_named_by_its_folders(tmp_path: Path) -> None:
    result = ctl("import", in_the_game(tmp_path, of_track(TRACK)))
    assert (0, "") == (result.exit_code, result.stderr)
    found = find("tiny", "short")
    assert (Borders.FILE, "fast_lane.ai") == (found.borders, found.origin)
    assert deviation(found, TRACK) < 0.3


def test_a_map_that_fits_a_recording_begins_at_the_timing_line(recordings: dict[str, Path], tmp_path: Path) -> None:
    result = ctl("import", in_the_game(tmp_path, of_track(TRACK, begin=150)), "--check", recordings["lap"])
    assert 0 == result.exit_code, result.output
    assert "100.0% of" in result.stderr
    found = find("tiny", "short")
    start = TRACK.locate(found.x[0], found.z[0]).distance
    assert math.remainder(start, TRACK.length) == pytest.approx(0, abs=1.5)


def mirrored_sides() -> bytes:
    """Return the file of a line near the left edge whose sides are swapped."""
    line = RacingLine(TRACK, CarSpec())
    points = [(line.x[i], 0.0, line.z[i]) for i in range(len(line.x))]
    return fast_lane(points, [(5.0 + offset, 5.0 - offset) for offset in line.offset])


def test_swapped_edges_are_found_by_a_recording(recordings: dict[str, Path], tmp_path: Path) -> None:
    path = in_the_game(tmp_path, mirrored_sides())
    result = ctl("import", path, "--check", recordings["left"])
    assert 0 == result.exit_code, result.output
    assert "left and right are swapped" in result.stderr
    assert deviation(find("tiny", "short"), TRACK) < 0.3


def test_a_map_that_does_not_fit_a_recording_is_refused(
    recordings: dict[str, Path], tmp_path: Path, folder: Path
) -> None:
    path = in_the_game(tmp_path, of_track(layout("oval")))
    result = ctl("import", path, "--check", recordings["lap"])
    assert 65 == result.exit_code
    assert "% with left and right swapped; is it the same track and layout?" in result.stderr
    assert not folder.exists()


def test_borders_of_another_program_become_a_map(tmp_path: Path) -> None:
    rows = ["left_x,left_z,right_x,right_z"]
    for i in range(len(TRACK.x)):
        left, right = TRACK.point(i * TRACK.spacing, 5.0), TRACK.point(i * TRACK.spacing, -5.0)
        rows.append(f"{left[0]},{left[1]},{right[0]},{right[1]}")
    path = tmp_path / "borders.csv"
    path.write_text("\n".join(rows))
    assert 0 == ctl("import", path, "--track", "monza", "--layout", "junior").exit_code
    assert deviation(find("monza", "junior"), TRACK) < 0.2
    assert 0 == ctl("import", path).exit_code
    assert "borders" == find("borders", "").name


@pytest.mark.parametrize(
    ("name", "data", "arguments", "code", "message"),
    [
        ("fast_lane.ai", b"", (), 2, "is not in the game's folder tracks; give --track"),
        ("fast_lane.ai", b"", ("--track", "monza"), 65, "it ends before its header"),
        ("fast_lane.ai", b"\6" + bytes(99), ("--track", "monza"), 65, "it is of version 6"),
        ("fast_lane.ai", b"", ("--track", "../monza"), 2, "is not the name of a track"),
        ("borders.csv", b"\xff", (), 65, "utf-8"),
        ("borders.csv", b"a,b\n", (), 65, "it needs the columns"),
    ],
    ids=range(6),
)
def test_what_cannot_be_imported_ends_with_one_line(
    name: str, data: bytes, arguments: tuple[str, ...], code: int, message: str, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    result = ctl("import", tmp_path / name, *arguments)
    assert (code, "") == (result.exit_code, result.stdout)
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not folder.exists()


def test_a_map_is_shown_as_facts_and_pictures(tmp_path: Path) -> None:
    path = tmp_path / "oval.csv"
    found = map_of(layout("oval"))
    write(found, path)
    result = ctl("show", path, "--output", tmp_path / "oval.svg")
    assert 0 == result.exit_code, result.output
    assert {
        "track": "acbridge_park oval",
        "line": "1756.9 m long, 878 points 2.00 m apart",
        "borders": "exact, 14.0 to 14.0 m apart",
        "height": "0.0 to 0.0 m",
        "made of": "the stand-in",
        "sha": found.sha,
    } == facts(result)
    drawn = ET.fromstring((tmp_path / "oval.svg").read_text())
    texts = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert ["500", "1000", "1500"] == texts[:3]
    assert "borders: exact, 14.0 to 14.0 m apart" in texts
    assert 0 == ctl("show", path, "--output", tmp_path / "oval.png").exit_code
    assert b"\x89PNG" == (tmp_path / "oval.png").read_bytes()[:4]


def test_assumed_edges_are_dashed(tmp_path: Path) -> None:
    exact = map_of(layout("oval"))
    drawn: list[str] = []
    for found in (exact, replace(exact, borders=Borders.ASSUMED)):
        write(found, tmp_path / "oval.csv")
        ctl("show", tmp_path / "oval.csv", "--output", tmp_path / "oval.svg")
        drawn.append((tmp_path / "oval.svg").read_text())
    assert [0, 2] == [picture.count('stroke-dasharray="6 4"') for picture in drawn]


def test_what_cannot_be_shown_ends_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "oval.csv"
    path.write_text("# acbridge-track 1 {}\n")
    assert (65, True) == ((result := ctl("show", path)).exit_code, "first line lacks" in result.stderr)
    write(map_of(layout("oval")), path)
    result = ctl("show", path, "--output", tmp_path / "oval.bmp")
    assert (2, True) == (result.exit_code, "--output ends with .svg or .png, not .bmp" in result.stderr)
    if sys.platform != "win32":
        result = ctl("show", path, "--output", tmp_path / "none" / "oval.svg")
        assert (74, True) == (result.exit_code, "cannot write" in result.stderr)
