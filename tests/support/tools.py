"""External programs that some tests need."""

import os
import shutil

import pytest


def require(tool: str) -> str:
    """Return the path of a program; without it the test is skipped, or fails in CI, where it must be installed."""
    found = shutil.which(tool)
    if found is None:
        message = f"{tool} is not on this machine"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
