"""What goes wrong with a file ends the program with one line."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from acbridge import AcbridgeError, MissingExtra
from acbridge.cli import ExitCode, fail


@contextmanager
def one_line(recording: Path) -> Generator[None]:
    """End the program with one line if the recording cannot be read, or a file cannot be written."""
    try:
        yield
    except MissingExtra as error:
        fail(str(error), ExitCode.CONFIG)
    except (AcbridgeError, ValueError) as error:
        fail(str(error), ExitCode.DATA)
    except BrokenPipeError:
        raise
    except OSError as error:
        fail(f"{error.filename or recording}: {error.strerror}", ExitCode.IO)
