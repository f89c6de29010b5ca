"""Page logs made of others: a part of one, or one made of JSON lines. Files are finished whole or not at all."""

import errno
import os
import secrets
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from acbridge.derived import Event, EventKind, Thresholds
from acbridge.errors import DecodeError
from acbridge.pages import AC1, Game, Graphics, Physics, Static
from acbridge.recording.compression import PART, bare_name
from acbridge.recording.page_log.chunks import MAGIC, block_chunk, head_chunk
from acbridge.recording.page_log.head import Head, to_json
from acbridge.recording.page_log.head import parse as parse_head
from acbridge.recording.page_log.reading import TAIL, is_page_log, read_rows, tail_of
from acbridge.recording.page_log.rows import NoteKind, Row, RowKind, note, read_note
from acbridge.recording.parsing import FrameLine, GapLine, Header, Line, TickLine
from acbridge.recording.reader import recordings_in
from acbridge.recording.writing.files import lock
from acbridge.status import SimState
from acbridge.wire import Stamp

ROWS = 333
"""Rows of a block."""


@contextmanager
def finished(path: Path, *sources: Path, page_log: bool = False) -> Generator[Path]:
    """
    Yield the name under which a file is written; it gets its own name when all went well, else it is removed.

    Args:
        path: The file.
        sources: Recordings, or directories of them, that are read meanwhile.
        page_log: Whether a page log is written; only another page log of the same name is then replaced.

    Raises:
        OSError: The file cannot be written, or it would replace something that is in use or is a recording.
    """
    _refuse_what_is_in_use(path, sources)
    if (is_page_log(path) and not page_log) or (path.exists() and bare_name(path.name).endswith(".jsonl")):
        raise _refused(path, "is a recording")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        part.open("xb").close()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _refuse_what_is_in_use(path: Path, sources: Iterable[Path]) -> None:
    if path.name.endswith((PART, TAIL)):
        raise _refused(path, f"has a name for files that are being recorded: it ends in {PART} or {TAIL}")
    for beside in (path.with_name(path.name + PART), tail_of(path)):
        if beside.exists():
            raise _refused(path, f"is being recorded, or was left by a killed program: there is {beside.name}")
    if not path.exists():
        return
    if not path.is_file():
        raise _refused(path, "is not a file")
    if any(path.samefile(file) for source in sources for file in files_of(source)):
        raise _refused(path, "is read by this command")
    with path.open("rb") as file:
        try:
            lock(file.fileno())
        except OSError:
            raise _refused(path, "is being recorded") from None


def _refused(path: Path, why: str) -> OSError:
    return FileExistsError(errno.EEXIST, f"it {why}; choose another name", str(path))


def files_of(path: Path) -> list[Path]:
    """Return the files of a recording."""
    return recordings_in(path) if path.is_dir() else [path]


def write_page_log(path: Path, rows: Iterable[tuple[Head, Row]], source: Path) -> int:
    """
    Write rows as a finished page log, and return their number.

    Args:
        path: The file.
        rows: The rows.
        source: What they are read from.

    Raises:
        OSError: It cannot be written.
        DecodeError: There are no rows.
    """
    count, known, waiting = 0, None, list[Row]()
    with finished(path, source, page_log=True) as part, part.open("wb") as file:
        file.write(MAGIC)
        for head, row in rows:
            if head != known or len(waiting) >= ROWS:
                if waiting:
                    file.write(block_chunk(waiting))
                    waiting = []
                if head != known:
                    known = head
                    file.write(head_chunk(to_json(head).encode(), row))
            waiting.append(row)
            count += 1
        if not waiting:
            raise DecodeError("nothing was found to write")
        file.write(block_chunk(waiting))
        file.flush()
        os.fsync(file.fileno())
    return count


def rows_of(path: Path) -> Iterator[tuple[Head, Row]]:
    """Return the rows of a page log, or of those that are in a directory now."""
    return chain.from_iterable(map(read_rows, files_of(path)))


def rows_between(rows: Iterable[tuple[Head, Row]], run: int, first: int, last: int) -> Iterator[tuple[Head, Row]]:
    """
    Yield the rows of some ticks of a run, and a second before and after, so that both lines are crossed.

    Their head has the thresholds and the rate that held when they began.

    Raises:
        DecodeError: A note before them says what cannot be.
    """
    known: Head | None = None
    begun = False
    now: Head | None = None
    for head, row in rows:
        if head.run != run:
            continue
        if now is None or head != known:
            known = now = head
        edge = round(now.rate)
        if first - edge <= row.tick <= last + edge:
            begun = True
            yield now, row
        elif not begun and row.kind is RowKind.NOTE:
            now = _after(now, read_note(row))


def _after(head: Head, values: dict[str, Any]) -> Head:
    """Return the head that holds after a note."""
    try:
        if values.get("note") == NoteKind.THRESHOLDS:
            return head._replace(thresholds=head.thresholds.changed(values.get("values") or {}))
        if values.get("note") == NoteKind.RATE:
            return parse_head(to_json(head._replace(rate=values.get("rate", head.rate))).encode())
    except (ValueError, TypeError, AttributeError) as error:
        raise DecodeError(f"a note about thresholds: {error}") from error
    return head


def rows_of_lines(lines: Iterable[tuple[Header, Line]], game: Game = AC1) -> Iterator[tuple[Head, Row]]:
    """
    Yield the rows that JSON lines stand for.

    Values that JSON has no number for become nan, and names that were not recorded stay empty.

    Raises:
        DecodeError: A tick lacks a page: the recording was made with --field, without a topic, or with --layout frame.
    """
    head: Head | None = None
    heads: dict[int, Head] = {}
    stamp, tick = Stamp(0, 0.0), 0
    for header, line in lines:
        if isinstance(line, Header):
            head = heads.setdefault(header.run, _head(header, game))
        elif head is None:
            continue
        elif isinstance(line, TickLine):
            tick, stamp = line.tick, Stamp(line.mono_ns, line.timestamp)
            yield head, _row(line, header, game, stamp)
        elif isinstance(line, GapLine):
            details: dict[str, Any] = {"first_tick": tick, "last_tick": tick, "ticks": max(line.lost.values())}
            yield head, note(NoteKind.GAP, tick, stamp, SimState.LIVE, **details)
        elif isinstance(line.record, Event):
            yield from ((head, row) for row in _note_of(line, line.record))


def _head(header: Header, game: Game) -> Head:
    daemon = header.daemon
    thresholds = header.thresholds or Thresholds()
    rate = daemon.get("rate") or 60.0
    return Head(game, header.run, daemon.get("version") or "", daemon.get("source") or "", rate, thresholds, names=True)


def _row(line: TickLine, header: Header, game: Game, stamp: Stamp) -> Row:
    records: dict[type[Any], Any] = {type(record): record for record in line.records}
    if header.static is not None:
        records[Static] = header.static
    missing = [page.topic for page in (Physics, Graphics, Static) if page not in records]
    if missing:
        raise DecodeError(
            f"tick {line.tick} has no whole {' and '.join(missing)}: it was recorded with --field, without a topic, or "
            "with --layout frame, and cannot become pages"
        )
    pages = tuple(records[page].to_page() for page in game.pages)
    state = game.state(records[Graphics].status) or SimState.LIVE
    return Row(RowKind.PAGES, state, line.tick, stamp, pages)


def _note_of(line: FrameLine, event: Event) -> Iterator[Row]:
    stamp = Stamp(line.mono_ns, line.timestamp)
    if event.kind == EventKind.MARK:
        yield note(NoteKind.MARK, line.tick, stamp, SimState.LIVE, text=event.text or "")
    elif event.kind == EventKind.THRESHOLDS_CHANGED:
        values = dict(word.split("=") for word in (event.text or "").split())
        numbers = {name: float(value) for name, value in values.items()}
        yield note(NoteKind.THRESHOLDS, line.tick, stamp, SimState.LIVE, values=numbers)
