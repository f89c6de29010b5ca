"""The queue between receiving and writing: bounded, and honest about what it dropped."""

import json
import threading
import time
from typing import Any

from acbridge.recording.lines import not_written
from acbridge.recording.writing.backlog import Backlog, Item


def ticks(*numbers: int) -> list[Item[bytes]]:
    return [Item(b"%d\n" % number, number) for number in numbers]


def fill(backlog: Backlog[bytes], *numbers: int) -> None:
    for item in ticks(*numbers):
        backlog.put(item)


def gap(item: Item[bytes]) -> dict[str, Any]:
    assert item.tick is None
    return json.loads(item.data)


def gap_line(first: int, last: int, count: int) -> dict[str, Any]:
    return {"type": "gap", "reason": "not_written", "tick": first, "last_tick": last, "ticks": count}


def test_what_was_put_is_taken_in_order() -> None:
    backlog = Backlog(not_written)
    fill(backlog, 1, 2, 3)
    assert ticks(1, 2) == backlog.take(2, 1)
    assert ticks(3) == backlog.take(2, 1)
    assert [] == backlog.take(2, 0.01)


def test_ticks_that_find_no_room_become_one_gap_with_their_exact_number() -> None:
    backlog = Backlog(not_written, capacity=4)
    fill(backlog, 1, 2, 3, 4, 5, 6, 7)
    assert ticks(1, 2) == backlog.take(2, 1)
    fill(backlog, 8)  # half of the queue is not free yet
    assert ticks(3) == backlog.take(1, 1)
    fill(backlog, 9)
    kept, hole, after = backlog.take(9, 1)
    assert [kept, after] == ticks(4, 9)
    assert gap_line(5, 8, 4) == gap(hole)
    assert (4, 1) == (backlog.dropped, backlog.gaps)


def test_lines_that_are_no_ticks_are_never_dropped_and_stand_behind_the_gap() -> None:
    backlog = Backlog(not_written, capacity=1)
    fill(backlog, 1, 2, 3)
    backlog.put(Item(b"event\n"))
    first, hole, event = backlog.take(9, 1)
    assert ticks(1) == [first]
    assert gap_line(2, 3, 2) == gap(hole)
    assert b"event\n" == event.data


def test_a_gap_at_the_end_is_written_by_the_end() -> None:
    backlog = Backlog(not_written, capacity=1)
    fill(backlog, 1, 2)
    backlog.end()
    assert gap_line(2, 2, 1) == gap(backlog.take(9, 1)[1])
    assert backlog.ended


def test_the_end_wakes_a_waiting_thread() -> None:
    backlog = Backlog(not_written)
    begun = time.perf_counter()
    threading.Timer(0.05, backlog.end).start()
    assert [] == backlog.take(1, 10)
    assert time.perf_counter() - begun < 5


def test_lingering_gathers_what_comes_soon() -> None:
    backlog = Backlog(not_written)
    fill(backlog, 1)
    threading.Timer(0.02, lambda: fill(backlog, 2)).start()
    assert ticks(1, 2) == backlog.take(2, 1, linger_s=5)
