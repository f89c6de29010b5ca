"""
Where a daemon that crashed leaves its file: a folder of the user. It opens no file and reads no clock.

The file is JSON lines, compressed with gzip. The first line, of type ``crash``, has the error, the versions, the
settings and the last status; lines of type ``log`` are the last events of the log; lines of type ``pages`` are the
last pages of the sim, each as base64, and without personal names.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any, cast

PATTERN = "crash-*.jsonl.gz"
KEPT = 5
"""Files that stay; older ones are deleted when another is written."""


def crash_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """
    Return the folder, which may not exist: where the system keeps the state of programs.

    For a user without a folder, as in some containers, it is among the temporary files.
    """
    home = home_folder() or Path(tempfile.gettempdir())
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


def home_folder() -> Path | None:
    """Return the user's folder; ``None`` if the system knows none."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def without_home(value: Any, home: PurePath | None) -> Any:
    """
    Return a value without the path of the user's folder, which usually has the user's name.

    Args:
        value: A text, or what JSON can hold; of a dict the values are changed, not the keys.
        home: The user's folder; ``~`` replaces it in every text, however its separators are written. Nothing is
            replaced if it is unknown or a root.
    """
    if home is None or home == home.parent:
        return value
    if isinstance(value, str):
        return _spellings(home).sub("~", value)
    if isinstance(value, dict):
        return {key: without_home(item, home) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [without_home(item, home) for item in cast("list[Any]", value)]
    return value


def _spellings(home: PurePath) -> re.Pattern[str]:
    """Return a pattern of the ways to write a path: as it is, as a repr and as JSON have it."""
    windows = isinstance(home, PureWindowsPath)
    words = (f"(?:{re.escape(word)}|{re.escape(json.dumps(word)[1:-1])})" for word in home.as_posix().split("/"))
    return re.compile((r"[\\/]+" if windows else "/+").join(words), re.IGNORECASE if windows else 0)
