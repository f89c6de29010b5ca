"""The command line: train a policy, evaluate it on the stand-in, drive a daemon's car with it, and look at it."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from acbridge import AcbridgeError
from acbridge.cli import Connection, ExitCode, connection_options, exit_codes, fail, needs_extra, writing_stdout

CODES = (
    ExitCode.OK,
    ExitCode.FAILED,
    ExitCode.USAGE,
    ExitCode.DATA,
    ExitCode.UNAVAILABLE,
    ExitCode.IO,
    ExitCode.CONFIG,
)
EPILOG = f"""\b
Examples:
  acbridge-gym train mine --steps 2e6
  acbridge-gym evaluate mine
  acbridge-gym drive mine --connect 192.168.1.20

{exit_codes(*CODES)}
"""
PACKAGES = {"gymnasium": "gym", "numpy": "gym", "numba": "batch", "torch": "train", "stable_baselines3": "train"}
"""Packages, and the extra that installs each."""
POLICY = click.argument("policy", type=click.Path(file_okay=False, path_type=Path))


@click.group(epilog=EPILOG, context_settings={"max_content_width": 100})
@click.version_option(package_name="acbridge")
def main() -> None:
    """Train policies on the stand-in, and drive with them."""


def laps_option(default: int) -> Any:
    """Return a decorator that adds --laps; the command takes it as ``laps``."""
    return click.option(
        "--laps", type=click.IntRange(1, 100), default=default, show_default=True, help="Whole flying laps."
    )


@main.command(epilog="\b\nExample:\n  acbridge-gym train mine --steps 2e6 --seed 1")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--track", default="circuit", show_default=True, help="circuit, oval or random:SEED.")
@click.option("--steps", type=click.FloatRange(1e3), default=2e6, show_default=True, help="Steps of all lanes.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of everything random.")
def train(directory: Path, track: str, steps: float, seed: int) -> None:
    """
    Train a policy on the compiled stand-in, and keep the best in DIRECTORY.

    Evaluates the mean action on whole flying laps now and then; better is more valid laps, then faster ones. The first
    use compiles for half a minute. Needs the extras gym, batch and train.
    """
    with writing_stdout(), needs_extra("gym,batch,train", "train"):
        try:
            from acbridge_gym import train as training  # noqa: PLC0415  extras
        except ModuleNotFoundError:
            raise
        except ImportError as error:  # of the compiled stand-in, which says what to install
            fail(str(error), ExitCode.CONFIG)

        click.echo("    steps  laps   s                   end")

        def each(report: training.Report) -> None:
            shown = driven(report.drive)
            click.echo(f"{report.steps:9,}  {shown}{'  kept' if report.best else ''}")
            if report.best:
                report.policy.save(directory)

        try:
            training.train(track, int(steps), seed, each)
        except ValueError as error:
            raise click.UsageError(str(error)) from error


def driven(drive: Any) -> str:
    """Return what came of a drive: laps, their times, and how it ended."""
    times = ", ".join(f"{lap.time_s:.2f}{'' if lap.valid else ' cut'}" for lap in drive.laps) or "-"
    return f"{len(drive.laps):4}  {times:<20}{drive.reason} at {drive.distance_m:.0f} m after {drive.driven_m:.0f} m"


@main.command(epilog="\b\nExample:\n  acbridge-gym evaluate mine --laps 3 --lag-ms 45")
@POLICY
@laps_option(2)
@click.option("--track", help="Another track than the one it was trained on.")
@click.option("--lag-ms", type=click.FloatRange(0, 60), default=0.0, show_default=True, help="From command to car.")
def evaluate(policy: Path, laps: int, track: str | None, lag_ms: float) -> None:
    """Drive whole flying laps with the mean action of POLICY on the stand-in, in this process."""
    loaded = load(policy)
    with writing_stdout(), needs_extra("gym", "evaluate"):
        from acbridge_gym.envs.race import race_sim  # noqa: PLC0415  extras
        from acbridge_gym.laps import drive, lap_settings  # noqa: PLC0415

        where = track or loaded.manifest.get("track", "circuit")
        try:
            env = race_sim(track=where, randomize={"lag_ms": (lag_ms, lag_ms)}, **lap_settings(laps, **loaded.settings))
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        result = drive(env, loaded.act)
        click.echo(driven(result))
    sys.exit(ExitCode.OK if result.worth[0] == laps else ExitCode.FAILED)


@main.command("drive", epilog="\b\nExample:\n  acbridge-gym drive mine --connect 192.168.1.20 --laps 5")
@POLICY
@laps_option(2)
@click.option("--force", is_flag=True, help="Take the controls from another driver.")
@connection_options("Address of the daemon; requests go to the port after this one.")
def drive_car(connection: Connection, policy: Path, laps: int, *, force: bool) -> None:
    """Drive the car of a daemon with POLICY, in real time, and print its laps."""
    loaded = load(policy)
    with writing_stdout(), needs_extra("gym", "drive"):
        from acbridge_gym.envs.race import race  # noqa: PLC0415  extras
        from acbridge_gym.laps import drive, lap_settings  # noqa: PLC0415

        host, port, keys = connection
        env = race(host=host, port=port, keys=keys, force=force, **lap_settings(laps, **loaded.settings))
        try:
            result = drive(env, loaded.act, each=lambda lap: click.echo(f"{lap.time_s:.2f} s, valid {lap.valid}"))
        except TimeoutError as error:
            fail(str(error), ExitCode.UNAVAILABLE)
        except (AcbridgeError, ValueError) as error:
            fail(str(error), ExitCode.FAILED)
        finally:
            env.close()
        click.echo(driven(result))
    sys.exit(ExitCode.OK if result.worth[0] == laps else ExitCode.FAILED)


@main.command()
@POLICY
def info(policy: Path) -> None:
    """Print what POLICY was trained for."""
    loaded = load(policy)
    shapes = " -> ".join(str(weight.shape[1]) for weight, _ in loaded.layers)
    with writing_stdout():
        click.echo(f"network  {shapes} -> {loaded.layers[-1][0].shape[0]}")
        for name, value in loaded.manifest.items():
            if name != "channels":
                click.echo(f"{name:<8} {value}")


@main.command()
def check() -> None:
    """Print which packages are there; exit code 78 if the environments cannot be made."""
    with writing_stdout():
        for package, extra in PACKAGES.items():
            there = find_spec(package) is not None
            click.echo(
                f"{'OK' if there else '--':<4}{package}" + ("" if there else f": pip install 'acbridge[{extra}]'")
            )
    if find_spec("gymnasium") is None or find_spec("numpy") is None:
        sys.exit(ExitCode.CONFIG)


def load(directory: Path) -> Any:
    """Return a policy, or end the program with one line."""
    with needs_extra("gym", "a policy"):
        from acbridge_gym.policy import Policy  # noqa: PLC0415  extras

        try:
            return Policy.load(directory)
        except OSError as error:
            fail(f"{directory}: {error.strerror or error}", ExitCode.IO)
        except ValueError as error:
            fail(str(error), ExitCode.DATA)
