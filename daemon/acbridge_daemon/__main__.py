"""Run the daemon with ``python -m acbridge_daemon``."""

from acbridge_daemon.cli import main

if __name__ == "__main__":
    main()
