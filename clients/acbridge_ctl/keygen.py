"""Make keys for an encrypted bridge; what they are is the business of `acbridge.keys`."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from acbridge import CurveMissing, KeyExists, KeyFileError
from acbridge.keys import Role, generate_client, generate_server
from acbridge_ctl.asking import EX_CONFIG, EX_IO, fail

DIRECTORY = click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("keys"),
    show_default=True,
    help="Where to put the keys.",
)


@click.group(epilog="\b\nExamples:\n  acbridge-ctl keygen server\n  acbridge-ctl keygen client laptop --role observer")
def keygen() -> None:
    """Make keys: a pair for the daemon, and one for each of its clients."""


@keygen.command()
@DIRECTORY
def server(directory: Path) -> None:
    """Make the daemon's pair of keys."""
    with failing():
        public = generate_server(directory)
        click.echo(f"{public}\nEvery client needs a copy of this file. Start the daemon with --keys {directory}.")


@keygen.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What the client may do: subscribe and ask (observer), or change things too (operator).",
)
@DIRECTORY
def client(directory: Path, name: str, role: str) -> None:
    """Make a pair of keys for the client NAME, and let the daemon know it."""
    with failing():
        secret = generate_client(directory, name, role)
        click.echo(
            f"{secret}\nMove this file to the client's machine. A running daemon admits the client after SIGHUP, or "
            f"after acbridge-ctl reload-keys --key ... --server-key {directory}/server.key with an operator's key."
        )


@contextmanager
def failing() -> Generator[None]:
    """End with one line if keys cannot be made."""
    try:
        yield
    except (KeyExists, CurveMissing) as error:
        fail(str(error), EX_CONFIG)
    except KeyFileError as error:
        if isinstance(error.__cause__, OSError):
            fail(str(error), EX_IO)
        raise click.UsageError(str(error)) from error
