"""What a recording holds, and whether it is whole."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from acbridge.errors import DecodeError
from acbridge.recording import compression, open_recording
from acbridge.recording.page_log.chunks import Damage
from acbridge.recording.page_log.reading import is_page_log, read_pieces
from acbridge.recording.page_log.rows import NoteKind, RowKind, read_note
from acbridge.recording.parsing import GapLine, Header, Line, TickLine
from acbridge.recording.reader import read_lines
from acbridge_recording.cut import files_of
from acbridge_recording.laps import best_of, laps_of, time_text, track_of


def facts_of(path: Path) -> dict[str, Any]:
    """
    Return what a recording holds, for people and for JSON.

    Raises:
        DecodeError: There is no recording.
    """
    times: list[float] = []
    headers: list[Header] = []
    laps = laps_of(_noted(read_lines(open_recording(path)), times, headers))
    if not times or not headers:
        raise DecodeError(f"{path}: there are no ticks in it")
    best = best_of(laps)
    statics = {(each.static.carModel, track_of(each.static)) for each in headers if each.static is not None}
    begun = datetime.fromtimestamp(times[0]).astimezone()
    return {
        "begun": begun.isoformat(timespec="seconds"),
        "minutes": round((times[-1] - times[0]) / 60, 2),
        "car": ", ".join(sorted({car for car, _ in statics})),
        "track": ", ".join(sorted({track for _, track in statics})),
        "ticks": len(times),
        "rate": headers[0].daemon.get("rate"),
        "runs": len({header.run for header in headers}),
        "laps": sum(lap.time_ms is not None for lap in laps),
        "best": None if best is None else time_text(best.time_ms),
        "megabytes": round(sum(file.stat().st_size for file in files_of(path)) / 1e6, 3),
        "kind": "page log" if all(map(is_page_log, files_of(path))) else "JSON lines",
    }


def verified(path: Path) -> list[str]:
    """
    Read a recording whole, and return what is wrong with it in sentences; none if it is whole.

    Raises:
        OSError: It cannot be read.
    """
    problems: list[str] = []
    files = files_of(path)
    if not files:
        return [f"{path}: there is no recording in it"]
    for file in files:
        try:
            problems += _pages_problems(file) if is_page_log(file) else _lines_problems(file)
        except DecodeError as error:
            problems.append(str(error))
    return problems


def _pages_problems(file: Path) -> list[str]:
    problems: list[str] = []
    for piece in read_pieces(file):
        if isinstance(piece.chunk, Damage):
            if piece.path == file:
                lost = piece.chunk.end - piece.chunk.offset
                problems.append(f"{file}, byte {piece.chunk.offset}: {lost} bytes are damaged or cut off")
            continue
        said = [(row.tick, read_note(row)) for row in piece.rows() if row.kind is RowKind.NOTE]
        gaps = [(tick, values.get("ticks")) for tick, values in said if values.get("note") == NoteKind.GAP]
        problems += [f"{file}, tick {tick}: {ticks} ticks were not written" for tick, ticks in gaps]
    return problems


def _lines_problems(file: Path) -> list[str]:
    problems: list[str] = []
    empty = True
    for _, line in read_lines(open_recording(file)):
        empty = False
        if isinstance(line, GapLine):
            problems.append(f"{file}: {max(line.lost.values())} ticks are missing")
    if empty:
        problems.append(f"{file}: there is no recording in it")
    return problems + _end_problems(file)


def _end_problems(file: Path) -> list[str]:
    """Return whether the last line, or the last member of a compressed file, lacks its end."""
    kind, last = compression.kind_of(file.name), b""
    with file.open("rb") as opened:
        if kind is None:
            for piece in iter(lambda: opened.read(1 << 20), b""):
                last = piece
        else:
            whole = 0
            for piece, end in compression.expand(opened, kind):
                last, whole = piece or last, end
            if whole < file.stat().st_size:
                return [f"{file}, byte {whole}: the compressed data has no end; it is cut off"]
    return [f"{file}: the last line has no end; it is cut off"] if last and not last.endswith(b"\n") else []


def _noted(
    lines: Iterable[tuple[Header, Line]], times: list[float], headers: list[Header]
) -> Iterator[tuple[Header, Line]]:
    """Yield lines, and note the times of ticks and the headers."""
    for header, line in lines:
        if isinstance(line, TickLine):
            times.append(line.timestamp)
        elif isinstance(line, Header):
            headers.append(line)
        yield header, line
