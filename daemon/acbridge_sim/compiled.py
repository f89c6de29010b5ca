"""
The functions of the model again, compiled by numba: the same source, and the same bits on the same machine.

Each function is copied into a name space in which the functions call each other's compiled copies. All of them are
inlined into a few kernels, and only these can be called from Python. Compiled code is kept in numba's cache; its key
holds a hash of all sources concerned and of this file, since numba does not see that a called function has changed.
Where no folder can be written, the code is compiled again in each process. Other packages compile their own modules
together with the model's by :func:`kernels`.
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

MODULES = ("tyre", "surface", "systems", "drivetrain", "suspension", "car", "timing", "lanes")
"""Modules of `acbridge_sim.model` whose functions are all in the subset."""
LANES = "acbridge_sim.model.lanes"
KERNELS = ("advance", "begin")
"""Functions of `acbridge_sim.model.lanes` that are called from Python."""
TABLES = ("acbridge_sim.model.spec",)
"""Modules without functions of the subset that compiled functions depend on."""
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
    return kernels((), LANES, KERNELS)


@cache
def kernels(modules: tuple[str, ...], home: str, names: tuple[str, ...]) -> types.SimpleNamespace:
    """
    Return functions of a module as kernels, compiled with the model and with other modules when first called.

    Args:
        modules: Full names of modules beside the model's; their functions are all in the subset.
        home: Full name of the module that has the kernels, one of these or of the model's.
        names: The functions of it that are called from Python.

    Raises:
        ImportError: numba is not installed.
    """
    import numba  # noqa: PLC0415  an extra

    found = [importlib.import_module(name) for name in (*(f"acbridge_sim.model.{name}" for name in MODULES), *modules)]
    version = _hash_of_sources(found)
    compiled: dict[tuple[str, str], Any] = {}
    spaces: list[dict[str, Any]] = []
    for module in found:
        space = dict(vars(module))
        spaces.append(space)
        for name, function in subset(module).items():
            copy = types.FunctionType(function.__code__, space, name, function.__defaults__, function.__closure__)
            copy.__module__ = function.__module__
            copy.__qualname__ = f"{function.__qualname__}_{version}"
            kernel = module.__name__ == home and name in names
            compiled[module.__name__, name] = _kernel(numba, copy) if kernel else numba.njit(copy, **OPTIONS, **INLINED)
    for space in spaces:
        for name, value in list(space.items()):
            if isinstance(value, types.FunctionType) and (value.__module__, value.__name__) in compiled:
                space[name] = compiled[value.__module__, value.__name__]
    chosen = {name: compiled[home, name] for name in names}
    _announce(chosen, version)
    return types.SimpleNamespace(**chosen)


def _kernel(numba: Any, function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(function, cache=True, **OPTIONS)
    except RuntimeError:  # no folder for the cache can be written
        return numba.njit(function, **OPTIONS)


def _announce(chosen: Mapping[str, Any], version: str) -> None:
    """Print one line if a kernel is not in the cache, since compiling takes seconds."""
    for name, kernel in chosen.items():
        folder = kernel.stats.cache_path
        if folder is None or not any(Path(folder).glob(f"*{name}_{version}*.nbc")):
            print(  # noqa: T201  a user waits
                "acbridge_sim: compiling the model, once, 10 to 30 s on a free core", file=sys.stderr
            )
            return


def _hash_of_sources(modules: list[types.ModuleType]) -> str:
    digest = hashlib.sha256()
    for module in modules:
        digest.update(Path(str(module.__file__)).read_bytes())
    for table in TABLES:
        digest.update(Path(str(importlib.import_module(table).__file__)).read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:12]
