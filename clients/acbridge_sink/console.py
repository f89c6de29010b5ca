"""One readable line every tenth of a second, and one whenever the sim's state changes."""

import time
from typing import Any

from acbridge import Bridge, Derived, Frame, Graphics, Physics
from acbridge_sink.daemon_watch import DaemonWatch
from acbridge_sink.pump import TickFrames

EVERY_S = 0.1


class Console:
    """Prints to stdout."""

    def __init__(self, bridge: Bridge, every_s: float = EVERY_S) -> None:
        self._presence = DaemonWatch(bridge)
        self._every_s = every_s
        self._due = 0.0
        self._lost = 0
        self._said = ""

    def tick(self, tick: TickFrames) -> None:
        """Print a line if the last one is a tenth of a second old."""
        self._lost += sum(tick.lost.values())
        self._presence.heard()
        now = time.perf_counter()
        car, session, derived = tick.record(Physics), tick.record(Graphics), tick.record(Derived)
        if now < self._due or car is None or session is None or derived is None:
            return
        self._due = max(self._due, now - self._every_s) + self._every_s
        self._said = ""
        gear = {-1: "R", 0: "N"}.get(derived.gear_number, str(derived.gear_number))
        print(
            f"lap {session.completedLaps + 1:<3} {session.currentTime:>9}  {car.speedKmh:5.1f} km/h  "
            f"gear {gear}  {car.rpms:5d} rpm  gas {car.gas:4.0%}  brake {car.brake:4.0%}  "
            f"steer {car.steerAngle:+5.0%}  g right {derived.acc_right_g:+5.2f} forward {derived.acc_forward_g:+5.2f}  "
            f"fuel {car.fuel:4.1f} L  tick {tick.tick}  lost {self._lost}",
            flush=True,
        )

    def close(self) -> None:
        """Leave what was printed."""

    def other(self, frame: Frame[Any]) -> None:
        """Leave what does not come at every tick alone."""

    def idle(self) -> None:
        """Say once what the daemon is waiting for."""
        status = self._presence.status()
        if status is not None:
            said = f"sim {status.sim_state}" + (f": {status.sim_detail}" if status.sim_detail else "")
        elif self._presence.missing():
            said = self._presence.complaint
        else:
            return
        if said != self._said:
            self._said = said
            print(said, flush=True)
