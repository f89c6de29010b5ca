"""From pages to frames: headers, and the check for torn pages, with scripts and with a process that tears pages."""

import json
import mmap
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from acbridge import Derived, Event, Graphics, Physics, Static, wire
from acbridge.derived.deriver import Deriver
from acbridge.pages import AC1, Pages
from acbridge.wire import Stamp
from acbridge_daemon.sampler import Message, Reading, Sampler, read_stable
from acbridge_sim import World

SIZES = {page.page_name: page.page_size for page in AC1.pages}
GAP_NS = 20_000
"""Pause between two copies that are compared, as in the daemon."""
HALVES_APART_NS = 8_000
STAMP = Stamp(mono_ns=5_000_000_000, timestamp=1_700_000_000.25)


def page(mark: int) -> Pages:
    """Return pages that differ for each mark."""
    return tuple(bytes([mark]) * size for size in SIZES.values())


class Script:
    """Returns prepared copies, and counts copies and pauses."""

    def __init__(self, *pages: Pages | None) -> None:
        self._pages = iter(pages)
        self.calls: list[str] = []

    def read(self) -> Pages | None:
        self.calls.append("read")
        return next(self._pages)

    def pause(self, _: Pages) -> None:
        self.calls.append("pause")

    def run(self) -> Reading:
        return read_stable(self.read, self.pause)


def test_pages_that_hold_still_are_read_twice_with_a_pause_between() -> None:
    script = Script(page(1), page(1))
    assert Reading(page(1), 0, torn=False) == script.run()
    assert ["read", "pause", "read"] == script.calls


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_pages_that_change_are_read_again_until_two_copies_agree(changes: int) -> None:
    script = Script(*(page(mark) for mark in range(changes + 1)), page(changes))
    assert Reading(page(changes), changes, torn=False) == script.run()
    assert ["read"] + ["pause", "read"] * (changes + 1) == script.calls


@pytest.mark.parametrize("topic", ["physics", "graphics", "static"])
def test_a_change_in_any_page_is_noticed(topic: str) -> None:
    changed = tuple(bytes(size) if name == topic else bytes([1]) * size for name, size in SIZES.items())
    assert Reading(changed, 1, torn=False) == Script(page(1), changed, changed).run()


def test_pages_that_never_hold_still_are_torn_after_four_comparisons() -> None:
    script = Script(*(page(mark) for mark in range(5)))
    assert Reading(None, 4, torn=True) == script.run()
    assert 4 == script.calls.count("pause")


@pytest.mark.parametrize("copies", range(5))
def test_pages_that_vanish_after_some_copies_are_gone_and_not_torn(copies: int) -> None:
    reading = Script(*(page(mark) for mark in range(copies)), None).run()
    assert reading.pages is None
    assert not reading.torn


def sim_pages(steps: int = 1000) -> Pages:
    world = World()
    world.step(steps)
    return world.pages()


def topics(messages: list[Message]) -> list[str]:
    return [message.topic for message in messages]


def test_a_tick_is_published_as_physics_graphics_derived_after_a_new_static() -> None:
    sampler = Sampler(AC1, run=7)
    first = ["static", "physics", "graphics", "derived", "event", "event"]
    assert first == topics(list(sampler.tick(sim_pages(1), 1, STAMP)))
    assert ["physics", "graphics", "derived"] == topics(list(sampler.tick(sim_pages(2), 2, STAMP)))


def test_frames_of_one_tick_share_run_tick_and_stamp() -> None:
    headers = [wire.read_header(message.payload) for message in Sampler(AC1, run=7).tick(sim_pages(), 42, STAMP)]
    assert {(7, 42, STAMP.timestamp, STAMP.mono_ns)} == {(h.run, h.tick, h.timestamp, h.mono_ns) for h in headers}


def test_seq_counts_the_frames_of_each_topic() -> None:
    sampler = Sampler(AC1, run=7)
    messages = [message for tick in (1, 5, 6) for message in sampler.tick(sim_pages(tick), tick, STAMP)]
    messages += [*sampler.repeat(6, STAMP), *sampler.repeat(7, STAMP)]
    seqs = {
        topic: [wire.read_header(m.payload).seq for m in messages if m.topic == topic] for topic in topics(messages)
    }
    assert {
        "physics": [0, 1, 2],
        "graphics": [0, 1, 2],
        "derived": [0, 1, 2],
        "static": [0, 1, 2],
        "event": [0, 1],
    } == seqs


def test_static_is_published_again_when_it_changes() -> None:
    sampler = Sampler(AC1, run=7)
    list(sampler.tick(sim_pages(), 1, STAMP))
    list(sampler.tick(sim_pages(), 2, STAMP))
    changed: dict[str, Any] = vars(AC1.record(Static, sim_pages())) | {"track": "imola"}
    messages = list(sampler.tick((*sim_pages()[:2], Static(**changed).to_page()), 3, STAMP))
    assert ["static", "physics", "graphics", "derived"] == topics(messages)[:4]
    assert ["session_ended", "session_started"] == [wire.decode(m.payload, Event).record.kind for m in messages[4:]]
    assert "imola" == wire.decode(messages[0].payload, Static).record.track


def test_frames_have_the_values_of_the_pages() -> None:
    pages = sim_pages()
    _, physics, graphics, derived, *_ = (message.payload for message in Sampler(AC1, run=7).tick(pages, 1, STAMP))
    records = Physics.from_page(pages[0]), Graphics.from_page(pages[1]), Static.from_page(pages[2])
    assert records[0] == wire.decode(physics, Physics).record
    assert records[1] == wire.decode(graphics, Graphics).record
    assert Deriver().tick(*records)[0] == wire.decode(derived, Derived).record


@pytest.mark.parametrize(("names", "shown"), [(False, ""), (True, "Stand-in")])
def test_a_players_names_are_published_only_if_wanted(names: bool, shown: str) -> None:
    frame = next(Sampler(AC1, run=7, names=names).tick(sim_pages(), 1, STAMP))
    static = wire.decode(frame.payload, Static).record
    assert [shown] * 3 == [static.playerName, static.playerSurname, static.playerNick]
    assert "acbridge_stand_in" == static.carModel


def write_torn_pages(path: Path) -> None:
    """
    Rewrite a page 333 times a second, every word the packetId, in two halves some microseconds apart, until stdin ends.

    Prints the packetIds whose halves were further apart than the reader's gap: no reader can notice those.
    """
    size, late = SIZES["physics"], list[int]()
    with path.open("r+b") as file, mmap.mmap(file.fileno(), size) as memory:
        print("ready", flush=True)
        packet = 0
        while not select.select([sys.stdin], [], [], 0.003)[0]:
            packet += 1
            new = struct.pack("<i", packet) * (size // 4)
            begun = time.perf_counter_ns()
            memory[: size // 2] = new[: size // 2]
            while time.perf_counter_ns() < begun + HALVES_APART_NS:
                pass
            memory[size // 2 :] = new[size // 2 :]
            if time.perf_counter_ns() - begun >= GAP_NS:
                late.append(packet)
    print(json.dumps({"pages": packet, "late": late}), flush=True)


class Written(NamedTuple):
    """The number of pages written by the process, and those whose halves were too far apart."""

    pages: int
    late: list[int]


@pytest.fixture
def tearing(page_dir: Path) -> Iterator[Callable[[], Written]]:
    """Run a process that tears the physics page; calling the fixture ends it and returns its count."""
    for name, size in SIZES.items():
        (page_dir / f"acpmf_{name}").write_bytes(bytes(size))
    writer = subprocess.Popen(
        [sys.executable, __file__, str(page_dir / "acpmf_physics")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    assert b"ready\n" == writer.stdout.readline()
    with writer:
        yield lambda: Written(**json.loads(writer.communicate()[0]))


def words(pages: Pages) -> set[int]:
    return set(struct.unpack(f"<{len(pages[0]) // 4}i", pages[0]))


def wait_the_gap(_: Pages) -> None:
    end = time.perf_counter_ns() + GAP_NS
    while time.perf_counter_ns() < end:
        pass


@pytest.mark.alone
def test_a_page_read_while_it_is_rewritten_never_mixes_two_states(
    page_dir: Path, tearing: Callable[[], Written]
) -> None:
    assert sys.platform != "win32"
    from acbridge.sources.page_files import PageFiles

    source = PageFiles(page_dir, "acpmf_", AC1.pages)
    assert source.attach() is None
    mixed: set[int] = set()
    rereads = 0
    for _ in range(20_000):
        reading = read_stable(source.read, wait_the_gap)
        rereads += reading.rereads
        if reading.pages is not None and len(found := words(reading.pages)) > 1:
            mixed.add(max(found))
    source.detach()
    written = tearing()
    assert rereads > 0
    assert mixed <= set(written.late)
    assert written.pages > 2 * len(written.late), "the writer was held up so often that this says nothing"


@pytest.mark.alone
def test_a_page_read_only_once_while_it_is_rewritten_does_mix_two_states(
    page_dir: Path, tearing: Callable[[], Written]
) -> None:
    assert sys.platform != "win32"
    from acbridge.sources.page_files import PageFiles

    source = PageFiles(page_dir, "acpmf_", AC1.pages)
    assert source.attach() is None
    mixed, deadline = 0, time.monotonic() + 20
    while mixed < 10 and time.monotonic() < deadline:
        pages = source.read()
        mixed += pages is not None and len(words(pages)) > 1
    source.detach()
    tearing()
    assert 10 == mixed


if __name__ == "__main__":
    write_torn_pages(Path(sys.argv[1]))
