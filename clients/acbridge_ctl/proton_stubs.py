"""The command that makes page files; how is the business of `stubs`."""

import sys
from pathlib import Path

import click

from acbridge.pages import AC1
from acbridge.sources.shared_memory import shared_memory
from acbridge_ctl.asking import EX_IO, fail, page_names
from acbridge_ctl.doctor.shared_memory import LOOK_S, look_twice, steps_between

EPILOG = """\b
Examples:
  acbridge-ctl proton-stubs
  acbridge-ctl proton-stubs && acbridge-ctl doctor      see what is missing now
docs/guides/proton.md tells which bridges want stubs, and in which order to start what. Exit code 74 if something is
in the way or a file cannot be made.
"""


@click.command("proton-stubs", epilog=EPILOG)
@page_names
def proton_stubs(page_prefix: str, page_dir: Path) -> None:
    """
    Make the page files that a bridge shares with a game under Proton (Linux).

    Three files of 2048 zero bytes that only you can read and write, as acshm of simshmbridge makes them. A page that is
    there is left as it is. If something else is in the way, nothing is made.
    """
    if sys.platform == "win32":
        fail("proton-stubs is for Linux; on Windows the game makes its pages itself, and nothing is to be done", 1)
    from acbridge_ctl.stubs import InTheWayError, make_stubs  # noqa: PLC0415  exists elsewhere only

    try:
        stubs = make_stubs(page_dir, page_prefix)
    except InTheWayError as error:
        fail(f"{error}; nothing was made", EX_IO)
    except OSError as error:
        fail(f"cannot make {error.filename}: {error.strerror}; nothing was made", EX_IO)
    for stub in stubs:
        what = "made" if stub.made else "already there:"
        click.echo(f"{what} {stub.path}, {stub.size} bytes, mode {stub.mode:04o}")
    looks = None if all(stub.made for stub in stubs) else look_twice(shared_memory(page_dir, page_prefix, AC1.pages))
    steps = steps_between(*looks) if looks is not None else 0
    if steps:
        click.echo(f"The sim is running: packetId moved by {steps} in {LOOK_S:g} s.")
    else:
        click.echo("Next, start the bridge in the game's prefix, and then the game.")
