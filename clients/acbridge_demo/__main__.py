"""Run the demo with ``python -m acbridge_demo``."""

from acbridge_demo.cli import main

if __name__ == "__main__":
    main()
