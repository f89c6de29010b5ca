"""
Writes the golden frames: run ``python tests/golden/make.py`` after an intended change of the wire.

Every value is made from the position of its column in the table, so the frames depend on the wire alone.
"""

from pathlib import Path
from typing import Any

from acbridge.controls import Controls
from acbridge.derived import Derived, Event
from acbridge.layout import Page
from acbridge.page_frames import PageEncoder
from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import Column, Record
from acbridge.status import Status
from acbridge.wire import Header, encode

HEADER = Header(run=0x12345678, tick=1000, seq=7, timestamp=1800000000.25, mono_ns=123456789012345)

CASES: dict[str, tuple[type[Record], bool]] = {
    "physics": (Physics, False),
    "graphics": (Graphics, False),
    "static": (Static, False),
    "static-names": (Static, True),
    "derived": (Derived, False),
    "status": (Status, False),
    "controls": (Controls, False),
    "event": (Event, False),
}
"""File name without its ending, the record in it, and whether names are published."""


def made_record(kind: type[Record], *, names: bool = True) -> Record:
    """Return the record of a golden frame."""
    values = {column.name: _value(column, place) for place, column in enumerate(kind.columns)}
    hidden = {column.name: "" for column in kind.columns if column.personal and not names}
    return kind(**values | hidden)


def made_frame(case: str) -> bytes:
    """Return a golden frame as this code encodes it."""
    kind, names = CASES[case]
    record = made_record(kind)
    if isinstance(record, Page):
        return PageEncoder(type(record), names=names).encode(HEADER, record.to_page())
    return encode(HEADER, record)


def _value(column: Column, place: int) -> Any:
    if column.nullable and place % 3 == 2:
        return None
    if column.is_text:
        return f"text {place} ü"
    return _array(column.kind.name, column.shape, place, 0)


def _array(kind: str, shape: tuple[int, ...], place: int, element: int) -> Any:
    if shape:
        length = shape[0] or 3  # as many as we like
        return tuple(_array(kind, shape[1:], place, element * 10 + inner + 1) for inner in range(length))
    match kind:
        case "int32":
            return (1000 + place) * (-1) ** place
        case "float32":
            return (place * 128 + element) / 8  # exact in 32 bits
        case "int64":
            return 7 ** (place % 23)  # in 64 bits
        case "bool":
            return element % 2 == 0
        case _:
            return place + element / 3


def write(directory: Path) -> None:
    """Write the frames and print which of them changed."""
    for case in CASES:
        path = directory / f"{case}.msgpack"
        before = path.read_bytes() if path.exists() else None
        path.write_bytes(made_frame(case))
        said = "written" if before is None else "as it was" if before == path.read_bytes() else "CHANGED"
        print(f"{path.name}: {said}")


if __name__ == "__main__":
    write(Path(__file__).resolve().parent)
