"""How a program of ours is told to end: the first Ctrl-C or SIGTERM asks, the second one ends it at once."""

import signal
import sys
from collections.abc import Callable
from types import FrameType


def asked_to_end() -> Callable[[], bool]:
    """
    Take over the signals and return what tells whether one came.

    Call it first thing in a program's main thread, before there is anything to be left half done.
    """
    asked = False

    def ask(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    if sys.platform == "win32":
        signal.signal(signal.SIGBREAK, ask)
    return lambda: asked
