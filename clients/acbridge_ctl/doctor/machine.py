"""The machine and what is installed on it."""

import importlib
import platform
import statistics
import sys
import time
from importlib.metadata import PackageNotFoundError, version

import zmq

from acbridge.wire import WIRE_VERSION
from acbridge_ctl.doctor.findings import Finding, Level

PACKAGES = ("pyzmq", "msgpack", "click", "structlog")
NAPS = 20
NAP_S = 0.001
LONG_NAP_S = 0.003
"""A nap of a millisecond that lasts longer spoils 333 Hz."""
FEWEST_FILES = 1024
CLOCK_STEP_S = 0.1
"""Wall clock and monotonic clock may differ by less over a few naps: on Windows the wall clock moves by 16 ms."""
BUILT = 1_735_689_600
"""1 January 2025: a clock that says earlier was never set."""


def look_at_machine() -> list[Finding]:
    """Look at everything that needs neither sim nor daemon."""
    wall, steady = time.time(), time.perf_counter()
    naps = measure_naps()
    drift = (time.time() - wall) - (time.perf_counter() - steady)
    findings = [python(), packages(), msgpack_extension(), libzmq(), timer(naps), clock(wall, drift)]
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  exists elsewhere only

        findings.append(files(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    return findings


def python() -> Finding:
    """Tell which Python and which acbridge these are."""
    here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding(Level.OK, "python", f"{here}, acbridge {version('acbridge')}, wire {WIRE_VERSION}")


def packages() -> Finding:
    """Look for what acbridge stands on."""
    found: list[str] = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            return Finding(Level.FAIL, "packages", f"{name} is not installed", "install acbridge again")
    return Finding(Level.OK, "packages", ", ".join(found))


def msgpack_extension() -> Finding:
    """Look whether msgpack is the compiled one."""
    home: str = importlib.import_module("msgpack").Packer.__module__
    if home == "msgpack._cmsgpack":
        return Finding(Level.OK, "msgpack", "the C extension packs")
    return Finding(
        Level.WARN,
        "msgpack",
        f"{home} packs, which is pure Python and slow",
        "pip install --force-reinstall --only-binary :all: msgpack, and do not set MSGPACK_PUREPYTHON",
    )


def libzmq() -> Finding:
    """Look at ZeroMQ and whether it can encrypt."""
    text = f"libzmq {zmq.zmq_version()}"
    if zmq.has("curve"):
        return Finding(Level.OK, "zeromq", f"{text} with CURVE")
    return Finding(
        Level.WARN, "zeromq", f"{text} without CURVE: nothing can be encrypted", "install pyzmq's own wheel from PyPI"
    )


def measure_naps() -> float:
    """Return how long a nap of a millisecond really lasts, in seconds."""
    naps: list[float] = []
    for _ in range(NAPS):
        begun = time.perf_counter()
        time.sleep(NAP_S)
        naps.append(time.perf_counter() - begun)
    return statistics.median(naps)


def timer(nap_s: float) -> Finding:
    """Judge how long a nap of a millisecond lasts."""
    text = f"sleeping 1 ms takes {nap_s * 1000:.2f} ms"
    if nap_s <= LONG_NAP_S:
        return Finding(Level.OK, "timer", text)
    fix = (
        "take Windows 10 1803 or newer and a power plan that does not save; rates above 60 Hz will miss ticks"
        if sys.platform == "win32"
        else "the machine is busy or saves power; rates above 60 Hz will miss ticks"
    )
    return Finding(Level.WARN, "timer", text, fix)


def clock(wall: float, drift_s: float) -> Finding:
    """
    Judge the wall clock.

    Args:
        wall: What it says, Unix seconds.
        drift_s: How much farther than the monotonic clock it went meanwhile.
    """
    said = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(wall))
    if wall < BUILT:
        return Finding(Level.WARN, "clock", f"it says {said}", "set it: every timestamp comes from it")
    if abs(drift_s) > CLOCK_STEP_S:
        text = f"it moved by {drift_s:+.3f} s against the monotonic clock just now"
        return Finding(Level.WARN, "clock", text, "let one program alone set it; timestamps jump with it")
    return Finding(Level.OK, "clock", f"it says {said} and keeps pace with the monotonic clock")


def files(limit: int) -> Finding:
    """Judge how many files a process may open; every subscriber takes one of the daemon's."""
    if 0 <= limit < FEWEST_FILES:  # no limit is -1
        text = f"a process may open {limit} files, and each subscriber takes one of the daemon's"
        return Finding(Level.WARN, "files", text, "ulimit -n 4096 before starting the daemon")
    return Finding(Level.OK, "files", f"a process may open {limit if limit >= 0 else 'any number of'} files")
