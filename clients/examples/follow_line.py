"""Follow the centre line of the stand-in's track, over the sockets: python follow_line.py [HOST:PORT [LAPS]]."""

import math
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from acbridge import Event, EventKind, Keys, NoFrame, Sample, connect
from acbridge.driving import Driver
from acbridge_sim import Track, layout

STEP_S = 0.02
"""A command every 20 ms."""
SIDEWAYS, BRAKING = 8.0, 5.0
"""m/s2 that the tyres hold in a bend and under brakes; they could hold half as much again."""
WHEELBASE, LOCK = 2.48, 0.434
"""Of the stand-in's car: m, and the angle of the front wheels at full lock, rad."""


def speeds(track: Track) -> list[float]:
    """Return a speed in m/s for each point of the centre line."""
    count = len(track.x)
    speed = [min(60.0, math.sqrt(SIDEWAYS / max(abs(bend), 1e-3))) for bend in track.bend]
    for i in reversed(range(2 * count)):  # twice, so that the end of the lap knows the beginning
        following = speed[(i + 1) % count]
        speed[i % count] = min(speed[i % count], math.sqrt(following**2 + 2 * BRAKING * track.spacing))
    return speed


def command(track: Track, speed_at: list[float], sample: Sample) -> tuple[float, float, float]:
    """Return steering, gas and brake for what a sample shows."""
    car = sample.physics
    x = sum(point[0] for point in car.tyreContactPoint) / 4
    z = sum(point[2] for point in car.tyreContactPoint) / 4
    place, speed = track.locate(x, z), car.speedKmh / 3.6
    there = track.point(place.distance + 4.0 + 0.3 * speed)
    sin, cos = math.sin(car.heading), math.cos(car.heading)
    ahead = -sin * (there[0] - x) + cos * (there[1] - z)
    aside = cos * (there[0] - x) + sin * (there[1] - z)  # positive to the left
    bend = 2 * aside / max(1.0, ahead**2 + aside**2)  # of the circle through that point
    wheels = -math.atan(WHEELBASE * bend * (1 + 0.0004 * speed**2))
    wanted = speed_at[int(place.distance / track.spacing + 0.1 * speed) % len(speed_at)]
    off = wanted - speed
    gas, brake = min(1.0, max(0.0, 0.3 + 0.3 * off)), min(1.0, max(0.0, -0.15 * off - 0.15))
    return max(-1.0, min(1.0, wheels / LOCK)), gas, brake


def main(address: str, laps: int) -> None:
    """Drive so many valid laps, and print them."""
    host, _, port = address.rpartition(":")
    secret, server = os.environ.get("ACBRIDGE_KEY"), os.environ.get("ACBRIDGE_SERVER_KEY")
    keys = Keys.load(Path(secret), Path(server)) if secret and server else None
    track = layout("circuit")
    speed_at = speeds(track)
    with connect(host, int(port), keys=keys) as bridge, Driver(bridge, "follow_line") as driver:
        driver.reset("hotlap")
        with bridge.frames(Event, timeout=0) as events:
            due = time.perf_counter()
            while laps > 0:
                sample = bridge.sample()
                steer, gas, brake = command(track, speed_at, sample)
                driver.drive(steer, gas, brake, answering=sample.tick)
                with suppress(NoFrame):
                    while (event := next(events).record).kind != EventKind.LAP_COMPLETED:
                        pass
                    print(f"lap {event.lap}: {event.lap_time_ms} ms, valid {event.valid}", flush=True)
                    laps -= bool(event.valid)
                due += STEP_S
                time.sleep(max(0.0, due - time.perf_counter()))


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else "127.0.0.1:5555", int(sys.argv[2]) if sys.argv[2:] else 3)
