"""
Blocks of rows: about a second of ticks as bytes, and back.

A block can be read alone: its first row with pages has all of them, later rows only those that changed. Pages are
stored as the difference to the row before (XOR), and the bytes at the same place of all rows stand together: that is
what makes them small, whatever compresses them. Neither step needs numpy.

Pure: bytes in, bytes out. What is read is of unknown origin: every length is checked before it is used.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, cast

from acbridge.errors import DecodeError
from acbridge.plain_text import plain
from acbridge.recording.page_log.rows import STATES, Row, RowKind, wall_ns
from acbridge.wire import MAX_TIMESTAMP, Stamp

if TYPE_CHECKING:
    from acbridge.pages import Pages

LEVEL = 6
"""Of zlib: its size is that of zstd, and it comes with Python."""
MAX_ROWS = 4096
"""The most rows of a block that is read."""
MAX_RAW_BYTES = 1 << 25
"""The largest block that is read, decompressed."""
MAX_TEXT = 4096
"""The most characters of the text of a row: all thresholds in one note take about 2000."""
MAX_TEXTS_BYTES = 1 << 22
"""The most bytes of the texts of a block, before their JSON is parsed."""
MAX_PAGES = 8
"""A row says in one byte which pages changed."""

_NUMBERS = 3
"""Numbers of a row: tick, steady time, and wall time less steady time; each as the difference to the row before."""
_LENGTH = struct.Struct("<I")
_MOST = 2**63


def encode(rows: Sequence[Row], *, pack: bool = True) -> tuple[bytes, int]:
    """
    Return the bytes of some rows, and how many they are decompressed.

    Args:
        rows: At least one; none of them a head.
        pack: Whether they are compressed.
    """
    changed, columns = _columns(rows)
    numbers = [(row.tick, row.stamp.mono_ns, wall_ns(row.stamp.timestamp) - row.stamp.mono_ns) for row in rows]
    deltas = [
        struct.pack(f"<{len(rows)}q", *_wrapped(b - a for a, b in pairwise((0, *column))))
        for column in zip(*numbers, strict=True)
    ]
    texts = json.dumps([row.text for row in rows if row.text], ensure_ascii=False).encode("utf-8", "surrogatepass")
    raw = b"".join(
        [
            bytes([row.kind for row in rows]),
            bytes([STATES.index(row.state) | (128 if row.text else 0) for row in rows]),
            changed,
            *[planes(each, 8) for each in deltas],
            _LENGTH.pack(len(texts)),
            texts,
            *[planes(xor_rows(b"".join(column), len(column[0])), len(column[0])) for column in columns if column],
        ]
    )
    packed = zlib.compress(raw, LEVEL) if pack else raw
    return (packed if len(packed) < len(raw) else raw), len(raw)


def decode(stored: bytes, raw_length: int, rows: int, sizes: Sequence[int]) -> list[Row]:
    """
    Return the rows of a block.

    Args:
        stored: The bytes of the block.
        raw_length: How many they are decompressed; as many as stored if they are not compressed.
        rows: How many rows they hold.
        sizes: Bytes of each page.

    Raises:
        DecodeError: They are not a block of so many rows of such pages.
    """
    if not 0 < rows <= MAX_ROWS or not 0 < raw_length <= MAX_RAW_BYTES:
        raise DecodeError(f"a block of {rows} rows and {raw_length} bytes is none of ours")
    raw = _Bytes(stored if len(stored) == raw_length else _unpacked(stored, raw_length))
    kinds, states, changed = raw.take(rows), raw.take(rows), raw.take(rows)
    if max(kinds) >= RowKind.HEAD or max(state & 127 for state in states) >= len(STATES):
        raise DecodeError("a row is of an unknown kind; a newer acbridge may have written it")
    numbers = [
        list(accumulate(struct.unpack(f"<{rows}q", planes_undone(raw.take(8 * rows), 8)), _added))
        for _ in range(_NUMBERS)
    ]
    texts = iter(_texts(raw.take(*_LENGTH.unpack(raw.take(_LENGTH.size)))))
    pages: list[Iterator[bytes]] = []
    for place, size in enumerate(sizes):
        count = sum(bits >> place & 1 for bits in changed)
        column = xor_rows_undone(planes_undone(raw.take(count * size), size), size)
        pages.append(iter([column[i : i + size] for i in range(0, len(column), size)]))
    raw.end()
    found: list[Row] = []
    newest: list[bytes | None] = [None] * len(sizes)
    for kind, state, bits, tick, mono_ns, offset_ns in zip(kinds, states, changed, *numbers, strict=True):
        if bits >> len(sizes):
            raise DecodeError("a row has more pages than its game")
        newest = [next(pages[place]) if bits >> place & 1 else page for place, page in enumerate(newest)]
        has_pages = kind == RowKind.PAGES
        if has_pages and None in newest:
            raise DecodeError("a block begins without all pages")
        timestamp = (offset_ns + mono_ns) / 1_000_000_000  # of whole numbers: the division alone rounds
        if tick < 0 or mono_ns < 0 or not 0 <= timestamp <= MAX_TIMESTAMP:
            raise DecodeError(f"tick {tick} has an impossible time")
        text = next(texts, None) if state & 128 else ""
        if text is None:
            raise DecodeError("texts of rows are missing")
        copies = cast("Pages", tuple(newest)) if has_pages else None
        found.append(Row(RowKind(kind), STATES[state & 127], tick, Stamp(mono_ns, timestamp), copies, text))
    return found


def planes(rows: bytes, size: int) -> bytes:
    """Put the first bytes of all rows together, then the second, and so on."""
    return b"".join([rows[place::size] for place in range(size)])


def planes_undone(data: bytes, size: int) -> bytes:
    """Return what :func:`planes` was given."""
    count = len(data) // size
    rows = bytearray(len(data))
    for place in range(size):
        rows[place::size] = data[place * count : (place + 1) * count]
    return bytes(rows)


def xor_rows(rows: bytes, size: int) -> bytes:
    """Replace each row but the first by its difference to the row before, as one large number."""
    number = int.from_bytes(rows, "little")
    return ((number ^ number << 8 * size) & (1 << 8 * len(rows)) - 1).to_bytes(len(rows), "little")


def xor_rows_undone(data: bytes, size: int) -> bytes:
    """Return what :func:`xor_rows` was given, by shifts of 1, 2, 4 ... rows."""
    number, mask, shift = int.from_bytes(data, "little"), (1 << 8 * len(data)) - 1, 8 * size
    while shift < 8 * len(data):
        number = (number ^ number << shift) & mask
        shift *= 2
    return number.to_bytes(len(data), "little")


def _columns(rows: Sequence[Row]) -> tuple[bytes, list[list[bytes]]]:
    """Return which pages changed in each row, and the copies of each page that changed."""
    count = next((len(row.pages) for row in rows if row.pages is not None), 0)
    newest: list[bytes | None] = [None] * count
    columns: list[list[bytes]] = [[] for _ in range(count)]
    changed = bytearray(len(rows))
    for number, row in enumerate(rows):
        for place, page in enumerate(row.pages or ()):
            if page != newest[place]:
                newest[place] = page
                columns[place].append(page)
                changed[number] |= 1 << place
    return bytes(changed), columns


def _wrapped(values: Iterator[int]) -> Iterator[int]:
    return ((value + _MOST) % (2 * _MOST) - _MOST for value in values)


def _added(before: int, delta: int) -> int:
    return (before + delta + _MOST) % (2 * _MOST) - _MOST


def _unpacked(stored: bytes, length: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(stored, length + 1)
    except zlib.error as error:
        raise DecodeError(f"a block cannot be decompressed: {error}") from error
    if len(raw) != length or not stream.eof or stream.unused_data:
        raise DecodeError(f"a block does not hold the {length} bytes that it promises")
    return raw


def _texts(data: bytes) -> list[str]:
    """Return the texts of a block, without the characters that steer what shows them."""
    if len(data) > MAX_TEXTS_BYTES:
        raise DecodeError(f"the texts of a block have {len(data)} bytes, more than {MAX_TEXTS_BYTES}")
    try:
        texts: object = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"the texts of a block are not JSON: {error}") from error
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in cast("list[object]", texts)):
        raise DecodeError("the texts of a block are no list of texts")
    known = cast("list[str]", texts)
    if any(len(text) > MAX_TEXT for text in known):
        raise DecodeError(f"a text of a row is longer than {MAX_TEXT} characters")
    return [plain(text) for text in known]


class _Bytes:
    """Takes pieces from bytes, and refuses a piece that is not there."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        if self._at + count > len(self._data):
            raise DecodeError("a block is shorter than its rows")
        self._at += count
        return self._data[self._at - count : self._at]

    def end(self) -> None:
        """Check that nothing is left."""
        if self._at != len(self._data):
            raise DecodeError("a block is longer than its rows")
