"""Make keys for an encrypted bridge; what they are is `acbridge.keys`' business."""

from pathlib import Path

import click

from acbridge_ctl.asking import EX_IO, fail

DIRECTORY = click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("keys"),
    show_default=True,
    help="Where to put the keys.",
)


@click.group(epilog="\b\nExamples:\n  acbridge-ctl keygen server\n  acbridge-ctl keygen client laptop --role read")
def keygen() -> None:
    """Make keys: a pair for the daemon, and one for each of its clients."""


@keygen.command()
@DIRECTORY
def server(directory: Path) -> None:
    """Make the daemon's pair of keys."""
    from acbridge.keys import generate_server  # noqa: PLC0415  keys need a libzmq with CURVE, other commands do not

    try:
        click.echo(generate_server(directory))
    except OSError as error:
        _cannot_write(directory, error)


@keygen.command()
@click.argument("name")
@click.option("--role", required=True, help="What the client may do; docs/running.md lists the roles.")
@DIRECTORY
def client(directory: Path, name: str, role: str) -> None:
    """Make a pair of keys for the client NAME, and let the daemon know it."""
    from acbridge.keys import generate_client  # noqa: PLC0415  as above

    try:
        click.echo(generate_client(directory, name, role))
    except OSError as error:
        _cannot_write(directory, error)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _cannot_write(directory: Path, error: OSError) -> None:
    fail(f"cannot write {error.filename or directory}: {error.strerror or error}", EX_IO)
