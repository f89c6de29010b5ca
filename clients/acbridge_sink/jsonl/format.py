"""What a file of JSON lines consists of: whole lines, or whole compressed members of them."""

import os
from pathlib import Path

from acbridge import DecodeError
from acbridge.recording import lines
from acbridge.recording.compression import SUFFIXES, compressor, expand
from acbridge.recording.writing.files import File, NotARecording

_CHUNK = 65536


class JsonLines:
    """
    The format of the files of one recording.

    Attributes:
        suffix: The end of a file's name.
    """

    def __init__(self, compression: str | None, layout: str = "tick") -> None:
        """
        Choose a format.

        Args:
            compression: ``gzip``, ``zstd`` or ``None``.
            layout: ``tick`` for a line per tick, ``frame`` for a line per frame.

        Raises:
            MissingExtra: zstd is not installed.
        """
        self.suffix = f".jsonl{SUFFIXES[compression] if compression else ''}"
        self._compression = compression
        self._layout = layout
        self.pack = compressor(compression) if compression else bytes

    def repaired(self, cut_bytes: int) -> bytes:
        """Return the line that says how many bytes of a broken end were cut off."""
        return lines.repaired(cut_bytes)

    def whole(self, path: Path, descriptor: int) -> int:
        """
        Return where the last whole line, or the last whole member, ends.

        Raises:
            NotARecording: The file holds something else, or lines of another layout.
        """
        if self._compression:
            return self._whole_members(path, descriptor)
        self._check_header(path, os.read(descriptor, _CHUNK))
        return _last_line_end(descriptor)

    def _whole_members(self, path: Path, descriptor: int) -> int:
        assert self._compression is not None  # noqa: S101  for the type checker
        start, good = b"", 0
        try:
            with os.fdopen(os.dup(descriptor), "rb") as file:
                for piece, good in expand(file, self._compression):  # noqa: B007  the last one counts
                    if len(start) < _CHUNK:
                        start += piece
        except DecodeError:
            raise NotARecording(path) from None
        self._check_header(path, start)
        return good

    def _check_header(self, path: Path, start: bytes) -> None:
        """Check that a file begins with a header, and that its layout is ours."""
        if not lines.HEADER_START.startswith(start[: len(lines.HEADER_START)]):
            raise NotARecording(path)
        header, whole, _ = start.partition(b"\n")
        found = lines.layout_of(header) if whole else None
        if found not in (None, self._layout):
            raise NotARecording(path, f"is a recording with --layout {found}")


class LinesDirectory:
    """
    A directory in which files of JSON lines begin.

    Attributes:
        path: The directory.
    """

    def __init__(self, path: Path, content: JsonLines) -> None:
        self.path = path
        self._format = content

    def begin(self, name: str) -> File:
        """
        Create a file of this name, without its suffix; a name that is taken gets a number.

        Raises:
            OSError: The file cannot be created.
        """
        return File.begun(self.path, name, self._format)


def named(path: Path, compression: str | None) -> Path:
    """Return the path with the suffix that its compression has."""
    suffix = SUFFIXES[compression] if compression else ""
    return path if path.name.endswith(suffix) else path.with_name(path.name + suffix)


def _last_line_end(descriptor: int) -> int:
    at = os.lseek(descriptor, 0, os.SEEK_END)
    while at > 0:
        start = max(0, at - _CHUNK)
        os.lseek(descriptor, start, os.SEEK_SET)
        newline = os.read(descriptor, at - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        at = start
    return 0
