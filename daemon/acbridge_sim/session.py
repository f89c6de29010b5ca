"""
The session: its types, what the player does in it, where a car starts, and how much time is left.

Pure: constants and arithmetic. It knows no car and makes no page.
"""

import math
from enum import IntEnum

from acbridge.pages import STATUS_LIVE, STATUS_OFF, STATUS_PAUSE, STATUS_REPLAY

GRID_M = -12.0
"""Where a race starts: metres along the centre line, so before the finish line."""
RUN_UP_M = -450.0
"""Where a hotlap starts, at speed."""
RUN_UP_SPEED = 30.0
"""Speed at the start of a hotlap, m/s."""
QUALIFY_MS = 900_000.0
"""Length of a qualifying session."""
LIGHTS_S = 3.0
"""How long a race waits for its start lights."""
RACE_LAPS = 5


class SessionType(IntEnum):
    """Values of `graphics.session`."""

    PRACTICE = 0
    QUALIFY = 1
    RACE = 2
    HOTLAP = 3


class Mode(IntEnum):
    """What the player does; `graphics.status` shows only some of it."""

    OFF = 0
    LIVE = 1
    ESC = 2
    PAUSE = 3
    PITS = 4
    REPLAY = 5


STATUS_OF = {
    Mode.OFF: STATUS_OFF,
    Mode.LIVE: STATUS_LIVE,
    Mode.ESC: STATUS_LIVE,  # the menu over a standing world: the sim still reports live
    Mode.PAUSE: STATUS_PAUSE,
    Mode.PITS: STATUS_LIVE,
    Mode.REPLAY: STATUS_REPLAY,
}
"""Value of `graphics.status` in each mode."""


def waits_for_lights(session: SessionType, elapsed_s: float) -> bool:
    """Return whether a race has not started yet, so that cars are held on the grid."""
    return session is SessionType.RACE and elapsed_s < LIGHTS_S


def time_left_ms(session: SessionType, mode: Mode, elapsed_s: float) -> float:
    """
    Return `graphics.sessionTimeLeft`.

    Args:
        session: The session's type.
        mode: What the player does.
        elapsed_s: Time since the session began.

    Returns:
        What remains of a qualifying session; minus the elapsed time of the other types; infinity while a race waits for
        its lights; -1 in a replay.
    """
    if mode is Mode.REPLAY:
        return -1.0
    elapsed_ms = 1000 * elapsed_s
    if session is SessionType.RACE:
        return math.inf if waits_for_lights(session, elapsed_s) else 1000 * LIGHTS_S - elapsed_ms
    return QUALIFY_MS - elapsed_ms if session is SessionType.QUALIFY else -elapsed_ms
