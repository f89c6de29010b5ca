"""The command-line kit, in small programs of its own kind: each runs as a process."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acbridge.cli import ExitCode
from programs import Program

STOPPABLE = """
import time
from acbridge.cli import stop_requested
requested = stop_requested()
print("ready")
while not requested():
    time.sleep(0.01)
print("stopping")
time.sleep({lasts})
print("stopped")
"""
COMMAND = """
import click
from acbridge.cli import *
@click.command()
{decorator}
def main(**options):
{body}
main(prog_name="acbridge-example")
"""


def command(body: str, *arguments: str, decorator: str = "") -> Program:
    """Run a command with this body until it ends."""
    source = COMMAND.format(decorator=decorator, body="\n".join(f"    {line}" for line in body.splitlines()))
    with Program("-c", source, *arguments) as program:
        program.wait()
        return program


def stoppable(lasts: float) -> Program:
    """Start a program that takes so many seconds for its clean end."""
    program = Program("-c", STOPPABLE.format(lasts=lasts))
    program.said("ready")
    return program


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_stop_signal_lets_the_program_end_cleanly(number: signal.Signals) -> None:
    with stoppable(0) as program:
        assert (0, ["ready", "stopping", "stopped"]) == (program.end(number), program.out)


def test_the_second_stop_signal_ends_the_program_at_once() -> None:
    with stoppable(60) as program:
        program.interrupt()
        program.said("stopping")
        time.sleep(0.3)  # as long as a person needs: what comes sooner is the same request
        assert (ExitCode.INTERRUPTED, []) == (program.end(signal.SIGTERM), program.err)


def test_a_signal_sent_twice_is_one_request() -> None:
    with stoppable(0.5) as program:
        program.process.send_signal(signal.SIGHUP)
        program.said("stopping")
        assert (0, ["ready", "stopping", "stopped"]) == (program.end(signal.SIGHUP), program.out)


def test_a_program_under_nohup_outlives_its_terminal() -> None:
    with subprocess.Popen(
        ["nohup", sys.executable, "-c", STOPPABLE.format(lasts=0)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONUNBUFFERED": "1"},
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert ("stopping\nstopped\n", 0) == (process.stdout.read(), process.wait(20))


def test_a_failure_is_one_line_with_the_name_of_the_program() -> None:
    program = command("fail('no daemon answers', ExitCode.UNAVAILABLE)")
    assert (69, ["acbridge-example: no daemon answers"]) == (program.process.returncode, program.err)


def test_a_missing_extra_says_what_to_install() -> None:
    program = command("with needs_extra('metrics', '--metrics'):\n    import no_such_package.inside")
    said = "acbridge-example: --metrics needs no-such-package: pip install 'acbridge[metrics]'"
    assert (78, [said]) == (program.process.returncode, program.err)


def test_a_missing_file_of_ours_is_no_missing_extra() -> None:
    program = command("with needs_extra('ws', 'ws'):\n    import acbridge.no_such_module")
    assert "ModuleNotFoundError: No module named 'acbridge.no_such_module'" == program.err[-1]


def test_a_reader_that_leaves_ends_the_program_in_peace() -> None:
    source = COMMAND.format(
        decorator="", body="    with writing_stdout():\n        while True: print('line', flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "line\n" == process.stdout.readline()
        process.stdout.close()
        assert (0, "") == (process.wait(20), process.stderr.read())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_ends_the_program_with_one_line() -> None:
    source = COMMAND.format(decorator="", body="    with writing_stdout(): print('line', flush=True)")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", source], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=20
        )
    assert (74, "acbridge-example: cannot write: No space left on device\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "connection"),
    [
        ((), "Connection(host='127.0.0.1', port=5555, keys=None)"),
        (("--connect", "192.168.1.20"), "Connection(host='192.168.1.20', port=5555, keys=None)"),
        (("--connect", "[::1]:7000"), "Connection(host='::1', port=7000, keys=None)"),
    ],
)
def test_connection_options_say_where_the_daemon_is(arguments: tuple[str, ...], connection: str) -> None:
    program = command("print(options['connection'])", *arguments, decorator="@connection_options('The daemon.')")
    assert [connection] == program.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--connect", "a b"), ExitCode.USAGE),
        (("--key", "/nowhere/me.key_secret"), ExitCode.USAGE),
        (("--key", "/nowhere/me.key_secret", "--server-key", "/nowhere/server.key"), ExitCode.CONFIG),
    ],
)
def test_connection_options_that_cannot_be_used_end_with_one_line(arguments: tuple[str, ...], code: ExitCode) -> None:
    program = command("pass", *arguments, decorator="@connection_options('The daemon.')")
    assert (code, []) == (program.process.returncode, program.out)
    assert "Traceback" not in "\n".join(program.err)


def test_every_exit_code_that_a_program_names_is_explained() -> None:
    program = command("print(exit_codes(*ExitCode))")
    assert len(ExitCode) + 2 == len(program.out)
    assert "  69   no daemon answers, or an address or page is in use" in program.out


def test_the_library_does_not_load_click() -> None:
    with Program("-c", "import acbridge, sys; print('click' in sys.modules, 'structlog' in sys.modules)") as program:
        assert (0, ["False False"]) == (program.wait(), program.out)
