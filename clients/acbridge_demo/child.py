"""
Run one of our programs until the demo ends: ``python -m acbridge_demo.child MODULE ARGUMENTS...``.

The demo has the other end of stdin and writes nothing to it; the system closes it however the demo ends.
"""

import os
import runpy
import signal
import sys
import threading


def end_with_the_demo() -> None:
    """Wait until the demo has ended, then end this process as SIGTERM does."""
    os.read(0, 1)  # not sys.stdin, whose lock would be held when we end
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGTERM)  # os.kill would end it on the spot
    else:
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with_the_demo, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
