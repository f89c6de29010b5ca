"""
User instructions of what the daemon and its subscribers do most, counted by valgrind.

They hardly depend on the machine or on its load, which times do. They do depend on the interpreter, so each is compared
with `msgpack.unpackb` of the same physics frame.
"""

import os
import re
import subprocess
import sys

ITERATIONS = 300
WARMING = 20
_PREPARE = """
import msgpack
from acbridge import Graphics, Physics, Static, wire
from acbridge.derived.deriver import Deriver
from acbridge.page_frames import PageEncoder
from acbridge.pages import AC1
from acbridge_daemon.sampler import Sampler
from acbridge_sim import World

world, ticks = World(), []
for _ in range(100):
    world.step(5)
    ticks.append(world.pages())
header = wire.Header(1, 2, 3, 4.0, 5)
encoder = PageEncoder(Physics)
frames = [encoder.encode(header, physics) for physics, _, _ in ticks]
records = [tuple(page.from_page(copy) for page, copy in zip(AC1.pages, pages)) for pages in ticks]
sampler, deriver = Sampler(AC1, 1), Deriver()
static = records[0][2]
"""
MEASURES = {
    "unpackb": "for i in turns: msgpack.unpackb(frames[i])",
    "decode physics": "for i in turns: wire.decode(frames[i], Physics)",
    "derive": "for i in turns: deriver.tick(records[i][0], records[i][1], static)",
    "tick": "for i in turns: list(sampler.tick(ticks[i], 1, wire.Stamp(1, 1.0)))",
}
"""Statements by name. A tick encodes physics and graphics, reads both, derives from them and encodes the result."""


def count_each() -> dict[str, float]:
    """Return the thousands of user instructions of one turn of each measure, after a few turns of all."""
    idle = _count("", 0)
    return {name: (_count(code, ITERATIONS) - idle) / ITERATIONS / 1000 for name, code in MEASURES.items()}


def _count(code: str, iterations: int) -> int:
    turns = "turns = [i % len(ticks) for i in range({})]\n"
    warm = turns.format(WARMING) + "\n".join(MEASURES.values())
    script = "\n".join((_PREPARE, warm, turns.format(iterations) + code))
    valgrind = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    done = subprocess.run(
        [*valgrind, sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    assert done.returncode == 0, done.stderr
    assert found, done.stderr
    return int(found[1].replace(",", ""))
