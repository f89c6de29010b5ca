"""Checks of the machine and of the installed packages, which need neither sim nor daemon."""

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
SLEEPS = 20
SLEEP_S = 0.001
MAX_SLEEP_S = 0.003
"""A sleep of 1 ms that takes longer makes a rate of 333 Hz impossible."""
MIN_OPEN_FILES = 1024
CLOCK_STEP_S = 0.1
"""Wall clock and monotonic clock may differ by less during the sleeps: on Windows the wall clock steps by 16 ms."""
EARLIEST_WALL_TIME = 1_735_689_600
"""1 January 2025: a clock before that was never set."""


def check_machine() -> list[Finding]:
    """Check Python, packages, clocks and limits of this machine."""
    wall, monotonic = time.time(), time.perf_counter()
    sleep_s = measure_sleep()
    drift = (time.time() - wall) - (time.perf_counter() - monotonic)
    findings = [
        check_python(),
        check_packages(),
        check_msgpack(),
        check_libzmq(),
        evaluate_timer(sleep_s),
        evaluate_clock(wall, drift),
    ]
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  does not exist on Windows

        findings.append(evaluate_open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    return findings


def check_python() -> Finding:
    """Report the versions of Python and acbridge."""
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding(Level.OK, "python", f"{python}, acbridge {version('acbridge')}, wire {WIRE_VERSION}")


def check_packages() -> Finding:
    """Check that the required packages are installed."""
    found: list[str] = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            return Finding(Level.FAIL, "packages", f"{name} is not installed", "install acbridge again")
    return Finding(Level.OK, "packages", ", ".join(found))


def check_msgpack() -> Finding:
    """Check that msgpack uses its C extension."""
    module: str = importlib.import_module("msgpack").Packer.__module__
    if module == "msgpack._cmsgpack":
        return Finding(Level.OK, "msgpack", "uses its C extension")
    return Finding(
        Level.WARN,
        "msgpack",
        f"uses {module}, which is pure Python and slow",
        "pip install --force-reinstall --only-binary :all: msgpack, and do not set MSGPACK_PUREPYTHON",
    )


def check_libzmq() -> Finding:
    """Check whether libzmq can encrypt."""
    text = f"libzmq {zmq.zmq_version()}"
    if zmq.has("curve"):
        return Finding(Level.OK, "zeromq", f"{text} with CURVE")
    return Finding(
        Level.WARN, "zeromq", f"{text} without CURVE: nothing can be encrypted", "install pyzmq's own wheel from PyPI"
    )


def measure_sleep() -> float:
    """Return how long a sleep of 1 ms takes, in seconds; the median of several."""
    durations: list[float] = []
    for _ in range(SLEEPS):
        start = time.perf_counter()
        time.sleep(SLEEP_S)
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


def evaluate_timer(sleep_s: float) -> Finding:
    """Evaluate how long a sleep of 1 ms takes, in seconds."""
    text = f"sleeping 1 ms takes {sleep_s * 1000:.2f} ms"
    if sleep_s <= MAX_SLEEP_S:
        return Finding(Level.OK, "timer", text)
    fix = (
        "use Windows 10 1803 or newer and a power plan without power saving; rates above 60 Hz will miss ticks"
        if sys.platform == "win32"
        else "the machine is busy or saves power; rates above 60 Hz will miss ticks"
    )
    return Finding(Level.WARN, "timer", text, fix)


def evaluate_clock(wall: float, drift_s: float) -> Finding:
    """
    Evaluate the wall clock.

    Args:
        wall: Time of the wall clock, in Unix seconds.
        drift_s: By how much the wall clock gained on the monotonic clock during the check, in seconds.
    """
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(wall))
    if wall < EARLIEST_WALL_TIME:
        return Finding(Level.WARN, "clock", f"the wall clock says {shown}", "set it: every timestamp comes from it")
    if abs(drift_s) > CLOCK_STEP_S:
        text = f"the wall clock moved by {drift_s:+.3f} s against the monotonic clock during the check"
        return Finding(Level.WARN, "clock", text, "let only one program set the clock; timestamps jump with it")
    return Finding(Level.OK, "clock", f"the wall clock says {shown} and agrees with the monotonic clock")


def evaluate_open_files(limit: int) -> Finding:
    """Evaluate how many files a process may open; -1 means without limit. Each subscriber takes one of the daemon's."""
    if 0 <= limit < MIN_OPEN_FILES:
        text = f"a process may open {limit} files, and each subscriber takes one of the daemon's"
        return Finding(Level.WARN, "files", text, "ulimit -n 4096 before starting the daemon")
    return Finding(Level.OK, "files", f"a process may open {limit if limit >= 0 else 'any number of'} files")
