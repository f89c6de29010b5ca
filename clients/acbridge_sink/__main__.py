"""Run a sink with ``python -m acbridge_sink``."""

from acbridge_sink.cli import main

if __name__ == "__main__":
    main()
