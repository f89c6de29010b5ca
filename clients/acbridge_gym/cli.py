"""The command line: train a policy, evaluate it on the stand-in, drive a daemon's car with it, and look at it."""

import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from acbridge import AcbridgeError
from acbridge.cli import (
    Connection,
    ExitCode,
    FiniteRange,
    connection_options,
    exit_codes,
    fail,
    needs_extra,
    report,
    stop_requested,
    writing_stdout,
)
from acbridge_gym.play import play

CODES = (
    ExitCode.OK,
    ExitCode.FAILED,
    ExitCode.USAGE,
    ExitCode.DATA,
    ExitCode.UNAVAILABLE,
    ExitCode.IO,
    ExitCode.CONFIG,
    ExitCode.INTERRUPTED,
)
EPILOG = f"""\b
Examples:
  acbridge-gym play
  acbridge-gym train mine
  acbridge-gym evaluate mine
  acbridge-gym drive mine --connect 192.168.1.20

{exit_codes(*CODES)}
"""
PACKAGES = {
    "gymnasium": "gym", "numba": "batch", "torch": "train", "stable_baselines3": "train", "pygame": "drive",
}  # fmt: skip
"""Packages, and the extra that installs each."""
CHECK_S = 0.5
"""CPU time for the speed of each kind of environment."""
POLICY = click.argument("policy", type=click.Path(file_okay=False, path_type=Path))


@click.group(epilog=EPILOG, context_settings={"max_content_width": 100})
@click.version_option(package_name="acbridge")
def main() -> None:
    """Train policies on the stand-in, and drive with them."""


main.add_command(play)


def laps_option(default: int) -> Any:
    """Return a decorator that adds --laps; the command takes it as ``laps``."""
    return click.option(
        "--laps", type=click.IntRange(1, 100), default=default, show_default=True, help="Whole flying laps."
    )


TRAIN_EXAMPLES = """\b
Examples:
  acbridge-gym train mine                              2 million steps on the circuit, about three minutes
  acbridge-gym train mine --resume                     go on after an interruption
  acbridge-gym train roads --track random:1-32 --course circuit --steps 6e6
  tensorboard --logdir mine/tensorboard                watch the curves
"""


@main.command(epilog=TRAIN_EXAMPLES)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--track",
    default="circuit",
    show_default=True,
    help="circuit, oval, kart, long, random:SEED, or random:FIRST-LAST for many.",
)
@click.option("--course", help="Track of the evaluations; the first of --track if not given.")
@click.option("--steps", type=FiniteRange(1e3, 1e12), default=2e6, show_default=True, help="Steps of all lanes.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True, help="Seed of everything random.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in DIRECTORY, with its settings.")
def train(directory: Path, track: str, course: str | None, steps: float, seed: int, *, resume: bool) -> None:
    """
    Train a policy on the compiled stand-in, and keep the best in DIRECTORY.

    Evaluates the mean action on two flying laps every 200,000 steps; better is more valid laps, then faster ones.
    DIRECTORY then has the policy, the last checkpoint, curve.csv and the curves of TensorBoard. The first use compiles
    for half a minute. Needs the extras gym, batch and train.
    """
    with writing_stdout(), needs_extra("gym,batch,train", "train"):
        try:
            from acbridge_gym import train as training  # noqa: PLC0415  extras
            from acbridge_gym.progress import Shown  # noqa: PLC0415
        except ModuleNotFoundError:
            raise
        except ImportError as error:  # of the compiled stand-in, which says what to install
            fail(str(error), ExitCode.CONFIG)
        stopped = stop_requested()
        there = (directory / training.PROGRESS).exists()
        if there and not resume:
            raise click.UsageError(f"{directory} has a training already: add --resume, or choose another directory")
        if resume and not there:
            raise click.UsageError(f"{directory} has no checkpoint to resume: leave out --resume")
        try:
            if resume:
                run = training.Training.resume(directory)
            else:
                run = training.Training(directory, track=track, course=course or "", steps=int(steps), seed=seed)
        except ValueError as error:
            fail(str(error), ExitCode.DATA if resume else ExitCode.USAGE)
        try:
            with Shown(run.total, run.steps) as shown:
                run.run(shown.report, shown.advance, stopped)
        except OSError as error:
            fail(f"{error.filename or directory}: {error.strerror or error}", ExitCode.IO)
        if run.steps < run.total:
            report(f"stopped after {run.steps:,} steps; go on with: acbridge-gym train {directory} --resume")


@main.command(epilog="\b\nExample:\n  acbridge-gym evaluate mine --laps 3 --lag-ms 45 --track circuit --track oval")
@POLICY
@laps_option(2)
@click.option("--track", "tracks", multiple=True, help="Drive here instead of where it was evaluated; can be repeated.")
@click.option("--lag-ms", type=FiniteRange(0, 60), default=0.0, show_default=True, help="From command to car.")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the last lap beside one of the built-in driver (extra plot); needs one track.",
)
def evaluate(policy: Path, laps: int, tracks: tuple[str, ...], lag_ms: float, picture: Path | None) -> None:
    """
    Drive whole flying laps with the mean action of POLICY on the stand-in, in this process.

    Exit code 0 if every lap on every track is valid.
    """
    loaded = load(policy)
    usual = loaded.manifest.get("course") or loaded.manifest.get("track") or "circuit"
    missed = False
    with writing_stdout(), needs_extra("gym", "evaluate"):
        from acbridge_gym.envs.race import race_sim  # noqa: PLC0415  extras
        from acbridge_gym.laps import drive, lap_settings  # noqa: PLC0415
        from acbridge_gym.plot import Trace, draw, driver_trace  # noqa: PLC0415
        from acbridge_gym.tracks import tracks_of  # noqa: PLC0415

        try:
            courses = tracks_of(tracks or usual)
            if picture and len(courses) > 1:
                raise click.UsageError("--picture needs one track")
            lag = {"lag_ms": (lag_ms, lag_ms)}
            for track in courses:
                env = race_sim(track=track, randomize=lag, **lap_settings(laps, **loaded.settings))
                trace = Trace()
                result = drive(env, loaded.act, follow=trace.follow)
                missed |= len(result.valid_s) < laps
                name = f"{track.name} {track.configuration}".rstrip()
                click.echo(f"{name:<16} {result}")
                if picture:
                    with needs_extra("plot", "--picture"):
                        draw(track, {"policy": trace, "built-in driver": driver_trace(track)}, picture)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    sys.exit(ExitCode.FAILED if missed else ExitCode.OK)


@main.command("drive", epilog="\b\nExample:\n  acbridge-gym drive mine --connect 192.168.1.20 --laps 5")
@POLICY
@laps_option(2)
@click.option("--force", is_flag=True, help="Take the controls from another driver.")
@connection_options("Address of the daemon; requests go to the port after this one.")
def drive_car(connection: Connection, policy: Path, laps: int, *, force: bool) -> None:
    """
    Drive the car of a daemon with POLICY, in real time, and print its laps.

    Takes the controls, resets the car, drives, and lets go; Ctrl-C lets go at once. Exit code 0 if every lap is valid.
    """
    loaded = load(policy)
    with writing_stdout(), needs_extra("gym", "drive"):
        from acbridge_gym.envs.race import race  # noqa: PLC0415  extras
        from acbridge_gym.laps import STOPPED, drive, lap_settings  # noqa: PLC0415

        host, port, keys = connection
        env = race(host=host, port=port, keys=keys, force=force, **lap_settings(laps, **loaded.settings))
        stopped = stop_requested()
        try:
            result = drive(
                env,
                loaded.act,
                each=lambda lap: click.echo(f"{lap.time_s:.2f} s{'' if lap.valid else ', cut'}"),
                stop=stopped,
            )
        except TimeoutError as error:
            fail(str(error), ExitCode.UNAVAILABLE)
        except (AcbridgeError, ValueError) as error:
            fail(str(error), ExitCode.FAILED)
        finally:
            env.close()
        if result.reason not in (STOPPED, "lap_goal"):
            fail(f"ended early: {result.reason} at {result.distance_m:.0f} m", ExitCode.FAILED)
    sys.exit(ExitCode.OK if stopped() or len(result.valid_s) == laps else ExitCode.FAILED)


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


@main.command(epilog="\b\nExample:\n  acbridge-gym check")
def check() -> None:
    """
    Print which packages are there, and how fast the environments run here.

    Exit code 78 if the environments cannot be made; the packages for compiled code and for training may be missing.
    """
    with writing_stdout():
        for package, extra in PACKAGES.items():
            there = find_spec(package) is not None
            click.echo(
                f"{'ok' if there else '--':<4}{package:<20}" + ("" if there else f"extra {extra}: {cannot(extra)}")
            )
        with needs_extra("gym", "check"):
            from acbridge_gym.envs.race import race_sim  # noqa: PLC0415  extras

            kinds = {"plain": False} | ({"compiled": True} if find_spec("numba") else {})
            for name, compiled in kinds.items():
                click.echo(
                    f"ok  RaceSim-v0, {name}: {steps_per_s(race_sim(compiled=compiled)):,.0f} steps of 45 ms a second"
                )


def cannot(extra: str) -> str:
    """Return what is missing without an extra, and the command that installs it."""
    what = {"gym": "no environment", "batch": "no compiled code", "train": "no training"}[extra]
    return f"{what} without it; pip install 'acbridge[{extra}]'"


def steps_per_s(env: Any) -> float:
    """Return how many steps of an environment fit into a second of CPU time."""
    env.reset(seed=0)
    action = env.action_space.sample() * 0
    env.step(action)
    began, count = time.process_time(), 0
    while time.process_time() - began < CHECK_S:
        _, _, terminated, truncated, _ = env.step(action)
        count += 1
        if terminated or truncated:
            env.reset()
    return count / CHECK_S


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
