"""
Compressed recordings: gzip and zstd, as a row of whole members that can each be read alone.

A member (gzip's word; zstd calls it a frame) holds some whole lines. A file that a killed program left ends in the
middle of one, and all members before it are good. Every tool that reads gzip or zstd reads a row of members as one.

It opens no file: bytes and open files go in. zstd comes with Python 3.14; before that it needs the extra ``zstd``.
"""

import importlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from acbridge.errors import DecodeError, MissingExtra

SUFFIXES = {"gzip": ".gz", "zstd": ".zst"}
"""What the names of compressed files end in."""

_CHUNK = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


def kind_of(name: str) -> str | None:
    """Return how a file is compressed, told by its name; ``None`` for one that is not."""
    name = name.removesuffix(".part")
    return next((kind for kind, suffix in SUFFIXES.items() if name.endswith(suffix)), None)


def compressor(kind: str) -> Callable[[bytes], bytes]:
    """
    Return what makes one member of some bytes.

    Raises:
        MissingExtra: This Python has no zstd.
    """
    if kind == "gzip":
        return _gzip
    module = _zstd()
    return module.compress


def expand(file: BinaryIO, kind: str) -> Iterator[tuple[bytes, int]]:
    """
    Yield what the members of a file hold, piece by piece.

    Args:
        file: Open for reading, at its beginning.
        kind: How it is compressed.

    Yields:
        Some bytes, and where the last whole member ends in the file so far. Bytes of a member that is cut off are
        yielded too, as far as they can be told.

    Raises:
        DecodeError: These bytes are not of that kind.
        MissingExtra: This Python has no zstd.
    """
    begin, broken = (lambda: zlib.decompressobj(_GZIP), zlib.error) if kind == "gzip" else _zstd_reader()
    stream, read, good = begin(), 0, 0
    while data := file.read(_CHUNK):
        read += len(data)
        while data:
            try:
                piece = stream.decompress(data)
            except broken as error:
                raise DecodeError(f"its compressed data is damaged after byte {good}: {error}") from error
            data = b""
            if stream.eof:
                data = stream.unused_data
                good = read - len(data)
                stream = begin()
            yield piece, good


def _gzip(data: bytes) -> bytes:
    # The fastest level: telemetry is nearly as small as at the others, in half the time.
    stream = zlib.compressobj(1, wbits=_GZIP)
    return stream.compress(data) + stream.flush()


def _zstd() -> Any:
    """Import what reads and writes zstd: Python's own from 3.14, or the package of the extra."""
    for name in ("compression.zstd", "zstandard"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise MissingExtra("zstd", "zstandard")


def _zstd_reader() -> tuple[Callable[[], Any], type[Exception]]:
    module = _zstd()
    if hasattr(module, "ZstdDecompressor") and module.__name__ == "zstandard":
        return lambda: module.ZstdDecompressor().decompressobj(), module.ZstdError
    return module.ZstdDecompressor, module.ZstdError
