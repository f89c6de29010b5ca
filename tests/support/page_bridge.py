"""
A page bridge for tests that works like simshmbridge and shm-bridge: it shares page files as named mappings.

Run it with Windows' Python: ``python page_bridge.py DIRECTORY PREFIX``; it ends when its process is ended.
"""

import ctypes
import sys
import time
from ctypes import wintypes
from pathlib import Path

assert sys.platform == "win32"

READ_WRITE_EXECUTE = 0xE0000000
SHARED = 0x3
OPEN_EXISTING = 3
PAGE_EXECUTE_READWRITE = 0x40
SIZE = 2048
EXISTED = 183

kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
kernel32.CreateFileW.argtypes = (
    *(wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p),
    *(wintypes.DWORD, wintypes.DWORD, wintypes.HANDLE),
)
kernel32.CreateFileW.restype = wintypes.HANDLE
kernel32.CreateFileMappingW.argtypes = (
    *(wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, wintypes.LPCWSTR),
)
kernel32.CreateFileMappingW.restype = wintypes.HANDLE


def main(directory: Path, prefix: str) -> None:
    for page in ("physics", "graphics", "static"):
        name = f"{prefix}{page}"
        file = kernel32.CreateFileW(str(directory / name), READ_WRITE_EXECUTE, SHARED, None, OPEN_EXISTING, 0x80, None)
        if file in (None, ctypes.c_void_p(-1).value):
            raise ctypes.WinError(ctypes.get_last_error())
        mapping = kernel32.CreateFileMappingW(file, None, PAGE_EXECUTE_READWRITE, 0, SIZE, name)
        if not mapping:
            raise ctypes.WinError(ctypes.get_last_error())
        print(f"{name} {'late' if ctypes.get_last_error() == EXISTED else 'shared'}", flush=True)
    print("ready", flush=True)
    time.sleep(3600)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
