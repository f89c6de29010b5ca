"""The ``drive`` command: sends what a person does with keys, a gamepad or a wheel, and shows what becomes of it."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

import click

from acbridge import AcbridgeError, Bridge, NoFrame, NotDriving
from acbridge.cli import Connection, ExitCode, FiniteRange, fail, needs_extra, stop_requested, topic_prefix_option
from acbridge.controls import Controls
from acbridge.driving import LINK_LOST, Driver
from acbridge.hands import PAD_AXES, Axes, Device, Key, NoDevice, follow, parse_axes
from acbridge.pages import Physics
from acbridge.requests import BAD_ARGUMENT, FORBIDDEN, INTERNAL, NOT_DRIVER
from acbridge_ctl.drive.keys import Change, HeldKeys
from acbridge_ctl.drive.terminal import Terminal
from acbridge_ctl.drive.view import HELP, NOTHING, View, draw
from acbridge_ctl.options import connected, daemon_options, force_option, name_option, timeout_option

PERIOD_S = 0.02
"""Time between two commands: 50 a second."""
DRAWN_S = 0.1
"""Time between two drawings."""
AGAIN_S = 0.2
"""Time between two attempts to get a new epoch after a pause."""
RESET_TIMEOUT_S = 10.0
ENDED = (NOT_DRIVER, FORBIDDEN, BAD_ARGUMENT, INTERNAL, LINK_LOST)
"""Reasons after which this driver does not drive any more; after others it waits, and goes on."""

EPILOG = """\b
Examples:
  acbridge-ctl drive                    with the keys of this terminal
  acbridge-ctl drive --name ann --force
  acbridge-ctl drive --device           with the first gamepad
  acbridge-ctl drive --device --axes 0,-2,-3
Keys: arrows or W A S D drive, space brakes, + and - shift, r resets the car, q or Ctrl-C ends. Needs a daemon that can
drive, such as acbridge-daemon --source sim --controls sim.
"""


@click.command(epilog=EPILOG)
@name_option("drive")
@force_option
@click.option("--device", "with_device", is_flag=True, help='Use the first gamepad or wheel (extra "drive").')
@click.option(
    "--axes",
    default=PAD_AXES,
    show_default=True,
    metavar="STEER,GAS,BRAKE",
    help="Numbers of the device's axes; a minus inverts one.",
)
@click.option("--duration", type=FiniteRange(min=0, min_open=True), help="End after so many seconds.")
@topic_prefix_option
@timeout_option
@daemon_options
def drive(
    connection: Connection,
    timeout: float,
    topic_prefix: str,
    name: str,
    axes: str,
    duration: float | None,
    *,
    force: bool,
    with_device: bool,
) -> None:
    """
    Drive the car with the keyboard, a gamepad or a wheel.

    Shows the command, the values applied, what the telemetry shows of them, and the lag. Sends 50 commands a second. A
    car whose driver ends, or is not heard, brakes and stands. Exit code 1 if another driver takes the controls.
    """
    try:
        uses = parse_axes(axes)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--axes") from error
    if not with_device and not Terminal.there():
        fail("drive reads keys from a terminal, and stdin or stdout is none; use --device", ExitCode.USAGE)
    over = ending(stop_requested(), duration)
    try:
        with connected(connection, topic_prefix) as bridge, ExitStack() as opened:
            device = open_device(Device, uses) if with_device else None
            if device is not None:
                opened.callback(device.close)
            driver = opened.enter_context(Driver(bridge, name, force=force, timeout=timeout))
            terminal = opened.enter_context(Terminal()) if Terminal.there() else None
            Cockpit(bridge, driver, terminal, device).run(over)
    except Lost as lost:
        fail(str(lost), ExitCode.UNAVAILABLE if lost.reason == LINK_LOST else ExitCode.FAILED)


class Lost(Exception):  # noqa: N818  the name says what happened
    """Commands do not reach the car any more; not an error of the connection, which ends with other words."""

    def __init__(self, error: NotDriving) -> None:
        self.reason = error.reason
        super().__init__(str(error))


def ending(requested: Callable[[], bool], duration: float | None) -> Callable[[], bool]:
    """Return a function that returns whether the program must end."""
    end = None if duration is None else time.perf_counter() + duration
    return lambda: requested() or (end is not None and time.perf_counter() >= end)


def open_device(make: Callable[..., Device], *arguments: object) -> Device:
    """Open the device, or end with one line."""
    with needs_extra("drive", "--device"):
        try:
            return make(*arguments)
        except NoDevice as error:
            fail(str(error), ExitCode.UNAVAILABLE)


class Car(NamedTuple):
    """Speed and gear of the car as the telemetry shows them."""

    speed_kmh: float | None = None
    gear: str = NOTHING


class Cockpit:
    """The loop of a driver: reads the hands, sends commands, draws."""

    def __init__(self, bridge: Bridge, driver: Driver, terminal: Terminal | None, device: Device | None) -> None:
        self._bridge = bridge
        self._driver = driver
        self._terminal = terminal
        self._device = device
        self._keys = HeldKeys()
        self._axes = Axes()
        self._shift = 0
        self._note = HELP if device is None else f"{device.name}; q ends"
        self._reset: threading.Thread | None = None
        self._waits_until: float | None = None
        self._quit = False

    def run(self, over: Callable[[], bool]) -> None:
        """Drive until the end is requested, or `Lost` is raised."""
        due = before = drawn = time.perf_counter()
        while not self._quit and not over():
            self._listen(due)
            now = time.perf_counter()
            due = max(due + PERIOD_S, now)
            self._move(now, now - before)
            before = now
            self._send(now)
            if now - drawn >= DRAWN_S:
                drawn = now
                self._draw()

    def _listen(self, due: float) -> None:
        """Take the keys that come until the next command is due."""
        while True:
            left = due - time.perf_counter()
            if self._terminal is None:
                time.sleep(max(0.0, left))
            else:
                for change in self._terminal.changes(left):
                    self._take(change)
            if time.perf_counter() >= due or self._quit:
                return

    def _take(self, change: Change) -> None:
        self._keys.take(change, time.perf_counter())
        if not change.down or change.again:
            return
        if change.key is Key.QUIT:
            self._quit = True
        elif change.key is Key.RESET:
            self._begin_reset()
        elif change.key in (Key.SHIFT_UP, Key.SHIFT_DOWN):
            self._shift += 1 if change.key is Key.SHIFT_UP else -1

    def _move(self, now: float, elapsed_s: float) -> None:
        if self._device is None:
            self._axes = follow(self._axes, self._keys.at(now), self._car().speed_kmh or 0.0, elapsed_s)
            return
        self._axes, keys = self._device.read()
        for key in keys:
            self._take(Change(key))

    def _send(self, now: float) -> None:
        """Send a command; wait for a new epoch if the car takes none."""
        if self._reset is not None and self._reset.is_alive():
            self._shift = 0
            return
        if self._waits_until is not None and not self._resume(now):
            return
        try:
            self._driver.drive(*self._axes, shift=self._shift)
            self._shift = 0
        except NotDriving as error:
            if error.reason in ENDED:
                raise Lost(error) from error
            self._waits_until = now
            self._note = str(error)

    def _resume(self, now: float) -> bool:
        """Get a new epoch once the car takes commands again; return whether it does."""
        controls = self._controls()
        if self._waits_until is None or now < self._waits_until:
            return False
        self._waits_until = now + AGAIN_S
        if controls is None or controls.state in ("suspended", "resetting"):
            return False
        self._driver.resume()
        self._waits_until, self._note = None, HELP
        return True

    def _begin_reset(self) -> None:
        if self._reset is not None and self._reset.is_alive():
            return
        if not self._driver.starts:
            self._note = f"the back-end {self._driver.backend} has no reset"
            return
        self._note = "resetting"
        self._reset = threading.Thread(target=self._carry_out_reset, name="acbridge-reset", daemon=True)
        self._reset.start()

    def _carry_out_reset(self) -> None:
        start = "hotlap" if "hotlap" in self._driver.starts else self._driver.starts[0]
        try:
            done = self._driver.reset(start, timeout=RESET_TIMEOUT_S)
        except AcbridgeError as error:
            self._note = str(error)
        else:
            self._note = f"reset to {start} by {done.means} in {done.ms:.0f} ms"

    def _controls(self) -> Controls | None:
        try:
            return self._bridge.latest(Controls, timeout=0.0).record
        except NoFrame:
            return None

    def _car(self) -> Car:
        try:
            physics = self._bridge.latest(Physics, timeout=0.0).record
        except NoFrame:
            return Car()
        return Car(physics.speedKmh, {0: "R", 1: "N"}.get(physics.gear, str(physics.gear - 1)))

    def _draw(self) -> None:
        if self._terminal is not None:
            view = View(self._axes, self._controls(), *self._car(), self._note)
            self._terminal.draw(draw(view, self._terminal.columns))
