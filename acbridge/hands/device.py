"""
A gamepad or a wheel as axes: which axis is what, and how its values are read. Pure, except `Device`, which opens it.

A program sees an axis in the middle until it moves for the first time. A pedal therefore counts from when it was seen
at rest: until then it is 0, so that the car does not drive off by itself.
"""

import os
from collections.abc import Sequence
from typing import NamedTuple

from acbridge.hands.ramp import Axes, Key
from acbridge.plain_text import plain

AT_REST = 0.05
"""A pedal that shows no more is at rest."""
PAD_AXES = "0,5,4"
"""Steering, gas and brake of most gamepads: left stick, right trigger, left trigger."""
BUTTONS = {0: Key.SHIFT_UP, 1: Key.SHIFT_DOWN, 2: Key.RESET, 4: Key.SHIFT_DOWN, 5: Key.SHIFT_UP}
"""Meanings of buttons: the first three, and the two levers behind a wheel or above a gamepad."""
MOST_AXES = 32


class AxisUse(NamedTuple):
    """
    Where a value comes from.

    Attributes:
        number: Number of the device's axis.
        inverted: Whether it shows less when there is more.
    """

    number: int
    inverted: bool = False


def parse_axes(text: str) -> tuple[AxisUse, AxisUse, AxisUse]:
    """
    Read which axes steer, accelerate and brake, such as ``0,-2,-3``; a minus inverts.

    Raises:
        ValueError: The text is something else.
    """
    words = [word.strip() for word in text.split(",")]
    uses = [AxisUse(int(word.lstrip("-")), word.startswith("-")) for word in words if word.lstrip("-").isdecimal()]
    if len(words) == len(uses) and all(use.number < MOST_AXES for use in uses):
        try:
            steer, gas, brake = uses
        except ValueError:
            pass
        else:
            return steer, gas, brake
    raise ValueError(f"axes are three numbers, of steering, gas and brake, such as {PAD_AXES} or 0,-2,-3, not {text!r}")


class Reader:
    """Turns the values of a device's axes, each -1 to 1, into axes of the car."""

    def __init__(self, uses: tuple[AxisUse, AxisUse, AxisUse]) -> None:
        self._uses = uses
        self._rested = [False, False]

    def read(self, values: Sequence[float]) -> Axes:
        """Return the axes of the car; an axis that the device lacks is 0."""
        steer, gas, brake = (self._value(use, values) for use in self._uses)
        return Axes(0.0 if steer is None else steer, self._pedal(0, gas), self._pedal(1, brake))

    @staticmethod
    def _value(use: AxisUse, values: Sequence[float]) -> float | None:
        if use.number >= len(values):
            return None
        value = max(-1.0, min(1.0, values[use.number]))
        return -value if use.inverted else value

    def _pedal(self, which: int, value: float | None) -> float:
        pressed = 0.0 if value is None else (value + 1) / 2
        self._rested[which] |= pressed <= AT_REST
        return pressed if self._rested[which] else 0.0


class NoDevice(Exception):  # noqa: N818  the name says what happened
    """There is no gamepad and no wheel."""


class Device:
    """The first gamepad or wheel of this machine, read by pygame; with the window that is there, or with none."""

    def __init__(self, uses: tuple[AxisUse, AxisUse, AxisUse]) -> None:
        """
        Open it.

        Raises:
            ModuleNotFoundError: pygame is not installed.
            NoDevice: There is none.
        """
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")
        import pygame  # noqa: PLC0415  an extra

        self._pygame = pygame
        self._windowless = not pygame.display.get_init()
        if self._windowless:
            os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
            pygame.display.init()
        pygame.joystick.init()
        if not pygame.joystick.get_count():
            self.close()
            raise NoDevice("no gamepad and no wheel was found; connect one, or leave out --device to use the keyboard")
        self._joystick = pygame.joystick.Joystick(0)
        self._reader = Reader(uses)
        self._pressed: set[int] = set()

    @property
    def name(self) -> str:
        """Its name."""
        return plain(self._joystick.get_name())

    def read(self) -> tuple[Axes, list[Key]]:
        """Return the axes now, and the buttons that were pressed since the last call."""
        self._pygame.event.pump()
        values = [self._joystick.get_axis(number) for number in range(self._joystick.get_numaxes())]
        buttons = {number for number in range(self._joystick.get_numbuttons()) if self._joystick.get_button(number)}
        new, self._pressed = buttons - self._pressed, buttons
        return self._reader.read(values), [BUTTONS[number] for number in sorted(new & BUTTONS.keys())]

    def close(self) -> None:
        """Give it back; a window that was there before stays."""
        self._pygame.joystick.quit()
        if self._windowless:
            self._pygame.quit()
