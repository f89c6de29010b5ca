"""Run the stand-in with ``python -m acbridge_sim``."""

from acbridge_sim.cli import main

if __name__ == "__main__":
    main()
