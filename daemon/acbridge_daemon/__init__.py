"""The daemon: from shared memory to sockets."""

import sys

# structlog imports rich wherever that is installed, for tracebacks in colour: two fifths of the daemon's start.
if "rich" not in sys.modules:
    sys.modules["rich"] = None  # pyright: ignore[reportArgumentType]  # the documented way to make an import fail
    import structlog  # noqa: F401  # pyright: ignore[reportUnusedImport]

    del sys.modules["rich"]
