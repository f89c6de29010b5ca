"""What holds for the options of all our programs."""

from collections.abc import Iterator

import click
import pytest

from acbridge_ctl.cli import main as ctl
from acbridge_daemon.cli import main as daemon
from acbridge_demo.cli import main as demo
from acbridge_gym.cli import main as gym
from acbridge_recording.cli import main as recording
from acbridge_sim.cli import main as sim
from acbridge_sink.cli import main as sink

PROGRAMS = (ctl, daemon, demo, gym, recording, sim, sink)


def commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from commands(each)


RANGES = [
    pytest.param(command, option, id=f"{command.callback.__module__ if command.callback else ''}:{option.name}")
    for program in PROGRAMS
    for command in commands(program)
    for option in command.params
    if isinstance(option.type, click.FloatRange)
]


@pytest.mark.parametrize(("command", "option"), RANGES)
def test_a_number_that_is_not_finite_is_refused(command: click.Command, option: click.Parameter) -> None:
    for text in ("nan", "inf", "-inf"):
        with pytest.raises(click.BadParameter):
            option.type_cast_value(click.Context(command), text)


def test_the_line_says_why() -> None:
    option = next(option for option in daemon.params if option.name == "min_free")
    with pytest.raises(click.BadParameter, match="nan is not a finite number"):
        option.type_cast_value(click.Context(daemon), "nan")
