"""
Read recordings: files to lines, lines to ticks.

`open_recording` opens files, for reading only; everything else works on lines from anywhere.
"""

from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from acbridge.derived import Derived, Event, EventKind, Thresholds
from acbridge.errors import DecodeError
from acbridge.pages import Graphics, Physics, Static
from acbridge.recording import compression
from acbridge.recording.lines import (
    FrameLine,
    Header,
    Layout,
    Line,
    TickLine,
    parse,
    thresholds_in,
    to_record,
)
from acbridge.schema import Record
from acbridge.topics import BY_NAME

_CHUNK = 1 << 16

R = TypeVar("R", bound=Record)


class RecordedTick(NamedTuple):
    """
    One tick of a recording.

    Attributes:
        run: Random 32-bit number of the daemon's run.
        tick: Turn of the daemon's loop.
        timestamp: When the pages were sampled, Unix seconds.
        mono_ns: The same instant on the daemon machine's monotonic clock.
        records: The records of the tick by class, without those that were not recorded, or not with all their columns
            (by ``--field``, or by an older version).
        static: Car, track and rules at that tick; ``None`` if they are not known.
        thresholds: Detection thresholds at that tick; ``None`` if they are not known.
    """

    run: int
    tick: int
    timestamp: float
    mono_ns: int
    records: Mapping[type[Record], Record]
    static: Static | None
    thresholds: Thresholds | None

    def record(self, kind: type[R]) -> R | None:
        """Return the record of a topic at this tick; ``None`` if the recording does not have it whole."""
        found = self.records.get(kind)
        return found if isinstance(found, kind) else None

    @property
    def physics(self) -> Physics | None:
        """The car's state."""
        return self.record(Physics)

    @property
    def graphics(self) -> Graphics | None:
        """The session's state."""
        return self.record(Graphics)

    @property
    def derived(self) -> Derived | None:
        """The derived metrics as they were recorded."""
        return self.record(Derived)


def open_recording(path: str | Path) -> Iterator[str]:
    """
    Yield the whole lines of a recording, plain or compressed.

    A recording that a killed sink left, or one that is still written, ends with its last whole line.

    Args:
        path: A file whose name says how it is compressed (``.gz``, ``.zst``, followed by ``.part`` or not), or a
            directory, whose recordings are read in the order of their names.

    Raises:
        OSError: A file cannot be read.
        DecodeError: A file is not compressed the way its name says.
        MissingExtra: A file is compressed with zstd, and zstd is not installed.
    """
    path = Path(path)
    for file in recordings_in(path) if path.is_dir() else [path]:
        yield from _lines(file)


def recordings_in(directory: Path) -> list[Path]:
    """Return the recordings in a directory by name, which is the order in which they were begun."""
    return sorted(path for path in directory.iterdir() if compression.bare_name(path.name).endswith(".jsonl"))


def read_lines(lines: Iterable[str]) -> Iterator[tuple[Header, Line]]:
    """
    Parse lines, and yield each with the header that holds for it.

    Headers themselves are yielded too. Where a line changes what the header says (a new static record, changed
    thresholds), the header that is yielded from then on says so.

    Args:
        lines: Such as :func:`open_recording` gives, or an open text file.

    Raises:
        DecodeError: A line is not one of a recording; the message gives its number. A last line without its end was
            left by a killed sink and is skipped.
    """
    header: Header | None = None
    for number, text in enumerate(lines, 1):
        try:
            line = parse(text)
            if line is not None:
                header = _header_after(line, header)
        except (DecodeError, ValueError) as error:
            if not text.endswith("\n"):
                return
            raise DecodeError(f"line {number} is not one of a recording of acbridge-sink: {error}") from error
        if line is not None and header is not None:
            yield header, line


def read_ticks(lines: Iterable[str]) -> Iterator[RecordedTick]:
    """
    Yield the ticks of a recording in their order; other lines are skipped.

    Args:
        lines: Such as :func:`open_recording` gives, or an open text file.

    Raises:
        DecodeError: A line is not one of a recording; the message gives its number. A last line without its end was
            left by a killed sink and is skipped.
    """
    for header, line in read_lines(lines):
        if header.layout is not Layout.TICK:
            raise DecodeError("this recording has a line per frame; ticks are read from those with a line per tick")
        if isinstance(line, TickLine):
            records = {type(record): record for record in records_of(line)}
            yield RecordedTick(
                header.run, line.tick, line.timestamp, line.mono_ns, records, header.static, header.thresholds
            )


def records_of(line: TickLine) -> Iterator[Record]:
    """Yield the whole records of a tick, in the order of the line."""
    for name, values in line.records.items():
        topic = BY_NAME.get(name)
        record = to_record(topic.record, values) if topic is not None else None
        if record is not None:
            yield record


def _lines(path: Path) -> Iterator[str]:
    kind = compression.kind_of(path.name)
    with path.open("rb") as file:
        if kind is None:
            pieces = iter(lambda: file.read(_CHUNK), b"")
        else:
            pieces = (piece for piece, _ in compression.expand(file, kind))
        text, decode = "", getincrementaldecoder("utf-8")().decode
        for piece in pieces:
            *whole, text = (text + decode(piece)).split("\n")
            yield from (line + "\n" for line in whole)


def _header_after(line: Line, header: Header | None) -> Header:
    """Return the header that holds from a line on."""
    if isinstance(line, Header):
        return line
    if header is None:
        raise DecodeError("it stands before the header")
    if not isinstance(line, FrameLine):
        return header
    if line.topic == Static.topic:
        static = to_record(Static, line.values)
        return header if static is None else header._replace(static=static)
    if line.topic == Event.topic and line.values.get("kind") == EventKind.THRESHOLDS_CHANGED:
        changed = thresholds_in(line.values["text"])
        thresholds = (header.thresholds or Thresholds()).changed(changed)
        return header._replace(thresholds=thresholds, daemon={**header.daemon, "thresholds": thresholds.values()})
    return header
