"""
Compressed recordings: gzip and zstd, as a row of whole members that can each be read alone.

A member (gzip's word; zstd calls it a frame) holds some whole lines. A file that a killed program left ends in the
middle of a member, and all members before it are good. Every tool that reads gzip or zstd reads a row of members as
one file.

Opens no file: it takes bytes and open files. zstd comes with Python 3.14; earlier versions need the extra ``zstd``.
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from acbridge.errors import DecodeError, MissingExtra

if TYPE_CHECKING:
    from types import ModuleType

SUFFIXES = {"gzip": ".gz", "zstd": ".zst"}
"""The last part of a compressed file's name."""
PART = ".part"
"""What follows the name of a file in a directory while it is written."""

_CHUNK = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


def kind_of(name: str) -> str | None:
    """Return how a file is compressed, by its name; ``None`` if it is not."""
    name = name.removesuffix(PART)
    return next((kind for kind, suffix in SUFFIXES.items() if name.endswith(suffix)), None)


def bare_name(name: str) -> str:
    """Return a file's name without the suffixes that say how it is compressed and that it is not finished."""
    kind = kind_of(name)
    return name.removesuffix(PART).removesuffix(SUFFIXES[kind] if kind else "")


def compressor(kind: str) -> Callable[[bytes], bytes]:
    """
    Return the function that makes one member of some bytes.

    Raises:
        MissingExtra: zstd is not installed.
    """
    return _gzip if kind == "gzip" else _zstd().compress


def expand(file: BinaryIO, kind: str) -> Iterator[tuple[bytes, int]]:
    """
    Yield the content of a file's members, piece by piece: at most 64 KB at a time, whatever the file says.

    Args:
        file: Open for reading, at its beginning.
        kind: How it is compressed.

    Yields:
        Some bytes, and where the last whole member ends in the file so far. Bytes of a member that is cut off are
        yielded too, as far as they can be decompressed.

    Raises:
        DecodeError: The bytes are not compressed that way.
        MissingExtra: zstd is not installed.
    """
    new_member, broken = _decompressor(kind)
    member, read, good = new_member(), 0, 0
    while data := file.read(_CHUNK):
        read += len(data)
        while data or not member.needs_input:
            try:
                piece = member.decompress(data, _CHUNK)
            except broken as error:
                raise DecodeError(f"its compressed data is damaged after byte {good}: {error}") from error
            data = b""
            if member.eof:
                data = member.unused_data
                good = read - len(data)
                member = new_member()
            yield piece, good


def _gzip(data: bytes) -> bytes:
    # The fastest level: telemetry gets nearly as small as at the others, in half the time.
    stream = zlib.compressobj(1, wbits=_GZIP)
    return stream.compress(data) + stream.flush()


def _decompressor(kind: str) -> tuple[Callable[[], Any], type[Exception]]:
    if kind == "gzip":
        return _GzipMember, zlib.error
    zstd = _zstd()
    return zstd.ZstdDecompressor, zstd.ZstdError


class _GzipMember:
    """
    One gzip member, with the methods of zstd's decompressor.

    Attributes:
        needs_input: Whether the bytes so far are decompressed.
    """

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the end of the member was reached."""
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        """The bytes after the end of the member."""
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Decompress at most so many bytes of those given now and before."""
        piece = self._stream.decompress(self._stream.unconsumed_tail + data, max_length)
        self.needs_input = self._stream.eof or not (self._stream.unconsumed_tail or len(piece) == max_length)
        return piece


def _zstd() -> "ModuleType":
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd  # noqa: PLC0415  optional
        else:
            from backports import zstd  # noqa: PLC0415  optional
    except ImportError as error:
        raise MissingExtra("zstd", "backports.zstd") from error
    return zstd
