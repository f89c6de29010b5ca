"""How a recording goes, on stderr: a line redrawn every second on a terminal, a line a minute elsewhere."""

import sys
import time

import click

TERMINAL_EVERY_S = 1.0
LOG_EVERY_S = 60.0


class Progress:
    """Prints the progress of a recording, its problems and its sum."""

    def __init__(self, *, quiet: bool, every_s: float | None = None) -> None:
        self._redraws = sys.stderr.isatty()
        self._every_s = every_s or (TERMINAL_EVERY_S if self._redraws else LOG_EVERY_S)
        self._quiet = quiet
        self._printed = time.perf_counter()
        self._ticks = 0
        self._drawn = False

    def update(self, ticks: int, size: int, laps: int, gaps: int) -> None:
        """Print the progress if the last time was long enough ago."""
        now = time.perf_counter()
        passed = now - self._printed
        if self._quiet or passed < self._every_s:
            return
        rate, self._ticks, self._printed = (ticks - self._ticks) / passed, ticks, now
        text = f"{ticks} ticks, {size / 1e6:.1f} MB, {laps} laps, {gaps} gaps, {rate:.1f} Hz"
        click.echo(f"\r{text}\x1b[K" if self._redraws else text, nl=not self._redraws, err=True)
        self._drawn = self._redraws

    def report(self, text: str) -> None:
        """Print a problem, even if progress is not wanted."""
        click.echo(self._fresh_line() + f"acbridge-sink: {text}", err=True)

    def sum_up(self, text: str) -> None:
        """Print what was recorded, at the end."""
        if not self._quiet:
            click.echo(self._fresh_line() + text, err=True)

    def _fresh_line(self) -> str:
        drawn, self._drawn = self._drawn, False
        return "\n" if drawn else ""
