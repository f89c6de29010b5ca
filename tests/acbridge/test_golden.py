"""Frames as bytes in files: their layout is a promise to every reader and every recording."""

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from acbridge import wire
from acbridge.schema import Record
from plain_msgpack import read_map

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
MAKE = runpy.run_path(str(GOLDEN / "make.py"))
HEADER = cast("wire.Header", MAKE["HEADER"])
CASES = cast("dict[str, tuple[type[Record], bool]]", MAKE["CASES"])
made_frame = cast("Callable[[str], bytes]", MAKE["made_frame"])
made_record = cast("Callable[..., Record]", MAKE["made_record"])

IF_MEANT = (
    "the wire changed, and old readers and recordings with it; if that is meant, raise WIRE_VERSION (or only add "
    "fields), then run: python tests/golden/make.py"
)


def in_order(record: Record) -> list[tuple[str, str]]:
    """Return values with their types, since 1, 1.0 and True are equal in Python."""
    return sorted((name, repr(value)) for name, value in vars(record).items())


@pytest.mark.parametrize("case", CASES)
def test_encoding_gives_the_golden_bytes(case: str) -> None:
    assert (GOLDEN / f"{case}.msgpack").read_bytes() == made_frame(case), IF_MEANT


@pytest.mark.parametrize("case", CASES)
def test_decoding_golden_bytes_gives_the_record(case: str) -> None:
    kind, names = CASES[case]
    frame = wire.decode((GOLDEN / f"{case}.msgpack").read_bytes(), kind)
    assert in_order(made_record(kind, names=names)) == in_order(frame.record), IF_MEANT
    assert tuple(HEADER) == (frame.run, frame.tick, frame.seq, frame.timestamp, frame.mono_ns), IF_MEANT


@pytest.mark.parametrize("case", CASES)
def test_an_independent_reader_finds_the_same_values_in_golden_bytes(case: str) -> None:
    kind, names = CASES[case]
    found = read_map((GOLDEN / f"{case}.msgpack").read_bytes())
    assert ["v", "run", "tick", "seq", "timestamp", "mono_ns"] == list(found)[:6]
    expected = {"v": 1, **HEADER._asdict(), **vars(made_record(kind, names=names))}
    assert expected == {name: to_tuples(value) for name, value in found.items()}, IF_MEANT


def to_tuples(value: object) -> object:
    return tuple(to_tuples(inner) for inner in cast("list[object]", value)) if isinstance(value, list) else value


def test_every_golden_file_has_its_case() -> None:
    assert sorted(CASES) == sorted(path.stem for path in GOLDEN.glob("*.msgpack"))


def test_make_writes_the_golden_files_and_prints_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write = cast("Callable[[Path], None]", MAKE["write"])
    (tmp_path / "physics.msgpack").write_bytes(b"another wire")
    (tmp_path / "derived.msgpack").write_bytes((GOLDEN / "derived.msgpack").read_bytes())
    write(tmp_path)
    said = capsys.readouterr().out.splitlines()
    assert "physics.msgpack: CHANGED" in said
    assert "derived.msgpack: as it was" in said
    assert "status.msgpack: written" in said
    assert {path.name: path.read_bytes() for path in GOLDEN.glob("*.msgpack")} == {
        path.name: path.read_bytes() for path in tmp_path.iterdir()
    }
