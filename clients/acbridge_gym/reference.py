"""
Writes the generated tables of docs/reference/environments.md from those in the code, as `acbridge.reference` does.

Run ``python -m acbridge_gym.reference`` after a change of a table; with ``--check`` it only says what is out of date.
"""

from collections.abc import Sequence
from pathlib import Path

from acbridge.reference import report, save, table, with_tables
from acbridge_gym.channels import FURTHER, Channel, channels
from acbridge_gym.ends import REASONS
from acbridge_gym.reward import TABLE

DOCUMENT = "reference/environments.md"


def tables() -> dict[str, list[str]]:
    """Return the tables by the name that their markers give them."""
    return {
        "Channels": _channels(channels(2)),
        "Further": _channels(FURTHER),
        "Terms": table(
            "Term | Weight | Before the weight",
            [(f"`{name}`", f"{term.weight:g}", term.meaning) for name, term in TABLE.items()],
        ),
        "Reasons": table(
            "Reason | Flag | Meaning",
            [
                (f"`{reason.name}`", "terminated" if reason.terminated else "truncated", reason.meaning)
                for reason in REASONS[1:]
            ],
        ),
    }


def _channels(rows: Sequence[Channel]) -> list[str]:
    return table(
        "Name | Shape | Unit | Range | Divided by | From | Meaning | Transfers",
        [
            (
                f"`{channel.name}`",
                " x ".join(_shape(channel)),
                channel.unit,
                _limits(channel),
                ", ".join(f"{value:g}" for value in channel.scale),
                channel.source,
                channel.meaning,
                channel.transfers,
            )
            for channel in rows
        ],
    )


def _shape(channel: Channel) -> list[str]:
    return ["3", "numbers of an action"] if channel.name == "last_actions" else [str(size) for size in channel.shape]


def _limits(channel: Channel) -> str:
    return ", ".join(f"{low:g} to {high:g}" for low, high in zip(channel.low, channel.high, strict=True))


def write(docs: Path, *, check: bool) -> list[str]:
    """Write the document, or with ``check`` only return its name if it is out of date."""
    text = (docs / DOCUMENT).read_text(encoding="utf-8")
    return save(docs, {DOCUMENT: with_tables(text, tables())}, check=check)


if __name__ == "__main__":
    report("acbridge_gym.reference", write)
