"""
Live telemetry from Assetto Corsa: subscribe to an acbridge daemon.

>>> import acbridge
>>> with acbridge.connect() as bridge:  # doctest: +SKIP
...     print(bridge.latest(acbridge.Physics).record.speedKmh)

Importing this needs only pyzmq and msgpack.
"""

from typing import TYPE_CHECKING

from acbridge.client import Bridge, FrameStream, Sample, Silence, Trust, connect
from acbridge.controls import Controls
from acbridge.derived import Derived, Event, EventKind, Thresholds
from acbridge.errors import (
    AcbridgeError,
    Closed,
    CurveMissing,
    DecodeError,
    KeyExists,
    KeyFileError,
    MissingExtra,
    NoFrame,
    NoReply,
    NotDriving,
    PageError,
    RequestRefused,
    ResetFailed,
    StaleFrame,
    TrackMapError,
    TrackUnknown,
    UnknownName,
    WireVersionError,
)
from acbridge.keys import Keys, Role
from acbridge.pages import Graphics, Physics, Static
from acbridge.status import SimState, Status
from acbridge.wire import WIRE_VERSION, Frame

__all__ = [
    "WIRE_VERSION",
    "AcbridgeError",
    "Bridge",
    "Closed",
    "Controls",
    "CurveMissing",
    "DecodeError",
    "Derived",
    "Event",
    "EventKind",
    "Frame",
    "FrameStream",
    "Graphics",
    "KeyExists",
    "KeyFileError",
    "Keys",
    "MissingExtra",
    "NoFrame",
    "NoReply",
    "NotDriving",
    "PageError",
    "Physics",
    "RequestRefused",
    "ResetFailed",
    "Role",
    "Sample",
    "Silence",
    "SimState",
    "StaleFrame",
    "Static",
    "Status",
    "Thresholds",
    "TrackMapError",
    "TrackUnknown",
    "Trust",
    "UnknownName",
    "WireVersionError",
    "__version__",
    "connect",
]

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """Return the version, from the metadata of the installed package, which takes a moment to read."""
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415  for most programs not worth its time

            return version("acbridge")
        raise AttributeError(f"module 'acbridge' has no attribute {name!r}")
