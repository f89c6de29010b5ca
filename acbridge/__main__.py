"""What ``python -m acbridge`` prints: the programs, each in a line, and where to begin."""

import acbridge

PROGRAMS = {
    "acbridge-demo": "shows live telemetry of a simulated car, in a terminal and in a browser: begin here",
    "acbridge-daemon": "publishes the telemetry of the game",
    "acbridge-sink": "shows it (console), records it (jsonl), passes it to browsers (ws)",
    "acbridge-ctl": "queries and controls a daemon; acbridge-ctl doctor finds out why nothing arrives",
    "acbridge-sim": "stands in for the game: a simulated car that fills the same shared memory",
    "acbridge-recording": "looks into recordings, cuts them, writes them as CSV, Parquet, MCAP or logs for MoTeC i2",
    "acbridge-gym": "trains, measures and drives policies",
}


def main() -> None:
    """Print the programs."""
    print(f"acbridge {acbridge.__version__}: live telemetry from Assetto Corsa\n")  # noqa: T201  printing is its work
    for name, meaning in PROGRAMS.items():
        print(f"  {name:<19} {meaning}")  # noqa: T201  as above
    print("\nEach explains its options with --help. In Python: import acbridge; help(acbridge.connect)")  # noqa: T201


if __name__ == "__main__":
    main()
