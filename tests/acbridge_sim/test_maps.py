"""Tracks become maps and maps tracks, the same to the last bit; files of borders are driven on."""

import math
from pathlib import Path

import pytest

from acbridge import TrackMapError
from acbridge.track_map import from_csv, to_csv
from acbridge_sim import LAYOUTS, CarCommands, Track, World, layout, load_track, map_of, track_of
from acbridge_sim.roads import random_road


@pytest.mark.parametrize("track", [*map(layout, LAYOUTS), random_road(5)], ids=lambda track: track.configuration)
def test_a_track_that_was_written_and_read_is_the_same(track: Track) -> None:
    again = track_of(from_csv(to_csv(map_of(track)), "unused"))
    assert (track.name, track.configuration, track.length) == (again.name, again.configuration, again.length)
    for name in ("x", "z", "left", "right", "heading", "bend", "forward_x", "forward_z"):
        assert getattr(track.road, name) == getattr(again.road, name), name


@pytest.mark.parametrize("spacing", [1.0, 4.0])
def test_a_map_of_another_spacing_is_the_same_road(spacing: float) -> None:
    track = layout("circuit")
    again = track_of(map_of(track).resampled(spacing))
    assert track.length == again.length
    for i in range(0, len(track.x), 9):
        place = again.locate(track.x[i], track.z[i])
        assert math.remainder(place.distance - i * track.spacing, track.length) == pytest.approx(0, abs=0.05)
        assert place.offset == pytest.approx(0, abs=0.03)
        assert place.bend == pytest.approx(track.bend[i], abs=0.002)


def test_a_car_drives_on_a_track_from_borders(tmp_path: Path) -> None:
    path = tmp_path / "ring.csv"
    rows = ["left_x,left_z,right_x,right_z"]
    for i in range(200):
        c, s = math.cos(math.pi * i / 100), math.sin(math.pi * i / 100)
        rows.append(f"{104 * c},{104 * s},{96 * c},{96 * s}")
    path.write_text("\n".join(rows))
    world = World(track=load_track(path), driver="none")
    world.put(0.0, 0.0, 0.0, 15.0)
    world.step(2000, CarCommands(steer=0.08, gas=0.25))
    assert world.car.place.distance > 50
    assert world.track.length == pytest.approx(2 * math.pi * 100, rel=0.001)


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
    with pytest.raises(TrackMapError, match="its line crosses itself near x"):
        load_track(path)


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
        edges = [(x + e * math.cos(angle), z + e * math.sin(angle)) for e in (5, -5)]
        rows.append(",".join(f"{a * c - b * s},{a * s + b * c}" for a, b in edges))
    path.write_text("\n".join(rows))
    assert load_track(path).length == pytest.approx(1000 + 100 * math.pi, rel=0.01)


def hilly() -> Track:
    """Return the circuit as a map has it: hills along the line, instead of swells."""
    return track_of(map_of(layout("circuit")))


def test_the_height_of_a_map_is_that_of_its_points_all_across_the_track() -> None:
    track, wanted = hilly(), map_of(layout("circuit")).y
    for i in range(0, len(track.x), 7):
        assert track.ground(track.x[i], track.z[i])[0] == pytest.approx(wanted[i], abs=1e-9)
        x, z, _ = track.point(i * track.spacing, 4.0)
        assert track.ground(x, z)[0] == pytest.approx(wanted[i], abs=0.05)


@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_the_ground_of_a_map_slopes_as_its_height_says(offset: float) -> None:
    track = hilly()
    for distance in range(0, 3400, 41):
        x, z, _ = track.point(distance + 0.3, offset)
        height, slope_x, slope_z = track.ground(x, z)
        assert slope_x == pytest.approx((track.ground(x + 0.01, z)[0] - height) / 0.01, abs=3e-3)
        assert slope_z == pytest.approx((track.ground(x, z + 0.01)[0] - height) / 0.01, abs=3e-3)


def test_a_car_climbs_the_hills_of_a_map() -> None:
    track = hilly()
    world = World(track=track)
    steepest = max(range(len(track.x)), key=lambda i: track.road.height[(i + 1) % len(track.x)] - track.road.height[i])
    world.put(steepest * track.spacing, 0.0, 0.0, 20.0)
    before = world.car.y
    world.step(150)
    x, z = world.car.x, world.car.z
    assert world.car.y - before == pytest.approx(track.ground(x, z)[0] - track.road.height[steepest], abs=0.05)
    assert world.car.y > before + 0.1
    assert math.degrees(world.car.pitch) > 1


def test_a_level_map_has_no_table_of_heights() -> None:
    assert [] == track_of(map_of(layout("oval"))).road.height
