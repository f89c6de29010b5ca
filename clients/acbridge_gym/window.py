"""A window with a :class:`acbridge_gym.scene.Scene` in it, and the keys pressed there. Needs pygame."""

import os
from typing import NamedTuple

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame

from acbridge.hands import Key
from acbridge_gym.scene import Scene, Shown
from acbridge_sim import Track

SIZE = 1100, 720
KEYS = {
    pygame.K_UP: Key.GAS,
    pygame.K_w: Key.GAS,
    pygame.K_DOWN: Key.BRAKE,
    pygame.K_s: Key.BRAKE,
    pygame.K_SPACE: Key.BRAKE,
    pygame.K_LEFT: Key.LEFT,
    pygame.K_a: Key.LEFT,
    pygame.K_RIGHT: Key.RIGHT,
    pygame.K_d: Key.RIGHT,
    pygame.K_PLUS: Key.SHIFT_UP,
    pygame.K_EQUALS: Key.SHIFT_UP,
    pygame.K_KP_PLUS: Key.SHIFT_UP,
    pygame.K_MINUS: Key.SHIFT_DOWN,
    pygame.K_KP_MINUS: Key.SHIFT_DOWN,
    pygame.K_r: Key.RESET,
    pygame.K_q: Key.QUIT,
    pygame.K_ESCAPE: Key.QUIT,
}


class NoDisplay(Exception):  # noqa: N818  the name says what happened
    """No window can be opened: this machine has no display."""


class Read(NamedTuple):
    """
    What has happened in the window since it was read before.

    Attributes:
        held: Keys that are held now.
        pressed: Keys that were pressed, in order.
        closed: Whether the window was closed.
    """

    held: frozenset[Key]
    pressed: list[Key]
    closed: bool


class Window:
    """An open window that shows one track."""

    def __init__(self, track: Track, title: str) -> None:
        """
        Open the window.

        Args:
            track: The track.
            title: What stands above the window.

        Raises:
            NoDisplay: There is no display.
        """
        try:
            pygame.display.init()
            self._surface = pygame.display.set_mode(SIZE, pygame.RESIZABLE)
        except pygame.error as error:
            pygame.display.quit()
            raise NoDisplay(f"no window can be opened: {error}; is there a display?") from error
        pygame.display.set_caption(title)
        self._scene = Scene(track)
        self._clock = pygame.time.Clock()
        self._held: dict[int, Key] = {}

    def show(self, shown: Shown) -> None:
        """Draw a picture, and show it."""
        self._surface = pygame.display.get_surface() or self._surface
        self._scene.draw(self._surface, shown)
        pygame.display.flip()

    def wait(self, rate_hz: float) -> None:
        """Wait until as much time has passed since the last call as a picture of this rate stands."""
        self._clock.tick(rate_hz)

    def read(self) -> Read:
        """Return what a person did; call it at every picture, or the system counts the window as hung."""
        pressed: list[Key] = []
        closed = False
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                closed = True
            elif event.type == pygame.KEYDOWN and event.key in KEYS:
                self._held[event.key] = KEYS[event.key]
                pressed.append(KEYS[event.key])
            elif event.type == pygame.KEYUP:
                self._held.pop(event.key, None)
            elif event.type == pygame.WINDOWFOCUSLOST:
                self._held.clear()
        return Read(frozenset(self._held.values()), pressed, closed)

    def close(self) -> None:
        """Close the window; can be called again."""
        pygame.display.quit()
