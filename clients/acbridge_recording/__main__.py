"""The entry point of ``acbridge-recording`` and ``python -m acbridge_recording``; an interrupt is silent."""

import signal
import sys


def main() -> None:
    """Run the command line; an interrupt ends the program in silence, and leaves no unfinished file."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from acbridge.cli import ExitCode, on_stop_signal  # noqa: PLC0415  as the next line
    from acbridge_recording.cli import main as command  # noqa: PLC0415  its imports take a moment, which may be interrupted

    on_stop_signal(lambda: sys.exit(ExitCode.INTERRUPTED))
    command(prog_name="acbridge-recording")


if __name__ == "__main__":
    main()
