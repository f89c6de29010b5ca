"""
Runs a world in real time and writes its pages to shared memory, following a script.

Physics every 3 ms, graphics at every rendered frame, static once when a session is loaded, without a lock, as the game
does.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator

from acbridge.pages import Graphics, Physics, Static
from acbridge_sim.model.car import STEP_S
from acbridge_sim.script import ScriptStep
from acbridge_sim.session import SessionType
from acbridge_sim.shared_pages import SharedPages
from acbridge_sim.world import World

LONGEST_STALL = 1000
"""Most physics steps to make up for after a stall; the rest is skipped, as if the machine had slept."""
STEP_NS = round(STEP_S * 1e9)


class Show:
    """One run of the stand-in."""

    def __init__(self, world: World, pages: SharedPages, *, torn_s: float = 0.0) -> None:
        """
        Prepare a run.

        Args:
            world: The world to show.
            pages: Where to write its pages.
            torn_s: Write physics in two halves, up to this many seconds apart.
        """
        self._world = world
        self._pages = pages
        self._torn_s = torn_s
        self._dice = random.Random(0)  # noqa: S311  chance, not secrets
        self._graphics = self._static = b""

    def run(self, steps: list[ScriptStep] | None, stopping: Callable[[], bool]) -> None:
        """
        Run a script to its end, or drive until asked to stop; then exit as the game does.

        Args:
            steps: The script; ``None`` drives for ever.
            stopping: Returns whether the program was asked to stop.
        """
        for step in steps if steps is not None else _for_ever():
            if stopping():
                break
            if step.verb == "crash":
                self._crash()
            if step.verb == "exit":
                break
            self._begin(step.verb)
            self._play(step.seconds, stopping)
            self._world.drive_off_track = False
        self._world.exit()
        self._write()

    def _begin(self, verb: str) -> None:
        world = self._world
        match verb:
            case "practice" | "qualify" | "race" | "hotlap":
                world.session = SessionType[verb.upper()]
                world.restart()
            case "cut":
                world.live()
                world.drive_off_track = True
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


def _for_ever() -> Iterator[ScriptStep]:
    yield ScriptStep("live", 1e9)
