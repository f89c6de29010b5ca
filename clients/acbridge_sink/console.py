"""The console as plain lines: one about the car every tenth of a second, others when the sim or its driver changes."""

import time
from typing import Any

from acbridge import Derived, Frame, Graphics, Physics, Status
from acbridge.controls import Controls, summary
from acbridge.frame_source import FrameSource
from acbridge_sink.daemon_watch import DaemonWatch
from acbridge_sink.pump import TickFrames
from acbridge_sink.words import gear_text

EVERY_S = 0.1


class Console:
    """Prints to stdout."""

    def __init__(self, source: FrameSource, every_s: float = EVERY_S, columns: int | None = None) -> None:
        """
        Make the sink.

        Args:
            source: Where frames come from.
            every_s: Time between lines, s.
            columns: Width of the terminal, where a line leaves out what does not fit; ``None`` for no limit.
        """
        self._columns = columns
        self._watch = DaemonWatch(source)
        self._every_s = every_s
        self._due = 0.0
        self._lost = 0
        self._status: Status | None = None
        self._printed = ""
        self._controls: str | None = None

    def tick(self, tick: TickFrames) -> None:
        """Print a line if the last one is a tenth of a second old."""
        self._lost += sum(tick.lost.values())
        now = time.perf_counter()
        car, session, derived = tick.record(Physics), tick.record(Graphics), tick.record(Derived)
        if now < self._due or car is None or session is None or derived is None:
            return
        self._due = max(self._due, now - self._every_s) + self._every_s
        self._printed = ""
        parts = (
            f"lap {session.completedLaps + 1:<3} {session.currentTime:>9}",
            f"{car.speedKmh:5.1f} km/h",
            f"gear {gear_text(derived.gear_number)}",
            f"{car.rpms:5d} rpm",
            f"gas {car.gas:4.0%}",
            f"brake {car.brake:4.0%}",
            f"steer {car.steerAngle:+5.0%}",
            f"g right {derived.acc_right_g:+5.2f} forward {derived.acc_forward_g:+5.2f}",
            f"fuel {car.fuel:4.1f} L",
            f"tick {tick.tick}",
            f"lost {self._lost}",
        )
        print("  ".join(self._fitting(parts)), flush=True)

    def other(self, frame: Frame[Any]) -> None:
        """Keep the daemon's status, which says why no ticks come; print who drives whenever that changes."""
        if isinstance(frame.record, Status):
            self._status = frame.record
        elif isinstance(frame.record, Controls):
            text = summary(frame.record)
            if text != self._controls:
                self._controls = text
                print(f"controls {text or 'none'}", flush=True)

    def idle(self) -> None:
        """Print once why no frames come."""
        if self._status is not None and self._watch.alive:
            detail = self._status.sim_detail
            text = f"sim {self._status.sim_state}" + (f": {detail}" if detail else "")
        elif silence := self._watch.silence:
            text = str(silence)
        else:
            return
        if text != self._printed:
            self._printed = text
            print(text, flush=True)

    def _fitting(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """Return the first parts of a line that fit into the terminal, at least one."""
        while self._columns is not None and len(parts) > 1 and len("  ".join(parts)) > self._columns:
            parts = parts[:-1]
        return parts

    def close(self) -> None:
        """Leave the printed lines as they are."""
