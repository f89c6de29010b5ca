"""Why nothing arrives from a daemon: each cause has a sentence of its own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from acbridge import Keys, connect
from acbridge.client.silence import explain_silence
from keyring import Keyring, stranger
from programs import PATIENCE_S, Daemon, Program


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    ring = Keyring(tmp_path_factory.mktemp("ring"))
    ring.add("screen", "observer")
    return ring


@pytest.fixture(scope="module")
def locked(ring: Keyring) -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as running:
        yield running


@pytest.fixture(scope="module")
def rig() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--topic-prefix", "rig7.") as running:
        yield running


def why(daemon: Daemon, keys: Keys | None = None, topic_prefix: str = "", timeout: float = PATIENCE_S) -> str:
    with connect(port=daemon.port, keys=keys, topic_prefix=topic_prefix) as bridge:
        return str(bridge.why_silent(timeout=timeout))


def test_an_unknown_host_is_named() -> None:
    said = explain_silence("no-such-host.invalid", 5555, keys=False)
    assert ("the host name no-such-host.invalid is not known", False) == (said.text, said.absent)


def test_a_name_that_no_host_can_have_is_unknown() -> None:
    assert "is not known" in explain_silence("a" * 300, 5555, keys=False).text


def test_ports_without_a_program_are_an_absent_daemon() -> None:
    with connect(port=1) as bridge:
        silence = bridge.why_silent(timeout=0.1)
    assert ("none runs at 127.0.0.1:1, and ports 1 and 2 are free", True) == (silence.text, silence.absent)


def test_a_program_that_is_no_daemon_is_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        said = explain_silence("127.0.0.1", other.getsockname()[1], keys=False)
    assert "is taken by a program that does not answer as an acbridge daemon does" in said.text


def test_missing_keys_and_wrong_ones_have_their_own_sentences(locked: Daemon, ring: Keyring) -> None:
    port = locked.port + 1
    assert f"port {port} of 127.0.0.1 requires keys (CURVE); give --key" in why(locked, timeout=0.5)
    keys = stranger(Keys.load(ring.secret_file("screen"), ring.server).server)
    assert f"port {port} of 127.0.0.1 does not accept these keys; check that" in why(locked, keys, timeout=0.5)


def test_keys_for_a_daemon_without_keys_are_too_many(rig: Daemon, ring: Keyring) -> None:
    keys = Keys.load(ring.secret_file("screen"), ring.server)
    assert "has no keys, and does not answer a client that uses keys; leave out --key" in why(rig, keys, timeout=0.5)


@pytest.mark.parametrize(("ours", "those"), [("", "have none"), ("rig8.", "begin with rig8.")])
def test_another_topic_prefix_is_named(rig: Daemon, ours: str, those: str) -> None:
    said = why(rig, topic_prefix=ours)
    assert f"the topics of this daemon begin with rig7., those asked for {those}; check --topic-prefix" == said


def test_the_right_prefix_leaves_only_the_way_of_the_frames(rig: Daemon) -> None:
    assert "the daemon answers requests, but no frame arrives" in why(rig, topic_prefix="rig7.")


@pytest.mark.parametrize("arguments", [("console",), ("jsonl", "drive.jsonl")], ids=" ".join)
def test_a_sink_says_why_nothing_arrives(rig: Daemon, arguments: tuple[str, ...], tmp_path: Path) -> None:
    with Program("acbridge_sink", *arguments, "--connect", rig.address, cwd=tmp_path) as sink:
        sink.said("the topics of this daemon begin with rig7., those asked for have none; check --topic-prefix")
        assert 69 == sink.end()
