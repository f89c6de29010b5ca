"""Tracks close, know where a point lies, and can be loaded from borders."""

import math
from pathlib import Path

import pytest

from acbridge_sim import LAYOUTS, Bend, Car, CarSpec, Straight, Track, lay, layout, load_borders


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_closes_without_a_kink(name: str) -> None:
    track = layout(name)
    count = len(track.x)
    gaps = [math.dist((track.x[i], track.z[i]), (track.x[i - 1], track.z[i - 1])) for i in range(count)]
    assert max(gaps) < 1.01 * track.spacing
    turns = [abs(math.remainder(track.heading[i] - track.heading[i - 1], 2 * math.pi)) for i in range(count)]
    assert max(turns) < track.spacing / 20
    turned = sum(math.remainder(track.heading[i] - track.heading[i - 1], 2 * math.pi) for i in range(count))
    assert abs(turned) == pytest.approx(2 * math.pi, abs=1e-6)


def test_the_circuit_is_between_three_and_four_kilometres_long_and_the_oval_shorter() -> None:
    assert 3000 < layout("circuit").length < 4000
    assert layout("oval").length < 2000


def test_curvature_grows_evenly_into_a_bend() -> None:
    track = layout("circuit")
    steps = [abs(track.bend[i] - track.bend[i - 1]) for i in range(len(track.bend))]
    # The sharpest bend has a radius of 24 m and a clothoid of 20 m: nothing may rise faster.
    assert max(steps) < 1.5 * track.spacing / 24 / 20


@pytest.mark.parametrize("offset", [-8.0, -3.0, 0.0, 2.0, 7.5])
def test_a_point_put_beside_the_line_is_located_where_it_was_put(offset: float) -> None:
    track = layout("circuit")
    place = None
    for distance in range(0, int(track.length), 7):
        x, z, _ = track.point(distance, offset)
        place = track.locate(x, z, place.near if place else None)
        assert abs(math.remainder(place.distance - distance, track.length)) < 0.2
        assert place.offset == pytest.approx(offset, abs=0.05)


def test_left_of_the_line_is_positive() -> None:
    track = layout("oval")
    x, z, heading = track.point(50.0)
    place = track.locate(x + math.cos(heading), z + math.sin(heading))  # the car's left, by the sim's heading
    assert place.offset == pytest.approx(1.0, abs=0.01)


def test_the_ground_slopes_as_its_height_says() -> None:
    track = layout("circuit")
    for distance in range(0, 3400, 50):
        x, z, _ = track.point(distance)
        height, slope_x, slope_z = track.ground(x, z)
        assert slope_x == pytest.approx((track.ground(x + 0.01, z)[0] - height) / 0.01, abs=1e-4)
        assert slope_z == pytest.approx((track.ground(x, z + 0.01)[0] - height) / 0.01, abs=1e-4)


def test_the_pit_lane_lies_beside_the_straight() -> None:
    track = layout("circuit")
    assert track.pit is not None
    x, z, _ = track.point(track.pit.box, track.pit.offset)
    assert track.in_pit_lane(track.locate(x, z))
    x, z, _ = track.point(track.pit.box, 0.0)
    assert not track.in_pit_lane(track.locate(x, z))
    x, z, _ = track.point(track.length / 2, track.pit.offset)
    assert not track.in_pit_lane(track.locate(x, z))


def test_bends_that_do_not_close_are_refused() -> None:
    with pytest.raises(ValueError, match="270 degrees"):
        lay([Straight(None), Bend(90, 50), Straight(None), Bend(180, 50)])
    with pytest.raises(ValueError, match="two straights"):
        lay([Straight(100), Bend(180, 50), Straight(None), Bend(180, 50)])
    with pytest.raises(ValueError, match="parallel"):
        lay([Straight(None), Bend(180, 50), Straight(None), Bend(180, 50)])
    with pytest.raises(ValueError, match="clothoids"):
        lay([Straight(None), Bend(10, 20, 30), Bend(80, 50), Straight(None), Bend(90, 50), Bend(90, 50), Bend(90, 50)])


def test_a_track_is_loaded_from_its_borders(tmp_path: Path) -> None:
    path = tmp_path / "ring.csv"
    rows = ["left_x,left_z,right_x,right_z"]
    for i in range(200):
        c, s = math.cos(math.pi * i / 100), math.sin(math.pi * i / 100)
        rows.append(f"{104 * c},{104 * s},{96 * c},{96 * s}")
    path.write_text("\n".join(rows))
    track = load_borders(path, "ring")
    assert track.length == pytest.approx(2 * math.pi * 100, rel=0.001)
    assert {round(width, 3) for width in (*track.left, *track.right)} == {4.0}
    assert max(abs(abs(bend) - 0.01) for bend in track.bend) < 0.002


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "20 rows with the columns left_x, .* it has 1 rows with the columns a, b"),
        ("", "it has 0 rows"),
        ("left_x,left_z,right_x,right_z\n" + "1,2,3,x\n" * 30, "not a number"),
        ("left_x,left_z,right_x,right_z\n" + "1,2,nan,4\n" * 30, "not finite"),
        ("left_x,left_z,right_x,right_z\n" + "0,0,9,0\n" * 30, "same place"),
        ("left_x,left_z,right_x,right_z\n" + "0,0,1,0\n" * 30, "4 m apart"),
    ],
)
def test_a_file_that_holds_no_track_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "track.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_borders(path, "track")


@pytest.mark.parametrize("space", ["", " "])
def test_borders_are_read_as_assetto_corsa_gym_names_them(space: str, tmp_path: Path) -> None:
    path = tmp_path / "ring.csv"
    rows = [f"right_border_x,{space}right_border_y,{space}left_border_x,{space}left_border_y,{space}speed"]
    for i in range(200):
        c, s = math.cos(math.pi * i / 100), math.sin(math.pi * i / 100)
        rows.append(f"{96 * c},{96 * s},{104 * c},{104 * s},20")
    path.write_text("\n".join(rows))
    assert load_borders(path, "ring").length == pytest.approx(2 * math.pi * 100, rel=0.001)


def test_borders_of_an_open_track_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hill.csv"
    rows = ["left_x,left_z,right_x,right_z", *(f"4,{10 * i},-4,{10 * i}" for i in range(301))]
    path.write_text("\n".join(rows))
    with pytest.raises(ValueError, match=r"no closed track: from its last row to its first it is 3000 m, and 10\.0 m"):
        load_borders(path, "hill")


def test_a_track_of_few_points_is_still_a_track() -> None:
    square = [(0.0, 0.0), (0.0, 100.0), (100.0, 100.0), (100.0, 0.0)]
    assert Track("square", "", square, half_width=5.0).length == pytest.approx(400)


@pytest.mark.parametrize("distance", [-1e-18, -1e-14, 0.0, 1e-14])
def test_a_hair_beside_the_finish_line_is_at_the_finish_line(distance: float) -> None:
    track = layout("oval")
    assert track.point(distance) == pytest.approx(track.point(0.0), abs=1e-9)


@pytest.mark.parametrize("turns", [-20, -1, 1, 20])
def test_a_car_put_down_with_whole_turns_more_stands_the_same_way(turns: int) -> None:
    track = layout("oval")
    straight, turned = Car(CarSpec(), track, fuel=10.0), Car(CarSpec(), track, fuel=10.0)
    straight.put(50.0, 0.0, 10.0, 0.3)
    turned.put(50.0, 0.0, 10.0, 0.3 + 2 * math.pi * turns)
    assert turned.heading == pytest.approx(straight.heading)


def test_borders_of_a_track_that_crosses_itself_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "eight.csv"
    rows = ["left_x,left_z,right_x,right_z"]
    for i in range(200):
        angle = math.pi * i / 100
        x, z = 200 * math.sin(angle), 100 * math.sin(2 * angle)
        across = math.atan2(200 * math.cos(angle), 200 * math.cos(2 * angle))
        dx, dz = 5 * math.cos(across), -5 * math.sin(across)
        rows.append(f"{x + dx},{z + dz},{x - dx},{z - dz}")
    path.write_text("\n".join(rows))
    with pytest.raises(ValueError, match="crosses itself near x"):
        load_borders(path, "eight")


def test_a_track_that_crosses_itself_is_refused() -> None:
    eight = [(200 * math.sin(2 * math.pi * i / 300), 100 * math.sin(4 * math.pi * i / 300)) for i in range(300)]
    with pytest.raises(ValueError, match=r"centre line of eight crosses itself near x -?\d m, z -?\d m"):
        Track("eight", "", eight, half_width=5.0)


@pytest.mark.parametrize("turn", range(12))
def test_straights_of_any_direction_are_no_crossings(turn: int, tmp_path: Path) -> None:
    path = tmp_path / "stadium.csv"
    rows = ["left_x,left_z,right_x,right_z"]
    for i in range(400):  # two straights of 500 m, two half circles
        side, at = divmod(i, 200)
        x, z, angle = (
            (50.0, 5.0 * at, 0.0)
            if at < 100
            else (
                50 * math.cos(math.pi * (at - 100) / 100),
                500 + 50 * math.sin(math.pi * (at - 100) / 100),
                math.pi * (at - 100) / 100,
            )
        )
        if side:
            x, z, angle = -x, 500 - z, angle + math.pi
        c, s = math.cos(0.1 + 0.37 * turn), math.sin(0.1 + 0.37 * turn)
        edges = [(x + e * math.cos(angle), z + e * math.sin(angle)) for e in (-5, 5)]
        rows.append(",".join(f"{a * c - b * s},{a * s + b * c}" for a, b in edges))
    path.write_text("\n".join(rows))
    assert load_borders(path, "stadium").length == pytest.approx(1000 + 100 * math.pi, rel=0.01)
