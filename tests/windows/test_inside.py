"""Runs inside the Windows Python: the tests that need Windows, and those of the library."""

import re
import sys
from pathlib import Path

import pytest

from programs import Program
from wine import Interpreter

pytestmark = [
    pytest.mark.windows,
    pytest.mark.skipif(sys.platform == "win32", reason="pytest runs inside the Windows Python already"),
]

HERE = Path(__file__).parent
LIBRARY = (
    "test_layout.py",
    "pages/test_ac1.py",
    "test_schema.py",
    "test_wire.py",
    "test_page_frames.py",
    "test_golden.py",
    "test_keys.py",
    "recording/test_compression.py",
)


def run(windows: Interpreter, *arguments: str) -> str:
    """Run pytest in the Windows Python, where our wheel is installed, and return its last line."""
    # -P: what is tested is the installed wheel, not the sources around the tests.
    with Program("-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, python=windows, cwd=HERE) as program:
        code = program.wait(300)
        assert code == 0, "\n".join(program.out)
    return program.out[-1]


@pytest.mark.parametrize("what", ["named_mappings", "machine"])
def test_the_tests_that_need_windows_pass(windows: Interpreter, what: str, tmp_path: Path) -> None:
    said = run(windows, windows.path(HERE / "inside" / f"test_{what}.py"), "--basetemp", windows.path(tmp_path / "t"))
    assert re.fullmatch(r"\d+ passed in .*", said), said


def test_the_library_passes_its_own_tests(windows: Interpreter, tmp_path: Path) -> None:
    tests = [windows.path(HERE.parent / "acbridge" / name) for name in LIBRARY]
    # Windows has no gzip and no zstd to compare with.
    said = run(windows, *tests, "-k", "not other_tools", "--basetemp", windows.path(tmp_path / "t"))
    passed = re.match(r"(\d+) passed", said)
    assert passed, said
    assert int(passed[1]) > 100, said
