"""
The functions of the model again, compiled by numba: the same source, and the same bits on the same machine.

Each function is copied into a name space in which the functions call each other's compiled copies. All of them are
inlined into two kernels, and only these can be called from Python. Compiled code is kept in numba's cache; its key
holds a hash of all model sources and of this file, since numba does not see that a called function has changed. Where
no folder can be written, the code is compiled again in each process.
"""

import hashlib
import importlib
import sys
import types
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

MODULES = ("tyre", "surface", "drivetrain", "car", "timing", "lanes")
"""Modules of `acbridge_sim.model` whose functions are all in the subset."""
LANES = "acbridge_sim.model.lanes"
KERNELS = ("advance", "begin")
"""Functions of `acbridge_sim.model.lanes` that are called from Python."""
OPTIONS: Mapping[str, Any] = MappingProxyType({"error_model": "numpy", "_nrt": False})
"""
Options of all functions: division as numpy does it, and no reference counts. The model allocates nothing, and counting
the references to the 14 arrays of a road at each call took two thirds of the time. A function that allocates fails to
compile.
"""
INLINED: Mapping[str, Any] = MappingProxyType(
    {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
)
"""Options of the functions that only compiled code calls: wrappers for Python took a third of the time to compile."""


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
    Return the kernels of the model, each compiled when it is first called.

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
            kernel = module.__name__ == LANES and name in KERNELS
            compiled[module.__name__, name] = _kernel(numba, copy) if kernel else numba.njit(copy, **OPTIONS, **INLINED)
    for space in spaces:
        for name, value in list(space.items()):
            if isinstance(value, types.FunctionType) and (value.__module__, name) in compiled:
                space[name] = compiled[value.__module__, name]
    kernels = {name: compiled[LANES, name] for name in KERNELS}
    _announce(kernels, version)
    return types.SimpleNamespace(**kernels)


def _kernel(numba: Any, function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(function, cache=True, **OPTIONS)
    except RuntimeError:  # no folder for the cache can be written
        return numba.njit(function, **OPTIONS)


def _announce(kernels: Mapping[str, Any], version: str) -> None:
    """Print one line if a kernel is not in the cache, since compiling takes seconds."""
    for name, kernel in kernels.items():
        folder = kernel.stats.cache_path
        if folder is None or not any(Path(folder).glob(f"*{name}_{version}*.nbc")):
            print(  # noqa: T201  a user waits
                "acbridge_sim: compiling the model, once, about 12 s on a free core", file=sys.stderr
            )
            return


def _hash_of_sources(modules: list[types.ModuleType]) -> str:
    digest = hashlib.sha256()
    for module in modules:
        digest.update(Path(str(module.__file__)).read_bytes())
    digest.update(Path(str(importlib.import_module("acbridge_sim.model.spec").__file__)).read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:12]
