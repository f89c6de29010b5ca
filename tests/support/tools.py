"""Programs of others that some tests need."""

import os
import shutil

import pytest


def require(tool: str) -> str:
    """Return where a program is; without it the test is skipped, but in CI it fails: there nothing may be missing."""
    found = shutil.which(tool)
    if found is None:
        message = f"{tool} is not on this machine"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
