"""
Writes docs/reference/fields.md, docs/reference/schema/*.json and the generated tables of other documents.

They are made from the tables in the code: records, metrics, thresholds, topics, requests, error codes and exit codes.
A document with generated tables marks the place of each by ``<!-- begin NAME -->`` and ``<!-- end NAME -->``; the rest
of it is written by hand and left as it is.

Run ``python -m acbridge.reference`` after a change of a table; with ``--check`` it writes nothing, names the files that
are out of date, and exits with 1 if there are any.
"""

import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from acbridge.cli import ExitCode
from acbridge.derived import THRESHOLDS, Derived, Thresholds
from acbridge.derived.metrics import GROUPS, METRICS
from acbridge.derived.metrics.sample import EXPLANATIONS
from acbridge.layout import Page
from acbridge.page_frames import PageEncoder
from acbridge.requests import ERROR_CODES, REQUESTS, Effect
from acbridge.schema import Column
from acbridge.topics import TOPICS, Topic

WIDTH = 120
"""Columns at which lines of Markdown wrap."""

_INTRODUCTION = """\
# Fields

Written by `python -m acbridge.reference` from the table in the code; do not edit.

Names in camelCase are the sim's own, verbatim; names in snake_case are ours. Every field is in every frame; *Always?*
says whether it always has a value. Every frame also carries the [header](protocol.md#the-header).

For the topics that carry a page of the sim, *Page* is the byte offset in shared memory (little-endian) and *Frame* the
byte offset of the number in the frame (big-endian; the elements of an array are 5 bytes apart, and each row of an array
of arrays adds one more). Text has no fixed place in a frame: it comes last. numpy can therefore read a field of many
frames without decoding them.
"""


def fields_page() -> str:
    """Return docs/reference/fields.md."""
    return "\n".join([_INTRODUCTION, *(_section(topic) for topic in TOPICS)])


def schema_files() -> dict[str, str]:
    """Return the JSON Schema of each topic by file name."""
    return {
        f"{topic.name}.json": json.dumps(topic.record.json_schema(), indent=2, ensure_ascii=False) + "\n"
        for topic in TOPICS
    }


def _section(topic: Topic) -> str:
    record = topic.record
    about = _docstring(topic)
    about += f" Sent {topic.sent}. Fingerprint `{record.fingerprint()}`."
    if issubclass(record, Page):
        about += f" Page size {record.page_size} bytes."
    lines = [f"## {topic.name}", "", *textwrap.wrap(about, WIDTH, break_on_hyphens=False), ""]
    if issubclass(record, Page):
        lines += [
            "| Name | Always? | Type | Unit | Page | Frame | Meaning |",
            "| --- | --- | --- | --- | ---: | ---: | --- |",
        ]
        frame = PageEncoder(record).offsets
        lines += [
            f"{_facts(c)} {record.offsets[c.name]} | {frame.get(c.name, '')} | {_meaning(c)} |" for c in record.columns
        ]
    else:
        lines += ["| Name | Always? | Type | Unit | Meaning |", "| --- | --- | --- | --- | --- |"]
        lines += [f"{_facts(c)} {_meaning(c)} |" for c in record.columns]
    return "\n".join([*lines, ""])


def _docstring(topic: Topic) -> str:
    return " ".join((topic.record.__doc__ or "").split())


def _facts(column: Column) -> str:
    return f"| `{column.name}` | {_always(column)} | {column.type_name} | {column.unit} |"


def _meaning(column: Column) -> str:
    return column.meaning + (f" [{column.axes}]" if column.axes else "")


def _always(column: Column) -> str:
    if column.personal:
        return "empty without `--names`"
    return "may be nil" if column.nullable else "yes"


def derived_tables() -> dict[str, list[str]]:
    """Return the tables of docs/reference/derived.md, by the name that its markers give them."""
    columns = {column.name: column for column in Derived.columns}
    tables: dict[str, list[str]] = {}
    for title, module in GROUPS.items():
        names = [name for name in EXPLANATIONS if METRICS[name].__module__ == module.__name__]
        rows = [(name, columns[name].unit, EXPLANATIONS[name]) for name in names]
        tables[title] = table(
            "Name | Formula | From | Unit | Range | Confidence | Source | Is not",
            [
                (f"`{name}`", e.formula, _code(e.uses), unit, e.values, e.confidence, e.source, e.is_not)
                for name, unit, e in rows
            ],
        )
    tables["Witnesses"] = table(
        "Name | Checked with, and the error | Reliable from",
        [(f"`{name}`", EXPLANATIONS[name].witness, f"{EXPLANATIONS[name].reliable_hz:g} Hz") for name in METRICS],
    )
    defaults = Thresholds().values()
    tables["Thresholds"] = table(
        "Threshold | Default | Unit | Range | Decides | Source",
        [
            (f"`{name}`", f"{defaults[name]:g}", each.unit, f"{each.low:g} to {each.high:g}", each.meaning, each.source)
            for name, each in THRESHOLDS.items()
        ],
    )
    return tables


def protocol_tables() -> dict[str, list[str]]:
    """Return the generated tables of docs/reference/protocol.md, by the name that its markers give them."""
    by_effect = {effect: [name for name, spec in REQUESTS.items() if spec.effect is effect] for effect in Effect}
    return {
        "Topics": table(
            "Topic | Sent | Carries", [(f"`{topic.name}`", topic.sent, _docstring(topic)) for topic in TOPICS]
        ),
        "Requests": table(
            "Request | Arguments | Asks for | A positive reply holds",
            [(f"`{name}`", _code(spec.arguments), spec.meaning, spec.reply) for name, spec in REQUESTS.items()],
        ),
        "Effects": table(
            "Effect | Carried out | Requests",
            [(effect.value, effect.carried_out, _code(names) or "none yet") for effect, names in by_effect.items()],
        ),
        "Error codes": table("Code | Meaning", [(f"`{code}`", meaning) for code, meaning in ERROR_CODES.items()]),
    }


def exit_code_table() -> list[str]:
    """Return the table of exit codes of docs/guides/running.md."""
    sentences = {code: ": ".join(filter(None, (code.meaning, code.cases))) for code in ExitCode}
    rows = [(f"{code.value}", f"{text[0].upper()}{text[1:]}.") for code, text in sentences.items()]
    return table("Exit code | Meaning", rows)


def with_tables(text: str, tables: Mapping[str, list[str]]) -> str:
    """
    Return a document with its generated tables as they are now, and the rest of it as it is.

    Raises:
        ValueError: The document does not have the markers of a table exactly once.
    """
    for name, lines in tables.items():
        table = "\n".join([f"<!-- begin {name} -->", "", *lines, "", f"<!-- end {name} -->"])
        text, places = re.subn(
            f"<!-- begin {name} -->.*?<!-- end {name} -->", lambda _, table=table: table, text, flags=re.DOTALL
        )
        if places != 1:
            raise ValueError(f"a document must have <!-- begin {name} --> and its end once, not {places} times")
    return text


def table(header: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the lines of a table; the titles in the header are separated by bars."""
    titles = header.split(" | ")
    return [
        f"| {header} |",
        f"| {' | '.join('---' for _ in titles)} |",
        *(re.sub(" +", " ", f"| {' | '.join(row)} |") for row in rows),
    ]


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _tables() -> dict[str, dict[str, list[str]]]:
    """Return the generated tables of each document."""
    return {
        "reference/derived.md": derived_tables(),
        "reference/protocol.md": protocol_tables(),
        "guides/running.md": {"Exit codes": exit_code_table()},
    }


def write(docs: Path, *, check: bool) -> list[str]:
    """Write the files, or with ``check`` only return the names of those that are out of date."""
    wanted = {"reference/fields.md": fields_page()}
    wanted |= {f"reference/schema/{name}": body for name, body in schema_files().items()}
    for name, tables in _tables().items():
        wanted[name] = with_tables((docs / name).read_text(encoding="utf-8"), tables)
    return save(docs, wanted, check=check)


def save(docs: Path, wanted: Mapping[str, str], *, check: bool) -> list[str]:
    """Write files by name under a folder, or with ``check`` only return the names of those that are out of date."""
    stale: list[str] = []
    for name, body in wanted.items():
        path = docs / name
        if not path.exists() or path.read_text(encoding="utf-8") != body:
            stale.append(name)
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(body, encoding="utf-8", newline="\n")
    return stale


def main() -> None:
    """Write or check the files under ./docs."""
    report("acbridge.reference", write)


def report(module: str, write_them: Callable[..., list[str]]) -> None:
    """
    Write or check the files under ./docs as the command line says, and exit.

    Args:
        module: What to run when files are out of date.
        write_them: Writes or checks files as :func:`write` does.
    """
    check = "--check" in sys.argv[1:]
    stale = write_them(Path("docs"), check=check)
    for name in stale:
        sys.stdout.write(f"docs/{name} {f'is out of date: run python -m {module}' if check else 'written'}\n")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
