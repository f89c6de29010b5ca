"""Run it with ``python -m acbridge_ctl``."""

from acbridge_ctl.cli import main

if __name__ == "__main__":
    main()
