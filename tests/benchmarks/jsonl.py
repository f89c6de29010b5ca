"""Ticks per second written as lines into a file, compared with json.dumps of the same dictionaries."""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import zmq

from acbridge import Derived, Graphics, Physics, Static, connect, wire
from acbridge.derived.deriver import Deriver
from acbridge.json_lines import fast_json, plain_json
from acbridge.page_frames import PageEncoder
from acbridge.pages import AC1
from acbridge.recording.lines import tick_line
from acbridge_sim import SessionType, World
from acbridge_sink.pump import Limits, TickAssembly, TickFrames, pump
from bench import neighbours, print_table
from recordings import EVERYTHING, recorder

GOAL = 20_000
"""Ticks per second, from the socket to the file."""
TICKS = 3000
TOPICS = ("physics", "graphics", "derived")


def drive() -> list[tuple[bytes, bytes, bytes]]:
    """Return the frames of a number of ticks at 333 Hz, of a driving car."""
    world, deriver = World(session=SessionType.HOTLAP), Deriver()
    static = Static.from_page(world.pages()[2])
    encoders = [PageEncoder(page) for page in AC1.pages[:2]]
    world.step(2000)
    frames: list[tuple[bytes, bytes, bytes]] = []
    for tick in range(TICKS):
        world.step(1)
        pages = world.pages()
        header = wire.Header(1, tick, tick, 1.8e9 + tick * 0.003, tick)
        derived, _ = deriver.tick(Physics.from_page(pages[0]), Graphics.from_page(pages[1]), static)
        physics, graphics = (encoder.encode(header, page) for encoder, page in zip(encoders, pages[:2], strict=True))
        frames.append((physics, graphics, wire.encode(header, derived)))
    return frames


def decoded(frames: list[tuple[bytes, bytes, bytes]]) -> list[TickFrames]:
    """Return the ticks as the pump passes them on."""
    assembly = TickAssembly()
    kinds = (Physics, Graphics, Derived)
    return [
        tick
        for each in frames
        for payload, kind in zip(each, kinds, strict=True)
        for tick in assembly.put(wire.decode(payload, kind))
    ]


def per_second(work: Callable[[], object], ticks: int = TICKS) -> float:
    """Return ticks per second of this process's CPU time, the best of three rounds."""
    best = 0.0
    for _ in range(3):
        begun = time.process_time()
        work()
        best = max(best, ticks / (time.process_time() - begun))
    return best


def from_the_socket(frames: list[tuple[bytes, bytes, bytes]], path: Path) -> float:
    """Return ticks per second of CPU time from a publisher's socket to the file; a thread publishes them."""
    context = zmq.Context()
    publisher = context.socket(zmq.PUB)
    publisher.sndhwm = 0
    port = publisher.bind_to_random_port("tcp://127.0.0.1", max_port=60000)
    path.unlink(missing_ok=True)
    recording = recorder(path)
    spent = [0.0]

    def replay() -> None:
        time.sleep(0.5)
        begun = time.thread_time()
        for each in frames:
            for topic, payload in zip(TOPICS, each, strict=True):
                publisher.send_multipart((topic.encode(), payload))
        spent[0] = time.thread_time() - begun

    replaying = threading.Thread(target=replay)
    with connect(port=port) as bridge:
        replaying.start()
        begun = time.process_time()
        pump(bridge, recording, Limits(count=TICKS - 1, duration=10), lambda: False, EVERYTHING)
        recording.close()
        used = time.process_time() - begun - spent[0]
        replaying.join()
    publisher.close(0)
    context.term()
    return recording.ticks / used


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    frames = drive()
    ticks = decoded(frames)
    dictionaries: list[dict[str, Any]] = [
        {"tick": tick.tick, "timestamp": tick.timestamp, **{frame.topic: vars(frame.record) for frame in tick.frames}}
        for tick in ticks
    ]
    with neighbours(), tempfile.TemporaryDirectory() as directory:
        plain = per_second(lambda: [json.dumps(one) for one in dictionaries])
        steps = [
            ("json.dumps of the dictionaries", plain),
            ("our lines with json", per_second(lambda: [plain_json(one) for one in dictionaries])),
            ("our lines", per_second(lambda: [tick_line(tick.frames, EVERYTHING) for tick in ticks])),
            ("decoding the frames", per_second(lambda: decoded(frames))),
            ("from the socket to the file", from_the_socket(frames, Path(directory) / "drive.jsonl")),
        ]
        goal = "" if fast_json is plain_json else " with orjson"
        print_table(
            f"Ticks per second of one core{goal}; goal: {GOAL} from the socket to the file",
            ["Step", "Ticks/s", "us a tick", "/ json.dumps"],
            [[name, f"{rate:.0f}", f"{1e6 / rate:.1f}", f"{rate / plain:.2f}"] for name, rate in steps],
        )
        last = steps[-1][1]
        print(f"\nThe goal is {'met' if last >= GOAL else 'MISSED'}: {last:.0f} of {GOAL} ticks per second.")


if __name__ == "__main__":
    main()
