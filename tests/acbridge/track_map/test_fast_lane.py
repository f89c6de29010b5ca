"""The game's fast_lane.ai: read whole, and refused in one sentence whatever is wrong with it."""

import itertools
import math
import struct
from pathlib import Path

import pytest

from acbridge import TrackMapError
from acbridge.track_map import Borders, TrackMap
from acbridge.track_map.fast_lane import names_of, parse, read
from acbridge_sim import Track, layout
from fast_lanes import fast_lane, of_track
from laps import tiny

RING = [(15 * math.cos(a), 3.0, 15 * math.sin(a)) for a in (math.pi * i / 10 for i in range(20))]
SIDES = [(4.0, 6.0)] * 20


def deviations(found: TrackMap, track: Track) -> tuple[float, float, float]:
    """Return how far the line of a map is from the centre of a track, and its edges from the edges, at the most."""
    places = [track.locate(x, z) for x, z in zip(found.x, found.z, strict=True)]
    left = [track.left[p.near] - p.offset - w for p, w in zip(places, found.left, strict=True)]
    right = [track.right[p.near] + p.offset - w for p, w in zip(places, found.right, strict=True)]
    return max(abs(p.offset) for p in places), max(map(abs, left)), max(map(abs, right))


@pytest.mark.parametrize("track", [tiny(), layout("circuit"), layout("oval")], ids=lambda track: track.configuration)
def test_the_middle_and_the_edges_of_a_track_are_found_from_its_racing_line(track: Track) -> None:
    found = parse(of_track(track), "monza", "junior")
    assert ("monza", "junior", Borders.FILE, "fast_lane.ai") == (
        found.name, found.configuration, found.borders, found.origin,
    )  # fmt: skip
    assert found.length == pytest.approx(track.length, rel=0.001)
    line, left, right = deviations(found, track)
    assert line < 0.05
    assert max(left, right) < 0.2
    heights = [track.ground(x, z)[0] for x, z in zip(found.x, found.z, strict=True)]
    assert found.y == pytest.approx(heights, abs=0.2)


def test_a_map_begins_at_the_timing_line_if_that_is_known() -> None:
    track = tiny()
    data = of_track(track, begin=100)
    other, found = parse(data, "tiny"), parse(data, "tiny", begin=(track.x[0], track.z[0]))
    assert track.locate(other.x[0], other.z[0]).distance == pytest.approx(100 * track.spacing, abs=1)
    assert math.remainder(track.locate(found.x[0], found.z[0]).distance, track.length) == pytest.approx(0, abs=1)


def test_left_and_right_can_be_swapped() -> None:
    plain, swapped = parse(fast_lane(RING, SIDES), "ring"), parse(fast_lane(RING, SIDES), "ring", swapped=True)
    assert math.hypot(plain.x[0], plain.z[0]) == pytest.approx(14, abs=0.02)  # 6 m to the middle of the ring
    assert math.hypot(swapped.x[0], swapped.z[0]) == pytest.approx(16, abs=0.02)
    assert plain.widths == pytest.approx((10, 10), abs=0.05)


@pytest.mark.parametrize("sides", [[], SIDES[:-1]])
def test_a_file_without_an_edge_for_each_point_has_assumed_edges(sides: list[tuple[float, float]]) -> None:
    found = parse(fast_lane(RING, sides), "ring")
    assert (Borders.ASSUMED, (10.0, 10.0)) == (found.borders, found.widths)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ends before its header"),
        (fast_lane(RING, SIDES, version=6), "version 6; the game's are of version 7"),
        (b"PK\3\4" + bytes(100), r"version \d+"),
        (fast_lane([], []), "0 places; a track has at least 20"),
        (fast_lane(RING, SIDES, count=-1), "goes up to -1; 0 to 100000"),
        (fast_lane(RING, SIDES, count=2**31 - 1), "goes up to 2147483647; 0 to 100000"),
        (fast_lane(RING, SIDES, count=100_000), r"ends before point \d+ of 100000"),
        (fast_lane(RING, SIDES, count=19), r"goes up to \d+; 0 to 100000|is not finite|ends before the edges"),
        (fast_lane(RING, SIDES, sides_count=-5), "edges of point goes up to -5"),
        (fast_lane(RING, SIDES, sides_count=21), "ends before the edges of point 21 of 21"),
        (fast_lane([(math.nan, 0, 0), *RING[1:]], SIDES), "x of point 1 is nan"),
        (fast_lane([*RING[:-1], (0, 3e38, 0)], SIDES), "y of point 20 is 3e"),
        (fast_lane(RING, [*SIDES[:-1], (4.0, math.inf)]), "right of point 20 is inf"),
        (fast_lane(RING, [*SIDES[:-1], (-900.0, 4.0)]), "left of point 20 is -900"),
        (fast_lane(RING, [(0.2, 0.3)] * 20), r"apart; 2 to 60 m are allowed"),
        (fast_lane([(0, 0, 10.0 * i) for i in range(40)], [(4, 4)] * 40), "no closed track: .* it is 390 m"),
        (bytes(8_000_001), "larger than 8 MB"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_fast_lane_is_refused_in_one_sentence(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "fast_lane.ai"
    path.write_bytes(data)
    with pytest.raises(TrackMapError, match=message) as caught:
        read(path, "ring")
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_file_that_ends_at_any_byte_is_refused() -> None:
    data = fast_lane(RING, SIDES)
    for end in range(len(data) - 4):  # the last four are of the grid, which is ignored
        with pytest.raises(ValueError, match="ends before"):
            parse(data[:end], "ring")


def test_a_file_with_any_wrong_byte_is_a_map_or_refused() -> None:
    small = [(x / 2.2, y, z / 2.2) for x, y, z in RING]
    data = bytearray(fast_lane(small, [(2.0, 3.0)] * 20))
    refused = 0
    for i in range(len(data)):
        kept, data[i] = data[i], (0x00, 0x7F, 0xFF)[i % 3]
        try:
            assert parse(bytes(data), "ring").widths[0] >= 2
        except ValueError:
            refused += 1
        data[i] = kept
    assert 8 <= refused < len(data)


def test_wrong_counts_are_refused_or_read_within_the_file() -> None:
    for count in (0, 1, 5, 19, 20, 21, 1000, -(2**31)):
        for sides_count in (0, 1, 19, 20, 21, 10**6):
            data = fast_lane(RING, SIDES, count=count, sides_count=sides_count)
            if count == 20 and sides_count <= 20:
                assert parse(data, "ring").widths == pytest.approx((10, 10), abs=0.05)
            else:
                with pytest.raises(ValueError, match=r"ends before|goes up to|places|finite|closed"):
                    parse(data, "ring")


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("content/tracks/monza/ai/fast_lane.ai", ("monza", "")),
        ("content/tracks/ks_nurburgring/layout_gp_a/ai/fast_lane.ai", ("ks_nurburgring", "layout_gp_a")),
        ("content/tracks/monza/data/fast_lane.ai", None),
        ("fast_lane.ai", None),
    ],
)
def test_track_and_layout_follow_from_the_files_place_in_the_game(path: str, names: tuple[str, str] | None) -> None:
    assert names == names_of(Path("/") / path)


def test_the_format_is_what_the_game_writes() -> None:
    data = fast_lane(RING, SIDES)
    assert (7, 20, 0, 0) == struct.unpack_from("<4i", data)
    assert 16 + 20 * 20 + 4 + 20 * 72 + 4 == len(data)
    assert (4.0, 6.0) == struct.unpack_from("<2f", data, 16 + 20 * 20 + 4 + 5 * 4)
