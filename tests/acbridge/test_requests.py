"""Requests and replies: what a request's bytes may be, what a refusal says, and how replies are read."""

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acbridge import requests
from acbridge.errors import DecodeError, RequestRefused
from acbridge.packing import pack
from acbridge.requests import ERROR_CODES, REQUESTS, Effect, Request

MOST = b"\xff\xff\xff\xff"


def check(body: bytes) -> Request:
    """Take a request as the daemon does."""
    return requests.check_request(requests.unpack_request(body))


def refusal(body: bytes) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        check(body)
    return caught.value


def request(kind: str, **others: Any) -> bytes:
    return pack({"request": kind, **others})


BAD: dict[str, dict[str, bytes]] = {
    "bad_request": {
        "nothing": b"",
        "an unused marker": b"\xc1",
        "HTTP": b"GET / HTTP/1.1\r\n\r\n",
        "JSON": b'{"request": "status"}',
        "cut off": request("status")[:-1],
        "a byte more": request("status") + b"\x00",
        "two requests": request("status") * 2,
        "a number": b"\x01",
        "a text": pack("status"),
        "an array": pack(["status"]),
        "nil": b"\xc0",
        "an extension": b"\xd4\x05\x00",
        "a timestamp": b"\xd6\xff\x00\x00\x00\x00",
        "arrays in arrays": b"\x91" * 4096,
        "maps in maps": b"\x81\xa1a" * 1365 + b"\x00",
        "an array of 4 G": b"\xdd" + MOST,
        "a map of 4 G": b"\xdf" + MOST,
        "a text of 4 G": b"\xdb" + MOST,
        "a binary of 4 G": b"\xc6" + MOST,
        "arrays of 4 G in arrays": (b"\xdd" + MOST) * 500,
        "an int key": b"\x81\x01\x02",
        "a binary key": b"\x81\xc4\x07request\xa6status",
        "a key twice": b"\x82\xa7request\xa6status\xa7request\xa5hello",
        "65 keys": pack({str(number): number for number in range(65)}),
        "a key of 801 bytes": pack({"k" * 801: 1, "request": "status"}),
        "not UTF-8": b"\x81\xa7request\xa2\xff\xff",
        "a name of a kilobyte": request("😀" * 256),
        "an empty map": pack({}),
        "no name": pack({"id": "a"}),
        "nil as name": pack({"request": None}),
        "a number as name": pack({"request": 7}),
        "an array as name": pack({"request": ["status"]}),
        "a binary as name": pack({"request": b"status"}),
    },
    "unknown_request": {
        "an empty name": request(""),
        "another case": request("Status"),
        "a line break and a NUL": request("stat\nus\0"),
        "a picture": request("😀"),
    },
    "bad_argument": {
        "an unknown argument": request("status", pretty=True),
        "no argument": request("set_rate", id="a"),
        "no id": request("set_rate", rate=60),
        "no id and no argument": request("shutdown"),
        "an id of 65 bytes": request("set_rate", rate=60, id="a" * 65),
    },
}


@pytest.mark.parametrize(
    ("code", "body"),
    [pytest.param(code, body, id=name) for code, bodies in BAD.items() for name, body in bodies.items()],
)
def test_a_bad_request_is_refused_with_its_code(code: str, body: bytes) -> None:
    refused = refusal(body)
    assert code == refused.code
    assert refused.message


def test_every_code_that_a_request_can_get_is_explained() -> None:
    assert {
        "bad_request",
        "unknown_request",
        "bad_argument",
        "forbidden",
        "stale",
        "held",
        "not_driver",
        "suspended",
        "unavailable",
        "busy",
        "internal",
    } == (ERROR_CODES.keys())


@pytest.mark.parametrize("name", [name for name, spec in REQUESTS.items() if spec.effect is Effect.READS])
def test_a_reading_request_needs_no_id(name: str) -> None:
    spec = REQUESTS[name]
    assert Request(name, None, {}, spec) == check(request(name))
    assert Request(name, "a", {}, spec) == check(request(name, id="a"))
    assert Request(name, None, {}, spec) == check(request(name, id=None))


@pytest.mark.parametrize("name", [name for name, spec in REQUESTS.items() if spec.effect is Effect.ONCE])
def test_a_changing_request_needs_an_id(name: str) -> None:
    arguments: dict[str, Any] = {
        "set_rate": {"rate": 30},
        "set_thresholds": {"thresholds": {"stuck_s": 5}},
        "mark": {"text": "here"},
        "acquire": {"driver": "me", "lease_ms": 300, "force": True, "token": None},
        "release": {"token": 1},
        "calibrate": {"token": 1, "axes": None},
        "reset": {"token": 1, "start": "pits", "means": None},
    }.get(name, {})
    assert arguments == check(request(name, id="a", **arguments)).arguments
    for body in (request(name, **arguments), request(name, id=None, **arguments)):
        refused = refusal(body)
        assert (name, "bad_argument") == (refused.request, refused.code)
        assert "needs an id" in refused.message


@pytest.mark.parametrize("text", ["x", "understeer in turn 3", "Größe 42, 日本", "😀" * 200, " "])
def test_a_mark_takes_a_printable_line(text: str) -> None:
    assert text == check(request("mark", id=1, text=text)).arguments["text"]


@pytest.mark.parametrize("text", ["", "x" * 201, "two\nlines", "a\tb", "\x1b[2J", "\0", None, 7, True, b"bytes", ["x"]])
def test_a_mark_that_is_no_printable_line_is_refused(text: object) -> None:
    refused = refusal(request("mark", id=1, text=text))
    assert "bad_argument" == refused.code
    assert "text must be 1 to 200 printable characters" in refused.message


def test_thresholds_are_checked_by_name_and_range_and_come_as_floats() -> None:
    good = check(request("set_thresholds", id=1, thresholds={"stuck_s": 5, "impact_rise": 2.5}))
    assert {"stuck_s": 5.0, "impact_rise": 2.5} == good.arguments["thresholds"]
    for wrong, said in (
        ({"stuck": 5}, "there is no threshold 'stuck'; did you mean 'stuck_s'?"),
        ({"stuck_s": 5, "impact_rise": -1}, "impact_rise must be a number from 0.1 to 100 km/h"),
        ({"stuck_s": True}, "stuck_s must be a number from 0 to 60 s"),
        ({"stuck_s": "5"}, "stuck_s must be a number from 0 to 60 s"),
        ({}, "thresholds must be a map of names to numbers"),
        ([1], "thresholds must be a map of names to numbers"),
        (7, "thresholds must be a map of names to numbers"),
    ):
        refused = refusal(request("set_thresholds", id=1, thresholds=wrong))
        assert "bad_argument" == refused.code
        assert said in refused.message


def test_an_unknown_request_lists_the_known_ones() -> None:
    for body in (request("reboot"), pack({"id": 1})):
        assert ", ".join(REQUESTS) in refusal(body).message


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (request("set_rate", id=1), "takes rate; missing or unknown: rate"),
        (request("set_rate", id=1, rate=60, speed=9), "takes rate; missing or unknown: speed"),
        (request("set_rate", id=1, speed=9), "takes rate; missing or unknown: rate, speed"),
        (request("hello", name="me"), "takes no arguments; missing or unknown: name"),
    ],
)
def test_arguments_that_are_missing_or_unknown_are_named(body: bytes, named: str) -> None:
    assert named == refusal(body).message


@pytest.mark.parametrize(
    "body",
    [
        request("hello", **{f"{number}" * 100: number for number in range(10, 30)}),
        request("set_rate", id=1, rate="6" * 256),
        request("set_rate", id=1, rate=list(range(256))),
    ],
    ids=["long arguments", "a long rate", "many rates"],
)
def test_a_refusal_stays_short_whatever_it_is_about(body: bytes) -> None:
    assert len(refusal(body).message) <= 200


@pytest.mark.parametrize("rate", [0, -1, math.nan, math.inf, True, "60", 1e9, None, (60,), 0.99, 1000.1], ids=str)
def test_a_rate_that_is_none_is_refused_with_the_range(rate: object) -> None:
    refused = refusal(request("set_rate", id=1, rate=rate))
    assert "bad_argument" == refused.code
    assert "1 to 1000" in refused.message


@pytest.mark.parametrize(("rate", "taken"), [(60.5, 60.5), (1, 1.0), (1000, 1000.0), (333, 333.0)])
def test_a_rate_within_the_range_is_taken(rate: float, taken: float) -> None:
    assert {"rate": taken} == check(request("set_rate", id=1, rate=rate)).arguments


def test_no_number_is_too_large_to_be_refused() -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        requests.check_rate(10**400)


@pytest.mark.parametrize("found", ["a", "a" * 64, "é" * 32, "\n", 0, -5, 2**64 - 1])
def test_an_id_may_be(found: str | int) -> None:
    assert found == check(request("shutdown", id=found)).id
    assert found == requests.read_id({"id": found})


@pytest.mark.parametrize("found", ["", "a" * 65, "é" * 33, True, False, 1.5, b"a", ["a"], {"a": 1}])
def test_an_id_may_not_be(found: object) -> None:
    assert requests.read_id({"id": found}) is None
    for name in ("status", "shutdown"):
        refused = refusal(request(name, id=found))
        assert "bad_argument" == refused.code
        assert "1 to 64 bytes" in refused.message


def test_a_request_that_is_encoded_is_understood() -> None:
    expected = Request("set_rate", "x1", {"rate": 30.0}, REQUESTS["set_rate"])
    assert expected == check(requests.encode_request("set_rate", "x1", {"rate": 30}))


@pytest.mark.parametrize("request_id", [None, "x1", 7])
def test_a_good_reply_comes_back(request_id: str | int | None) -> None:
    body = requests.encode_reply(request_id, {"rate": 30.0, "topics": {"physics": {}}, "sim_detail": None})
    assert {"rate": 30.0, "topics": {"physics": {}}, "sim_detail": None} == requests.decode_reply("set_rate", body)
    sent = requests.unpack_request(body)
    assert (True, request_id) == (sent["ok"], sent.get("id"))
    assert (request_id is not None) == ("id" in sent)


@pytest.mark.parametrize("request_id", [None, "x1", 7])
def test_a_refusal_comes_back_as_the_error_that_it_was(request_id: str | int | None) -> None:
    body = requests.encode_refusal(request_id, RequestRefused("", "forbidden", "not here"))
    with pytest.raises(RequestRefused) as caught:
        requests.decode_reply("shutdown", body)
    assert ("shutdown", "forbidden", "not here") == (caught.value.request, caught.value.code, caught.value.message)
    sent = requests.unpack_request(body)
    assert (False, request_id) == (sent["ok"], sent.get("id"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"HTTP/1.1 200 OK",
        pack([]),
        pack({}),
        pack({"ok": None}),
        pack({"ok": 1}),
        pack({"ok": "true"}),
        pack({"ok": False}),
        pack({"ok": False, "error": "no"}),
        pack({"ok": False, "error": {"code": 5, "message": "no"}}),
        pack({"ok": False, "error": {"code": "bad_request"}}),
        pack({"rate": 30}),
        pack({"ok": True}) + b"\x00",
    ],
)
def test_what_is_no_reply_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError):
        requests.decode_reply("status", body)


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=70) | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=3,
)
NEAR_REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "request": st.sampled_from([*REQUESTS]) | JSON_LIKE,
        "id": JSON_LIKE,
        "rate": JSON_LIKE,
        "more": JSON_LIKE,
    },
).map(pack)


def is_taken_or_refused(body: bytes) -> bool:
    try:
        return check(body).name in REQUESTS
    except RequestRefused as refused:
        return refused.code in ("bad_request", "unknown_request", "bad_argument")


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300) | NEAR_REQUESTS)
@example(b"\xc7\x00\xff")
@example(b"\x81\xa7request\xc7\x00\x05")
def test_any_bytes_are_a_request_or_refused(body: bytes) -> None:
    assert is_taken_or_refused(body)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_request_with_a_few_bytes_changed_is_a_request_or_refused(changes: list[tuple[int, int]]) -> None:
    body = bytearray(request("set_rate", id="0123456789", rate=60.5))
    for place, byte in changes:
        body[place % len(body)] = byte
    assert is_taken_or_refused(bytes(body))
