"""Recordings without a daemon: ticks of the stand-in, passed to the sink as the pump does, at any rate."""

import json
import math
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

from acbridge import Derived, Event, EventKind, Frame, Graphics, NoFrame, NoReply, Physics, Static, Thresholds, Trust
from acbridge.frame_source import Frames
from acbridge.recording import open_recording
from acbridge.schema import Record
from acbridge.selection import Selection
from acbridge.topics import TICK_RECORDS
from acbridge_sim import World
from acbridge_sink.jsonl import Jsonl, Options, Rotation
from acbridge_sink.pump import TickFrames
from deriving import derive

RUN = 7
EVERYTHING = Selection((*TICK_RECORDS, Static, Event))


@cache
def records() -> tuple[Physics, Graphics, Static, Derived]:
    """Return the records of one tick."""
    pages = World().pages()
    physics, graphics, static = Physics.from_page(pages[0]), Graphics.from_page(pages[1]), Static.from_page(pages[2])
    return physics, graphics, static, derive(physics, graphics, static)


def frame(record: Any, number: int, *, run: int = RUN, lost: int = 0) -> Frame[Any]:
    return Frame(record, run, number, seq=number, timestamp=1.8e9 + number / 100, mono_ns=number, lost=lost)


def tick(
    number: int, *, lost: dict[str, int] | None = None, selection: Selection = EVERYTHING, run: int = RUN
) -> TickFrames:
    """Return the tick of a number, as the pump makes it."""
    physics, graphics, _, derived = records()
    frames = tuple(frame(r, number, run=run) for r in (physics, graphics, derived) if type(r) in selection.records)
    return TickFrames(run, number, 1.8e9 + number / 100, number, lost or {}, frames)


def event(number: int, kind: EventKind, **details: Any) -> Frame[Any]:
    return frame(Event.of(kind, **details), number)


def another_static(**changes: Any) -> Static:
    values: dict[str, Any] = vars(records()[2]) | changes
    return Static(**values)


class Answers:
    """Replies as from a daemon, in place of a bridge."""

    def __init__(self, static: Static | None = None, *, silent: bool = False) -> None:
        self.static = static or records()[2]
        self.silent = silent

    @property
    def endpoint(self) -> str:
        return "tcp://127.0.0.1:1"

    def frames(self, *records: type[Any], timeout: float | None = None) -> Frames:
        raise NoFrame(records[0].topic, self.endpoint, timeout or 0.0, None)

    def trust(self, record: type[Record]) -> Trust:
        return Trust(alive=record is Record, age=None, rate=None, received=0, lost=0, restarts=0, run=None)

    def request(self, name: str) -> dict[str, Any]:
        if self.silent:
            raise NoReply(name, self.endpoint, 1.0, "")
        return dict(vars(self.static)) if name == "static" else {"rate": 100, "thresholds": Thresholds().values()}


def recorder(
    target: Path, options: Options | None = None, selection: Selection = EVERYTHING, answers: Answers | None = None
) -> Jsonl:
    return Jsonl(answers or Answers(), target, selection, options or Options(quiet=True))


def read(path: Path) -> list[dict[str, Any]]:
    """Parse every whole line of a recording of any kind."""
    return [json.loads(line) for line in open_recording(path)]


def numbers(path: Path) -> list[int]:
    return [line["tick"] for line in read(path) if "type" not in line]


def endless(target: str, compression: str, rotate_mb: str) -> None:
    """Record at 1000 ticks a second until the process is killed, and print the progress on stdout."""
    rotation = Rotation(size=float(rotate_mb) or None)
    recording = recorder(Path(target), Options(compression=compression or None, rotation=rotation, quiet=True))
    begun = time.perf_counter()
    for number in range(10**9):
        time.sleep(max(0.0, begun + number / 1000 - time.perf_counter()))
        recording.tick(tick(number))
        if not math.fmod(number, 10):
            print(number, flush=True)


if __name__ == "__main__":
    endless(*sys.argv[1:])
