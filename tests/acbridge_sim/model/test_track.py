"""Tracks close and know where a point lies."""

import math

import pytest

from acbridge import Graphics
from acbridge_sim import LAYOUTS, Bend, Car, CarSpec, SessionType, Straight, Track, World, lay, layout


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_closes_without_a_kink(name: str) -> None:
    track = layout(name)
    count = len(track.x)
    gaps = [math.dist((track.x[i], track.z[i]), (track.x[i - 1], track.z[i - 1])) for i in range(count)]
    assert max(gaps) < 1.01 * track.spacing
    turns = [abs(math.remainder(track.heading[i] - track.heading[i - 1], 2 * math.pi)) for i in range(count)]
    assert max(turns) < track.spacing / (13 if name == "kart" else 20)  # m, the tightest bend
    turned = sum(math.remainder(track.heading[i] - track.heading[i - 1], 2 * math.pi) for i in range(count))
    assert abs(turned) == pytest.approx(2 * math.pi, abs=1e-6)


def test_tracks_have_the_lengths_of_their_kinds() -> None:
    assert 3000 < layout("circuit").length < 4000
    assert layout("oval").length < 2000
    assert 800 < layout("kart").length < 1400
    assert 10_000 < layout("long").length < 13_000


def test_the_long_track_has_its_line_at_eight_tenths_of_the_spline() -> None:
    world = World(track=layout("long"), session=SessionType.HOTLAP)
    world.put(-3.0, speed=30.0)

    def position() -> float:
        world.step(10)  # until the next frame shows it
        return Graphics.from_page(world.pages()[1]).normalizedCarPosition

    assert 0.799 < position() < 0.8
    while not world.timing.current_ms:
        world.step()
    assert position() == pytest.approx(0.8, abs=1e-3)
    world.put(0.5 * world.track.length, speed=30.0)
    assert position() == pytest.approx(0.3, abs=1e-3)


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


def test_a_track_that_crosses_itself_is_refused() -> None:
    eight = [(200 * math.sin(2 * math.pi * i / 300), 100 * math.sin(4 * math.pi * i / 300)) for i in range(300)]
    with pytest.raises(ValueError, match=r"centre line of eight crosses itself near x -?\d m, z -?\d m"):
        Track("eight", "", eight, half_width=5.0)
