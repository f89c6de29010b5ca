"""
The ``proton-stubs`` command: makes the page files that a page bridge under Proton expects to find.

Never overwrites or resizes a file, nor follows a link; makes no file if one of the three cannot be made.
"""

import os
import stat
import sys
from pathlib import Path
from typing import NamedTuple

import click

from acbridge.cli import ExitCode, fail
from acbridge.pages import AC1
from acbridge.sources.shared_memory import shared_memory
from acbridge_ctl.doctor.shared_memory import SAMPLE_INTERVAL_S, sample_twice, steps_between
from acbridge_ctl.options import page_options

MODE = 0o600
"""Readable and writable by the owner alone: the pages hold the player's name, among other things."""

EPILOG = """\b
Examples:
  acbridge-ctl proton-stubs
  acbridge-ctl proton-stubs && acbridge-ctl doctor      check what is missing now
docs/guides/proton.md says which page bridges need these files, and in which order to start what. Exit code 74 if a file
is in the way or cannot be made.
"""


class InTheWayError(Exception):
    """Something has the name of a page and cannot be used as one."""


class Stub(NamedTuple):
    """
    A page file.

    Attributes:
        path: Path of the file.
        made: Whether it was made just now.
        size: Size in bytes.
        mode: Permissions.
    """

    path: Path
    made: bool
    size: int = AC1.page_file_size
    mode: int = MODE


@click.command("proton-stubs", epilog=EPILOG)
@page_options
def proton_stubs(page_prefix: str, page_dir: Path) -> None:
    """
    Make the page files that a page bridge shares with the game under Proton (Linux).

    Makes three files of 2048 zero bytes that only you can read and write, as acshm of simshmbridge makes them. A page
    that exists is left as it is. If something else is in the way, no file is made.
    """
    if sys.platform == "win32":
        fail("proton-stubs is for Linux; on Windows the game makes its pages itself", ExitCode.FAILED)
    try:
        stubs = make_stubs(page_dir, page_prefix)
    except InTheWayError as error:
        fail(f"{error}; no file was made", ExitCode.IO)
    except OSError as error:
        fail(f"cannot make {error.filename}: {error.strerror}; no file was made", ExitCode.IO)
    for stub in stubs:
        what = "made" if stub.made else "already there:"
        click.echo(f"{what} {stub.path}, {stub.size} bytes, mode {stub.mode:04o}")
    samples = (
        None if all(stub.made for stub in stubs) else sample_twice(shared_memory(page_dir, page_prefix, AC1.pages))
    )
    steps = steps_between(*samples) if samples is not None else 0
    if steps:
        click.echo(f"The sim is running: packetId moved by {steps} in {SAMPLE_INTERVAL_S:g} s.")
    else:
        click.echo("Next, start the page bridge in the game's prefix, and then the game.")


def make_stubs(directory: Path, prefix: str) -> list[Stub]:
    """
    Make the page files that are missing, all of them or none.

    Raises:
        InTheWayError: There is a file that no page bridge can use.
        OSError: A file cannot be made.
    """
    stubs: list[Stub] = []
    for page in AC1.pages:
        path = directory / f"{prefix}{page.page_name}"
        stubs.append(_existing(path, page.page_size) or Stub(path, made=True))
    done: list[Path] = []
    try:
        for stub in stubs:
            if stub.made:
                _make(stub.path)
                done.append(stub.path)
    except OSError:
        for path in done:
            path.unlink(missing_ok=True)
        raise
    return stubs


def _existing(path: Path, needed: int) -> Stub | None:
    """Return the page file of this name if there is one that can be used."""
    assert sys.platform != "win32"  # noqa: S101  for the type checker
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISREG(found.st_mode):
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "not a regular file"
        raise InTheWayError(f"{path} is {kind}; remove it")
    if found.st_uid != os.geteuid():
        raise InTheWayError(f"{path} belongs to another user (uid {found.st_uid}), who must remove it")
    if mode & MODE != MODE:
        raise InTheWayError(f"{path} has mode {mode:04o}, so your page bridge cannot use it; run: chmod 600 {path}")
    if found.st_size < needed:
        raise InTheWayError(
            f"{path} has {found.st_size} bytes, the page needs {needed}; "
            "remove it if neither a page bridge nor the game runs"
        )
    return Stub(path, made=False, size=found.st_size, mode=mode)


def _make(path: Path) -> None:
    """Make a file of zeros that only its owner can open."""
    assert sys.platform != "win32"  # noqa: S101  for the type checker
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, MODE)
    try:
        os.fchmod(handle, MODE)  # whatever the umask is
        # Allocated, not only extended: where memory is short, a sparse file would kill the game when it writes there.
        os.posix_fallocate(handle, 0, AC1.page_file_size)
    except OSError as error:
        path.unlink(missing_ok=True)
        error.filename = str(path)
        raise
    finally:
        os.close(handle)
