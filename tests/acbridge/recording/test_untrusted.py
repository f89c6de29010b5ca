"""Recordings that are damaged or made to do harm: one error that names file and line, little memory, little time."""

import gzip
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from acbridge import DecodeError
from acbridge.derived import EventKind
from acbridge.recording import open_recording, read_ticks, rederive
from acbridge.recording.compression import compressor
from acbridge.recording.lines import header, tick_line, typed_line
from recordings import EVERYTHING, event, frame, records, tick

pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")

HEADER = json.dumps(header({"version": "1"}, vars(records()[2]), frame(records()[0], 0), EVERYTHING, "tick")) + "\n"
TICKS = [tick_line(tick(number).frames, EVERYTHING).decode() for number in range(3)]
EVENT = typed_line(event(2, EventKind.THRESHOLDS_CHANGED, text="stuck_s=5"), EVERYTHING).decode()
GOOD = "".join([HEADER, *TICKS, EVENT])


def with_line(line: str, before: str = HEADER + TICKS[0]) -> bytes:
    return (before + line + "\n" + TICKS[2]).encode("utf-8", "surrogatepass")


def changed(line: str, *path: str, to: Any) -> bytes:
    """Return a recording of which one value in the third line is another."""
    values: dict[str, Any] = json.loads(line)
    inner = values
    for name in path[:-1]:
        inner = cast("dict[str, Any]", inner[name])
    inner[path[-1]] = to
    return with_line(json.dumps(values))


def tick_with(*path: str, to: Any) -> bytes:
    return changed(TICKS[1], *path, to=to)


def header_with(*path: str, to: Any) -> bytes:
    return changed(HEADER, *path, to=to)


def event_with(*path: str, to: Any) -> bytes:
    return changed(EVENT, *path, to=to)


def bomb(kind: str, content: bytes) -> bytes:
    """Return 1.6 GB of some content in a small file."""
    return compressor(kind)((HEADER + TICKS[0]).encode()) + 100 * compressor(kind)(
        content * (16_000_000 // len(content))
    )


def damaged(data: bytes) -> bytes:
    middle = len(data) * 2 // 3
    return data[:middle] + bytes([data[middle] ^ 0x55]) + data[middle + 1 :]


CORPUS: dict[str, Callable[[], bytes]] = {
    "words": lambda: with_line("nonsense"),
    "an empty line": lambda: with_line(""),
    "an array": lambda: with_line("[1]"),
    "a number": lambda: with_line("17"),
    "nil": lambda: with_line("null"),
    "a text": lambda: with_line('"physics"'),
    "half a line": lambda: with_line(TICKS[1][:500]),
    "two lines in one": lambda: with_line(TICKS[1][:-1] * 2),
    "deep arrays": lambda: with_line("[" * 400_000),
    "deep objects": lambda: with_line('{"a":' * 150_000),
    "deep arrays that end": lambda: with_line("[" * 400_000 + "]" * 400_000),
    "a number of many digits": lambda: with_line('{"tick":' + "9" * 50_000 + "}"),
    "nan": lambda: tick_with("physics", "speedKmh", to=math.nan),
    "inf": lambda: tick_with("timestamp", to=math.inf),
    "a control character": lambda: with_line(TICKS[1][:-2] + ',"x":"\x1b"}'),
    "no header": TICKS[0].encode,
    "UTF-16": lambda: GOOD.encode("utf-16"),
    "UTF-16 BE": lambda: GOOD.encode("utf-16-be"),
    "UTF-32": lambda: GOOD.encode("utf-32"),
    "UTF-8 with a mark": lambda: GOOD.encode("utf-8-sig"),
    "Latin-1": lambda: with_line('{"type":"header","name":"Nürburgring"}').replace(b"\xc3\xbc", b"\xfc"),
    "a surrogate": lambda: with_line('{"type":"x","name":"\ud800"}'),
    "a character cut off": lambda: with_line('{"type":"x","name":"ü"}').replace(b"\xc3\xbc", b"\xc3"),
    "zeros": lambda: bytes(5000) + b"\n",
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "a long line": lambda: with_line('{"type":"x","name":"' + "x" * 1_100_000 + '"}'),
    "a line without end": lambda: (HEADER + TICKS[0]).encode() + b" " * 30_000_000,
    "a bomb.gz": lambda: bomb("gzip", b" "),
    "a bomb.zst": lambda: bomb("zstd", b" "),
    "a bomb of empty lines.gz": lambda: bomb("gzip", b"\n"),
    "a bomb of arrays.zst": lambda: bomb("zstd", b"["),
    "plain text.gz": GOOD.encode,
    "plain text.zst": GOOD.encode,
    "damaged.gz": lambda: damaged(compressor("gzip")(GOOD.encode())),
    "damaged.zst": lambda: damaged(compressor("zstd")(GOOD.encode())) + b"\x00" * 40,
    "followed by words.gz": lambda: compressor("gzip")(GOOD.encode()) + b"words" * 9,
    "gzip for zstd.zst": lambda: gzip.compress(GOOD.encode()),
    "a tick in text": lambda: tick_with("tick", to="1"),
    "a tick with a fraction": lambda: tick_with("tick", to=1.5),
    "a tick below zero": lambda: tick_with("tick", to=-1),
    "a tick that is true": lambda: tick_with("tick", to=True),
    "a tick without end": lambda: tick_with("tick", to=10**400),
    "a timestamp in text": lambda: tick_with("timestamp", to="now"),
    "a timestamp after all time": lambda: tick_with("timestamp", to=1e300),
    "no timestamp": lambda: tick_with("timestamp", to=None),
    "mono_ns in text": lambda: tick_with("mono_ns", to="7"),
    "physics as an array": lambda: tick_with("physics", to=[1, 2]),
    "text for a float": lambda: tick_with("physics", "speedKmh", to="fast"),
    "a float that is no float32": lambda: tick_with("physics", "speedKmh", to=1e300),
    "an integer that is no float": lambda: tick_with("physics", "speedKmh", to=10**400),
    "true for a float": lambda: tick_with("physics", "speedKmh", to=True),
    "a fraction for an integer": lambda: tick_with("physics", "gear", to=1.5),
    "an integer that is no int32": lambda: tick_with("physics", "packetId", to=2**40),
    "nil for an integer": lambda: tick_with("physics", "gear", to=None),
    "a short array": lambda: tick_with("physics", "wheelSlip", to=[1.0]),
    "a number for an array": lambda: tick_with("physics", "wheelSlip", to=1.0),
    "an array too deep": lambda: tick_with("physics", "wheelSlip", to=[[1.0]] * 4),
    "an array with an object": lambda: tick_with("physics", "wheelSlip", to=[{}, {}, {}, {}]),
    "short inner arrays": lambda: tick_with("physics", "tyreContactPoint", to=[[1.0]] * 4),
    "a number for a text": lambda: tick_with("graphics", "currentTime", to=7),
    "nil for a text": lambda: tick_with("graphics", "currentTime", to=None),
    "a number for a flag": lambda: tick_with("derived", "stuck", to=1),
    "an object for an array": lambda: tick_with("derived", "sector_times_ms", to={"a": 1}),
    "an event without a kind": lambda: event_with("kind", to=None),
    "thresholds of words": lambda: event_with("text", to="stuck_s=soon"),
    "an unknown threshold": lambda: event_with("text", to="courage=5"),
    "a topic that is an array": lambda: with_line('{"topic":["physics"]}'),
    "another schema": lambda: header_with("schema", to="other/1"),
    "a run in text": lambda: header_with("run", to="7"),
    "another layout": lambda: header_with("layout", to="pages"),
    "topics as a number": lambda: header_with("topics", to=7),
    "fields of numbers": lambda: header_with("fields", to=[7]),
    "static as an array": lambda: header_with("static", to=[]),
    "a car that is a number": lambda: header_with("static", "carModel", to=7),
    "thresholds as text": lambda: header_with("thresholds", to="stuck_s=5"),
    "a threshold in text": lambda: header_with("thresholds", to={"stuck_s": "5"}),
    "a rate in text": lambda: header_with("rate", to="fast"),
    "a version that is a number": lambda: header_with("version", to=1),
    "lost as an array": lambda: with_line('{"type":"gap","lost":[1]}'),
    "lost in text": lambda: with_line('{"type":"gap","lost":{"physics":"all"}}'),
    "lost below zero": lambda: with_line('{"type":"gap","ticks":-5}'),
}

READ = """
import sys, time
from pathlib import Path
from acbridge import DecodeError
from acbridge.recording import open_recording, read_ticks, rederive
def most_mb():  # getrusage counts the memory of the process that started this one, too
    return next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')) // 1024
for path in sorted(Path(sys.argv[1]).iterdir()):
    began = time.process_time()
    try:
        said = f"{sum(1 for _ in rederive(read_ticks(open_recording(path))))} ticks"
    except DecodeError as error:
        said = f"DecodeError {error}"
    except Exception as error:
        said = f"{type(error).__name__} {error}"
    took = time.process_time() - began
    print(path.name, round(took, 3), most_mb(), said, sep="|")
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("corpus")
    for name, content in CORPUS.items():
        plain = not name.endswith((".gz", ".zst"))
        (directory / (f"{name}.jsonl" if plain else name.replace(".", ".jsonl."))).write_bytes(content())
    return directory


def test_each_bad_file_ends_in_one_error_that_names_file_and_line_and_costs_little(corpus: Path) -> None:
    command = [sys.executable, "-c", READ, str(corpus)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split("|", 3) for line in printed]
    assert len(CORPUS) == len(rows) >= 40
    assert [] == [row for row in rows if not row[3].startswith(f"DecodeError {corpus / row[0]}, line ")]
    assert [] == [row for row in rows if float(row[1]) > 1.0]
    assert max(int(row[2]) for row in rows) < 200


def test_texts_of_a_recording_are_plain() -> None:
    named = json.loads(HEADER)
    named["static"]["carModel"] = "\x1b]0;owned\x07\ud800"
    (found, *_) = read_ticks([json.dumps(named) + "\n", TICKS[0]])
    assert found.static is not None
    assert "\ufffd]0;owned\ufffd\ufffd" == found.static.carModel


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_file_cut_or_changed_at_any_byte_is_read_in_part_or_refused(suffix: str, tmp_path: Path) -> None:
    pack = compressor({".gz": "gzip", ".zst": "zstd"}[suffix]) if suffix else bytes
    whole = b"".join(pack(part.encode()) for part in (HEADER + TICKS[0], TICKS[1], TICKS[2]))
    path, step = tmp_path / f"a.jsonl{suffix}", max(1, len(whole) // 150)
    for at in range(0, len(whole), step):
        path.write_bytes(whole[:at])
        assert [0, 1, 2][: len(list(read_ticks(open_recording(path))))] == [
            t.tick for t in read_ticks(open_recording(path))
        ]
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x11]) + whole[at + 1 :])
        try:
            assert len(list(rederive(read_ticks(open_recording(path))))) <= 3
        except DecodeError as error:
            assert str(error).startswith(f"{path}, line ")  # noqa: PT017  some changes are harmless
