"""The rules of docs/guides/contributing.md that a program can check: excluded words, definitions, width of lines."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

WIDTH = 120
EXCLUDED = re.compile(
    r"(?<![a-z])(whoever|whomever|nobody|somebody|anybody|everybody|tells?|told|telling)(?![a-z])", re.IGNORECASE
)
"""No sentence and no name needs them: a verb says what happens, a noun says to which program or person."""
TELL_OF_A_FILE = re.compile(r"\.tell\(\)")
PRONOUN = re.compile(r'^\s*(?:"""|[\w ,`*]+: )(?:It|That|This|They|Them|One)\."?')
"""A definition that is only a pronoun, such as ``value: It.``"""
TEXTS = {".py", ".md", ".js", ".mjs", ".html", ".css", ".toml", ".yml", ""}
OTHERS = {"node_modules", "__pycache__"}


def texts(checkout: Path) -> Iterator[Path]:
    """Yield every text file of ours, except this one, which has to name the words."""
    yield from (checkout / name for name in ("README.md", "pyproject.toml"))
    for folder in ("acbridge", "daemon", "clients", "docs", "tests", ".ci", ".github"):
        for path in sorted((checkout / folder).rglob("*")):
            ours = path.is_file() and path.suffix in TEXTS and not OTHERS & set(path.parts)
            if ours and path.name != Path(__file__).name:
                yield path


def lines(path: Path) -> Iterator[tuple[int, str]]:
    yield from enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)


def test_no_text_and_no_name_has_an_excluded_word(checkout: Path) -> None:
    found = [
        f"{path.relative_to(checkout)}:{number}: {word[0]!r} in: {line.strip()}"
        for path in texts(checkout)
        for number, line in lines(path)
        if (word := EXCLUDED.search(TELL_OF_A_FILE.sub("", line)))
    ]
    assert not found, "\n".join(["these words are excluded, docs/guides/contributing.md says why:", *found])


def test_no_definition_is_only_a_pronoun(checkout: Path) -> None:
    found = [
        f"{path.relative_to(checkout)}:{number}: {line.strip()}"
        for path in texts(checkout)
        if path.suffix == ".py"
        for number, line in lines(path)
        if PRONOUN.search(line)
    ]
    assert not found, "\n".join(["these definitions name nothing:", *found])


def test_lines_of_markdown_wrap(checkout: Path) -> None:
    found: list[str] = []
    for path in texts(checkout):
        fenced = False
        for number, line in lines(path) if path.suffix == ".md" else ():
            fence = line.lstrip().startswith("```")
            fenced ^= fence
            only_a_link = re.fullmatch(r"\s*!?\[[^\]]*\]\([^)]*\)", line)
            if len(line) > WIDTH and not (fence or fenced or line.startswith("|") or only_a_link):
                found.append(f"{path.relative_to(checkout)}:{number}: {len(line)} columns")
    assert not found, "\n".join([f"these lines are longer than {WIDTH} columns:", *found])
