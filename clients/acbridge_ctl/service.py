"""
The ``service`` command: prints a systemd user unit or a task for the Task Scheduler that keeps the daemon running.

Installs nothing. The texts are ``acbridge.service`` and ``acbridge.xml`` beside this file. A task and not a Windows
service: services run in a session of their own, in which the sim's shared memory is not visible.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path, PurePath
from xml.etree import ElementTree as ET

import click

from acbridge.cli import ExitCode, fail

UNIT = files("acbridge_ctl") / "acbridge.service"
"""Systemd user unit; @COMMAND@ stands for the daemon's command line."""
TASK = files("acbridge_ctl") / "acbridge.xml"
"""
Task without user, command and arguments.

Its repetition starts a daemon that has ended, within a minute, and is ignored while one runs. (Microsoft does not
document after which exit codes RestartOnFailure restarts.) Priority 5 is that of a normal process; the default, 7, is
lower. Without a user the trigger would apply to all users, and only an administrator may register that.
"""
PATH_OPTIONS = ("--keys", "--page-dir", "--calibration", "--record")
"""Options of the daemon whose values are paths."""
FLAGS = ("--loop", "--names", "--allow-shutdown", "--check", "--insecure", "--version", "--help")
"""Options of the daemon without a value."""
PLAIN_WORD = re.compile(r"[\w@%+=:,./-]+")
"""A word that needs no quotes in a unit."""

EPILOG = """\b
Examples:
  acbridge-ctl service
  acbridge-ctl service -- --rate 333 --bind 0.0.0.0 --keys /home/me/keys

\b
To install it on Linux:
  mkdir -p ~/.config/systemd/user
  acbridge-ctl service > ~/.config/systemd/user/acbridge.service
  systemctl --user daemon-reload
  systemctl --user enable --now acbridge

\b
To install it on Windows:
  acbridge-ctl service > acbridge.xml
  schtasks /Create /TN acbridge /XML acbridge.xml
  schtasks /Run /TN acbridge

docs/guides/running.md explains how to check it and how to stop it.
"""


@click.command(epilog=EPILOG)
@click.argument("options", nargs=-1, metavar="[-- OPTIONS OF THE DAEMON]...")
def service(options: tuple[str, ...]) -> None:
    """
    Print a service definition that keeps the daemon running, without installing it.

    On Linux a systemd user unit, on Windows a task that starts at log-on. The daemon's options come after --. Give
    paths in full, since the service starts in another directory.
    """
    for name, path in _paths_in(options):
        if not Path(path).is_absolute():
            full = f"{Path(path).absolute()}{os.sep if path.endswith(('/', os.sep)) else ''}"
            raise click.UsageError(f"the daemon will start in another directory: use {name}{full}")
    if sys.platform == "win32":
        program = Path(sys.executable).with_name("pythonw.exe")  # opens no console window
        if not program.exists():
            fail(f"there is no {program}, which runs the daemon without a window", ExitCode.FAILED)
        check_options([sys.executable, "-m", "acbridge_daemon"], options)
        user = "\\".join(os.environ[name] for name in ("USERDOMAIN", "USERNAME"))
        click.echo(task(program, ("-m", "acbridge_daemon", *options), user), nl=False)
    else:
        program = find_daemon()
        check_options([str(program)], options)
        click.echo(unit(program, options), nl=False)


def _paths_in(options: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield those options of the daemon that are paths: the name and a space, and the value; FILE has no name."""
    words = iter(options)
    for word in words:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            yield "", word
        elif name not in (*FLAGS, "--"):
            value = value if equals else next(words, "")
            if name in PATH_OPTIONS:
                yield f"{name} ", value


def find_daemon() -> Path:
    """Return the path of acbridge-daemon: beside this Python, otherwise the one that PATH finds."""
    beside = Path(sys.executable).with_name("acbridge-daemon")
    found = beside if beside.exists() else shutil.which("acbridge-daemon")
    if found is None:
        fail(f"there is no acbridge-daemon in {beside.parent}, nor on the path; install acbridge", ExitCode.FAILED)
    return Path(found).absolute()


def check_options(daemon: list[str], options: tuple[str, ...]) -> None:
    """
    Let the daemon check these options, their values and the files that they name; end with its line if one is wrong.

    Raises:
        click.UsageError: An option cannot be used.
    """
    for option in options:
        if not option.isprintable():
            raise click.UsageError(f"{option!r} has characters that a service definition cannot hold")
    if "--check" in options:
        raise click.UsageError("a daemon with --check ends at once; leave it out")
    # the service has none of this shell's variables
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACBRIDGE_")}
    command = [*daemon, *options, "--check"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == ExitCode.USAGE:
        raise click.UsageError(f"acbridge-daemon: {done.stderr.strip().rpartition('Error: ')[2]}")
    if done.returncode:
        fail(done.stderr.strip(), ExitCode(done.returncode) if done.returncode in list(ExitCode) else ExitCode.FAILED)
    if done.stdout:
        raise click.UsageError("a daemon with --help or --version ends at once; leave it out")


def unit(program: Path, options: tuple[str, ...]) -> str:
    """Return a systemd user unit that runs the daemon with these options."""
    # systemd expands $ in every word but the first
    words = (str(program), *(option.replace("$", "$$") for option in options))
    return UNIT.read_text(encoding="utf-8").replace("@COMMAND@", " ".join(map(_quoted, words)))


def task(program: PurePath, arguments: tuple[str, ...], user: str) -> str:
    """
    Return a task for the Task Scheduler that runs a program with these arguments when a user logs on.

    The text is ASCII and names no encoding, so it is valid in every encoding in which a shell may write it.
    """
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    root = ET.fromstring(TASK.read_text(encoding="utf-8"))  # noqa: S314  our own file
    values = {"UserId": user, "Command": str(program), "Arguments": subprocess.list2cmdline(arguments)}
    for name, value in values.items():
        for element in root.iter(space + name):
            element.text = value
    ET.register_namespace("", space[1:-1])
    return ET.tostring(root).decode("ascii") + "\n"


def _quoted(word: str) -> str:
    """Return a word in the quoting of systemd."""
    escaped = word.replace("%", "%%")
    if PLAIN_WORD.fullmatch(word):
        return escaped
    for character, code in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        escaped = escaped.replace(character, code)
    return f'"{escaped}"'
