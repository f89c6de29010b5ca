"""The shared memory that this machine has: named mappings on Windows, files elsewhere."""

import sys
from pathlib import Path

from acbridge.layout import Page
from acbridge.sources import SharedMemory


def shared_memory(directory: Path, prefix: str, pages: tuple[type[Page], ...]) -> SharedMemory:
    """
    Return a source of the sim's pages, which need not be there yet.

    Args:
        directory: The directory of page files; Windows has none.
        prefix: How the names of the pages begin.
        pages: The tables of the pages.
    """
    if sys.platform == "win32":
        from acbridge.sources.named_mappings import NamedMappings  # noqa: PLC0415  exists on Windows only

        return NamedMappings(prefix, pages)
    from acbridge.sources.page_files import PageFiles  # noqa: PLC0415  exists elsewhere only

    return PageFiles(directory, prefix, pages)
