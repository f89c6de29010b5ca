"""Checks that need a minute of real time; all of them run at once, so the test takes one minute."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from programs import Daemon, Sink

NAP = """
import sys, time, acbridge
with acbridge.connect(port=int(sys.argv[1])) as bridge:
    bridge.latest(acbridge.Physics, timeout=10)
    time.sleep(float(sys.argv[2]))
    frame = bridge.latest(acbridge.Physics)
    print((time.perf_counter_ns() - frame.mono_ns) * 1e-9)
"""


@pytest.mark.minute
def test_a_minute(tmp_path: Path) -> None:
    recording = tmp_path / "minute.jsonl"
    with Daemon("--source", "sim", "--rate", "30") as slow, Daemon("--source", "sim", "--rate", "333") as fast:
        naps = {
            nap: [
                subprocess.Popen(
                    [sys.executable, "-c", NAP, str(fast.port), str(nap)], stdout=subprocess.PIPE, text=True
                )
                for _ in range(3)
            ]
            for nap in (10, 60)
        }
        with slow.connect() as bridge, fast.connect() as fast_bridge:
            before = fast_bridge.status(timeout=5)
            with Sink(fast, "jsonl", str(recording), "--duration", "55") as sink:
                begun, first = time.perf_counter(), bridge.status(timeout=5)
                time.sleep(max(0.0, 60 - (time.perf_counter() - begun)))
                last = bridge.status(timeout=5)
                assert 0 == sink.wait(30)
            skipped = fast_bridge.status(timeout=5).missed_ticks - before.missed_ticks
        # The two replies came about 60 s apart; the daemon's own clock has the exact time.
        elapsed = last.uptime_s - first.uptime_s
        missed = last.missed_ticks - first.missed_ticks
        assert abs(elapsed - 60) < 1
        # A loop that was held up answers before it counts the ticks that it missed meanwhile.
        assert abs(last.ticks - first.ticks + missed - elapsed * 30) <= 5
        assert missed <= 0.2 * 30 * 60  # other tests run meanwhile and delay the loop by more than 33 ms now and then

        for nap, processes in naps.items():
            ages = sorted(float(process.communicate(timeout=60)[0]) for process in processes)
            # A frame from a queue would be as old as the nap; test_subscribers measures how fresh it is, alone.
            assert ages[1] <= 0.1, f"after {nap} s the frames were {ages} s old"

    lines = [json.loads(line) for line in recording.read_text().splitlines()]
    ticks = [line["tick"] for line in lines if "type" not in line]
    kinds = [line["type"] for line in lines if "type" in line]
    assert ["header"] == [kind for kind in kinds if kind != "event"]  # and no gap
    assert sorted(set(ticks)) == ticks
    assert ticks[-1] - ticks[0] > 54 * 333
    # Every tick of the daemon arrived; the only holes are ticks that it skipped.
    assert ticks[-1] - ticks[0] + 1 - len(ticks) <= skipped
