"""
The sim's pages on Windows: named file mappings that the game creates.

They are opened for reading and never created: `mmap(tagname=...)` would create them, and the game would then attach to
those of this process. A view keeps the memory of a sim that has exited alive, so the daemon detaches when nothing
moves.
"""

import ctypes
import sys
from ctypes import wintypes

from acbridge.layout import Page
from acbridge.pages import Pages
from acbridge.sources import PageCheck

assert sys.platform == "win32"  # noqa: S101  for the type checker; this module is imported on Windows only

_FILE_MAP_READ = 0x0004
_ERROR_FILE_NOT_FOUND = 2

_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel32.OpenFileMappingW.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.LPCWSTR)
_kernel32.OpenFileMappingW.restype = wintypes.HANDLE
_kernel32.MapViewOfFile.argtypes = (
    wintypes.HANDLE,
    wintypes.DWORD,
    wintypes.DWORD,
    wintypes.DWORD,
    ctypes.c_size_t,
)
_kernel32.MapViewOfFile.restype = ctypes.c_void_p
_kernel32.UnmapViewOfFile.argtypes = (ctypes.c_void_p,)
_kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)
_kernel32.VirtualQuery.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_kernel32.VirtualQuery.restype = ctypes.c_size_t


class _MemoryBasicInformation(ctypes.Structure):
    _fields_ = (
        ("BaseAddress", ctypes.c_void_p),
        ("AllocationBase", ctypes.c_void_p),
        ("AllocationProtect", wintypes.DWORD),
        ("PartitionId", wintypes.WORD),
        ("RegionSize", ctypes.c_size_t),
        ("State", wintypes.DWORD),
        ("Protect", wintypes.DWORD),
        ("Type", wintypes.DWORD),
    )


class NamedMappings:
    """One mapping per page, in the namespace of the Windows session."""

    def __init__(self, prefix: str, pages: tuple[type[Page], ...]) -> None:
        self._names = {page: f"Local\\{prefix}{page.page_name}" for page in pages}
        self._views: dict[type[Page], int] = {}

    def attach(self) -> str | None:
        """Map the pages if they are not, and return why not if they cannot be."""
        for page, name in self._names.items():
            if page in self._views:
                continue
            view, seen = _map(name, page.page_size)
            if seen.problem is not None:
                self.detach()
                return seen.problem
            self._views[page] = view
        return None

    def read(self) -> Pages | None:
        """Copy the pages."""
        if not self._views:
            return None
        return tuple([ctypes.string_at(view, page.page_size) for page, view in self._views.items()])

    def detach(self) -> None:
        """Unmap the pages."""
        for view in self._views.values():
            _kernel32.UnmapViewOfFile(view)
        self._views.clear()

    def inspect(self) -> list[PageCheck]:
        """Map every page for an instant."""
        found: list[PageCheck] = []
        for page, name in self._names.items():
            view, seen = _map(name, page.page_size)
            if seen.problem is None:
                _kernel32.UnmapViewOfFile(view)
            found.append(seen)
        return found


def _map(name: str, needed: int) -> tuple[int, PageCheck]:
    """Map a page for reading; return its address, and what was found out about it."""
    mapping = _kernel32.OpenFileMappingW(_FILE_MAP_READ, False, name)
    if not mapping:
        error = ctypes.get_last_error()
        if error == _ERROR_FILE_NOT_FOUND:
            missing = f"there is no {name}; start a session in the sim"
            return 0, PageCheck(name, there=False, problem=missing)
        return 0, PageCheck(name, there=True, problem=f"cannot open {name}: {ctypes.FormatError(error)}")
    # Length 0 maps the whole section; the view keeps it alive, so the handle is not needed any more.
    view = _kernel32.MapViewOfFile(mapping, _FILE_MAP_READ, 0, 0, 0)
    error = ctypes.get_last_error()
    _kernel32.CloseHandle(mapping)
    if not view:
        return 0, PageCheck(name, there=True, problem=f"cannot map {name}: {ctypes.FormatError(error)}")
    region = _MemoryBasicInformation()
    _kernel32.VirtualQuery(view, ctypes.byref(region), ctypes.sizeof(region))
    if region.RegionSize < needed:
        _kernel32.UnmapViewOfFile(view)
        small = f"{name} has {region.RegionSize} bytes, the page needs {needed}; did another program make it?"
        return 0, PageCheck(name, there=True, problem=small)
    return view, PageCheck(name, there=True, problem=None, detail=f"{region.RegionSize} bytes")
