"""The errors: their attributes, the advice in their texts, and the builtin classes that catch them."""

import pickle
from pathlib import Path
from typing import Any, cast

import pytest

from acbridge import errors
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

END = "tcp://127.0.0.1:5555"

# the error, its attributes, the advice in its text
EXAMPLES: list[tuple[AcbridgeError, dict[str, Any], str]] = [
    (PageError("physics", 10, 592), {"page": "physics", "size": 10, "needed": 592}, "did another program make it?"),
    (WireVersionError(1, 2), {"got": 1, "known": 2}, "upgrade the daemon"),
    (WireVersionError(3, 2), {"got": 3, "known": 2}, "upgrade the library"),
    (
        NoFrame("physics", END, 1.5, None),
        {"topic": "physics", "endpoint": END, "timeout": 1.5, "sim_state": None},
        "start acbridge-daemon",
    ),
    (
        NoFrame("physics", END, 1.5, "idle"),
        {"topic": "physics", "endpoint": END, "timeout": 1.5, "sim_state": "idle"},
        "once you are driving",
    ),
    (
        StaleFrame("physics", 2.5, 0.5, "paused"),
        {"topic": "physics", "age": 2.5, "max_age": 0.5, "sim_state": "paused"},
        "allow a larger max_age",
    ),
    (
        StaleFrame("physics", 2.5, 0.5, None),
        {"topic": "physics", "age": 2.5, "max_age": 0.5, "sim_state": None},
        "allow a larger max_age",
    ),
    (
        NotDriving("ttl", "the command has ended"),
        {"reason": "ttl", "message": "the command has ended"},
        "not driving",
    ),
    (
        ResetFailed("hotlap", "begin", 3, "the lap clock is at 5000 ms"),
        {"start": "hotlap", "means": "begin", "attempts": 3, "detail": "the lap clock is at 5000 ms"},
        "after 3 attempts",
    ),
    (
        NoReply("status", END, 1.5, "a1b2"),
        {"request": "status", "endpoint": END, "timeout": 1.5, "request_id": "a1b2"},
        "start acbridge-daemon",
    ),
    (
        RequestRefused("shutdown", "forbidden", "start the daemon with --allow-shutdown"),
        {"request": "shutdown", "code": "forbidden", "message": "start the daemon with --allow-shutdown"},
        "start the daemon with --allow-shutdown",
    ),
    (
        KeyFileError(Path("me.key_secret"), "others may use it; run: chmod 600 me.key_secret"),
        {"path": Path("me.key_secret"), "problem": "others may use it; run: chmod 600 me.key_secret"},
        "chmod 600",
    ),
    (KeyExists(Path("me.key")), {"path": Path("me.key")}, "choose another name"),
    (
        TrackMapError(Path("monza.csv"), "it has 3 places; a track has at least 20"),
        {"path": Path("monza.csv"), "problem": "it has 3 places; a track has at least 20"},
        "at least 20",
    ),
    (
        TrackUnknown("monza", "junior", Path("maps")),
        {"track": "monza", "configuration": "junior", "folder": Path("maps")},
        "acbridge-ctl track learn RECORDING",
    ),
    (CurveMissing(), {}, "install pyzmq"),
    (
        MissingExtra("zstd", "backports.zstd"),
        {"extra": "zstd", "package": "backports.zstd"},
        "pip install 'acbridge[zstd]'",
    ),
    (
        UnknownName("topic", ("telemetry",), ("graphics", "physics")),
        {"kind": "topic", "names": ("telemetry",), "known": ("graphics", "physics")},
        "there is no topic 'telemetry'; there are: graphics, physics",
    ),
    (Closed(), {}, "connect() again"),
]

each_error = pytest.mark.parametrize(
    ("error", "facts", "advice"), EXAMPLES, ids=[f"{type(one[0]).__name__}-{i}" for i, one in enumerate(EXAMPLES)]
)


@each_error
def test_the_text_of_an_error_says_what_to_do(error: AcbridgeError, facts: dict[str, Any], advice: str) -> None:
    assert advice in str(error)


@each_error
def test_an_error_has_its_facts_as_attributes_and_in_its_text(
    error: AcbridgeError, facts: dict[str, Any], advice: str
) -> None:
    assert facts == vars(error)
    shown: list[Any] = []
    for name, value in facts.items():
        if value is not None and name != "request_id":
            shown += cast("tuple[Any, ...]", value) if isinstance(value, tuple) else [value]
    assert [] == [value for value in shown if str(value) not in str(error)]


@each_error
def test_an_error_can_be_pickled(error: AcbridgeError, facts: dict[str, Any], advice: str) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(error), str(error), vars(error)) == (type(copy), str(copy), vars(copy))


def test_every_error_has_an_example() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AcbridgeError)}
    assert kinds - {AcbridgeError, DecodeError} == {type(error) for error, _, _ in EXAMPLES}


def test_every_error_is_an_acbridge_error() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]
    assert [] == [kind for kind in kinds if not issubclass(kind, AcbridgeError)]


def test_an_error_is_also_the_matching_builtin_error() -> None:
    assert [True, True] == [issubclass(kind, TimeoutError) for kind in (NoFrame, NoReply)]
    assert issubclass(KeyExists, FileExistsError)
    assert [True, True, True] == [issubclass(kind, ValueError) for kind in (PageError, DecodeError, WireVersionError)]
    assert [False, False] == [issubclass(kind, TimeoutError) for kind in (StaleFrame, Closed)]


def test_a_frame_of_another_version_is_a_decode_error() -> None:
    assert issubclass(WireVersionError, DecodeError)
