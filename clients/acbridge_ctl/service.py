"""
What runs the daemon for good, in the system's own words: a systemd user unit, or a task of the Task Scheduler.

It is printed, never installed. A task and not a Windows service: services live in a session of their own, where the
sim's shared memory is out of sight.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path, PurePath
from xml.etree import ElementTree as ET

import click

from acbridge_ctl.asking import fail

UNIT = """\
[Unit]
Description=Telemetry of Assetto Corsa (acbridge)

[Service]
Type=notify
ExecStart={command}
WatchdogSec=10
TimeoutStopSec=5
Restart=on-failure
RestartSec=5
# An option that cannot work, keys or an extra that are missing: trying again would not help.
RestartPreventExitStatus=2 78
# Nothing here may hide /dev/shm, where the sim's pages are: no PrivateTmp, no PrivateIPC.
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
# Netlink: ZeroMQ asks it for the interfaces of this machine.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077

[Install]
WantedBy=default.target
"""
TASK = """\
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Telemetry of Assetto Corsa (acbridge)</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Repetition>
        <Interval>PT1M</Interval>
      </Repetition>
      <UserId />
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="user">
      <UserId />
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
  </Settings>
  <Actions Context="user">
    <Exec>
      <Command />
      <Arguments />
    </Exec>
  </Actions>
</Task>
"""
"""
The repetition starts a daemon that has ended, within a minute; while one runs it is ignored. (Whether an exit code is a
failure after which RestartOnFailure restarts, its documents do not say.) Priority 5 is a normal process; 7, the
default, is below that. Without the user's name the trigger would be everybody's, which only an administrator may
register.
"""
PATHS = ("--keys", "--page-dir")
"""Options of the daemon that are paths."""
PLAIN = re.compile(r"[\w@%+=:,./-]+")
"""A word that systemd needs no quotes for."""

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

docs/guides/running.md tells how to look after it and how to stop it.
"""


@click.command(epilog=EPILOG)
@click.argument("options", nargs=-1, metavar="[-- OPTIONS OF THE DAEMON]...")
def service(options: tuple[str, ...]) -> None:
    """
    Print what runs the daemon for good, without installing it.

    On Linux a systemd user unit, on Windows a task that starts at log-on. The daemon's options come after --, paths in
    full, since it starts in another directory.
    """
    for name, path in paths_among(options):
        if not Path(path).is_absolute():
            full = Path(path).absolute()
            raise click.UsageError(f"the daemon will start in another directory: say {name} {full}")
    if sys.platform == "win32":
        program = Path(sys.executable).with_name("pythonw.exe")  # it opens no console window
        if not program.exists():
            fail(f"there is no {program}, which runs the daemon without a window", 1)
        user = "\\".join(os.environ[name] for name in ("USERDOMAIN", "USERNAME"))
        click.echo(task(program, ("-m", "acbridge_daemon", *options), user), nl=False)
    else:
        click.echo(unit(daemon(), options), nl=False)


def paths_among(options: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield those options of the daemon that are paths, as name and value."""
    for word, following in pairwise((*options, "")):
        name, equals, value = word.partition("=")
        if name in PATHS:
            yield name, value if equals else following


def daemon() -> Path:
    """Return where the daemon's program is: beside our own Python, or else on the path."""
    beside = Path(sys.executable).with_name("acbridge-daemon")
    found = beside if beside.exists() else shutil.which("acbridge-daemon")
    if found is None:
        fail(f"there is no acbridge-daemon in {beside.parent}, nor on the path; install acbridge", 1)
    return Path(found).absolute()


def unit(program: Path, options: tuple[str, ...]) -> str:
    """Return a systemd user unit that runs the daemon with these options."""
    words = (str(program), *(option.replace("$", "$$") for option in options))  # of the first, systemd replaces no $
    return UNIT.format(command=" ".join(map(_quoted, words)))


def task(program: PurePath, arguments: tuple[str, ...], user: str) -> str:
    """
    Return a task for the Task Scheduler that runs a program with these arguments when a user logs on.

    It is ASCII, and names no encoding: so it is right whichever encoding a shell writes it in.
    """
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    root = ET.fromstring(TASK)  # noqa: S314  our own
    values = {"UserId": user, "Command": str(program), "Arguments": subprocess.list2cmdline(arguments)}
    for name, value in values.items():
        for element in root.iter(space + name):
            element.text = value
    ET.register_namespace("", space[1:-1])
    return ET.tostring(root).decode("ascii") + "\n"


def _quoted(word: str) -> str:
    """Return a word as systemd reads it back."""
    escaped = word.replace("%", "%%")
    if PLAIN.fullmatch(word):
        return escaped
    for character, code in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        escaped = escaped.replace(character, code)
    return f'"{escaped}"'
