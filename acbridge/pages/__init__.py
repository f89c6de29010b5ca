"""The tables of the games whose shared memory is read, one module per game."""

from acbridge.pages.ac1 import (
    PAGES,
    SM_VERSION,
    STATUS_LIVE,
    STATUS_OFF,
    STATUS_PAUSE,
    STATUS_REPLAY,
    Graphics,
    Physics,
    Static,
)

__all__ = [
    "PAGES",
    "SM_VERSION",
    "STATUS_LIVE",
    "STATUS_OFF",
    "STATUS_PAUSE",
    "STATUS_REPLAY",
    "Graphics",
    "Physics",
    "Static",
]
