"""Logs for i2, read by a decoder of the test's own: names, signs, units, rates and lap times."""

import itertools
import math
import struct
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from acbridge import Graphics, Physics
from acbridge.derived.deriver import Deriver
from acbridge.pages import AC1, Static
from acbridge.recording import RecordedTick
from acbridge_recording.export.channels import Sample, channels
from acbridge_recording.export.motec import Stint, ascii_text, file_name, stints, write_ld, write_ldx
from acbridge_recording.export.table import Moment, moments, on_grid, rows
from page_logs import RUN, drive

RATE = 20.0


class Read(NamedTuple):
    """A channel as a reader of such files sees it."""

    unit: str
    rate: int
    values: list[float]


def decode(data: bytes) -> dict[str, Read]:
    """Follow the list of channel heads, as readers do."""
    found: dict[str, Read] = {}
    (at,) = struct.unpack_from("<I", data, 8)
    while at:
        _, following, start, count, _, family, size, rate, shift, multiplier, scale, decimals = struct.unpack_from(
            "<IIIIHHHHhhhh", data, at
        )
        assert (3, 4) == (family, size)
        name, unit = (data[at + a : at + b].split(b"\0")[0].decode("ascii") for a, b in ((32, 64), (72, 84)))
        raw = struct.unpack_from(f"<{count}i", data, start)
        values = [(value / scale * 10**-decimals + shift) * multiplier for value in raw]
        assert name not in found
        found[name] = Read(unit, rate, values)
        at = following
    return found


@cache
def ticks() -> list[RecordedTick]:
    deriver, found = Deriver(), list[RecordedTick]()
    static = AC1.record(Static, drive(330.0, RATE)[0].pages or ())
    for row in drive(330.0, RATE):
        assert row.pages is not None
        physics, graphics = AC1.record(Physics, row.pages), AC1.record(Graphics, row.pages)
        derived, _ = deriver.tick(physics, graphics, static)
        records = {type(record): record for record in (physics, graphics, derived)}
        found.append(RecordedTick(RUN, row.tick, *reversed(row.stamp), records, static, None))  # type: ignore[arg-type]
    return found


@cache
def driven() -> list[Moment]:
    return list(moments(ticks()))


@cache
def stint() -> Stint:
    (only,) = stints(ticks(), channels(450.0))
    return only


@cache
def read() -> dict[str, Read]:
    return decode(write_ld(stint()))


def at(name: str, place: int) -> float:
    """Return a channel's value at the time of a tick."""
    channel = read()[name]
    return channel.values[round(driven()[place].t * channel.rate)]


def tick_where(axis: int, sign: int) -> int:
    """Return the tick in which an acceleration of the pages is largest."""
    places = range(100, len(driven()) - 100)
    return max(places, key=lambda place: sign * driven()[place].sample.p.accG[axis])


def test_all_channels_last_equally_long_and_rates_are_whole() -> None:
    assert {len(each.values) / each.rate for each in read().values()} == {math.ceil(stint().seconds * 10) / 10}
    assert {10, 100} == {each.rate for each in read().values()}
    assert len(read()) == len(channels(450.0))


def test_values_are_those_of_the_pages() -> None:
    for place in (50, 1000, 4000):
        sample = driven()[place].sample
        assert at("Ground Speed", place) == pytest.approx(sample.p.speedKmh, abs=0.3)
        assert at("Gear", place) == sample.p.gear - 1
        assert at("Fuel Level", place) == pytest.approx(sample.p.fuel, abs=0.01)
        assert at("Throttle Pos", place) == pytest.approx(100 * sample.p.gas, abs=1)
        assert at("Max Power", place) == pytest.approx(sample.s.maxPower / 745.7, abs=0.01)
        assert at("Car Coord X", place) == pytest.approx(-sample.g.carCoordinates[0], abs=0.5)
        assert at("Clutch Pos", place) == pytest.approx(100 * sample.p.clutch, abs=1)


def test_in_a_left_hand_bend_lateral_g_is_positive_and_yaw_and_steering_are_negative() -> None:
    place = tick_where(0, 1)
    assert at("CG Accel Lateral", place) > 0.5
    assert at("Chassis Yaw Rate", place) < -3
    assert at("Steering Angle", place) < -1
    assert at("Tire Load FR", place) > at("Tire Load FL", place)
    assert at("Chassis Roll Angle", place) == pytest.approx(-math.degrees(driven()[place].sample.p.roll), abs=0.1)


def test_under_braking_the_nose_dives_and_longitudinal_g_is_negative() -> None:
    place = tick_where(2, -1)
    assert at("CG Accel Longitudinal", place) < -0.5
    assert at("Chassis Pitch Angle", place) < at("Chassis Pitch Angle", tick_where(2, 1))
    assert at("Tire Slip Ratio FL", place) < 0
    assert at("Chassis Velocity X", place) > 0


def test_camber_is_negative_on_both_sides_when_the_pages_mirror_it() -> None:
    by_name = {channel.name: channel for channel in channels(None)}
    sample = driven()[0].sample
    values = vars(sample.p) | {"camberRAD": (-0.05, 0.05, -0.03, 0.03)}
    leaning = Sample(Physics.adopt(values), *sample[1:])
    for wheel, degrees in (("FL", -0.05), ("FR", -0.05), ("RL", -0.03), ("RR", -0.03)):
        assert math.degrees(degrees) == pytest.approx(by_name[f"Camber {wheel}"].value(leaning))


def test_without_the_lock_of_the_wheel_no_angle_is_guessed() -> None:
    names = {channel.name for channel in channels(None)}
    assert "Steering Norm" in names
    assert "Steering Angle" not in names
    assert {"Ground Speed", "Throttle Pos", "Brake Pos", "Gear", "Engine RPM", "Lap Distance", "Car Pos Norm"} <= names
    assert all(len(channel.name) < 32 and len(channel.short) < 8 and len(channel.unit) < 12 for channel in channels(1))


def test_laps_are_as_long_as_the_game_says_to_the_millisecond() -> None:
    ends = stint().ends
    samples = [moment.sample for moment in driven()]
    counted = [after.g.iLastTime for before, after in itertools.pairwise(samples)
               if after.g.completedLaps > before.g.completedLaps]  # fmt: skip
    assert counted[1:] == [round((after - before) * 1000) for before, after in itertools.pairwise(ends)]
    markers = [float(each.get("Time") or 0) for each in ET.fromstring(write_ldx(ends)).iter("Marker")]
    assert [round(end * 1e6) for end in ends] == [round(marker) for marker in markers]
    details = {each.get("Id"): each.get("Value") for each in ET.fromstring(write_ldx(ends)).iter("String")}
    assert str(len(ends) + 1) == details["Total Laps"]


def test_values_are_interpolated_between_ticks_or_held() -> None:
    for number in (5003, 12345, 30001):
        time = number / 100
        place = max(place for place, moment in enumerate(driven()) if moment.t <= time + 1e-9)
        before, after = driven()[place], driven()[place + 1]
        share = (time - before.t) / (after.t - before.t)
        speed = before.sample.p.speedKmh + (after.sample.p.speedKmh - before.sample.p.speedKmh) * share
        assert speed == pytest.approx(read()["Ground Speed"].values[number], abs=0.001)
        assert before.sample.p.gear - 1 == read()["Gear"].values[number]


def test_at_another_run_and_at_a_jump_of_the_clock_something_begins_and_nothing_is_invented() -> None:
    for changed in (
        [tick._replace(run=RUN + 1) for tick in ticks()[200:300]],
        [jumped(tick, 400_000) for tick in ticks()[200:300]],
        [jumped(tick, 2**31 - 1 - ticks()[200].physics.packetId) for tick in ticks()[200:201]],  # type: ignore[union-attr]
    ):
        both = [*ticks()[:200], *changed]
        first, second = stints(both, channels(None))
        assert first.seconds == pytest.approx(199 / RATE, abs=0.01)
        assert second.began == first.seconds
        assert second.seconds == pytest.approx((len(changed) - 1) / RATE, abs=0.01)
        assert len(list(on_grid(rows(both), RATE))) == pytest.approx(len(both), abs=2)


def jumped(tick: RecordedTick, steps: int) -> RecordedTick:
    physics = tick.physics
    assert physics is not None
    moved = Physics.adopt(vars(physics) | {"packetId": physics.packetId + steps})
    return tick._replace(records={**tick.records, Physics: moved})


def test_a_stint_takes_no_more_memory_than_its_file() -> None:
    def memory(count: int) -> int:
        tracemalloc.start()
        try:
            for stint in stints(each_made_anew(count), channels(None)):
                assert len(write_ld(stint)) > 1000
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    seconds = 400 / RATE
    bytes_a_second = sum(4 * channel.rate for channel in channels(None))
    assert memory(600) - memory(200) < 4 * bytes_a_second * seconds


def each_made_anew(count: int) -> Iterator[RecordedTick]:
    """Yield ticks that are kept nowhere else."""
    for tick in ticks()[:count]:
        records = {kind: kind.adopt(dict(vars(record))) for kind, record in tick.records.items()}
        yield tick._replace(records=records)


def test_texts_are_ascii_and_the_blocks_are_where_readers_look() -> None:
    accents = Stint(driven()[0], channels(None))
    accents.track, accents.car = "Nürburgring-Nordschleife", "abarth500_größe"
    data = write_ld(accents)
    event, venue, vehicle = 1762, 4918, 8020
    assert (event, venue, vehicle) == (
        *struct.unpack_from("<I", data, 36),
        *struct.unpack_from("<H", data, event + 1152),
        *struct.unpack_from("<H", data, venue + 1098),
    )
    assert b"Nurburgring-Nordschleife\0" == data[venue : venue + 25]
    assert b"abarth500_gro?e\0" == data[vehicle : vehicle + 16]
    assert "Nurburgring-Nordschleife_&_abarth500_gro-e_&_stint_1" == file_name(accents, 1)
    assert "Interlagos Sao Paulo" == ascii_text("Interlagos São Paulo")


def test_files_are_written_beside_each_other(tmp_path: Path) -> None:
    from page_logs import write
    from programs import Program

    path = write(tmp_path / "drive.acrec", drive(3.0))
    with Program("acbridge_recording", "export", "motec", str(path), str(tmp_path / "i2")) as program:
        assert 0 == program.wait(), program.err
    names = sorted(each.name for each in (tmp_path / "i2").iterdir())
    assert ["acbridge_park-circuit_&_acbridge_stand_in_&_stint_1" + end for end in (".ld", ".ldx")] == names
    assert decode((tmp_path / "i2" / names[0]).read_bytes()).keys() >= {"Ground Speed", "Steering Norm"}
