"""
What a terminal shows of a training: a progress bar, the evaluations as a table, and the curve of the laps.

Without a terminal each evaluation is one line. Needs rich, of the extra ``train``.
"""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from acbridge_gym.train import Report

ROWS = 12
"""Evaluations that are shown."""
BLOCKS = "▁▂▃▄▅▆▇█"
NONE = "·"


class Shown(AbstractContextManager["Shown"]):
    """The state of a training on the terminal, from entering the context to leaving it."""

    def __init__(self, total: int, done: int = 0) -> None:
        """
        Prepare the display.

        Args:
            total: Steps of the whole run.
            done: Steps that earlier runs have done.
        """
        self._console = Console()
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=self._console,
        )  # fmt: skip
        self._task = self._bar.add_task("training", total=total, completed=done)
        self._reports: list[Report] = []
        self._live = Live(self._drawing(), console=self._console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        else:
            self._console.print(f"{'steps':>10} {'CPU s':>6}  laps with the mean action")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()
            self._console.print(self._table(len(self._reports)))

    def advance(self, steps: int) -> None:
        """Show how many steps are done."""
        self._bar.update(self._task, completed=steps)

    def report(self, report: Report) -> None:
        """Show an evaluation."""
        self._reports.append(report)
        if self._console.is_terminal:
            self._live.update(self._drawing())
        else:
            line = f"{report.steps:>10,} {report.cpu_s:>6.0f}  {report.drive}{'  best' if report.best else ''}"
            self._console.print(line, highlight=False, soft_wrap=True)

    def _drawing(self) -> Group:
        return Group(self._table(ROWS), self._curve(), self._bar)

    def _table(self, rows: int) -> Table:
        table = Table("steps", "CPU s", "laps with the mean action", "", box=None, pad_edge=False)
        for report in self._reports[-rows:]:
            table.add_row(
                f"{report.steps:,}", f"{report.cpu_s:.0f}", Text(str(report.drive)), "best" if report.best else ""
            )
        return table

    def _curve(self) -> Text:
        """Return the best lap of each evaluation as a row of blocks, high for slow, with a dot for none."""
        times = [min(report.drive.valid_s, default=0.0) for report in self._reports]
        laps = [lap for lap in times if lap]
        if not laps:
            return Text("no whole lap yet")
        least, most = min(laps), max(laps)
        step = max(most - least, 0.1) / (len(BLOCKS) - 1)
        drawn = "".join(BLOCKS[round((lap - least) / step)] if lap else NONE for lap in times)
        return Text(f"{drawn}  {least:.2f} s best, {most:.2f} s slowest")
