"""A made-up game with two pages of its own: from page files to a subscriber, by its table alone."""

import sys
from pathlib import Path
from typing import Any

import pytest
import zmq

from acbridge import Frame, FrameStream, SimState, wire
from acbridge.client.subscription import FRAMES_QUEUE, open_socket
from acbridge.layout import Group, Page, f32, i32, text8
from acbridge.pages import Game, PageField, StatusWord
from acbridge.wire import Stamp
from acbridge_daemon.clock import Clock
from acbridge_daemon.ingest import Ingest
from acbridge_daemon.publisher import Publisher
from acbridge_daemon.sampler import Sampler
from acbridge_daemon.security import ZapHandler

if sys.platform == "win32":
    pytest.skip("the pages are files", allow_module_level=True)

from acbridge.sources.page_files import PageFiles

BOATS = Group(20, "boats")


class Boats(Page, topic="boats"):
    """Every boat, rewritten at each step."""

    step: int = i32("Counts steps of 10 ms.")
    says: int = i32("7 on the water, 8 in the harbour.")
    speed: tuple[float, ...] = f32("Speed of each boat.", unit="m/s", group=BOATS)
    name: tuple[str, ...] = text8(8, "Name of each boat.", group=BOATS)


class Sea(Page, topic="sea", page_name="water"):
    """The sea, written once."""

    game: str = text8(16, "Name and version of the game.")
    depth: float = f32("Depth.", unit="m")


REGATTA = Game(
    name="Regatta",
    pages=(Sea, Boats),
    on_change=(Sea,),
    page_prefix="regatta_",
    page_file_size=4096,
    version=PageField(Sea, "game"),
    version_text="Regatta 2",
    step=PageField(Boats, "step"),
    step_ms=10,
    status=PageField(Boats, "says"),
    status_words={7: StatusWord("water", SimState.LIVE), 8: StatusWord("harbour", SimState.IDLE)},
    sessions=("cruise", "race"),
)
SEA: dict[str, Any] = {"game": "Regatta 2", "depth": 12.5}


def boats(step: int, says: int = 7) -> dict[str, Any]:
    names = tuple(f"boat {number}" for number in range(20))
    return {"step": step, "says": says, "speed": tuple(step + number / 4 for number in range(20)), "name": names}


class Regatta:
    """The pages in their files, and the part of a daemon that reads and publishes them."""

    def __init__(self, directory: Path, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        self._directory = directory
        self._clock = Clock()
        self._zap = ZapHandler(context, None)
        self._publisher = Publisher(context, "", 64, self._zap)
        self.port = self._publisher.socket.bind_to_random_port("tcp://127.0.0.1")
        source = PageFiles(directory, REGATTA.page_prefix, REGATTA.pages)
        self.ingest = Ingest(source, Sampler(REGATTA, run=7), self._publisher, self._clock)
        self._tick = 0

    def write(self, page: type[Page], values: dict[str, Any]) -> None:
        path = self._directory / f"{REGATTA.page_prefix}{page.page_name}"
        path.write_bytes(page.pack(values).ljust(REGATTA.page_file_size, b"\0"))

    def sail(self, step: int, says: int = 7) -> None:
        """Write a step, and let the daemon read and publish it."""
        self.write(Boats, boats(step, says))
        stamp = self._clock.now()
        self._tick += 1
        self.ingest.step(self._tick, stamp)
        self.ingest.repeat_static(stamp)
        while self._zap.answer():
            pass

    def close(self) -> None:
        self.ingest.close()
        self._publisher.close()
        self._zap.socket.close()


def test_a_game_with_two_pages_reaches_a_subscriber(page_dir: Path) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    regatta = Regatta(page_dir, context)
    try:
        regatta.write(Sea, SEA)
        endpoint = f"tcp://127.0.0.1:{regatta.port}"
        socket = open_socket(context, zmq.SUB, endpoint, FRAMES_QUEUE, None)
        with FrameStream[Boats | Sea](socket, endpoint, (Boats, Sea), "", 0.02) as stream:
            step = 100
            frames: list[Frame[Boats | Sea]] = []
            for step in range(100, 1100):
                regatta.sail(step)
                try:
                    frames.append(next(stream))
                except TimeoutError:
                    continue
                if {Boats, Sea} <= {type(frame.record) for frame in frames}:
                    break
            found = {type(frame.record): frame for frame in frames}
            assert SEA == vars(found[Sea].record)
            sailed = vars(found[Boats].record)
            assert boats(sailed["step"]) == sailed
            assert 100 < sailed["step"] <= step
    finally:
        regatta.close()
        context.term()


def test_the_state_of_a_game_follows_from_its_table(page_dir: Path) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    regatta = Regatta(page_dir, context)
    states: list[SimState] = []
    try:
        regatta.write(Sea, {"game": "Regatta 1", "depth": 1.0})
        regatta.sail(1)
        states.append(regatta.ingest.liveness.state)
        assert 'game is "Regatta 1", Regatta says "Regatta 2"' in str(regatta.ingest.detail)
        regatta.write(Sea, SEA)
        for step, says in ((1, 7), (2, 7), (3, 8)):
            regatta.sail(step, says)
            states.append(regatta.ingest.liveness.state)
    finally:
        regatta.close()
        context.term()
    expected = [SimState.UNSUPPORTED, SimState.UNSUPPORTED, SimState.LIVE, SimState.IDLE]
    assert expected == states


def test_frames_of_a_game_without_metrics_are_its_pages(page_dir: Path) -> None:
    del page_dir
    sampler = Sampler(REGATTA, run=7)
    pages = Sea.pack(SEA), Boats.pack(boats(5))
    first, second = (list(sampler.tick(pages, tick, Stamp(1, 1.0))) for tick in (1, 2))
    assert [["sea", "boats"], ["boats"]] == [[message.topic for message in tick] for tick in (first, second)]
    assert boats(5) == vars(wire.decode(second[0].payload, Boats).record)


@pytest.mark.parametrize(("kind", "name"), [(0, "cruise"), (1, "race"), (2, None), (-1, None)])
def test_session_kinds_of_a_game_have_names(kind: int, name: str | None) -> None:
    assert name == REGATTA.session_name(kind)
