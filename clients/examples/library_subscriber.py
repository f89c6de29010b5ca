"""Subscribe through the library: python library_subscriber.py [HOST:PORT [FRAMES]]."""

import os
import sys
from itertools import islice

from acbridge import Keys, NoFrame, Physics, connect

host, _, port = (sys.argv[1] if sys.argv[1:] else "127.0.0.1").partition(":")
frames = int(sys.argv[2]) if sys.argv[2:] else None
keys = None
if "ACBRIDGE_KEY" in os.environ:  # the daemon has keys: docs/guides/security.md
    keys = Keys.load(os.environ["ACBRIDGE_KEY"], os.environ["ACBRIDGE_SERVER_KEY"])

with connect(host, int(port or "5555"), keys=keys) as bridge:
    try:
        # The newest frame, even after a long pause, and whether it is fresh enough to act on.
        newest = bridge.latest(Physics).record
    except NoFrame as nothing:
        sys.exit(str(nothing))  # it says whether daemon or sim is missing
    trust = bridge.trust(Physics)
    print(f"now {newest.speedKmh:.1f} km/h, gear {newest.gear - 1}; alive {trust.alive}, {trust.age:.3f} s old")

    # Every frame from now on, in order, with what went missing before it.
    for frame in islice(bridge.frames(Physics), frames):
        car = frame.record
        print(f"{car.speedKmh:.1f} km/h, gear {car.gear - 1}, {frame.lost} lost", flush=True)
