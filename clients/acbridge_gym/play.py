"""The ``play`` command: a person drives the stand-in in a window, against the clock and a ghost."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from acbridge.cli import ExitCode, fail, needs_extra, stop_requested, writing_stdout
from acbridge.hands import PAD_AXES, Device, NoDevice, parse_axes
from acbridge_sim import CarSpec, SessionType, Track

EPILOG = """\b
Examples:
  acbridge-gym play                              against the built-in driver
  acbridge-gym play --ghost mine                 against a policy of yours
  acbridge-gym play --track random:7 --start grid
  acbridge-gym play --device --axes 0,-2,-3      with a wheel
Keys: arrows or W A S D drive, space brakes, + and - shift, r starts again, Esc or q ends.
"""
STARTS = {"hotlap": SessionType.HOTLAP, "grid": SessionType.RACE, "pits": SessionType.PRACTICE}


@click.command(epilog=EPILOG)
@click.option(
    "--track", default="circuit", show_default=True, help="circuit, oval, kart, long, random:SEED, or a map as CSV."
)
@click.option("--ghost", default="driver", show_default=True, help="driver, none, or the directory of a policy.")
@click.option("--start", type=click.Choice(list(STARTS)), default="hotlap", show_default=True)
@click.option("--device", "with_device", is_flag=True, help="Drive with the first gamepad or wheel.")
@click.option(
    "--axes",
    default=PAD_AXES,
    show_default=True,
    metavar="STEER,GAS,BRAKE",
    help="Numbers of the device's axes; a minus inverts one.",
)
def play(track: str, ghost: str, start: str, axes: str, *, with_device: bool) -> None:
    """
    Drive the stand-in in a window, against the clock and a ghost.

    The ghost is a flying lap of the built-in driver or of a policy; it starts again with each of your laps. Every lap
    is printed. Needs the extras gym and drive.
    """
    try:
        uses = parse_axes(axes)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--axes") from error
    stopping = stop_requested()
    with writing_stdout(), ExitStack() as opened:
        with needs_extra("gym,drive", "play"):
            from acbridge_gym.cockpit import Cockpit  # noqa: PLC0415  extras
            from acbridge_gym.tracks import track_of  # noqa: PLC0415
            from acbridge_gym.window import NoDisplay, Window  # noqa: PLC0415

        try:
            where = track_of(track)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--track") from error
        rival = ghost_of(ghost, where)
        try:
            window = Window(where, f"acbridge: {where.name} {where.configuration}".rstrip())
        except NoDisplay as error:
            fail(str(error), ExitCode.UNAVAILABLE)
        opened.callback(window.close)
        device: Device | None = None
        if with_device:
            try:
                device = Device(uses)
            except NoDevice as error:
                fail(str(error), ExitCode.UNAVAILABLE)
            opened.callback(device.close)
        Cockpit(where, window, rival, device, STARTS[start], lap_driven).run(stopping)
    sys.exit(ExitCode.OK)


def lap_driven(time_s: float, valid: bool) -> None:
    """Print a lap."""
    click.echo(f"{time_s:.3f} s{'' if valid else ', cut'}")


def ghost_of(name: str, track: Track) -> Any:
    """Return a ghost by the word of the command line, or end with one line."""
    if name == "none":
        return None
    from acbridge_gym.ghost import Ghost, driver_lap, policy_lap  # noqa: PLC0415  extras

    if name == "driver":
        return Ghost("the driver", driver_lap(track, CarSpec()))
    from acbridge_gym.policy import Policy  # noqa: PLC0415

    directory = Path(name)
    try:
        policy = Policy.load(directory)
    except OSError as error:
        fail(f"--ghost {directory}: {error.strerror or error}", ExitCode.IO)
    except ValueError as error:
        fail(str(error), ExitCode.DATA)
    return Ghost(directory.name, policy_lap(policy.act, track, policy.settings))
