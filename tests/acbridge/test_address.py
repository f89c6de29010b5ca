"""Addresses as people write them."""

import pytest

from acbridge.address import is_loopback, parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost", ("localhost", 5555)),
        ("192.168.1.20", ("192.168.1.20", 5555)),
        ("rig-7.example:6000", ("rig-7.example", 6000)),
        ("[::1]", ("::1", 5555)),
        ("[fe80::1]:65534", ("fe80::1", 65534)),
        ("h:1", ("h", 1)),
    ],
)
def test_an_address_is_a_host_with_or_without_a_port(text: str, expected: tuple[str, int]) -> None:
    assert expected == parse_address(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", ":5555", "h:", "h:0", "h:65535", "h:99999", "h:123456", "h:-1", "h:x", "::1", "a b", "x!", "tcp://h"],
)
def test_an_invalid_address_is_refused_with_a_valid_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not HOST or HOST:PORT, such as 192\.168\.1\.20:5555"):
        parse_address(text)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LocalHost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.20", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_only_loopback_addresses_and_localhost_are_this_machine(host: str, expected: bool) -> None:
    assert expected is is_loopback(host)
