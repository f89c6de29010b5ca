"""The library against daemons that run, wait, stand still, are missing, or are something else altogether."""

import math
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import zmq

import acbridge
from acbridge import (
    Bridge,
    Closed,
    DecodeError,
    Derived,
    Graphics,
    NoFrame,
    NoReply,
    Physics,
    RequestRefused,
    StaleFrame,
    Status,
    WireVersionError,
    connect,
    wire,
)
from acbridge.page_frames import PageEncoder
from acbridge.pages import AC1, STATUS_REPLAY
from acbridge_sim import World
from programs import Daemon, Program, until

FRAME = PageEncoder(Physics).encode(wire.Header(1, 1, 1, 1.0, 1), World().pages()[0])
"""A good frame of physics."""
VERSION_AT = 5
"""Where a frame says its wire version."""

USES: dict[str, Callable[[Bridge], object]] = {
    "latest": lambda bridge: bridge.latest(Physics, timeout=5),
    "sample": lambda bridge: bridge.sample(timeout=5),
    "frames": lambda bridge: bridge.frames(Physics, timeout=5),
    "trust": lambda bridge: bridge.trust(Physics),
    "status": lambda bridge: bridge.status(timeout=5),
    "request": lambda bridge: bridge.request("hello", timeout=5),
}


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """Run one daemon for all tests here: each must leave it well."""
    with Daemon("--source", "sim") as running:
        yield running


@pytest.fixture
def lonely() -> Iterator[Bridge]:
    """Connect to a port where no daemon runs."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with connect(port=port) as bridge:
        yield bridge


class Impostor:
    """Something that is no daemon and publishes one message again and again."""

    def __init__(self, *parts: bytes) -> None:
        self._ended = threading.Event()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self.port = self._socket.bind_to_random_port("tcp://127.0.0.1", max_port=60_000)
        self._thread = threading.Thread(target=self._publish, args=(parts,))
        self._thread.start()

    def _publish(self, parts: tuple[bytes, ...]) -> None:
        while not self._ended.wait(0.005):
            self._socket.send_multipart(parts)

    def __enter__(self) -> int:
        return self.port

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._socket.close(0)
        self._context.term()


def next_frame(bridge: Bridge) -> Callable[..., object]:
    """Return what looks at the next frame as `latest` does at the newest."""

    def use(record: type[Physics], timeout: float) -> object:
        return next(bridge.frames(record, timeout=timeout))

    return use


@pytest.mark.alone
def test_without_a_daemon_latest_says_what_to_do(lonely: Bridge) -> None:
    begun = time.perf_counter()
    with pytest.raises(NoFrame) as caught:
        lonely.latest(Physics, timeout=0.3)
    assert 0.3 <= time.perf_counter() - begun < 0.8
    assert lonely.endpoint in str(caught.value)
    assert "start acbridge-daemon" in str(caught.value)
    assert ("physics", 0.3, None) == (caught.value.topic, caught.value.timeout, caught.value.sim_state)
    assert isinstance(caught.value, TimeoutError)


def test_the_text_distinguishes_a_daemon_without_a_sim_from_no_daemon(page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, daemon.connect() as bridge:
        assert "absent" == bridge.latest(Status, timeout=5).record.sim_state
        with pytest.raises(NoFrame, match="the daemon reports that the sim is absent") as caught:
            bridge.latest(Physics, timeout=0.1)
        assert "absent" == caught.value.sim_state


def test_a_frame_that_is_too_old_is_refused(daemon: Daemon) -> None:
    assert sys.platform != "win32"
    with daemon.connect() as bridge:
        until(lambda: bridge.latest(Status, timeout=5).record.sim_state == "live", "the sim's start")
        assert Physics is type(bridge.latest(Physics, max_age=1.0).record)
        daemon.process.send_signal(signal.SIGSTOP)
        until(lambda: (bridge.trust(Physics).age or 0) > 0.3, "the age")
        assert Physics is type(bridge.latest(Physics).record)
        with pytest.raises(StaleFrame) as caught:
            bridge.latest(Physics, max_age=0.2)
        daemon.process.send_signal(signal.SIGCONT)
        assert 0.3 < caught.value.age < 20
        assert (0.2, "live") == (caught.value.max_age, caught.value.sim_state)
        until(lambda: bridge.trust(Physics).alive, "life")
        assert Physics is type(bridge.latest(Physics, max_age=1.0).record)


@pytest.mark.alone
def test_a_request_without_a_daemon_ends_in_time_and_the_next_one_works() -> None:
    with Daemon("--source", "sim") as daemon:
        port = daemon.port
    with connect(port=port) as bridge:
        begun = time.perf_counter()
        with pytest.raises(NoReply) as caught:
            bridge.request("hello", timeout=0.3)
        assert time.perf_counter() - begun < 0.6
        assert bridge.requests_endpoint in str(caught.value)
        assert "start acbridge-daemon" in str(caught.value)
        with Daemon("--source", "sim", port=port) as again:
            assert again.run == bridge.request("hello", timeout=5)["run"]


def test_a_change_asked_again_after_a_lost_reply_is_made_once(daemon: Daemon) -> None:
    assert sys.platform != "win32"
    with daemon.connect() as bridge:
        daemon.process.send_signal(signal.SIGSTOP)
        with pytest.raises(NoReply) as caught:
            bridge.request("set_rate", timeout=0.2, rate=100)
        daemon.process.send_signal(signal.SIGCONT)
        for _ in range(2):
            bridge.request("set_rate", timeout=5, request_id=caught.value.request_id, rate=100)
        bridge.request("set_rate", timeout=5, rate=101)
        until(lambda: [e["rate"] for e in daemon.events("rate_changed")][-1:] == [101], "the second change")
        assert [100, 101] == [event["rate"] for event in daemon.events("rate_changed")]


def test_a_refusal_carries_its_code(daemon: Daemon) -> None:
    with daemon.connect() as bridge:
        for name, code in (("dance", "unknown_request"), ("set_rate", "bad_argument"), ("shutdown", "forbidden")):
            with pytest.raises(RequestRefused) as caught:
                bridge.request(name, timeout=5)
            assert (name, code) == (caught.value.request, caught.value.code)
            assert caught.value.message in str(caught.value)


def test_a_request_that_the_daemon_would_cut_off_is_not_sent(daemon: Daemon) -> None:
    with daemon.connect() as bridge:
        with pytest.raises(ValueError, match="may have 4096 bytes"):
            bridge.request("hello", text="x" * 5000)
        assert daemon.run == bridge.request("hello", timeout=5)["run"]


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_closed_bridge_says_so(lonely: Bridge, use: Callable[[Bridge], object]) -> None:
    lonely.close()
    lonely.close()
    with pytest.raises(Closed, match=r"acbridge\.connect\(\)"):
        use(lonely)


def test_closing_a_bridge_ends_its_iterators(daemon: Daemon) -> None:
    with daemon.connect() as bridge:
        frames = bridge.frames(Physics, timeout=5)
        next(frames)
    with pytest.raises(Closed):
        next(frames)


def test_closing_a_bridge_ends_a_wait_for_a_frame(lonely: Bridge) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(lonely.latest, Physics, timeout=60)
        until(lambda: any(thread.name == "acbridge-receiver" for thread in threading.enumerate()), "the waiting")
        lonely.close()
        with pytest.raises(Closed):
            waiting.result(10)


ITERATE = """
import sys, threading, acbridge
bridge = acbridge.connect(port=int(sys.argv[1]))
def iterate():
    begun.set()
    try:
        next(frames)
    except BaseException as error:
        print(type(error).__name__)
frames, begun, thread = bridge.frames(acbridge.Physics), threading.Event(), threading.Thread(target=iterate)
thread.start()
begun.wait()
bridge.close()
thread.join()
"""


def test_closing_a_bridge_ends_an_iteration_that_waits(lonely: Bridge) -> None:
    with Program("-c", ITERATE, lonely.endpoint.rsplit(":", 1)[1]) as program:
        assert 0 == program.wait()
    assert ["Closed"] == program.out


@pytest.mark.parametrize("port", [0, 65535, -1, 70_000])
def test_a_port_without_a_next_one_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="1 to 65534"):
        connect(port=port)


def test_importing_the_library_loads_no_more_than_it_needs() -> None:
    script = "import sys, acbridge; print(*sorted(sys.modules))"
    with Program("-c", script) as program:
        assert 0 == program.wait()
        loaded = program.out[0].split()
    assert "acbridge.client" in loaded
    assert [] == [m for m in loaded if m.split(".")[0] in ("click", "structlog", "numpy", "acbridge_sim")]


@pytest.mark.alone
@pytest.mark.parametrize(
    "use",
    [
        "bridge.latest(acbridge.Physics, timeout=20)",
        "frames = bridge.frames(acbridge.Physics, timeout=20); next(frames)",
        "bridge.latest(acbridge.Physics, timeout=20); bridge.status(timeout=20); bridge.sample(timeout=20)",
    ],
)
def test_a_script_that_never_closes_its_bridge_ends_promptly(daemon: Daemon, use: str) -> None:
    script = f"import acbridge\nbridge = acbridge.connect(port={daemon.port})\n{use}\nprint('done')"
    with Program("-c", script) as program:
        program.said("done")
        begun = time.monotonic()
        assert 0 == program.wait()
        assert time.monotonic() - begun < 2
        assert [] == program.err


@pytest.mark.alone
def test_a_script_that_gives_up_on_a_missing_daemon_ends_promptly(lonely: Bridge) -> None:
    port = int(lonely.endpoint.rsplit(":", 1)[1])
    script = (
        f"import acbridge\ntry: acbridge.connect(port={port}).status(timeout=0.1)\nexcept TimeoutError: print('done')"
    )
    with Program("-c", script) as program:
        program.said("done")
        begun = time.monotonic()
        assert 0 == program.wait()
        assert time.monotonic() - begun < 2
        assert [] == program.err


def test_several_threads_may_use_one_bridge_at_once(daemon: Daemon) -> None:
    with daemon.connect() as bridge:

        def work(_: int) -> set[int]:
            runs: set[int] = set()
            for _ in range(25):
                runs |= {bridge.latest(Physics, timeout=10).run, bridge.latest(Graphics, timeout=10).run}
                runs |= {bridge.sample(timeout=10).run, bridge.request("hello", timeout=10)["run"]}
                assert "live" == bridge.status(timeout=10).sim_state
            return runs

        until(lambda: bridge.status(timeout=5).sim_state == "live", "the sim's start")
        with ThreadPoolExecutor(8) as pool:
            assert {daemon.run} == set[int]().union(*pool.map(work, range(8)))


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((b"physics",), id="one part"),
        pytest.param((b"physics", FRAME, b"more"), id="three parts"),
        pytest.param((b"physics", b""), id="nothing"),
        pytest.param((b"physics", b"\xc1" * 200), id="no msgpack"),
        pytest.param((b"physics", b'{"speedKmh": 120.5}'), id="JSON"),
        pytest.param((b"physics", b"\x81\xa1v\x01"), id="another map"),
        pytest.param((b"physics", FRAME[:-1]), id="a frame cut short"),
        pytest.param((b"physics", FRAME + b"\x00"), id="a frame with a tail"),
    ],
)
def test_a_port_that_speaks_something_else_raises_a_decode_error(parts: tuple[bytes, ...]) -> None:
    with Impostor(*parts) as port, connect(port=port) as bridge:
        for use in (next_frame(bridge), bridge.latest):
            with pytest.raises(DecodeError):
                use(Physics, timeout=5)


def test_a_frame_of_another_wire_version_says_which_side_to_upgrade() -> None:
    newer = FRAME[:VERSION_AT] + b"\x02" + FRAME[VERSION_AT + 1 :]
    with Impostor(b"physics", newer) as port, connect(port=port) as bridge:
        for use in (bridge.latest, next_frame(bridge)):
            with pytest.raises(WireVersionError, match="upgrade the library") as caught:
                use(Physics, timeout=5)
            assert (2, 1) == (caught.value.got, caught.value.known)


def test_a_topic_that_only_begins_like_ours_is_left_alone() -> None:
    with Impostor(b"physics2", b"whatever") as port, connect(port=port) as bridge:
        for use in (bridge.latest, next_frame(bridge)):
            with pytest.raises(NoFrame):
                use(Physics, timeout=0.3)


def test_an_iterator_that_saw_nothing_in_time_goes_on() -> None:
    with Daemon("--source", "sim", "--rate", "2") as daemon, daemon.connect() as bridge:
        frames = bridge.frames(Physics, timeout=0.2)
        first = until(lambda: take(frames), "a frame")
        with pytest.raises(NoFrame):
            next(frames)
        assert first.seq + 1 == until(lambda: take(frames), "another frame").seq
        assert 0 == frames.lost


def take(frames: acbridge.FrameStream[Physics]) -> acbridge.Frame[Physics] | None:
    try:
        return next(frames)
    except NoFrame:
        return None


def test_values_that_are_no_numbers_arrive(page_dir: Path) -> None:
    changes: dict[str, dict[str, Any]] = {
        "physics": {"wheelSlip": (math.nan, math.inf, 1.0, 2.0)},
        "graphics": {"status": STATUS_REPLAY, "sessionTimeLeft": math.inf},
        "static": {},
    }
    for page, written in zip(AC1.pages, World().pages(), strict=True):
        values: dict[str, Any] = vars(page.from_page(written)) | changes[page.topic]
        (page_dir / f"acpmf_{page.topic}").write_bytes(page(**values).to_page())
    with Daemon("--page-dir", str(page_dir)) as daemon, daemon.connect() as bridge:
        front_left, *others = bridge.latest(Physics, timeout=5).record.wheelSlip
        assert math.isnan(front_left)
        assert [math.inf, 1.0, 2.0] == others
        assert math.inf == bridge.latest(Graphics, timeout=5).record.sessionTimeLeft
        assert pytest.approx((10 + 10 + 1 + 2) / 4) == bridge.latest(Derived, timeout=5).record.avg_wheel_slip
