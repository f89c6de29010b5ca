"""The command `export` of acbridge-recording."""

from collections.abc import Iterator
from pathlib import Path

import click

from acbridge.cli import FiniteRange, needs_extra
from acbridge.errors import DecodeError
from acbridge.recording import RecordedTick, open_recording, read_ticks
from acbridge.recording.reader import read_lines
from acbridge_recording.cut import finished
from acbridge_recording.export import csv_file, motec, table
from acbridge_recording.export.channels import channels
from acbridge_recording.laps import choose, laps_of, track_of
from acbridge_recording.opening import one_line

PATH = click.Path(path_type=Path)
I2_RATE = 60.0
"""Rows per second in i2's layout unless the user says otherwise; its head names one rate."""
MCAP_RATE = 60.0
"""Ticks per second in MCAP unless the user says otherwise; JSON is large."""
LAP = click.option("--lap", metavar="N|best", help="Export this lap only.")
EPILOG = """\b
Examples:
  acbridge-recording export csv evening.acrec lap.csv --lap best
  acbridge-recording export csv evening.acrec lap.csv --plain --step 1
  acbridge-recording export csv evening.acrec lap.csv --excel --rate 10
  acbridge-recording export parquet evening.acrec evening.parquet
  acbridge-recording export mcap evening.acrec evening.mcap
  acbridge-recording export motec evening.acrec i2/ --steer-lock 450
"""


@click.group(epilog=EPILOG)
def export() -> None:
    """Write a recording in another format: CSV, Parquet, MCAP, or a log for MoTeC i2."""


@export.command("csv")
@click.argument("recording", type=PATH)
@click.argument("target", type=PATH)
@LAP
@click.option("--plain", is_flag=True, help="One row of names with units, then every field: for pandas.")
@click.option("--excel", is_flag=True, help="As --plain, with semicolons and decimal commas.")
@click.option(
    "--rate",
    type=FiniteRange(min=0, min_open=True),
    metavar="HZ",
    help="Rows per second; 60 in the layout of i2.",
)
@click.option(
    "--step",
    type=FiniteRange(min=0, min_open=True),
    metavar="M",
    help="A row for each so many metres; not in the layout of i2.",
)
def csv_command(
    recording: Path, target: Path, lap: str | None, plain: bool, excel: bool, rate: float | None, step: float | None
) -> None:
    """
    Write CSV in the layout in which MoTeC i2 exports, or plain.

    i2 itself imports CSV in its Pro edition only; for i2 use export motec.
    """
    if step and not (plain or excel):
        raise click.UsageError("--step needs --plain or --excel: in the layout of i2 all rows are equally far in time")
    with one_line(recording):
        first = next(chosen(recording, lap), None)
        if first is None or first.static is None:
            raise DecodeError(f"{recording}: there are no whole ticks in it")
        rows = table.rows(chosen(recording, lap))
        if not (plain or excel):
            rows = table.on_grid(rows, rate or I2_RATE)
        elif rate:
            rows = table.at_rate(rows, rate)
        rows = table.each_metre(rows, step) if step else rows
        with finished(target, recording) as part:
            if plain or excel:
                count = csv_file.write_plain(part, rows, excel=excel)
            else:
                ends, seconds = list[float](), 0.0
                for stint in motec.stints(chosen(recording, lap)):
                    ends += [stint.began + end for end in stint.ends]
                    seconds = stint.began + stint.seconds
                known = track_of(first.static), first.static.carModel
                facts = csv_file.Facts(*known, rate or I2_RATE, first.timestamp, seconds)
                count = csv_file.write_i2(part, rows, facts, ends)
    click.echo(f"{target}: {count} rows")


@export.command("parquet")
@click.argument("recording", type=PATH)
@click.argument("target", type=PATH)
@LAP
@click.option("--rate", type=FiniteRange(min=0, min_open=True), metavar="HZ", help="Rows per second at most.")
def parquet_command(recording: Path, target: Path, lap: str | None, rate: float | None) -> None:
    """Write Parquet with one column for each number; needs the extra "parquet"."""
    with needs_extra("parquet", "export parquet"):
        from acbridge_recording.export.parquet import write_parquet  # noqa: PLC0415  needs the extra
    with one_line(recording):
        first = next(chosen(recording, lap), None)
        if first is None or first.static is None:
            raise DecodeError(f"{recording}: there are no whole ticks in it")
        facts = {
            "car": first.static.carModel,
            "track": first.static.track,
            "configuration": first.static.trackConfiguration,
            "fingerprints": {page.topic: page.fingerprint() for page in table.RECORDS},
        }
        rows = table.rows(chosen(recording, lap))
        with finished(target, recording) as part:
            count = write_parquet(part, table.at_rate(rows, rate) if rate else rows, facts)
    click.echo(f"{target}: {count} rows")


@export.command("mcap")
@click.argument("recording", type=PATH)
@click.argument("target", type=PATH)
@LAP
@click.option(
    "--rate",
    type=FiniteRange(min=0, min_open=True),
    default=MCAP_RATE,
    show_default=True,
    metavar="HZ",
    help="Ticks per second at most.",
)
def mcap_command(recording: Path, target: Path, lap: str | None, rate: float) -> None:
    """
    Write MCAP for PlotJuggler, Foxglove and Lichtblick; needs the extra "mcap".

    A topic for each record: physics, graphics, derived, static, event. Messages are JSON, with JSON Schemas.
    """
    with needs_extra("mcap", "export mcap"):
        from acbridge_recording.export import mcap_file  # noqa: PLC0415  needs the extra
    with one_line(recording):
        lines = read_lines(open_recording(recording))
        if lap is not None:
            lines = mcap_file.of_lap(lines, choose(laps_of(read_lines(open_recording(recording))), lap))
        with finished(target, recording) as part:
            count = mcap_file.write_mcap(part, mcap_file.at_most(lines, rate))
    click.echo(f"{target}: {count} ticks")


@export.command("motec")
@click.argument("recording", type=PATH)
@click.argument("target", type=PATH)
@LAP
@click.option(
    "--steer-lock",
    type=FiniteRange(min=0, min_open=True),
    metavar="DEG",
    help="Degrees of the wheel from the middle to one side, for Steering Angle; the game does not say.",
)
def motec_command(recording: Path, target: Path, lap: str | None, steer_lock: float | None) -> None:
    """
    Write a log for MoTeC i2 of each stint into a directory: an .ld, and the .ldx with its laps beside it.

    Channels have the names, units and signs of ACTI. Not yet seen in i2 itself: please say whether it opens.
    """
    with one_line(recording):
        target.mkdir(parents=True, exist_ok=True)
        count = 0
        for number, stint in enumerate(motec.stints(chosen(recording, lap), channels(steer_lock)), 1):
            name = motec.file_name(stint, number)
            with finished(target / f"{name}.ldx", recording) as part:
                part.write_text(motec.write_ldx(stint.ends), encoding="ascii", newline="\r\n")
            with finished(target / f"{name}.ld", recording) as part:
                part.write_bytes(motec.write_ld(stint))
            click.echo(f"{target / name}.ld: {stint.seconds:.1f} s, {len(stint.ends)} laps ended")
            count += 1
        if not count:
            raise DecodeError(f"{recording}: there are no whole ticks in it")


def chosen(recording: Path, wanted: str | None) -> Iterator[RecordedTick]:
    """
    Yield the ticks of a recording, or those of the lap that a user named.

    Raises:
        DecodeError: There is no such lap.
    """
    lap = None if wanted is None else choose(laps_of(read_lines(open_recording(recording))), wanted)
    for tick in read_ticks(open_recording(recording)):
        if lap is None or (tick.run == lap.run and lap.first_tick <= tick.tick <= lap.last_tick):
            yield tick
