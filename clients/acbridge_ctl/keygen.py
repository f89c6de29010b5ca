"""The ``keygen`` command; `acbridge.keys` defines the files."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from acbridge import CurveMissing, KeyExists, KeyFileError
from acbridge.cli import ExitCode, fail
from acbridge.keys import CLIENTS, PUBLIC, SERVER, Role, generate_client, generate_server, load_role

directory_option = click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("keys"),
    show_default=True,
    help="The daemon's key directory.",
)


@click.group(epilog="\b\nExamples:\n  acbridge-ctl keygen server\n  acbridge-ctl keygen client laptop --role observer")
def keygen() -> None:
    """Make keys: one pair for the daemon, and one pair for each client."""


@keygen.command(epilog="\b\nExample:\n  acbridge-ctl keygen server --directory keys")
@directory_option
def server(directory: Path) -> None:
    """Make the daemon's pair of keys."""
    with _failures():
        public = generate_server(directory)
        click.echo(f"{public}\nCopy this file to every client. Start the daemon with --keys {directory}.")


@keygen.command(epilog="\b\nExample:\n  acbridge-ctl keygen client laptop --role observer")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What the client may do: subscribe and query (observer), or also change settings (operator).",
)
@directory_option
def client(directory: Path, name: str, role: str) -> None:
    """Make a pair of keys for the client NAME, and add the public key to the daemon's clients."""
    with _failures():
        secret = generate_client(directory, name, role)
        click.echo(f"{secret}\nMove this file to the client's machine. {next_step(directory, name)}")


def next_step(directory: Path, name: str) -> str:
    """Return what admits a new client: a running daemon reads its keys again, if some client may ask it to."""
    if not (directory / f"{SERVER}{PUBLIC}").exists():
        return f"Then make the daemon's keys: acbridge-ctl keygen server --directory {directory}."
    start = f"Start the daemon with --keys {directory}"
    ways: list[str] = [] if sys.platform == "win32" else ["send it SIGHUP"]
    if any(_is_operator(path) for path in (directory / CLIENTS).glob(f"*{PUBLIC}") if path.stem != name):
        ways.append(f"use acbridge-ctl reload-keys --key ... --server-key {directory / 'server.key'} as an operator")
    if not ways:
        return f"{start}; one that runs already has to be started again."
    return f"{start}. If it runs already, {', or '.join(ways)}."


def _is_operator(path: Path) -> bool:
    """Return whether a file of a client gives it the role of an operator."""
    try:
        return load_role(path)[0] is Role.OPERATOR
    except KeyFileError:
        return False


@contextmanager
def _failures() -> Generator[None]:
    """End the program with one line if keys cannot be made."""
    try:
        yield
    except (KeyExists, CurveMissing) as error:
        fail(str(error), ExitCode.CONFIG)
    except KeyFileError as error:
        if isinstance(error.__cause__, OSError):
            fail(str(error), ExitCode.IO)
        raise click.UsageError(str(error)) from error
