"""The entry point of ``acbridge-recording`` and ``python -m acbridge_recording``; an interrupt is silent."""

import signal


def main() -> None:
    """Run the command line; an interrupt while it loads ends the program at once and in silence."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from acbridge_recording.cli import main as command  # noqa: PLC0415  its imports take a moment, which may be interrupted

    command(prog_name="acbridge-recording")


if __name__ == "__main__":
    main()
