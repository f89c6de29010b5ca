"""A daemon with keys, over real sockets: which clients it admits, which it refuses, and what each role may do."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from zmq.utils import z85

from acbridge import Keys, NoFrame, NoReply, Physics, RequestRefused, connect
from acbridge.requests import MAX_REQUEST_BYTES, REQUESTS, Effect
from acbridge_daemon import security
from acbridge_daemon.logs import AT_ONCE
from acbridge_daemon.security import CURVE_BYTES, ZAP_ENDPOINT, ZapHandler
from bench import packb, unpackb
from keyring import Keyring, stranger
from programs import Daemon, Program, until

UNAVAILABLE = 69
CONFIG = 78
SILENT_S = 2.0
"""Seconds in which a refused client must receive nothing, while an admitted one gets frames and replies."""
PATIENCE_MS = 10_000
ARGUMENTS: dict[str, dict[str, Any]] = {
    "set_rate": {"rate": 61},
    "set_thresholds": {"thresholds": {"stuck_s": 6}},
    "mark": {"text": "here"},
}
DRIVING: dict[str, dict[str, Any]] = {
    "acquire": {"driver": "me"},
    "drive": {"token": 1, "epoch": 1, "seq": 1, "steer": 0.0, "gas": 0.0, "brake": 0.0},
    "hold": {"token": 1},
    "release": {"token": 1},
    "reset": {"token": 1, "start": "pits"},
    "calibrate": {"token": 1},
}
"""Requests that this daemon refuses to every client, since it has no back-end."""


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    ring = Keyring(tmp_path_factory.mktemp("ring") / "keys")
    ring.add("rig", "operator")
    ring.add("screen", "observer")
    return ring


@pytest.fixture(scope="module")
def rig(ring: Keyring) -> Keys:
    return Keys.load(ring.secret_file("rig"), ring.server)


@pytest.fixture(scope="module")
def screen(ring: Keyring) -> Keys:
    return Keys.load(ring.secret_file("screen"), ring.server)


@pytest.fixture(scope="module")
def daemon(ring: Keyring) -> Iterator[Daemon]:
    """Run one daemon with keys for all tests here; no test may disturb it or its directory."""
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as running:
        yield running


class Sockets:
    """Plain sockets, all closed at the end."""

    def __init__(self) -> None:
        self._context = zmq.Context()
        self._made: list[zmq.Socket[bytes]] = []

    def make(self, kind: int, keys: Keys | None) -> "zmq.Socket[bytes]":
        socket = self._context.socket(kind)
        self._made.append(socket)
        if keys is not None:
            socket.curve_publickey, socket.curve_secretkey = keys.public, keys.secret
            socket.curve_serverkey = keys.server
        return socket

    def close(self) -> None:
        for socket in self._made:
            socket.close(0)
        self._context.term()


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    made = Sockets()
    yield made
    made.close()


class Plain:
    """A pair of plain sockets, one subscribed to everything, one for requests."""

    def __init__(self, sockets: Sockets, port: int, keys: Keys | None) -> None:
        self.sub, self.req = sockets.make(zmq.SUB, keys), sockets.make(zmq.REQ, keys)
        self.sub.subscribe(b"")
        self.sub.connect(f"tcp://127.0.0.1:{port}")
        self.req.connect(f"tcp://127.0.0.1:{port + 1}")
        self.asked = False

    def send(self) -> None:
        """Send a request as soon as libzmq accepts it, which may never happen."""
        if not self.asked and self.req.poll(0, zmq.POLLOUT):
            self.req.send(packb({"request": "hello"}))
            self.asked = True

    def got(self) -> tuple[int, int]:
        """Receive the waiting messages and replies, and return how many there were."""
        counts = [0, 0]
        for n, socket in enumerate((self.sub, self.req)):
            while socket.poll(0):
                socket.recv_multipart()
                counts[n] += 1
        return counts[0], counts[1]


def ask(sockets: Sockets, port: int, keys: Keys, body: bytes) -> bytes:
    plain = Plain(sockets, port, keys)
    plain.req.send(body)
    assert plain.req.poll(PATIENCE_MS), "no reply came"
    return plain.req.recv()


def gets_in(daemon: Daemon, keys: Keys) -> bool:
    with daemon.connect(keys) as bridge:
        bridge.latest(Physics, timeout=10)
        return bridge.request("hello", timeout=10)["run"] == daemon.run


def test_only_an_admitted_key_receives_frames_and_replies(
    daemon: Daemon, ring: Keyring, rig: Keys, sockets: Sockets
) -> None:
    removed = ring.add("guest", "operator")
    with daemon.connect(rig) as bridge:
        bridge.request("reload_keys", timeout=10)
        early = Plain(sockets, daemon.port, removed)
        early.send()
        heard = [0, 0]

        def both() -> bool:
            frames, replies = early.got()
            heard[:] = [heard[0] + frames, heard[1] + replies]
            return all(heard)

        until(both, "the guest getting in")
        early.asked = False  # it asks again on the connection that it has
        ring.public_file("guest").unlink()
        ring.secret_file("guest").unlink()
        bridge.request("reload_keys", timeout=10)
    time.sleep(0.1)  # messages in transit to the guest
    early.got()
    others = {
        "right": Plain(sockets, daemon.port, rig),
        "no keys": Plain(sockets, daemon.port, None),
        "another daemon's key": Plain(sockets, daemon.port, Keys(rig.public, rig.secret, zmq.curve_keypair()[0])),
        "unknown key": Plain(sockets, daemon.port, stranger(rig.server)),
        "another's public key": Plain(sockets, daemon.port, Keys(rig.public, stranger(b"").secret, rig.server)),
        "removed key": Plain(sockets, daemon.port, removed),
        "removed key, still connected": early,
    }
    totals = {name: [0, 0] for name in others}
    deadline = time.monotonic() + SILENT_S
    while time.monotonic() < deadline:
        for name, plain in others.items():
            plain.send()
            frames, replies = plain.got()
            totals[name][0] += frames
            totals[name][1] += replies
        time.sleep(0.01)
    frames, replies = totals.pop("right")
    assert frames > 60
    assert 1 == replies
    assert {name: [0, 0] for name in totals} == totals
    (refused, *_) = until(lambda: daemon.events("peer_refused"), "the log")
    assert "127.0.0.1" == refused["address"]


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["none", "stranger", "another daemon"])
def test_a_refused_bridge_ends_within_its_timeout(daemon: Daemon, rig: Keys, kind: str) -> None:
    keys = {
        "none": None,
        "stranger": stranger(rig.server),
        "another daemon": Keys(rig.public, rig.secret, zmq.curve_keypair()[0]),
    }[kind]
    bridge = daemon.connect(keys)
    for _ in range(2):
        begun = time.perf_counter()
        with pytest.raises(NoReply, match="keys"):
            bridge.request("hello", timeout=0.3)
        assert time.perf_counter() - begun < 0.6
    begun = time.perf_counter()
    with pytest.raises(NoFrame, match="keys"):
        bridge.latest(Physics, timeout=0.3)
    with pytest.raises(NoFrame):
        next(bridge.frames(Physics, timeout=0.3))
    assert time.perf_counter() - begun < 1.2
    begun = time.perf_counter()
    bridge.close()
    assert time.perf_counter() - begun < 0.3
    assert gets_in(daemon, rig)


def test_an_operator_may_send_every_request(daemon: Daemon, rig: Keys) -> None:
    with daemon.connect(rig) as bridge:
        bridge.latest(Physics, timeout=10)
        for name in REQUESTS.keys() - {"shutdown"} - DRIVING.keys():
            bridge.request(name, timeout=10, **ARGUMENTS.get(name, {}))
        with pytest.raises(RequestRefused, match="--allow-shutdown"):
            bridge.request("shutdown", timeout=10)


def test_an_observer_may_not_change_anything(daemon: Daemon, rig: Keys, screen: Keys) -> None:
    with daemon.connect(screen) as bridge:
        before = bridge.latest(Physics, timeout=10), bridge.request("hello", timeout=10)
        for name, spec in REQUESTS.items():
            if spec.effect is Effect.READS:
                bridge.request(name, timeout=10)
                continue
            with pytest.raises(RequestRefused, match="the role observer") as caught:
                bridge.request(name, timeout=10, **(ARGUMENTS | DRIVING).get(name, {}))
            assert "forbidden" == caught.value.code
        after = bridge.request("hello", timeout=10)
        assert [before[1][key] for key in ("rate", "thresholds")] == [after[key] for key in ("rate", "thresholds")]
    changing = sorted(name for name, spec in REQUESTS.items() if spec.effect is not Effect.READS)
    logged = min(len(changing), AT_ONCE)  # in one second; the others are counted
    until(lambda: len(daemon.events("request_denied")) >= logged, "the log of the denials")
    denied = daemon.events("request_denied")
    assert {event["request"] for event in denied} <= set(changing)
    assert {("screen", "observer", "warning")} == {(e["key"], e["role"], e["level"]) for e in denied}


def test_an_observer_does_not_get_the_reply_to_an_operators_change(
    daemon: Daemon, rig: Keys, screen: Keys, sockets: Sockets
) -> None:
    body = packb({"request": "set_rate", "id": "mine", "rate": 60})
    assert unpackb(ask(sockets, daemon.port, rig, body))["ok"]
    assert "forbidden" == unpackb(ask(sockets, daemon.port, screen, body))["error"]["code"]


SCARCE = """
import resource, sys, threading, zmq
from acbridge_daemon.publisher import Publisher
from acbridge_daemon.security import ZapHandler
from acbridge_daemon.sockets import BindError, bind
usual = resource.getrlimit(resource.RLIMIT_NOFILE)
with zmq.Context() as context:
    zap = ZapHandler(context, None)
    publisher = Publisher(context, "", 64, zap)
    endpoint = bind(publisher.socket, "tcp://127.0.0.1:*")
    again = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    if sys.argv[1] == "for a moment":
        threading.Timer(0.3, again).start()
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, usual[1]))
    try:
        publisher.disconnect_all()
        print(publisher.socket.get_string(zmq.LAST_ENDPOINT) == endpoint)
    except BindError as error:
        print(error)
    again()
    publisher.close()
    zap.socket.close()
"""


@pytest.mark.parametrize(("how_long", "said"), [("for a moment", "True"), ("for good", "again: Too many open files")])
def test_a_reload_waits_a_moment_for_a_system_without_free_sockets(how_long: str, said: str) -> None:
    with Program("-c", SCARCE, how_long) as program:
        assert 0 == program.wait(), program.err
    assert program.out[0].endswith(said)
    assert [] == program.err


def test_two_operators_may_use_the_same_request_id(daemon: Daemon, ring: Keyring, rig: Keys) -> None:
    wheel = ring.add("wheel", "operator")
    with daemon.connect(rig) as of_rig:
        of_rig.request("reload_keys", timeout=10)
        first = of_rig.request("mark", timeout=10, request_id="1", text="mine")
        with daemon.connect(wheel) as of_wheel:
            other = of_wheel.request("mark", timeout=10, request_id="1", text="another")
            same = of_wheel.request("mark", timeout=10, request_id="1", text="another")
        again = of_rig.request("mark", timeout=10, request_id="1", text="mine")
    assert first == again
    assert other == same
    assert first != other


def test_the_longest_request_fits_and_a_longer_one_does_not(daemon: Daemon, rig: Keys, sockets: Sockets) -> None:
    text = "x" * (MAX_REQUEST_BYTES - len(packb({"request": "hello", "text": "x" * 4000})) + 4000)
    body = packb({"request": "hello", "text": text})
    assert MAX_REQUEST_BYTES == len(body)
    assert "bad_request" == unpackb(ask(sockets, daemon.port, rig, body))["error"]["code"]  # a text of 4000 bytes
    plain = Plain(sockets, daemon.port, rig)
    plain.req.send(body + bytes(CURVE_BYTES))
    assert not plain.req.poll(300)
    assert gets_in(daemon, rig)


@pytest.mark.alone
def test_a_known_client_is_admitted_at_once_at_the_lowest_rate(ring: Keyring, rig: Keys) -> None:
    with Daemon("--source", "sim", "--rate", "1", "--keys", str(ring.directory)) as daemon:
        for _ in range(5):
            with daemon.connect(rig) as bridge:
                begun = time.perf_counter()
                bridge.request("hello", timeout=10)
                assert time.perf_counter() - begun < 0.5


@pytest.mark.alone
def test_refused_clients_delay_no_other(daemon: Daemon, rig: Keys, sockets: Sockets) -> None:
    with daemon.connect(rig) as bridge:
        frames = bridge.frames(Physics, timeout=10)
        next(frames)
        missed = bridge.status(timeout=10).missed_ticks
        strangers = [Plain(sockets, daemon.port, stranger(rig.server)) for _ in range(20)]
        assert [0] * 60 == [next(frames).lost for _ in range(60)]
        assert (
            bridge.status(timeout=10).missed_ticks <= missed + 5
        )  # of 60, on a machine that is busy with refused clients
        assert {(0, 0)} == {plain.got() for plain in strangers}


def reload_by_request(daemon: Daemon, rig: Keys) -> None:
    with daemon.connect(rig) as bridge:
        bridge.request("reload_keys", timeout=10)


def reload_by_signal(daemon: Daemon, rig: Keys) -> None:
    assert sys.platform != "win32"
    before = len(daemon.events("keys_loaded"))
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: len(daemon.events("keys_loaded")) > before, "the reload")


def loaded(daemon: Daemon) -> dict[str, str]:
    """Return the admitted clients with their roles, from the daemon's log."""
    return daemon.events("keys_loaded")[-1]["clients"]


@pytest.mark.parametrize("how", [reload_by_request, reload_by_signal])
def test_a_reload_admits_new_keys_and_excludes_removed_ones(tmp_path: Path, how: Any) -> None:
    ring = Keyring(tmp_path / "keys")
    rig = ring.add("rig")
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as daemon:
        late = ring.add("late", "observer")
        with daemon.connect(late) as bridge, daemon.connect(rig) as other:
            frames, others = bridge.frames(Physics, timeout=0.3), other.frames(Physics, timeout=10)
            next(others)
            with pytest.raises(NoFrame):
                next(frames)

            def comes() -> bool:
                try:
                    return bool(next(frames))
                except NoFrame:
                    return False

            how(daemon, rig)
            until(comes, "frames for who was refused before")  # it tries again by itself
            assert "sim" == bridge.request("hello", timeout=10)["source"]
            until(lambda: {"rig": "operator", "late": "observer"} == loaded(daemon), "the log")

            moved = ring.public_file("late").rename(tmp_path / "late.key")
            how(daemon, rig)
            until(lambda: not comes(), "the end of the frames")
            with pytest.raises(NoReply):
                bridge.request("hello", timeout=0.3)
            next(others)
            assert sum(next(others).lost for _ in range(60)) < 60  # they were disconnected, and came back
            until(lambda: {"rig": "operator"} == loaded(daemon), "the log")

            moved.rename(ring.public_file("late"))
            how(daemon, rig)
            until(comes, "frames for who was let in again")


def test_a_key_file_with_the_former_name_of_a_role_is_read_with_a_warning(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys")
    rig = ring.add("rig", "operator")
    path = ring.public_file("rig")
    path.write_text(path.read_text().replace("operator", "driver"))
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as daemon, daemon.connect(rig) as bridge:
        assert 50 == bridge.request("set_rate", rate=50, timeout=10)["rate"]
        (warning,) = daemon.events("role_renamed")
        assert {"rig": "operator"} == loaded(daemon)
    assert (str(path), "driver", 'write role = "operator"') == tuple(warning[key] for key in ("file", "role", "fix"))


def test_a_damaged_key_excludes_only_its_client(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys")
    rig, screen = ring.add("rig"), ring.add("screen", "observer")
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as daemon, daemon.connect(rig) as bridge:
        bridge.request("hello", timeout=10)
        text = ring.public_file("screen").read_text()
        ring.public_file("screen").write_text(text.replace("observer", "admiral"))
        ring.public_file("twin").write_text(ring.public_file("rig").read_text())
        reply = bridge.request("reload_keys", timeout=10)
        assert {"rig": "operator"} == reply["clients"]
        assert ["screen.key: its metadata names no role", "twin.key: this is rig's key"] == [
            problem.rpartition("/")[2].partition(";")[0] for problem in reply["problems"]
        ]
        until(lambda: len(daemon.events("key_not_loaded")) == 2, "the log")
        with daemon.connect(screen) as other, pytest.raises(NoReply):
            other.request("hello", timeout=0.5)


def test_a_changed_role_applies_from_the_next_request_on(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys")
    rig, second = ring.add("rig"), ring.add("second")
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as daemon, daemon.connect(second) as bridge:
        bridge.request("set_rate", rate=50, timeout=10)
        path = ring.public_file("second")
        path.write_text(path.read_text().replace("operator", "observer"))
        reload_by_request(daemon, rig)
        with pytest.raises(RequestRefused, match="the role observer"):
            bridge.request("set_rate", rate=40, timeout=10)
        assert 50 == bridge.request("hello", timeout=10)["rate"]


def test_a_port_that_is_lost_during_a_reload_ends_the_daemon(tmp_path: Path) -> None:
    script = """
from acbridge_daemon import rebinding
from acbridge_daemon.cli import main
from acbridge_daemon.sockets import BindError
def taken(*_): raise BindError("cannot use the port")
rebinding.bind, rebinding.LONGEST_S = taken, 0.01
main()
"""
    ring = Keyring(tmp_path / "keys")
    rig, _ = ring.add("rig"), ring.add("screen")
    with Program("-c", script, "--source", "sim", "--port", "0", "--keys", str(ring.directory)) as program:
        (started,) = until(lambda: program.events("daemon_started"), "the start")
        ring.public_file("screen").unlink()
        with connect(port=int(started["frames"].rpartition(":")[2]), keys=rig) as bridge:
            assert {"rig": "operator"} == bridge.request("reload_keys", timeout=10)["clients"]
        assert UNAVAILABLE == program.wait()
        assert program.events("port_lost")


def test_other_machines_may_be_admitted_with_keys(ring: Keyring, rig: Keys) -> None:
    with Daemon("--source", "sim", "--bind", "0.0.0.0", "--keys", str(ring.directory)) as daemon:
        assert gets_in(daemon, rig)
        assert [] == daemon.events("anyone_on_the_network_can_listen_and_ask")
        with daemon.connect() as bridge, pytest.raises(NoReply):
            bridge.request("hello", timeout=0.3)


def test_no_output_shows_a_secret_key(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys")
    rig, screen = ring.add("rig"), ring.add("screen", "observer")
    said: list[str] = []
    with Daemon("--source", "sim", "--keys", str(ring.directory), "--allow-shutdown") as daemon:
        with daemon.connect(screen) as bridge, pytest.raises(RequestRefused):
            bridge.request("shutdown", timeout=10)
        with daemon.connect() as bridge, pytest.raises(NoReply):
            bridge.request("hello", timeout=0.2)
        with daemon.connect(rig) as bridge:
            bridge.latest(Physics, timeout=10)
            asked = ("hello", "status", "latest", "static", "schema", "reload_keys")
            said += [repr(bridge.request(name, timeout=10)) for name in asked]
            said.append(repr(daemon.process.args))
            bridge.request("shutdown", timeout=10)
        assert 0 == daemon.wait()
        said += daemon.err + daemon.out
    text = "\n".join(said)
    assert "keys_loaded" in text
    for path in ring.directory.glob("*.key_secret"):
        secret = path.read_text().split('secret-key = "')[1][:40]
        for form in (secret, z85.decode(secret.encode()).hex(), repr(z85.decode(secret.encode()))):
            assert form not in text


def run(*arguments: str) -> Program:
    with Program("acbridge_daemon", "--source", "sim", "--port", "0", *arguments) as program:
        program.wait()
        return program


def spoil_nothing(ring: Keyring) -> None:
    ring.directory.rename(ring.directory.with_name("elsewhere"))


def spoil_server(ring: Keyring) -> None:
    ring.secret_file("server").unlink()


def spoil_clients(ring: Keyring) -> None:
    ring.public_file("rig").unlink()


def spoil_mode(ring: Keyring) -> None:
    ring.secret_file("server").chmod(0o640)


def spoil_role(ring: Keyring) -> None:
    ring.public_file("rig").write_text(ring.public_file("rig").read_text().replace("role", "rule"))


def spoil_secrecy(ring: Keyring) -> None:
    ring.secret_file("rig").rename(ring.public_file("rig"))


def spoil_writers(ring: Keyring) -> None:
    ring.public_file("rig").chmod(0o666)


def spoil_folder(ring: Keyring) -> None:
    ring.public_file("rig").parent.chmod(0o777)


def spoil_pipe(ring: Keyring) -> None:
    os.mkfifo(ring.public_file("pipe"))


def spoil_length(ring: Keyring) -> None:
    ring.public_file("long").write_bytes(bytes(1 << 20))
    ring.public_file("long").chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_writers, "rig.key: users other than its owner may write here"),
        (spoil_folder, "clients: users other than its owner may write here"),
        (spoil_pipe, "pipe.key: this is not a key file; it is no ordinary file"),
        (spoil_length, "long.key: this is not a key file; it is too long"),
        (spoil_nothing, "cannot be read: No such file or directory"),
        (spoil_server, "acbridge-ctl keygen"),
        (spoil_clients, "no client could connect; make one with acbridge-ctl keygen"),
        (spoil_mode, "chmod 600"),
        (spoil_role, 'write role = "observer" or role = "operator"'),
        (spoil_secrecy, "give rig.key"),
    ],
)
def test_a_directory_that_cannot_be_used_ends_the_daemon_with_one_line(
    tmp_path: Path, spoil: Any, message: str
) -> None:
    ring = Keyring(tmp_path / "keys")
    ring.add("rig")
    spoil(ring)
    program = run("--keys", str(ring.directory))
    assert CONFIG == program.process.returncode
    (line,) = program.err
    assert line.startswith(f"acbridge-daemon: {ring.directory}")
    assert message in line


def test_without_curve_keys_end_the_daemon_with_one_line(ring: Keyring) -> None:
    script = "import zmq; zmq.has = lambda name: False; from acbridge_daemon.cli import main; main()"
    with Program("-c", script, "--source", "sim", "--port", "0", "--keys", str(ring.directory)) as program:
        assert CONFIG == program.wait()
        (line,) = program.err
    assert "without CURVE" in line


def test_the_directory_may_come_from_the_environment(ring: Keyring, rig: Keys) -> None:
    env = {"ACBRIDGE_KEYS": str(ring.directory), "ACBRIDGE_SOURCE": "sim", "ACBRIDGE_PORT": "0"}
    with Program("acbridge_daemon", env=env) as program:
        (started,) = until(lambda: program.events("daemon_started"), "the start")
        assert started["keys"] is True
        assert 0 == program.end()


def test_subscriptions_of_a_refused_client_cost_no_memory(ring: Keyring, rig: Keys, sockets: Sockets) -> None:
    def flood(keys: Keys) -> None:
        sub = sockets.make(zmq.SUB, keys)
        sub.sndhwm = 0
        for _ in range(10_000):
            sub.subscribe(os.urandom(60))
        sub.connect(f"tcp://{daemon.address}")

    with Daemon("--source", "sim", "--keys", str(ring.directory)) as daemon:
        assert gets_in(daemon, rig)
        before = resident_kb(daemon)
        flood(stranger(rig.server))
        until(lambda: len(daemon.events("peer_refused")) >= 2, "two refusals")
        assert resident_kb(daemon) - before < 2048
        flood(rig)  # the same from an admitted client is received, up to a limit
        until(lambda: daemon.events("peer_cut"), "the cut")


def resident_kb(daemon: Daemon) -> int:
    lines = Path(f"/proc/{daemon.process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_the_zap_handler_answers_requests_of_libzmq_and_no_others(ring: Keyring, rig: Keys) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as libzmq:
        zap = ZapHandler(context, security.Keyring(ring.directory))
        libzmq.connect(ZAP_ENDPOINT)
        assert not zap.answer()

        def asked(*rest: bytes) -> list[bytes] | None:
            libzmq.send_multipart((b"", b"1.0", b"7", b"acbridge", b"1.2.3.4", b"", *rest))
            until(zap.answer, "the ZAP request")
            return libzmq.recv_multipart() if libzmq.poll(50) else None

        assert [b"", b"1.0", b"7", b"200", b"OK", rig.public, b""] == asked(b"CURVE", z85.decode(rig.public))
        refused = asked(b"CURVE", z85.decode(zmq.curve_keypair()[0]))
        assert refused is not None
        assert [b"", b"1.0", b"7", b"300"] == refused[:4]
        assert asked(b"NULL") is None
        zap.socket.close()


def test_a_client_without_curve_says_so() -> None:
    script = "import zmq; zmq.has = lambda name: False; import acbridge; acbridge.Keys.load('a', 'b')"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "acbridge.errors.CurveMissing" in ended.stderr
