"""
Where a daemon that crashed leaves its file: a folder of the user. It opens no file and reads no clock.

The file is JSON lines, compressed with gzip. The first line, of type ``crash``, has the error, the versions, the
settings and the last status; lines of type ``log`` are the last events of the log; lines of type ``pages`` are the
last pages of the sim, each as base64, and without personal names.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

PATTERN = "crash-*.jsonl.gz"
KEPT = 5
"""Files that stay; older ones are deleted when another is written."""


def crash_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder, which may not exist: where the system keeps the state of programs."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(environment.get("XDG_STATE_HOME") or home / ".local" / "state")
    return base / "acbridge"


def crash_name(utc: str, run: int) -> str:
    """
    Return the name of a file.

    Args:
        utc: The time, such as ``20261127T124500Z``.
        run: Number of the daemon's run.
    """
    return f"crash-{utc}-{run}.jsonl.gz"


def crash_files(folder: Path) -> list[Path]:
    """Return the files of a folder, the newest last."""
    return sorted(folder.glob(PATTERN))
