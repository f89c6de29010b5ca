"""The ``calibrate`` command: measures each axis, fits its map, and writes both."""

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from acbridge import Bridge, NotDriving
from acbridge.calibration import FORMAT, LARGEST_RESIDUAL, AxisMap, Calibration, NoMap, fit, quantile
from acbridge.cli import Connection, ExitCode, fail, needs_extra, report, stop_requested, topic_prefix_option
from acbridge.controls import MAX_LEASE_MS
from acbridge.driving import LINK_LOST, Driver
from acbridge.json_lines import to_json
from acbridge_ctl.calibrate import picture
from acbridge_ctl.calibrate.bench import AXES, Axis, Bench, Measured, Unfit
from acbridge_ctl.options import connected, daemon_options, force_option, name_option, timeout_option

_FILE = click.Path(dir_okay=False, path_type=Path)

EPILOG = """\b
Examples:
  acbridge-ctl calibrate
  acbridge-ctl calibrate calibration.json --picture calibration.png
The car must be on even ground in a session of practice. Nothing else may drive it: --force takes the controls.
"""


@click.command(epilog=EPILOG)
@click.argument("path", type=_FILE, default=Path("calibration.json"))
@click.option("--picture", "picture_path", type=_FILE, help='Draw readings and maps as PNG (extra "plot").')
@name_option("calibrate")
@force_option
@topic_prefix_option
@timeout_option
@daemon_options
def calibrate(
    connection: Connection,
    timeout: float,
    topic_prefix: str,
    name: str,
    path: Path,
    picture_path: Path | None,
    *,
    force: bool,
) -> None:
    """
    Measure what the telemetry shows of each command, have the daemon correct commands by it, and write it to PATH.

    Steps through the steering, the gas and the brake of a car that stands, which takes about half a minute. The maps
    have dead zones and the exponent of the curve; the lag is from a command applied to half of its movement seen. From
    then on the telemetry shows what a driver asks for; the daemon forgets it at its end unless it was started with
    --calibration. Exit code 1, and nothing changed, where the telemetry depends on more than the command, such as
    filters and driving aids.
    """
    plt = None
    if picture_path is not None:
        with needs_extra("plot", "--picture"):
            plt = picture.load()
    over = stop_requested()
    try:
        with connected(connection, topic_prefix) as bridge:
            found = describe(bridge, timeout)
            with Driver(bridge, name, lease_ms=MAX_LEASE_MS, force=force, timeout=timeout) as driver:
                found["backend"] = driver.backend
                driver.calibrate(None)
                measured, maps = measure_all(bridge, driver, over)
                calibration = Calibration(maps)
                stored = driver.calibrate(calibration)
    except Stopped as stopped:
        fail(str(stopped), stopped.code)
    lags = [lag for one in measured.values() for lag in one.lags_s]
    found |= {
        "axes": calibration.values(),
        "lag_p50_s": quantile(lags, 0.5),
        "lag_p99_s": quantile(lags, 0.99),
        "lags": len(lags),
        "hash": calibration.hash,
    }
    try:
        path.write_bytes(to_json(found) + b"\n")
        if picture_path is not None:
            picture.draw(plt, f"{found['car']} through {found['backend']}", maps, measured, picture_path)
    except OSError as error:
        fail(f"cannot write {error.filename}: {error.strerror}", ExitCode.IO)
    for line in sum_up(maps, found):
        click.echo(line)
    kept = "and keeps it" if stored else "until it ends; with --calibration FILE it would keep it"
    click.echo(f"the daemon corrects commands by it from now on, {kept}")
    click.echo(f"written to {path}")


class Stopped(Exception):  # noqa: N818  the name says what happened
    """The measurement cannot go on; the text says why."""

    def __init__(self, text: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(text)
        self.code = code


def describe(bridge: Bridge, timeout: float) -> dict[str, Any]:
    """Return what the calibration is of."""
    hello = bridge.request("hello", timeout=timeout)
    static = bridge.request("static", timeout=timeout)
    return {"format": FORMAT, "car": static["carModel"], "game": static["acVersion"], "daemon": hello["version"]}


def measure_all(
    bridge: Bridge, driver: Driver, over: Callable[[], bool]
) -> tuple[dict[str, Measured], dict[str, AxisMap]]:
    """
    Measure and fit every axis; show progress on stderr.

    Raises:
        Stopped: It cannot be measured, or has no map; the text names the setting that is likely the cause.
    """
    measured: dict[str, Measured] = {}
    maps: dict[str, AxisMap] = {}
    with closing(Bench(bridge, driver, over)) as bench:
        try:
            bench.stand()
            for axis in AXES:
                measured[axis.name] = bench.measure(axis, progress_of(axis))
                if sys.stderr.isatty():
                    click.echo("\r\x1b[K", nl=False, err=True)
                report(f"{axis.name}: {len(measured[axis.name].readings)} readings")
                maps[axis.name] = fit_one(axis, measured[axis.name])
                check_one(axis, bench.check(axis, maps[axis.name]))
        except Unfit as error:
            raise Stopped(str(error)) from error
        except NotDriving as error:
            raise Stopped(str(error), ExitCode.UNAVAILABLE if error.reason == LINK_LOST else ExitCode.FAILED) from error
    return measured, maps


def progress_of(axis: Axis) -> Callable[[int, int], None]:
    """Return a function that shows how far an axis is, on a terminal."""

    def show(taken: int, known: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{axis.name}: {taken} of at least {known} readings", nl=False, err=True)

    return show


def fit_one(axis: Axis, measured: Measured) -> AxisMap:
    """Fit the map of an axis."""
    try:
        return fit(measured.readings)
    except NoMap as error:
        raise Stopped(f"{axis.name} has no map: {error}; {axis.suspects}") from error


def check_one(axis: Axis, difference: float) -> None:
    """Refuse a map by which the telemetry does not show what is asked."""
    if difference > 2 * LARGEST_RESIDUAL:
        raise Stopped(
            f"with the map of {axis.name} the telemetry still shows {difference:.2f} less or more than asked; "
            f"{axis.suspects}"
        )


def sum_up(maps: dict[str, AxisMap], found: dict[str, Any]) -> list[str]:
    """Return the result as lines for people."""
    lines = [f"{'axis':<6} {'dead zone':>10} {'end':>7} {'gamma':>7} {'residual':>9}"]
    for name, one in maps.items():
        gamma = "-" if one.gamma is None else f"{one.gamma:.2f}"
        lines.append(f"{name:<6} {one.dead:>9.1%} {one.end:>8.1%} {gamma:>7} {one.residual:>9.3f}")
    p50, p99 = found["lag_p50_s"], found["lag_p99_s"]
    if p50 is not None and p99 is not None:
        lines.append(f"lag    {p50 * 1000:.0f} ms, 99 % within {p99 * 1000:.0f} ms, of {found['lags']} steps")
    return [*lines, f"{found['car']} through {found['backend']}, {found['hash'][:23]}"]
