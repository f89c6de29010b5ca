"""
Every error that acbridge raises.

The tree::

    AcbridgeError
    ├── PageError             bytes that cannot be a page of the sim
    ├── DecodeError           bytes that are not a frame, request or reply
    │   └── WireVersionError  a frame of another wire version
    ├── NoFrame               nothing arrived in time (also a TimeoutError)
    ├── StaleFrame            the newest frame is too old
    ├── NoReply               the daemon did not answer in time (also a TimeoutError)
    ├── RequestRefused        the daemon answered with an error
    ├── NotDriving            commands do not reach the car (any more)
    ├── ResetFailed           a reset was not verified
    ├── KeyFileError          a file of keys cannot be used
    │   └── KeyExists         a key is never overwritten (also a FileExistsError)
    ├── TrackMapError         a file holds no map of a track
    ├── TrackUnknown          there is no map of a track
    ├── CurveMissing          this libzmq cannot encrypt
    ├── MissingExtra          an optional package is not installed (also an ImportError)
    ├── UnknownName           a topic or field that does not exist was selected
    └── Closed                the bridge was closed

Attributes carry the facts; the text is made from them and ends with what to do. A sim that does not run is a state in
``status``, never an error.
"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path


class AcbridgeError(Exception):
    """The root of the tree: catch this class to catch every error of acbridge."""

    def __reduce__(self) -> tuple[object, ...]:
        # The attributes are the arguments, in order, so that an error can be pickled between processes.
        return (type(self), tuple(v for k, v in vars(self).items() if k != "__notes__") or self.args)


class PageError(AcbridgeError, ValueError):
    """Bytes are too few for the named page."""

    def __init__(self, page: str, size: int, needed: int) -> None:
        self.page = page
        self.size = size
        self.needed = needed
        super().__init__(page, size, needed)

    def __str__(self) -> str:
        return f"the {self.page} page needs {self.needed} bytes, got {self.size}; did another program make it?"


class DecodeError(AcbridgeError, ValueError):
    """Bytes are not allowed on the wire (docs/reference/protocol.md)."""


class WireVersionError(DecodeError):
    """A frame was written in a wire version that this library does not read."""

    def __init__(self, got: int, known: int) -> None:
        self.got = got
        self.known = known
        super().__init__(got, known)

    def __str__(self) -> str:
        older, newer = ("daemon", "library") if self.got < self.known else ("library", "daemon")
        return (
            f"the daemon speaks wire version {self.got}, this library version {self.known}: "
            f"upgrade the {older} to match the {newer}"
        )


class NoFrame(AcbridgeError, TimeoutError):
    """Nothing arrived on a topic in time."""

    def __init__(self, topic: str, endpoint: str, timeout: float, sim_state: str | None) -> None:
        self.topic = topic
        self.endpoint = endpoint
        self.timeout = timeout
        self.sim_state = sim_state
        super().__init__(topic)

    def __str__(self) -> str:
        said = f"no {self.topic} frame from {self.endpoint} within {self.timeout:g} s: "
        if self.sim_state is None:
            return (
                said
                + "no daemon sent anything from there in this time; start acbridge-daemon, or check host, port and keys"
            )
        if self.sim_state in ("live", "paused", "replay"):
            return said + f"the daemon reports that the sim is {self.sim_state}; allow a longer timeout"
        return said + f"the daemon reports that the sim is {self.sim_state}; it publishes frames once you are driving"


class StaleFrame(AcbridgeError):
    """The newest frame is older than the caller accepts."""

    def __init__(self, topic: str, age: float, max_age: float, sim_state: str | None) -> None:
        self.topic = topic
        self.age = age
        self.max_age = max_age
        self.sim_state = sim_state
        super().__init__(topic, age, max_age, sim_state)

    def __str__(self) -> str:
        known = f"the sim was last {self.sim_state}" if self.sim_state else "the sim's state is unknown"
        return (
            f"the newest {self.topic} frame is {self.age:.3f} s old, more than the {self.max_age:g} s allowed; "
            f"{known}: wait for it to run, or allow a larger max_age"
        )


class NoReply(AcbridgeError, TimeoutError):
    """The daemon did not answer a request in time; a changing request may still have been carried out."""

    def __init__(self, request: str, endpoint: str, timeout: float, request_id: str) -> None:
        self.request = request
        self.endpoint = endpoint
        self.timeout = timeout
        self.request_id = request_id
        super().__init__(request)

    def __str__(self) -> str:
        return (
            f"no reply to {self.request!r} from {self.endpoint} within {self.timeout:g} s: "
            "start acbridge-daemon or check host, port and keys"
        )


class RequestRefused(AcbridgeError):
    """The daemon refused a request and said why."""

    def __init__(self, request: str, code: str, message: str) -> None:
        self.request = request
        self.code = code
        self.message = message
        super().__init__(request, code, message)

    def __str__(self) -> str:
        return f"{self.request!r} was refused ({self.code}): {self.message}"


class NotDriving(AcbridgeError):
    """Commands do not reach the car any more."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        self.message = message
        super().__init__(reason, message)

    def __str__(self) -> str:
        return f"not driving ({self.reason}): {self.message}"


class ResetFailed(AcbridgeError):
    """A reset was not verified in the telemetry."""

    def __init__(self, start: str, means: str | None, attempts: int, detail: str) -> None:
        self.start = start
        self.means = means
        self.attempts = attempts
        self.detail = detail
        super().__init__(start, means, attempts, detail)

    def __str__(self) -> str:
        return (
            f"the reset to {self.start} failed after {self.attempts} attempts, the last by {self.means}: {self.detail}"
        )


class KeyFileError(AcbridgeError):
    """A key file is missing, damaged, of the wrong kind, or readable by other users."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(path, problem)

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class KeyExists(KeyFileError, FileExistsError):
    """A key exists already; overwriting it would exclude the client that uses it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        AcbridgeError.__init__(self, path)

    def __str__(self) -> str:
        return f"{self.path}: there is a key already; choose another name, or remove it if no client uses it"


class TrackMapError(AcbridgeError, ValueError):
    """A file holds no map of a track, or the one of another track."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(path, problem)

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class TrackUnknown(AcbridgeError, ValueError):
    """There is no map of the track."""

    def __init__(self, track: str, configuration: str, folder: Path) -> None:
        self.track = track
        self.configuration = configuration
        self.folder = folder
        super().__init__(track, configuration, folder)

    def __str__(self) -> str:
        named = shown(self.track) + (f", layout {shown(self.configuration)}" if self.configuration else "")
        return (
            f"there is no map of the track {named} in {self.folder}; record a lap with acbridge-sink jsonl and run "
            "acbridge-ctl track learn RECORDING, or run acbridge-ctl track import with the track's ai/fast_lane.ai"
        )


class CurveMissing(AcbridgeError):
    """This libzmq was built without CURVE."""

    def __str__(self) -> str:
        return "this libzmq was built without CURVE encryption; install pyzmq from its wheel on PyPI"


class MissingExtra(AcbridgeError, ImportError):
    """An optional feature was requested, and its package is not installed."""

    def __init__(self, extra: str, package: str) -> None:
        self.extra = extra
        self.package = package
        super().__init__(extra, package)

    def __str__(self) -> str:
        return f"{self.extra} needs {self.package}: pip install 'acbridge[{self.extra}]'"

    def __reduce__(self) -> tuple[object, ...]:
        # An ImportError has attributes of its own, which are not the arguments of this class.
        return (type(self), (self.extra, self.package))


class UnknownName(AcbridgeError, ValueError):
    """A topic or field that does not exist was selected."""

    def __init__(self, kind: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
        self.kind = kind
        self.names = names
        self.known = known
        super().__init__(kind, names, known)

    def __str__(self) -> str:
        wanted = ", ".join(map(repr, self.names))
        return f"there is no {self.kind} {wanted}; {suggest(self.names, self.known)}"


class Closed(AcbridgeError):
    """The bridge was closed; connect again."""

    def __str__(self) -> str:
        return "this bridge is closed: call acbridge.connect() again"


def shown(value: object) -> str:
    """Return a wrong value as an error message repeats it: at most 40 characters."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        text = "that"
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."


def suggest(names: Iterable[str], known: Collection[str]) -> str:
    """Return the known names that are nearest to mistyped ones, as a question; all known names if none is near."""
    folded = {name.casefold(): name for name in known}
    near = [folded[found] for name in names for found in get_close_matches(name[:_MAX_SHOWN].casefold(), folded, n=1)]
    return f"did you mean {', '.join(map(repr, near))}?" if near else f"there are: {', '.join(known)}"


_MAX_SHOWN = 40
