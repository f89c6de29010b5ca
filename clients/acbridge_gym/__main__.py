"""The entry point of ``acbridge-gym`` and ``python -m acbridge_gym``; an interrupt is silent from here on."""

import signal


def main() -> None:
    """Run the command line; an interrupt while it loads ends the program at once and in silence."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from acbridge_gym.cli import main as command  # noqa: PLC0415  its imports take a moment, which may be interrupted

    command(prog_name="acbridge-gym")


if __name__ == "__main__":
    main()
