"""The entry point of ``acbridge-daemon`` and ``python -m acbridge_daemon``; an interrupt is silent from here on."""

import signal
import sys


def main() -> None:
    """Run the command line; an interrupt while it loads ends the program at once and in silence."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if "rich" not in sys.modules:
        import_structlog_alone()
    from acbridge_daemon.cli import main as command  # noqa: PLC0415  its imports take a moment, which may be interrupted

    command(prog_name="acbridge-daemon")


def import_structlog_alone() -> None:
    """Import structlog without rich, which it imports for tracebacks in colour: two fifths of the daemon's start."""
    sys.modules["rich"] = None  # pyright: ignore[reportArgumentType]  # the documented way to make an import fail
    import structlog  # noqa: F401, PLC0415  # pyright: ignore[reportUnusedImport]

    del sys.modules["rich"]


if __name__ == "__main__":
    main()
