"""The tables of the games whose shared memory is read: one module per game, and what all of them have in common."""

from acbridge.pages.ac1 import (
    AC1,
    SM_VERSION,
    STATUS_LIVE,
    STATUS_OFF,
    STATUS_PAUSE,
    STATUS_REPLAY,
    Graphics,
    Physics,
    Static,
)
from acbridge.pages.game import Game, PageField, Pages, StatusWord

__all__ = [
    "AC1",
    "SM_VERSION",
    "STATUS_LIVE",
    "STATUS_OFF",
    "STATUS_PAUSE",
    "STATUS_REPLAY",
    "Game",
    "Graphics",
    "PageField",
    "Pages",
    "Physics",
    "Static",
    "StatusWord",
]
