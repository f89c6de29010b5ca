"""The memory that keeps a changing request from being carried out twice."""

import pytest

from acbridge.errors import RequestRefused
from acbridge_daemon.reply_cache import ReplyCache


def test_an_id_that_was_never_seen_has_no_reply() -> None:
    assert ReplyCache().find("a", b"body", now=0.0) is None


def test_the_same_request_gets_the_same_bytes_again() -> None:
    cache = ReplyCache()
    cache.keep("a", b"body", b"reply", now=0.0)
    cache.keep(7, b"other", b"another", now=1.0)
    assert [b"reply", b"another", b"reply"] == [
        cache.find("a", b"body", now=2.0),
        cache.find(7, b"other", now=2.0),
        cache.find("a", b"body", now=3.0),
    ]


def test_an_id_of_another_kind_is_another_id() -> None:
    cache = ReplyCache()
    cache.keep("7", b"body", b"reply", now=0.0)
    assert cache.find(7, b"body", now=1.0) is None


def test_an_id_used_for_another_request_is_refused() -> None:
    cache = ReplyCache()
    cache.keep("a", b"body", b"reply", now=0.0)
    with pytest.raises(RequestRefused, match="take a new one") as caught:
        cache.find("a", b"another body", now=1.0)
    assert "bad_argument" == caught.value.code
    assert b"reply" == cache.find("a", b"body", now=1.0)


def test_a_reply_is_forgotten_after_a_minute() -> None:
    cache = ReplyCache()
    cache.keep("a", b"body", b"reply", now=100.0)
    cache.keep("b", b"body", b"later", now=130.0)
    assert b"reply" == cache.find("a", b"body", now=160.0)
    assert cache.find("a", b"body", now=160.1) is None
    assert b"later" == cache.find("b", b"body", now=160.1)
    assert cache.find("a", b"another body", now=160.1) is None


def test_the_oldest_of_more_than_1024_is_forgotten() -> None:
    cache = ReplyCache()
    for number in range(1024):
        cache.keep(number, b"body", b"%d" % number, now=0.0)
    assert b"0" == cache.find(0, b"body", now=1.0)
    cache.keep(1024, b"body", b"1024", now=1.0)
    assert cache.find(0, b"body", now=1.0) is None
    assert [b"1", b"1024"] == [cache.find(number, b"body", now=1.0) for number in (1, 1024)]
