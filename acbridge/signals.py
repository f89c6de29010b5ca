"""How a program of ours is told to end: by Ctrl-C, SIGTERM or a closed terminal; told twice, it ends at once."""

import signal
import sys
from collections.abc import Callable
from types import FrameType

ENDING = [signal.SIGINT, signal.SIGTERM]
"""The signals that ask."""
if sys.platform == "win32":
    ENDING.append(signal.SIGBREAK)
elif signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # under nohup it outlives its terminal
    ENDING.append(signal.SIGHUP)


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

    for number in ENDING:
        signal.signal(number, ask)
    return lambda: asked
