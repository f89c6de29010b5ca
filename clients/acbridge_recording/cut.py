"""Page logs made of others: a part of one, or one made of JSON lines. Files are finished whole or not at all."""

import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from acbridge.derived import Event, EventKind, Thresholds
from acbridge.errors import DecodeError
from acbridge.pages import AC1, Game, Graphics, Physics, Static
from acbridge.recording.page_log.chunks import MAGIC, block_chunk, head_chunk
from acbridge.recording.page_log.head import Head, to_json
from acbridge.recording.page_log.reading import read_rows
from acbridge.recording.page_log.rows import NoteKind, Row, RowKind, note
from acbridge.recording.parsing import FrameLine, GapLine, Header, Line, TickLine
from acbridge.recording.reader import recordings_in
from acbridge.status import SimState
from acbridge.wire import Stamp

ROWS = 333
"""Rows of a block."""


@contextmanager
def finished(path: Path) -> Generator[Path]:
    """Yield the name under which a file is written; it gets its own name when all went well, else it is removed."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_page_log(path: Path, rows: Iterable[tuple[Head, Row]]) -> int:
    """
    Write rows as a finished page log, and return their number.

    Raises:
        OSError: It cannot be written.
        DecodeError: There are no rows.
    """
    count, known, waiting = 0, None, list[Row]()
    with finished(path) as part, part.open("wb") as file:
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
    """Yield the rows of a page log, or of those of a directory."""
    for file in recordings_in(path) if path.is_dir() else [path]:
        yield from read_rows(file)


def rows_between(rows: Iterable[tuple[Head, Row]], run: int, first: int, last: int) -> Iterator[tuple[Head, Row]]:
    """Yield the rows of some ticks of a run, and a second before and after, so that both lines are crossed."""
    for head, row in rows:
        edge = round(head.rate)
        if head.run == run and first - edge <= row.tick <= last + edge:
            yield head, row


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
