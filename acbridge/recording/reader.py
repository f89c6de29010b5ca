"""
Read recordings: files to lines, lines to ticks.

`open_recording` opens files, for reading only; everything else works on lines from anywhere.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from acbridge.derived import Derived, Event, EventKind, Thresholds
from acbridge.errors import DecodeError
from acbridge.pages import Graphics, Physics, Static
from acbridge.recording import compression
from acbridge.recording.lines import Layout
from acbridge.recording.page_log.playing import Player
from acbridge.recording.page_log.reading import SUFFIX, is_page_log, read_rows
from acbridge.recording.parsing import FrameLine, Header, Line, TickLine, parse, thresholds_in
from acbridge.schema import Record

MAX_LINE_BYTES = 1_000_000
"""The longest line that is read."""
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


def open_recording(path: str | Path) -> "RecordedLines":
    """
    Return the whole lines of a recording: of JSON lines, plain or compressed, or of a page log.

    A recording that a killed program left, or one that is still written, ends with its last whole line or row.

    Args:
        path: A page log; a file of JSON lines whose name says how it is compressed (``.gz``, ``.zst``, followed by
            ``.part`` or not); or a directory, whose recordings are read in the order of their names.

    Raises:
        OSError: A directory cannot be read; as the lines are read: a file cannot be read.
        DecodeError: As the lines are read: a file is not compressed the way its name says, is not UTF-8, has a line
            longer than 1 MB, or is a page log that this version cannot read.
        MissingExtra: As the lines are read: a file is compressed with zstd, and zstd is not installed.
    """
    path = Path(path)
    return RecordedLines(recordings_in(path) if path.is_dir() else [path])


class RecordedLines:
    """
    The lines of some files, one after the other; made by :func:`open_recording`.

    Iterating gives the text of JSON lines; a page log has none, and its lines are only in :meth:`parsed`.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = iter(files)
        self._path: Path | None = None
        self._number = 0
        self._lines = self._texts()
        self._player = Player()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._lines)

    @property
    def place(self) -> str:
        """File and number of the newest line, for messages."""
        return f"{self._path}, line {self._number}"

    def parsed(self) -> Iterator[tuple[Header, Line]]:
        """
        Yield each line with the header that holds for it, as :func:`read_lines` does.

        Raises:
            DecodeError: A file is not a recording; the message gives file and line, or file and byte.
        """
        for path in self._files:
            if is_page_log(path):
                yield from self._player.lines(read_rows(path))
            else:
                yield from _parsed(self._text(path), lambda _: self.place)

    def _texts(self) -> Iterator[str]:
        for path in self._files:
            if is_page_log(path):
                raise DecodeError(f"{path} is a page log, which has no lines of text; read it with read_ticks")
            yield from self._text(path)

    def _text(self, path: Path) -> Iterator[str]:
        self._path, self._number = path, 1
        try:
            for line in _whole_lines(path):
                yield line.decode("utf-8")
                self._number += 1
        except UnicodeDecodeError as error:
            raise DecodeError(f"{self.place} is not UTF-8: {error.reason}") from error
        except DecodeError as error:
            raise DecodeError(f"{self.place}: {error}") from error


def recordings_in(directory: Path) -> list[Path]:
    """Return the recordings in a directory by name, which is the order in which they were begun."""
    endings = (".jsonl", SUFFIX)
    return sorted(path for path in directory.iterdir() if compression.bare_name(path.name).endswith(endings))


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
    if isinstance(lines, RecordedLines):
        return lines.parsed()
    return _parsed(lines, lambda number: f"line {number}")


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
            place = f"{lines.place}: " if isinstance(lines, RecordedLines) else ""
            raise DecodeError(f"{place}this recording has a line per frame; ticks are in those with a line per tick")
        if isinstance(line, TickLine):
            records = {type(record): record for record in line.records}
            yield RecordedTick(
                header.run, line.tick, line.timestamp, line.mono_ns, records, header.static, header.thresholds
            )


def _parsed(lines: Iterable[str], place: Callable[[int], str]) -> Iterator[tuple[Header, Line]]:
    header: Header | None = None
    for number, text in enumerate(lines, 1):
        try:
            line = parse(text)
            if line is not None:
                header = _header_after(line, header)
        except DecodeError as error:
            if not text.endswith("\n"):
                return
            raise DecodeError(f"{place(number)} is not one of a recording of acbridge-sink: {error}") from error
        if line is not None and header is not None:
            yield header, line


def _whole_lines(path: Path) -> Iterator[bytes]:
    kind = compression.kind_of(path.name)
    with path.open("rb") as file:
        if kind is None:
            pieces = iter(lambda: file.read(_CHUNK), b"")
        else:
            pieces = (piece for piece, _ in compression.expand(file, kind))
        rest = b""
        for piece in pieces:
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line + b"\n"
            if len(rest) > MAX_LINE_BYTES:
                raise DecodeError(f"a line is longer than {MAX_LINE_BYTES / 1e6:g} MB")


def _header_after(line: Line, header: Header | None) -> Header:
    """Return the header that holds from a line on."""
    if isinstance(line, Header):
        return line
    if header is None:
        raise DecodeError("it stands before the header")
    if not isinstance(line, FrameLine):
        return header
    record = line.record
    if isinstance(record, Static):
        return header._replace(static=record)
    if isinstance(record, Event) and record.kind == EventKind.THRESHOLDS_CHANGED:
        try:
            thresholds = (header.thresholds or Thresholds()).changed(thresholds_in(record.text or ""))
        except ValueError as error:
            raise DecodeError(str(error)) from error
        return header._replace(thresholds=thresholds, daemon={**header.daemon, "thresholds": thresholds.values()})
    return header
