"""Maps as CSV: equal after a round trip, read from other programs too, refused in one sentence otherwise."""

import itertools
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acbridge import TrackMapError
from acbridge.track_map import Borders, TrackMap, from_csv, read, to_csv, write
from acbridge_sim import layout, map_of


def rows(columns: str, row: Callable[[float, float], tuple[float, ...]], count: int = 200) -> str:
    """Return a file with a row for each place of a ring that turns right, from the place's cosine and sine."""
    lines = [columns]
    for i in range(count):
        angle = 2 * math.pi * i / count
        lines.append(",".join(map(str, row(math.cos(angle), math.sin(angle)))))
    return "\n".join(lines)


OWN = to_csv(map_of(layout("oval")))


def own(**facts: Any) -> str:
    """Return a file of ours with other facts in its first line; without those that are None."""
    first, _, rest = OWN.partition("\n")
    values = {**json.loads(first.removeprefix("# acbridge-track 1 ")), **facts}
    return f"# acbridge-track 1 {json.dumps({k: v for k, v in values.items() if v is not None})}\n{rest}"


@pytest.mark.parametrize("name", ["circuit", "oval"])
def test_a_map_is_equal_to_the_last_bit_after_a_round_trip(name: str, tmp_path: Path) -> None:
    found = map_of(layout(name))
    path = tmp_path / "deep" / "track.csv"
    write(found, path)
    assert found == read(path)
    assert to_csv(found).encode() == path.read_bytes()
    assert ["track.csv"] == [file.name for file in path.parent.iterdir()]


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=30, deadline=None)
def test_any_map_is_equal_after_a_round_trip(seed: int, has_speed: bool) -> None:
    rng, count = random.Random(seed), 40
    angles = [2 * math.pi * (i + rng.uniform(-0.2, 0.2)) / count for i in range(count)]
    x, z = [90 * math.cos(a) for a in angles], [80 * math.sin(a) for a in angles]
    s, total = list[float](), 0.0
    for i in range(count):
        s.append(total)
        total += math.dist((x[i], z[i]), (x[(i + 1) % count], z[(i + 1) % count]))

    def column(low: float, high: float) -> tuple[float, ...]:
        return tuple(rng.uniform(low, high) for _ in range(count))

    speed = column(0, 90) if has_speed else None
    found = TrackMap(
        "näme", "a-b", total, tuple(s), tuple(x), column(-50, 50), tuple(z), column(3, 6), column(3, 6), speed,
        rng.choice(list(Borders)), 'a test, "with" commas',
    )  # fmt: skip
    assert found == from_csv(to_csv(found), "unused")


@pytest.mark.parametrize(
    "text",
    [
        rows("left_x,left_z,right_x,right_z", lambda c, s: (104 * c, 104 * s, 96 * c, 96 * s)),
        rows(
            "right_border_x, right_border_y, left_border_x, left_border_y, speed",
            lambda c, s: (96 * c, 96 * s, 104 * c, 104 * s, 20),
        ),
        rows("right_x,right_z,left_x,left_z", lambda c, s: (104 * c, 104 * s, 96 * c, 96 * s)),
        rows("x,z,left,right", lambda c, s: (100 * c, 100 * s, 4, 4)),
        rows("s,x,y,z,left,right,speed,driver", lambda c, s: (0, 99 * c, 7, 99 * s, 5, 3, 20, 1)),
        rows("left_x,left_z,right_x,right_z", lambda c, s: (104 * c, 104 * s, 96 * c, 96 * s), 3000),
        "\ufeff" + rows("x,z,left,right", lambda c, s: (100 * c, 100 * s, 4, 4)).replace("\n", "\r\n\r\n"),
    ],
    ids=range(7),
)
def test_files_of_other_programs_are_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ring.csv"
    path.write_bytes(text.encode())
    found = read(path)
    assert ("ring", "", Borders.FILE, True) == (found.name, found.configuration, found.borders, found.even)
    assert found.length == pytest.approx(2 * math.pi * 100, rel=0.011)
    for i in range(len(found.s)):
        around = math.hypot(found.x[i], found.z[i])
        assert (around + found.left[i], around - found.right[i]) == pytest.approx((104, 96), abs=0.05)
        assert 1.9 < found.spacing < 2.1


def test_borders_whose_rows_do_not_match_are_measured_across_the_line(tmp_path: Path) -> None:
    lines = ["left_x,left_z,right_x,right_z"]
    for i in range(300):  # the right border lags behind by up to 6 m
        a = 2 * math.pi * i / 300
        b = a - 0.06 * math.sin(a) ** 2
        lines.append(f"{104 * math.cos(a)},{104 * math.sin(a)},{96 * math.cos(b)},{96 * math.sin(b)}")
    path = tmp_path / "ring.csv"
    path.write_text("\n".join(lines))
    found = read(path)
    assert found.widths == pytest.approx((8, 8), abs=0.05)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs the columns x, z, left, right or left_x, left_z, .*; it has none"),
        ("a,b\n1,2\n", "it has a, b"),
        ("left_x,left_z,right_x,right_z\n" + "1,2,3,x\n" * 30, "right_z of row 1 is not a finite number"),
        ("left_x,left_z,right_x,right_z\n" + "1,2,nan,4\n" * 30, "right_x of row 1 is not a finite number"),
        ("left_x,left_z,right_x,right_z\n" + "0,0,9,0\n" * 30, "it has 1 places"),
        ("x,z,left,right\n1,2,3\n", "row 1 is cut off: 3 of 4 values"),
        ("x,z,left,right\n" + "1,2,3,4\n" * 100_001, "more than 100000 rows"),
        ('x,z,left,right\n1,2,3,"' + "4" * 200_000, "no CSV file: field larger than"),
        (rows("x,z,left,right", lambda c, s: (100 * c, 100 * s, 0.5, 0.5)), r"1\.0 m apart"),
        (rows("x,z,left,right", lambda c, s: (6 * c, 6 * s, 5, 5)), "38 m long; 40 to 100000 m"),
        (rows("x,z,left,right", lambda c, s: (1e7 * c, 1e7 * s, 5, 5)), "m long; 40 to 100000 m"),
        ("# acbridge-track 2 {}\n", "format 2; this version reads format 1"),
        ("# acbridge-track\n", r"format \(none\)"),
        ("# acbridge-track 1 {}\n", "first line lacks a JSON object with all facts: 'name'"),
        ("# acbridge-track 1 []\n", "first line lacks"),
        ("# acbridge-track 1 " + "[" * 100_000, "first line lacks"),
        (own(length=10**400), "first line lacks"),
        (own(length="1e999"), "its length is inf"),
        (own(length=-5), "no closed track|along the line"),
        (own(name=5), "wrong types"),
        (own(name="../x"), "not the name of a track"),
        (own(borders="seen"), "'seen' is not a valid Borders"),
        (own().replace("s,x,y,z", "s,x,h,z"), "lacks the columns y"),
        (own().replace("left", "up"), "lacks the columns left"),
        (own()[:-8], "row 878 is cut off|m apart|not finite"),
    ],
    ids=itertools.count(),
)
def test_a_file_that_holds_no_map_is_refused_in_one_sentence(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "track.csv"
    path.write_text(text)
    with pytest.raises(TrackMapError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_file_of_other_bytes_or_too_many_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "track.csv"
    path.write_bytes(b"x,z,left,right\n\xff\xfe")
    with pytest.raises(TrackMapError, match="utf-8"):
        read(path)
    with path.open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(TrackMapError, match="larger than 25 MB"):
        read(path)


@given(st.integers(0, len(OWN) - 2), st.text(max_size=3))
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_is_a_map_or_refused(at: int, text: str) -> None:
    for damaged in (OWN[:at] + text + OWN[at + 1 :], OWN[:at]):
        try:
            found = from_csv(damaged, "oval")
        except ValueError:
            continue
        assert found.widths[0] >= 2


def test_borders_of_an_open_track_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hill.csv"
    path.write_text("\n".join(["left_x,left_z,right_x,right_z", *(f"4,{10 * i},-4,{10 * i}" for i in range(301))]))
    with pytest.raises(TrackMapError, match=r"from its last point to its first it is 3000 m, and 10\.0 m"):
        read(path)
