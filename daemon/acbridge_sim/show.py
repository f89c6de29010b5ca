"""
The performance: a world at the pace of a clock, written into shared pages, following a script.

Physics every 3 ms, graphics at every rendered frame, static once when a session is loaded, without a lock, as the game
does.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator

from acbridge.pages import Graphics, Physics, Static
from acbridge.sim import STEP_S, Session, World
from acbridge_sim.script import Act
from acbridge_sim.shared_pages import SharedPages

LONGEST_STALL = 1000
"""Steps that are caught up with after a stall; what is beyond is skipped, as if the machine had slept."""
STEP_NS = round(STEP_S * 1e9)


class Show:
    """One run of the stand-in."""

    def __init__(self, world: World, pages: SharedPages, *, torn_s: float = 0.0) -> None:
        """
        Set the stage.

        Args:
            world: What is shown.
            pages: Where.
            torn_s: Write physics in two halves, up to so many seconds apart.
        """
        self._world = world
        self._pages = pages
        self._torn_s = torn_s
        self._dice = random.Random(0)  # noqa: S311  chance, not secrets
        self._graphics = self._static = b""

    def run(self, acts: list[Act] | None, stopping: Callable[[], bool]) -> None:
        """
        Follow a script to its end, or drive until someone asks to stop; then exit as the game does.

        Args:
            acts: The script; ``None`` drives for ever.
            stopping: Whether someone asked.
        """
        for act in acts if acts is not None else _for_ever():
            if stopping():
                break
            if act.verb == "crash":
                self._crash()
            if act.verb == "exit":
                break
            self._begin(act.verb)
            self._play(act.seconds, stopping)
            self._world.stray = False
        self._world.exit()
        self._write()

    def _begin(self, verb: str) -> None:
        world = self._world
        match verb:
            case "practice" | "qualify" | "race" | "hotlap":
                world.session = Session[verb.upper()]
                world.restart()
            case "cut":
                world.live()
                world.stray = True
            case _:
                getattr(world, verb)()
        self._write()

    def _play(self, seconds: float, stopping: Callable[[], bool]) -> None:
        steps = round(seconds / STEP_S)
        due = time.perf_counter_ns()
        while steps > 0 and not stopping():
            due += STEP_NS
            left = due - time.perf_counter_ns()
            if left > 0:
                time.sleep(left * 1e-9)
            elif left < -LONGEST_STALL * STEP_NS:
                due = time.perf_counter_ns() - LONGEST_STALL * STEP_NS
            self._world.control_page = self._pages.controls()
            self._world.step()
            self._write()
            steps -= 1

    def _write(self) -> None:
        physics, graphics, static = self._world.pages()
        if static != self._static:
            self._static = static
            self._pages.write(Static.topic, static)
        if self._torn_s:
            self._pages.write_torn(Physics.topic, physics, self._torn_s * self._dice.random())
        else:
            self._pages.write(Physics.topic, physics)
        if graphics != self._graphics:
            self._graphics = graphics
            self._pages.write(Graphics.topic, graphics)

    def _crash(self) -> None:
        self._world.step()
        self._pages.write_half(Physics.topic, self._world.pages()[0])
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def _for_ever() -> Iterator[Act]:
    yield Act("live", 1e9)
