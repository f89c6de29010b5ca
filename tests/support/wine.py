"""
The Python that Windows users have: this one on Windows, elsewhere a Windows Python under wine.

`.ci/windows DIR WHEEL` prepares the latter, and ``ACBRIDGE_WINDOWS=DIR`` names its folder.
"""

import os
import sys
from pathlib import Path
from typing import NamedTuple


class Interpreter(NamedTuple):
    """A Python to run programs with."""

    command: tuple[str, ...]
    env: dict[str, str]

    def path(self, path: Path) -> str:
        """Return a path as that Python knows it."""
        return str(path) if self is HERE else "Z:" + str(path).replace("/", "\\")


HERE = Interpreter((sys.executable,), {})


def windows() -> Interpreter:
    """Return the Windows Python, or skip the test that needs it."""
    if sys.platform == "win32":
        return HERE
    prepared = os.environ.get("ACBRIDGE_WINDOWS")
    if prepared is None:
        import pytest

        pytest.skip("no Windows Python: prepare one with .ci/windows and name it in ACBRIDGE_WINDOWS")
    home = Path(prepared)
    return Interpreter(
        ("wine", str(home / "python" / "python.exe")),
        {
            "WINEPREFIX": str(home / "prefix"),
            "WINEDEBUG": "-all",
            "PYTHONPATH": "Z:" + str(home / "site").replace("/", "\\"),
        },
    )
