"""
Live telemetry from Assetto Corsa: subscribe to an acbridge daemon.

>>> import acbridge
>>> with acbridge.connect() as bridge:  # doctest: +SKIP
...     print(bridge.latest(acbridge.Physics).record.speedKmh)

Importing this needs only pyzmq and msgpack.
"""

from acbridge.client import Bridge, FrameStream, Sample, Trust, connect
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
    "connect",
]
