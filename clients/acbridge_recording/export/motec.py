"""
MoTeC i2 logs: an `.ld` with the channels of one stint, and the `.ldx` beside it with the laps.

The layout follows real files of ACTI and of an ADL logger. Values are whole numbers with decimal places; rates are
whole hertz on the game's clock, since a wrong rate moves every lap. Bytes out; it opens nothing.
"""

import math
import struct
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from xml.sax.saxutils import quoteattr

from acbridge.pages import AC1
from acbridge.recording import RecordedTick
from acbridge_recording.export.channels import FAST, SLOW, Channel, Sample
from acbridge_recording.export.table import Moment, moments
from acbridge_recording.laps import time_text, track_of

EVENT_AT, VENUE_AT, VEHICLE_AT, CHANNELS_AT = 1762, 4918, 8020, 13384
CHANNEL_BYTES = 124
GAP_BYTES = 100
AGREE_S = 0.05
"""A line that lies further from the game's lap times is found anew."""
_LEAST, _MOST = -(2**31), 2**31 - 1


class Stint:
    """
    Ticks without a jump of the car or of the game's clock, as the samples of some channels.

    Attributes:
        began: When it began, seconds on the clock of :class:`Moment`.
        timestamp: The same, Unix seconds.
        car: The car.
        track: The track with its layout.
        session: The kind of session.
        seconds: How long it lasts, on the game's clock.
        ends: When laps ended, in seconds since the beginning, as exactly as the game counts laps: the first is where
            the lap clock was 0; each further one follows after the lap time of the game, whole ms.
        channels: The channels.
        columns: The samples of each channel, as whole numbers in its decimal places.
    """

    def __init__(self, first: Moment, known: Sequence[Channel]) -> None:
        self.began, self.timestamp = first.t, first.tick.timestamp
        self.car, self.track = first.sample.s.carModel, track_of(first.sample.s)
        self.session = AC1.session_name(first.sample.g.session) or "unknown"
        self.seconds = 0.0
        self.ends: list[float] = []
        self.channels = known
        self.columns = [array("i") for _ in known]
        self._newest = first.sample
        self._rates = [_Rate(rate, known, self.columns) for rate in sorted({channel.rate for channel in known})]

    def add(self, sample: Sample, time: float) -> None:
        """Add a tick that comes so many seconds after the first."""
        for rate in self._rates:
            rate.fill(self._newest, self.seconds, sample, time)
        if sample.g.completedLaps > self._newest.g.completedLaps:
            seen = time - sample.g.iCurrentTime / 1000
            counted = self.ends[-1] + sample.g.iLastTime / 1000 if self.ends else seen
            self.ends.append(counted if abs(counted - seen) < AGREE_S else seen)
        self._newest, self.seconds = sample, time

    def finish(self) -> None:
        """Repeat the last tick until all channels last equally long, and at least to the end."""
        tenths = max(1, math.ceil((self.seconds + 1e-9) * SLOW))
        for rate in self._rates:
            rate.fill(self._newest, self.seconds, self._newest, tenths / SLOW - 0.5 / FAST)


class _Rate:
    """The channels of one rate; between two ticks their values are interpolated or hold."""

    def __init__(self, rate: int, known: Sequence[Channel], columns: Sequence["array[int]"]) -> None:
        self._rate = rate
        self._number = 0
        self._columns = [
            (channel, column) for channel, column in zip(known, columns, strict=True) if channel.rate == rate
        ]

    def fill(self, before: Sample, began: float, after: Sample, end: float) -> None:
        """Append the samples from the time of a tick to that of the next, without this."""
        shares: list[float] = []
        while (time := self._number / self._rate) + 1e-9 < end:
            shares.append(min(1.0, max(0.0, (time - began) / (end - began))))
            self._number += 1
        if not shares:
            return
        for channel, column in self._columns:
            scale = 10**channel.decimals
            low = _finite(channel.value(before)) * scale
            rise = 0.0 if channel.holds else _finite(channel.value(after)) * scale - low
            column.extend([min(max(round(low + rise * share), _LEAST), _MOST) for share in shares])


def stints(ticks: Iterable[RecordedTick], known: Sequence[Channel] = ()) -> Iterator[Stint]:
    """
    Yield the stints of a recording; a restart, a teleport, another car or track, a jump of the clock begin another.

    Args:
        ticks: The ticks.
        known: The channels whose samples are kept.
    """
    stint: Stint | None = None
    place: tuple[str, str, int] | None = None
    newest = 0.0
    for moment in moments(ticks):
        sample = moment.sample
        now = (sample.s.carModel, track_of(sample.s), sample.g.session)
        if stint is None or moment.begins or now != place or sample.d.teleported:
            if stint is not None:
                stint.finish()
                yield stint
            stint, place = Stint(moment, known), now
        elif moment.t > newest:  # otherwise the game stands still: it is paused, or was read twice
            stint.add(sample, moment.t - stint.began)
        newest = moment.t
    if stint is not None:
        stint.finish()
        yield stint


def write_ld(stint: Stint) -> bytes:
    """Return a stint as the bytes of an `.ld`."""
    known = stint.channels
    data_at = CHANNELS_AT + len(known) * CHANNEL_BYTES + GAP_BYTES
    heads: list[bytes] = []
    columns: list[bytes] = []
    at = data_at
    for number, (channel, column) in enumerate(zip(known, stint.columns, strict=True)):
        here = CHANNELS_AT + number * CHANNEL_BYTES
        following = here + CHANNEL_BYTES if number + 1 < len(known) else 0
        heads.append(_channel_head(channel, number, (here - CHANNEL_BYTES) * (number > 0), following, at, len(column)))
        columns.append(struct.pack(f"<{len(column)}i", *column))
        at += len(columns[-1])
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


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _text(into: bytearray, at: int, room: int, text: str) -> None:
    data = ascii_text(text).encode("ascii")[: room - 1]
    into[at : at + len(data)] = data
