"""The back-end that drives through a child process: it never waits for the child, and says why it ended."""

import os
import signal
import sys
from pathlib import Path
from threading import Thread

import pytest

from acbridge.controls import Command, Place
from acbridge_daemon.controls.backend import BackEndError, Capabilities
from acbridge_daemon.controls.child import ChildBackEnd, NewestWriter, NonBlockingWriter
from noting_device import Notes
from programs import PATIENCE_S, until

NEUTRAL = Command(brake=0.3)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "notes")


def child(notes: Notes, manner: str = "good", start_s: float = PATIENCE_S) -> ChildBackEnd:
    return ChildBackEnd(Capabilities("noting", repeat_s=0.05), NEUTRAL, notes.command(manner), start_s)


def shows(notes: Notes, **wanted: float) -> None:
    """Wait until the device has some values, at least."""
    until(lambda: wanted.items() <= notes.newest.items(), str(wanted))


def test_commands_and_resets_arrive_and_closing_leaves_neutral(notes: Notes) -> None:
    backend = child(notes)
    backend.open()
    backend.apply(Command(0.5, 1.0, 0.0, 0.25, 1, 0))
    shows(notes, steer=0.5, gas=1.0, brake=0.0, clutch=0.25, shifts_up=1, shifts_down=0)
    backend.reset(Place(100.0, -1.5, 20.0), "begin")
    until(lambda: notes.all("reset"), "the reset")
    assert {"s": 100.0, "offset": -1.5, "speed": 20.0} == notes.all("reset")[0]["start"]
    assert backend.problem() is None
    backend.close()
    assert (0.0, 0.3) == (notes.newest["gas"], notes.newest["brake"])
    assert 1 == len(notes.all("close"))
    backend.close()
    backend.apply(Command(gas=1.0))
    assert backend.problem() is None


def test_a_device_opened_again_shifts_and_resets_nothing_twice(notes: Notes) -> None:
    backend = child(notes)
    backend.open()
    command = Command(gas=0.5, shifts_up=7, shifts_down=2)
    backend.apply(command)
    shows(notes, shifts_up=7, shifts_down=2)
    backend.reset("pits", "begin")
    until(lambda: notes.all("reset"), "the reset")
    backend.close()
    backend.open()
    until(lambda: len(notes.all("open")) == 2, "another device")
    backend.apply(command._replace(gas=0.25, shifts_up=8))
    shows(notes, gas=0.25)
    backend.close()
    opened = notes.all("open")[1]["time"]
    counts = {(shown["shifts_up"], shown["shifts_down"]) for shown in notes.all("apply") if shown["time"] > opened}
    assert {(0, 0), (1, 0)} == counts
    assert ["pits"] == [reset["start"] for reset in notes.all("reset")]


def test_a_child_that_was_killed_differs_from_one_that_lost_its_device(notes: Notes) -> None:
    backend = child(notes, "fragile")
    backend.open()
    os.kill(notes.pid, signal.SIGKILL)
    assert "the program that holds noting has ended with -9" == until(backend.problem, "the end")
    backend.close()
    backend.open()
    until(lambda: len(notes.all("open")) == 2, "another device")
    backend.apply(Command(steer=1.0))
    assert "the wheel fell off" == until(backend.problem, "the end")
    assert "the wheel fell off" == backend.problem()
    backend.close()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/nowhere/at/all"], "cannot start the program that holds noting: No such file or directory"),
        ([sys.executable, "-c", "pass"], "the program that holds noting ended at once"),
        ([sys.executable, "-c", "print('no wheel')"], "no wheel"),
        ([sys.executable, "-c", "import time; time.sleep(3600)"], "the program that holds noting has not answered"),
    ],
)
def test_a_child_without_a_device_is_one_clear_line(command: list[str], words: str) -> None:
    backend = ChildBackEnd(Capabilities("noting"), NEUTRAL, command, 5.0)
    with pytest.raises(BackEndError) as caught:
        backend.open()
    assert [words] * 2 == [str(caught.value), backend.problem()]


def test_a_device_that_cannot_be_opened_is_the_words_of_the_child(notes: Notes) -> None:
    with pytest.raises(BackEndError, match=r"^there is no such wheel; buy one$"):
        child(notes, "missing").open()


def test_a_device_is_opened_again_without_a_wait(notes: Notes) -> None:
    backend = child(notes)
    backend.open()
    backend.apply(Command(gas=1.0))
    shows(notes, gas=1.0)
    backend.reopen()
    assert backend.opening()
    backend.apply(Command(gas=1.0))  # reaches no device
    until(lambda: not backend.opening(), "the next child")
    assert backend.problem() is None
    assert (2, 1) == (len(notes.all("open")), len(notes.all("close")))
    left = [shown["gas"] for shown in notes.all("apply") if shown["time"] <= notes.all("close")[0]["time"]]
    assert 0.0 == left[-1]
    backend.apply(Command(gas=0.5))
    shows(notes, gas=0.5)
    notes.unplug()
    backend.apply(Command(gas=0.25))
    assert "the wheel fell off" == until(backend.problem, "the loss")
    for _ in range(2):
        backend.reopen()
        until(lambda: not backend.opening(), "the end")
        assert "there is no such wheel; buy one" == backend.problem()
    notes.plug_in()
    backend.reopen()
    until(lambda: not backend.opening(), "the next child")
    assert backend.problem() is None
    assert (0.0, 0.3) == (notes.newest["gas"], notes.newest["brake"])
    backend.reopen()
    backend.close()
    until(lambda: len(notes.all("close")) == len(notes.all("open")), "each device removed")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([sys.executable, "-c", "pass"], "the program that holds noting ended at once"),
        ([sys.executable, "-c", "import time; time.sleep(3600)"], "the program that holds noting has not answered"),
    ],
)
def test_a_child_that_does_not_answer_when_it_is_opened_again_is_ended(command: list[str], words: str) -> None:
    backend = ChildBackEnd(Capabilities("noting"), NEUTRAL, command, 0.5)
    backend.reopen()
    until(lambda: not backend.opening(), "the end")
    assert words == backend.problem()
    backend.close()


def test_a_child_that_never_reads_delays_nothing_and_is_ended(notes: Notes) -> None:
    backend = child(notes, "deaf")
    backend.open()

    def drive() -> None:
        for _ in range(20_000):  # far more than a pipe holds
            backend.apply(Command(gas=1.0))
        backend.close()

    driving = Thread(target=drive, daemon=True)
    driving.start()
    driving.join(PATIENCE_S)
    assert not driving.is_alive()


@pytest.mark.parametrize("kind", [NonBlockingWriter, NewestWriter])
def test_a_writer_into_a_full_pipe_loses_whole_pages_only(kind: type[NonBlockingWriter | NewestWriter]) -> None:
    reading, writing = os.pipe()
    pages = [number.to_bytes(60, "little") for number in range(5000)]
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        writer = kind(os.fdopen(writing, "wb", buffering=0))
        for page in pages:
            writer.write(page)
        first = pipe.read(60)
        writer.close()
        data = first + b"".join(iter(lambda: pipe.read(65536), b""))
    assert 0 == len(data) % 60
    read = [int.from_bytes(data[at : at + 60], "little") for at in range(0, len(data), 60)]
    assert read == sorted(set(read))
    if kind is NewestWriter:
        assert 4999 == read[-1]


@pytest.mark.parametrize("kind", [NonBlockingWriter, NewestWriter])
def test_a_writer_does_not_mind_that_its_reader_is_gone(kind: type[NonBlockingWriter | NewestWriter]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    writer = kind(os.fdopen(writing, "wb", buffering=0))
    for _ in range(3):
        writer.write(bytes(60))
    writer.close()
