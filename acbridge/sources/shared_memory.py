"""The shared memory that this machine has: named mappings on Windows, files elsewhere."""

import sys
from pathlib import Path

from acbridge.sources import SharedMemory


def shared_memory(directory: Path, prefix: str) -> SharedMemory:
    """
    Return the sim's pages, which need not be there yet.

    Args:
        directory: Where page files are; Windows has none.
        prefix: What the names of the pages begin with.
    """
    if sys.platform == "win32":
        from acbridge.sources.named_mappings import NamedMappings  # noqa: PLC0415  exists on Windows only

        return NamedMappings(prefix)
    from acbridge.sources.page_files import PageFiles  # noqa: PLC0415  exists elsewhere only

    return PageFiles(directory, prefix)
