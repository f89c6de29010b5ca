"""Compressed recordings: a row of members that any tool reads, and that says where the last whole one ends."""

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest

from acbridge import DecodeError, MissingExtra
from acbridge.recording import compression, open_recording
from acbridge.recording.compression import compressor, expand, kind_of
from tools import require

LINES = [b"".join(b'{"tick":%d,"pad":"%d"}\n' % (i, i * 7919) for i in range(n, n + 50)) for n in range(0, 200, 50)]


@pytest.fixture(params=["gzip", "zstd"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "zstd" and sys.version_info < (3, 14):
        pytest.importorskip("backports.zstd")
    return request.param


def test_compressed_data_comes_back_with_the_end_of_every_member(kind: str) -> None:
    members = [compressor(kind)(data) for data in LINES]
    found = list(expand(io.BytesIO(b"".join(members)), kind))
    assert b"".join(LINES) == b"".join(piece for piece, _ in found)
    assert sum(map(len, members)) == found[-1][1]


def test_a_file_cut_at_any_byte_gives_all_whole_members_and_their_end(kind: str) -> None:
    members = [compressor(kind)(data) for data in LINES]
    whole = b"".join(members)
    ends = [sum(map(len, members[:n])) for n in range(len(members) + 1)]
    for cut in range(0, len(whole), 7):
        found = list(expand(io.BytesIO(whole[:cut]), kind))
        good = max(end for end in ends if end <= cut)
        assert good == (found[-1][1] if found else 0)
        recovered = b"".join(piece for piece, _ in found)
        assert b"".join(LINES).startswith(recovered)
        assert recovered.startswith(b"".join(LINES[: ends.index(good)]))


def test_what_is_not_compressed_is_refused(kind: str) -> None:
    with pytest.raises(DecodeError, match="damaged after byte 0"):
        list(expand(io.BytesIO(b"plain text, no doubt" * 9), kind))


def test_other_tools_read_a_row_of_members(kind: str, tmp_path: Path) -> None:
    data = b"".join(compressor(kind)(lines) for lines in LINES)
    if kind == "gzip":
        assert b"".join(LINES) == gzip.decompress(data)
    path = tmp_path / "row"
    path.write_bytes(data)
    with path.open("rb") as file:
        command = [require(kind), "-dc"]
        assert b"".join(LINES) == subprocess.run(command, stdin=file, check=True, capture_output=True).stdout


def test_the_suffix_is_how_a_file_is_compressed() -> None:
    names = ("a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.jsonl.gz.part", "a.part")
    assert [None, "gzip", "zstd", "gzip", None] == [kind_of(name) for name in names]


def test_an_opened_recording_ends_with_its_last_whole_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.jsonl{compression.SUFFIXES[kind]}.part"
    members = [compressor(kind)(data) for data in LINES]
    path.write_bytes(b"".join(members)[:-5])
    text = b"".join(LINES).decode()
    read = "".join(open_recording(path))
    assert text.startswith(read)
    assert read.startswith(b"".join(LINES[:-1]).decode())
    assert read.endswith("\n")


def test_a_plain_recording_is_opened_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a":"\xc3\xa4"}\n{"b":1}\n{"c')
    assert ['{"a":"ä"}\n', '{"b":1}\n'] == list(open_recording(path))


def test_without_zstd_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("compression", "backports"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r"zstd needs backports.zstd: pip install 'acbridge\[zstd\]'"):
        compressor("zstd")
