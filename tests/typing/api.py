"""The public API as a type checker sees it; never run, only checked."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import acbridge
from acbridge import (
    AcbridgeError,
    Bridge,
    Derived,
    Frame,
    FrameStream,
    Graphics,
    KeyExists,
    KeyFileError,
    Keys,
    NoFrame,
    NoReply,
    PageError,
    Physics,
    RequestRefused,
    Role,
    Sample,
    SimState,
    StaleFrame,
    Static,
    Status,
    Trust,
    WireVersionError,
)
from acbridge.keys import generate_client, generate_server
from acbridge.schema import Record


def connect() -> None:
    assert_type(acbridge.connect(), Bridge)
    assert_type(acbridge.connect("rig", 6000, topic_prefix="rig7."), Bridge)
    with acbridge.connect() as bridge:
        assert_type(bridge, Bridge)
    assert_type(acbridge.connect("rig", keys=Keys.load("me.key_secret", Path("server.key"))), Bridge)
    acbridge.connect("rig", 6000, "rig7.")  # pyright: ignore[reportCallIssue]  the prefix has a name


def latest(bridge: Bridge) -> None:
    frame = bridge.latest(Physics)
    assert_type(frame, Frame[Physics])
    assert_type(frame.record, Physics)
    assert_type(frame.record.speedKmh, float)
    assert_type(frame.record.gear, int)
    assert_type(frame.record.wheelSlip, tuple[float, float, float, float])
    assert_type(frame.record.tyreContactPoint[2][1], float)
    assert_type((frame.run, frame.tick, frame.seq, frame.lost), tuple[int, int, int, int])
    assert_type((frame.timestamp, frame.mono_ns), tuple[float, int])
    assert_type(frame.topic, str)
    assert_type(bridge.latest(Graphics, timeout=5).record.tyreCompound, str)
    assert_type(bridge.latest(Derived, max_age=0.1).record.body_slip_angle, float | None)
    assert_type(bridge.latest(Derived).record.wheels_past_peak, tuple[bool, bool, bool, bool])
    assert_type(bridge.latest(Static).record.track, str)
    assert_type(bridge.latest(Status).record.rate_kept, float | None)


def latest_takes_record_classes_only(bridge: Bridge) -> None:
    bridge.latest("physics")  # pyright: ignore[reportArgumentType]
    bridge.latest(int)  # pyright: ignore[reportArgumentType]
    bridge.latest(Physics, 5.0)  # pyright: ignore[reportCallIssue]  the timeout has a name


def records_are_read_only(frame: Frame[Physics]) -> None:
    frame.record.gas = 1.0  # pyright: ignore[reportAttributeAccessIssue]
    frame.tick = 1  # pyright: ignore[reportAttributeAccessIssue]
    _ = frame.record.speed_kmh  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


def frames(bridge: Bridge) -> None:
    with bridge.frames(Physics) as stream:
        assert_type(stream, FrameStream[Physics])
        assert_type(iter(stream), Iterator[Frame[Physics]])
        assert_type(next(stream), Frame[Physics])
        assert_type((stream.lost, stream.restarts), tuple[int, int])
        for frame in stream:
            assert_type(frame, Frame[Physics])


def frames_of_several_topics_are_distinguished_by_type(bridge: Bridge) -> None:
    for frame in bridge.frames(Physics, Graphics, timeout=1.0):
        assert_type(frame, Frame[Physics | Graphics])
        if isinstance(frame.record, Physics):
            assert_type(frame.record.speedKmh, float)
        else:
            assert_type(frame.record.flag, int)


def a_function_may_take_any_frame(bridge: Bridge) -> None:
    def number(frame: Frame[Record]) -> int:
        return frame.seq

    assert_type(number(bridge.latest(Physics)), int)
    assert_type(number(next(bridge.frames(Physics, Graphics))), int)


def sample(bridge: Bridge) -> None:
    found = bridge.sample(timeout=2)
    assert_type(found, Sample)
    assert_type((found.physics, found.graphics, found.derived), tuple[Physics, Graphics, Derived])
    assert_type((found.run, found.tick, found.timestamp, found.mono_ns), tuple[int, int, float, int])


def trust(bridge: Bridge) -> None:
    found = bridge.trust(Physics)
    assert_type(found, Trust)
    assert_type((found.alive, found.age, found.rate), tuple[bool, float | None, float | None])
    assert_type((found.received, found.lost, found.restarts), tuple[int, int, int])
    assert_type(found.run, int | None)


def requests(bridge: Bridge) -> None:
    assert_type(bridge.status(timeout=0.5), Status)
    assert_type(bridge.status().sim_state, str)
    assert_type(SimState(bridge.status().sim_state).flows, bool)
    assert_type(bridge.request("hello"), dict[str, Any])
    assert_type(bridge.request("set_rate", rate=30.0, timeout=2), dict[str, Any])


def errors(bridge: Bridge) -> None:
    try:
        bridge.latest(Physics)
    except NoFrame as error:
        assert_type((error.topic, error.endpoint, error.timeout, error.sim_state), tuple[str, str, float, str | None])
    except StaleFrame as error:
        assert_type((error.topic, error.age, error.max_age, error.sim_state), tuple[str, float, float, str | None])
    except WireVersionError as error:
        assert_type((error.got, error.known), tuple[int, int])
    try:
        Physics.from_page(b"")
        bridge.status()
    except PageError as error:
        assert_type((error.page, error.size, error.needed), tuple[str, int, int])
    except NoReply as error:
        assert_type((error.request, error.endpoint, error.timeout), tuple[str, str, float])
        assert_type(bridge.request(error.request, request_id=error.request_id), dict[str, Any])
    except RequestRefused as error:
        assert_type((error.request, error.code, error.message), tuple[str, str, str])
    except AcbridgeError as error:
        assert_type(str(error), str)


def keys(directory: Path) -> None:
    try:
        assert_type(generate_server(directory), Path)
        assert_type(generate_client(directory, "rig", Role.OPERATOR), Path)
        assert_type(generate_client("keys", "screen", "observer"), Path)
    except KeyExists as error:
        assert_type(error.path, Path)
    except KeyFileError as error:
        assert_type((error.path, error.problem), tuple[Path, str])
    assert_type(Keys.load("a", "b").public, bytes)


def pages(raw: bytes) -> None:
    assert_type(Physics.from_page(raw), Physics)
    assert_type(Physics.from_page(raw).to_page(), bytes)
    assert_type(Static.adopt({}), Static)
    Physics(gas=1.0)  # pyright: ignore[reportCallIssue]  every column is wanted
