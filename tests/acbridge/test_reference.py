"""Generated tables: they replace what stands between their markers, and a document without markers is refused."""

import pytest

from acbridge.cli import ExitCode
from acbridge.reference import exit_code_table, with_tables

TABLE = ["| A |", "| --- |", "| 1 |"]


def test_a_table_replaces_only_what_stands_between_its_markers() -> None:
    written = with_tables("before\n<!-- begin T -->\nold\n<!-- end T -->\nafter\n", {"T": TABLE})
    assert "before\n<!-- begin T -->\n\n| A |\n| --- |\n| 1 |\n\n<!-- end T -->\nafter\n" == written
    assert written == with_tables(written, {"T": TABLE})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- begin T -->",
        "<!-- end T -->",
        "<!-- begin U -->\n<!-- end U -->",
        "<!-- begin T --><!-- end T -->" * 2,
    ],
)
def test_a_document_without_exactly_one_place_for_a_table_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="<!-- begin T --> and its end once"):
        with_tables(text, {"T": TABLE})


def test_the_table_of_exit_codes_has_each_with_the_meaning_that_help_prints() -> None:
    rows = [row.split(" | ", 1) for row in exit_code_table()[2:]]
    assert [f"| {code.value}" for code in ExitCode] == [number for number, _ in rows]
    for code, (_, sentence) in zip(ExitCode, rows, strict=True):
        assert sentence.lower().startswith(code.meaning.lower())
