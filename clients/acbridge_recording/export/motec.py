"""
MoTeC i2 logs: an `.ld` with the channels of one stint, and the `.ldx` beside it with the laps.

The layout follows real files of ACTI and of an ADL logger. Values are whole numbers with decimal places; rates are
whole hertz on the game's clock, since a wrong rate moves every lap. Bytes out; it opens nothing.
"""

import math
import struct
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from acbridge.layout import counter_steps
from acbridge.pages import AC1
from acbridge.recording import RecordedTick
from acbridge_recording.export.channels import SLOW, Channel, Sample, channels
from acbridge_recording.laps import time_text, track_of

EVENT_AT, VENUE_AT, VEHICLE_AT, CHANNELS_AT = 1762, 4918, 8020, 13384
CHANNEL_BYTES = 124
GAP_BYTES = 100
AGREE_S = 0.05
"""A line that lies further from the game's lap times is found anew."""
_STEP_S = AC1.step_ms / 1000
_LEAST, _MOST = -(2**31), 2**31 - 1


class Stint(NamedTuple):
    """
    Ticks without a jump of the car or of the game's clock.

    Attributes:
        timestamp: When it began, Unix seconds.
        car: The car.
        track: The track with its layout.
        session: The kind of session.
        times: Seconds of each sample since the beginning, on the game's clock.
        samples: The samples.
    """

    timestamp: float
    car: str
    track: str
    session: str
    times: list[float]
    samples: list[Sample]


def stints(ticks: Iterable[RecordedTick]) -> Iterator[Stint]:
    """Yield the stints of a recording; a restart, a teleport, another car or track begins another."""
    stint: Stint | None = None
    place: tuple[int, str, str, int] | None = None
    packet = first = 0
    for tick in ticks:
        if tick.physics is None or tick.graphics is None or tick.derived is None or tick.static is None:
            continue
        now = (tick.run, tick.static.carModel, track_of(tick.static), tick.graphics.session)
        steps = counter_steps(packet, tick.physics.packetId)
        if stint is None or now != place or steps < 0 or tick.derived.teleported:
            if stint is not None:
                yield stint
            place, first = now, tick.physics.packetId
            session = AC1.session_name(tick.graphics.session) or "unknown"
            stint = Stint(tick.timestamp, now[1], now[2], session, [], [])
        elif steps == 0:
            continue  # the game stands still: it is paused, or was read twice
        packet = tick.physics.packetId
        stint.times.append(counter_steps(first, packet) * _STEP_S)
        stint.samples.append(Sample(tick.physics, tick.graphics, tick.static, tick.derived))
    if stint is not None:
        yield stint


def beacons(stint: Stint) -> list[float]:
    """
    Return when laps ended, in seconds since the beginning of a stint, as exactly as the game counts laps.

    The first is where the lap clock was 0; each further one follows after the lap time of the game, whole ms.
    """
    found: list[float] = []
    for before, sample, time in zip(stint.samples, stint.samples[1:], stint.times[1:], strict=False):
        if sample.g.completedLaps <= before.g.completedLaps:
            continue
        seen = time - sample.g.iCurrentTime / 1000
        counted = found[-1] + sample.g.iLastTime / 1000 if found else seen
        found.append(counted if abs(counted - seen) < AGREE_S else seen)
    return found


def write_ld(stint: Stint, steer_lock: float | None = None) -> bytes:
    """
    Return a stint as the bytes of an `.ld`.

    Args:
        stint: With at least one sample.
        steer_lock: See :func:`channels`.
    """
    known = channels(steer_lock)
    tenths = max(1, math.ceil((stint.times[-1] + 1e-9) * SLOW))  # all channels last equally long
    data_at = CHANNELS_AT + len(known) * CHANNEL_BYTES + GAP_BYTES
    heads: list[bytes] = []
    columns: list[bytes] = []
    places = {rate: _places(stint.times, rate, tenths * rate // SLOW) for rate in {each.rate for each in known}}
    at = data_at
    for number, channel in enumerate(known):
        count = tenths * channel.rate // SLOW
        column = _column(stint, channel, places[channel.rate])
        here = CHANNELS_AT + number * CHANNEL_BYTES
        following = here + CHANNEL_BYTES if number + 1 < len(known) else 0
        heads.append(_channel_head(channel, number, (here - CHANNEL_BYTES) * (number > 0), following, at, count))
        columns.append(column)
        at += len(column)
    return b"".join([_head(stint, len(known), data_at), *heads, bytes(GAP_BYTES), *columns, bytes(GAP_BYTES)])


def write_ldx(ends: Sequence[float]) -> str:
    """Return the laps of a stint as the text of an `.ldx`; without it i2 shows one endless lap."""
    laps = [round((after - before) * 1000) for before, after in pairwise(ends)]
    fastest = min(range(len(laps)), key=laps.__getitem__, default=None)
    markers = "\n".join(
        f'     <Marker Version="100" ClassName="BCN" Name="Manual.{number + 1}" Flags="77" Time="{end * 1e6:.6f}"/>'
        for number, end in enumerate(ends)
    )
    details = [("Total Laps", str(len(ends) + 1))]
    if fastest is not None:
        details += [("Fastest Time", time_text(laps[fastest])), ("Fastest Lap", str(fastest + 1))]
    strings = "\n".join(f"   <String Id={quoteattr(name)} Value={quoteattr(value)}/>" for name, value in details)
    return f"""<?xml version="1.0"?>
<LDXFile Locale="English_United States.1252" DefaultLocale="C" Version="1.6">
 <Layers>
  <Layer>
   <MarkerBlock>
    <MarkerGroup Name="Beacons" Index="3">
{markers}
    </MarkerGroup>
   </MarkerBlock>
   <RangeBlock/>
  </Layer>
  <Details>
{strings}
  </Details>
 </Layers>
</LDXFile>
"""


def file_name(stint: Stint, number: int) -> str:
    """Return the name of a stint's files without suffix; the driver's name is not in it."""
    text = f"{stint.track}_&_{stint.car}_&_stint_{number}"
    return "".join(letter if letter.isalnum() or letter in "-_&." else "-" for letter in ascii_text(text))


def ascii_text(text: str) -> str:
    """Return a text in ASCII: readers drop a whole text because of one other letter."""
    plain = unicodedata.normalize("NFKD", text)
    kept = (letter for letter in plain if not unicodedata.combining(letter))
    return "".join(letter if " " <= letter <= "~" else "?" for letter in kept)


def _head(stint: Stint, count: int, data_at: int) -> bytes:
    head = bytearray(CHANNELS_AT)
    begun = datetime.fromtimestamp(stint.timestamp).astimezone()
    struct.pack_into("<I", head, 0, 0x40)
    struct.pack_into("<II", head, 8, CHANNELS_AT, data_at)
    struct.pack_into("<I", head, 36, EVENT_AT)
    struct.pack_into("<HII8sHHI", head, 64, 1, 1_000_000, 12007, b"ADL", 420, 128, count)
    struct.pack_into("<HH", head, 90, 10, 10)
    _text(head, 94, 16, f"{begun:%d/%m/%Y}")
    _text(head, 126, 16, f"{begun:%H:%M}")
    _text(head, 222, 64, stint.car)
    _text(head, 350, 64, stint.track)
    struct.pack_into("<I", head, 1502, 0xD20822)
    _text(head, 1572, 64, f"acbridge; local time {begun:%z}")
    _text(head, EVENT_AT, 64, "AC_LIVE")
    _text(head, EVENT_AT + 64, 64, stint.session.upper())
    struct.pack_into("<H", head, EVENT_AT + 1152, VENUE_AT)
    _text(head, VENUE_AT, 64, stint.track)
    struct.pack_into("<H", head, VENUE_AT + 1098, VEHICLE_AT)
    _text(head, VEHICLE_AT, 64, stint.car)
    return bytes(head)


def _channel_head(channel: Channel, number: int, before: int, after: int, at: int, count: int) -> bytes:
    head = bytearray(CHANNEL_BYTES)
    place = (before, after, at, count, 0x2EE1 + number)
    struct.pack_into("<IIIIHHHHhhhh", head, 0, *place, 3, 4, channel.rate, 0, 1, 1, channel.decimals)
    _text(head, 32, 32, channel.name)
    _text(head, 64, 8, channel.short)
    _text(head, 72, 12, channel.unit)
    return bytes(head)


def _places(times: list[float], rate: int, count: int) -> list[tuple[int, float]]:
    """Return for each sample of a rate the tick before it, and the share of the way to the next."""
    found: list[tuple[int, float]] = []
    last = len(times) - 1
    for number in range(count):
        time = number / rate
        place = min(max(bisect_right(times, time + 1e-9) - 1, 0), last)
        span = times[place + 1] - times[place] if place < last else 0.0
        found.append((place, min(1.0, (time - times[place]) / span) if span else 0.0))
    return found


def _column(stint: Stint, channel: Channel, places: list[tuple[int, float]]) -> bytes:
    scale = 10**channel.decimals
    values = array("d", [_finite(channel.value(sample)) * scale for sample in stint.samples])
    if channel.holds:
        raw = [values[place] for place, _ in places]
    else:
        last = len(values) - 1
        raw = [values[i] + (values[min(i + 1, last)] - values[i]) * share for i, share in places]
    return struct.pack(f"<{len(raw)}i", *[min(max(round(value), _LEAST), _MOST) for value in raw])


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _text(into: bytearray, at: int, room: int, text: str) -> None:
    data = ascii_text(text).encode("ascii")[: room - 1]
    into[at : at + len(data)] = data
