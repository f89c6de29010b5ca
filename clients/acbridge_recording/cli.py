"""The command line of acbridge-recording."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from acbridge.cli import ExitCode, exit_codes, report, writing_stdout
from acbridge.derived import parse_thresholds
from acbridge.derived.thresholds import Thresholds
from acbridge.json_lines import to_json
from acbridge.recording import open_recording, read_ticks, rederive
from acbridge.recording.reader import read_lines
from acbridge_recording.cut import rows_between, rows_of, rows_of_lines, write_page_log
from acbridge_recording.export.command import export
from acbridge_recording.info import facts_of, verified
from acbridge_recording.laps import Lap, best_of, choose, laps_of, theoretical_best_ms, time_text
from acbridge_recording.laps_db import best_line, best_values, bests, keep
from acbridge_recording.opening import one_line
from acbridge_recording.report.command import report as report_command

PATH = click.Path(path_type=Path)
EPILOG = f"""\b
Examples:
  acbridge-recording info evening.acrec
  acbridge-recording laps drives/
  acbridge-recording laps evening.acrec --db laps.db
  acbridge-recording cut evening.acrec lap.acrec --lap best
  acbridge-recording verify evening.acrec
  acbridge-recording import evening.jsonl.gz evening.acrec
  acbridge-recording export csv evening.acrec lap.csv --lap 3
  acbridge-recording export motec evening.acrec i2/ --steer-lock 450
  acbridge-recording report evening.acrec -o evening.html

{exit_codes(ExitCode.OK, ExitCode.DATA, ExitCode.IO, ExitCode.CONFIG)}
"""


@click.group(epilog=EPILOG)
@click.version_option(package_name="acbridge")
def main() -> None:
    """
    Look into recordings, cut them, check them, and write them in other formats.

    A recording is a page log of acbridge-daemon --record (.acrec), JSON lines of acbridge-sink (.jsonl, .gz, .zst), or
    a directory of them. A file that is written appears under its name when it is whole.
    """


main.add_command(export)
main.add_command(report_command)


@main.command()
@click.argument("recording", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(recording: Path, as_json: bool) -> None:
    """Say what a recording holds: when, car, track, length, size, laps."""
    with writing_stdout(), one_line(recording):
        facts = facts_of(recording)
        if as_json:
            click.echo(json.dumps(facts))
        else:
            for name, value in facts.items():
                click.echo(f"{name:<12} {value}")


@main.command()
@click.argument("recording", type=PATH, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each lap.")
@click.option(
    "--db", "database", type=PATH, metavar="FILE", help="Add whole laps to this SQLite file; print its bests."
)
def laps(recording: Path | None, as_json: bool, database: Path | None) -> None:
    """
    List the laps, whole and unfinished: time, sectors, fuel, tyres, validity.

    A * marks the best lap. The sum of the best sectors of all valid laps is the time that was possible. With --db the
    completed laps are kept in a file, each once, and the personal bests by car and track are printed instead; without a
    RECORDING nothing is added.
    """
    if database is not None:
        with writing_stdout(), one_line(recording or database):
            if recording is not None:
                count = keep(database, laps_of(read_lines(open_recording(recording))))
                report(f"{database}: new laps: {count}")
            for best in bests(database):
                click.echo(json.dumps(best_values(best)) if as_json else best_line(best))
        return
    if recording is None:
        raise click.UsageError("name a recording, or a database of laps with --db")
    with writing_stdout(), one_line(recording):
        found = laps_of(read_lines(open_recording(recording)))
        if as_json:
            for lap in found:
                click.echo(json.dumps(lap._asdict()))
            return
        best = best_of(found)
        for lap in found:
            click.echo(_lap_line(lap, best))
        possible = theoretical_best_ms(found)
        if possible is not None:
            click.echo(f"best sectors together: {time_text(possible)}")


@main.command()
@click.argument("recording", type=PATH)
@click.argument("target", type=PATH)
@click.option("--lap", metavar="N|best", help="Keep this lap.")
@click.option("--ticks", nargs=2, type=int, metavar="FIRST LAST", help="Keep these ticks.")
def cut(recording: Path, target: Path, lap: str | None, ticks: tuple[int, int] | None) -> None:
    """Keep a part of a page log: for a friend, or for a bug report."""
    if (lap is None) == (ticks is None):
        raise click.UsageError("say what to keep: --lap N, --lap best or --ticks FIRST LAST")
    with writing_stdout(), one_line(recording):
        found = laps_of(read_lines(open_recording(recording)))
        if lap is not None:
            kept = choose(found, lap)
            run, first, last = kept.run, kept.first_tick, kept.last_tick
        else:
            first, last = ticks or (0, 0)
            run = next((each.run for each in found if each.first_tick <= last and first <= each.last_tick), -1)
        count = write_page_log(target, rows_between(rows_of(recording), run, first, last), recording)
    click.echo(f"{target}: {count} rows")


@main.command("import")
@click.argument("recording", type=PATH)
@click.argument("target", type=PATH)
def import_lines(recording: Path, target: Path) -> None:
    """Make a page log of JSON lines, so that it can be replayed and cut like any other."""
    with writing_stdout(), one_line(recording):
        count = write_page_log(target, rows_of_lines(read_lines(open_recording(recording))), recording)
    click.echo(f"{target}: {count} rows")


@main.command()
@click.argument("recording", type=PATH)
def verify(recording: Path) -> None:
    """Check a recording whole, block by block or line by line; say what is damaged or missing."""
    with writing_stdout(), one_line(recording):
        problems = verified(recording)
    for problem in problems:
        report(problem)
    if problems:
        sys.exit(ExitCode.DATA)
    click.echo(f"{recording}: whole")


@main.command("rederive")
@click.argument("recording", type=PATH)
@click.option("--threshold", "thresholds", multiple=True, metavar="NAME=VALUE", help="Derive with another threshold.")
def rederive_command(recording: Path, thresholds: tuple[str, ...]) -> None:
    """Derive metrics and events again, with today's code, as JSON lines on stdout."""
    with writing_stdout(), one_line(recording):
        chosen = Thresholds().changed(parse_thresholds(thresholds)) if thresholds else None
        for tick, derived, events in rederive(read_ticks(open_recording(recording)), chosen):
            values: dict[str, Any] = {"tick": tick.tick, "timestamp": tick.timestamp, "derived": vars(derived)}
            values["events"] = [
                {name: value for name, value in vars(event).items() if value is not None} for event in events
            ]
            click.echo(to_json(values))


def _lap_line(lap: Lap, best: Lap | None) -> str:
    sectors = " ".join(time_text(sector) for sector in lap.sectors_ms)
    valid = {True: "valid", False: "invalid", None: "unfinished"}[lap.valid]
    fuel = "" if lap.fuel_used is None else f"{lap.fuel_used:.2f} L"
    grip = "" if lap.grip_lost is None else f"{100 * lap.grip_lost:.2f} % grip"
    begun = f"{datetime.fromtimestamp(lap.timestamp).astimezone():%Y-%m-%d %H:%M:%S}"
    mark = "*" if lap == best else " "
    return f"{mark}{lap.number:>3}  {time_text(lap.time_ms)}  {valid:<10}  {sectors}  {fuel}  {grip}  {begun}".rstrip()
