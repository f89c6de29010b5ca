"""What a recording tells while it runs: a line redrawn every second on a terminal, a line a minute elsewhere."""

import sys
import time

import click

TERMINAL_EVERY_S = 1.0
LOG_EVERY_S = 60.0


class Progress:
    """Tells on stderr how it goes."""

    def __init__(self, *, quiet: bool, every_s: float | None = None) -> None:
        self._redraws = sys.stderr.isatty()
        self._every_s = every_s or (TERMINAL_EVERY_S if self._redraws else LOG_EVERY_S)
        self._quiet = quiet
        self._told = time.perf_counter()
        self._ticks = 0
        self._drawn = False

    def tell(self, ticks: int, size: int, laps: int, gaps: int) -> None:
        """Tell how it goes, if it is time."""
        now = time.perf_counter()
        passed = now - self._told
        if self._quiet or passed < self._every_s:
            return
        rate, self._ticks, self._told = (ticks - self._ticks) / passed, ticks, now
        text = f"{ticks} ticks, {size / 1e6:.1f} MB, {laps} laps, {gaps} gaps, {rate:.1f} Hz"
        click.echo(f"\r{text}\x1b[K" if self._redraws else text, nl=not self._redraws, err=True)
        self._drawn = self._redraws

    def say(self, text: str) -> None:
        """Tell something that matters, even if all else is quiet."""
        click.echo(self._fresh_line() + f"acbridge-sink: {text}", err=True)

    def sum_up(self, text: str) -> None:
        """Tell what it was in the end."""
        if not self._quiet:
            click.echo(self._fresh_line() + text, err=True)

    def _fresh_line(self) -> str:
        drawn, self._drawn = self._drawn, False
        return "\n" if drawn else ""
