"""The path of the user's folder in a crash file or a bundle: which spellings of it are replaced."""

import json
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from acbridge.crash_files import without_home

ALICE = PureWindowsPath(r"C:\Users\Alice")


@pytest.mark.parametrize(
    "text",
    [
        r"C:\Users\Alice\drives",
        r"c:\users\alice\drives",
        "C:/Users/Alice/drives",
        repr(ALICE / "drives"),
        str(OSError(2, "No such file", r"C:\Users\Alice\drives")),
        json.dumps(r"C:\Users\Alice\drives"),
        repr(json.dumps(r"C:\Users\Alice\drives")),
    ],
)
def test_every_spelling_of_a_folder_of_windows_is_replaced(text: str) -> None:
    found = without_home({"error": [text]}, ALICE)["error"][0]
    assert "alice" not in found.lower()
    assert "~" in found
    assert "drives" in found


def test_a_name_outside_ascii_is_replaced_in_json_too() -> None:
    home = PureWindowsPath(r"C:\Users\Jürgen")
    assert r'"~\\x"' == without_home(json.dumps(str(home / "x")), home)


def test_on_linux_letters_count_in_either_case() -> None:
    text = "/home/alice/x /home/Alice/x"
    assert "~/x /home/Alice/x" == without_home(text, PurePosixPath("/home/alice"))


@pytest.mark.parametrize("home", [PurePosixPath("/"), PureWindowsPath("C:\\"), None])
def test_a_folder_that_is_a_root_or_unknown_changes_nothing(home: PurePath | None) -> None:
    values: dict[str, Any] = {"path": "/srv/x", "other": "C:\\x", "rate": 60.0, "none": None}
    assert values == without_home(values, home)
