"""
The functions of the model again, compiled by numba: the same source, and the same bits on the same machine.

Each function is copied into a name space in which the functions call each other's compiled copies. Compiled code is
kept in numba's cache; its key holds a hash of all model sources, since numba does not see that a called function has
changed. Where no folder can be written, the code is compiled again in each process.
"""

import hashlib
import importlib
import sys
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

MODULES = ("tyre", "surface", "drivetrain", "car", "timing", "lanes")
"""Modules of `acbridge_sim.model` whose functions are all in the subset."""


def subset(module: types.ModuleType) -> dict[str, types.FunctionType]:
    """Return the functions that a module of the model defines."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__
    }


@cache
def model() -> types.SimpleNamespace:
    """
    Return every function of the model, compiled when it is first called.

    Raises:
        ImportError: numba is not installed.
    """
    import numba  # noqa: PLC0415  an extra

    modules = [importlib.import_module(f"acbridge_sim.model.{name}") for name in MODULES]
    version = _hash_of_sources(modules)
    compiled: dict[tuple[str, str], Any] = {}
    spaces: list[dict[str, Any]] = []
    for module in modules:
        space = dict(vars(module))
        spaces.append(space)
        for name, function in subset(module).items():
            copy = types.FunctionType(function.__code__, space, name, function.__defaults__, function.__closure__)
            copy.__module__ = function.__module__
            copy.__qualname__ = f"{function.__qualname__}_{version}"
            compiled[module.__name__, name] = _jit(numba, copy)
    for space in spaces:
        for name, value in list(space.items()):
            if isinstance(value, types.FunctionType) and (value.__module__, name) in compiled:
                space[name] = compiled[value.__module__, name]
    _announce(compiled["acbridge_sim.model.lanes", "advance"], version)
    return types.SimpleNamespace(**{name: function for (_, name), function in compiled.items()})


def _jit(numba: Any, function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(function, cache=True, error_model="numpy")
    except RuntimeError:  # no folder for the cache can be written
        return numba.njit(function, error_model="numpy")


def _announce(kernel: Any, version: str) -> None:
    """Print one line if the model is not in the cache, since compiling it takes seconds."""
    folder = kernel.stats.cache_path
    if folder is None or not any(Path(folder).glob(f"*{version}*.nbc")):
        print("acbridge_sim: compiling the model, once, about 30 s", file=sys.stderr)  # noqa: T201  a user waits


def _hash_of_sources(modules: list[types.ModuleType]) -> str:
    digest = hashlib.sha256()
    for module in modules:
        digest.update(Path(str(module.__file__)).read_bytes())
    digest.update(Path(str(importlib.import_module("acbridge_sim.model.spec").__file__)).read_bytes())
    return digest.hexdigest()[:12]
