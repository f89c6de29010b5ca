"""Everyday mistakes cost nothing: programs started twice, streams not closed, another car, wrong calls."""

import gc
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from acbridge import NoReply, Physics, connect
from acbridge_sim import SessionType, World, layout
from programs import Daemon, Program, Sink, until


def test_two_recordings_into_one_file_do_not_mix(daemon: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl"
    with Sink(daemon, "jsonl", str(path)) as first:
        until(lambda: path.exists() and path.stat().st_size > 0, "the first recording")
        with Sink(daemon, "jsonl", str(path)) as second:
            assert 74 == second.wait()
            assert "another program is recording into it" in second.err[-1]
        assert 0 == first.end(signal.SIGINT)
    for line in path.read_text().splitlines():
        json.loads(line)


def test_another_car_or_track_gets_a_header_of_its_own(page_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "evening.jsonl"

    def sim(name: str) -> Program:
        arguments = ("--layout", name, "--session", "hotlap", "--script", "live 1.5; exit")
        return Program("acbridge_sim", "--page-dir", str(page_dir), *arguments)

    with Daemon("--page-dir", str(page_dir)) as daemon, Sink(daemon, "jsonl", str(path)) as sink:
        for name in ("circuit", "circuit", "oval"):
            with sim(name) as running:
                assert 0 == running.wait()
            with daemon.connect() as bridge:
                until(lambda bridge=bridge: bridge.status(timeout=5).sim_state == "idle", "the end of the session")
        assert 0 == sink.end(signal.SIGINT)
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    headers = [line["static"]["trackConfiguration"] for line in lines if line.get("type") == "header"]
    assert ["circuit", "oval"] == headers


def test_streams_that_are_not_closed_are_closed_by_the_garbage_collector(daemon: Daemon) -> None:
    with daemon.connect() as bridge:
        for _ in range(50):
            for _frame in bridge.frames(Physics, timeout=5):
                break
        gc.collect()
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(50):
            for _frame in bridge.frames(Physics, timeout=5):
                break
        gc.collect()
        assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 10


def test_an_argument_that_is_no_record_class_is_refused_at_once() -> None:
    wrong: Any = "physics"
    with connect() as bridge:
        for ask in (bridge.frames, bridge.latest, bridge.trust):
            with pytest.raises(TypeError, match=r"acbridge\.Physics"):
                ask(wrong)


def test_a_request_that_failed_half_way_does_not_affect_the_next(daemon: Daemon) -> None:
    wrong: Any = "soon"
    with daemon.connect() as bridge:
        with pytest.raises(TypeError):
            bridge.request("hello", timeout=wrong)
        daemon.process.send_signal(signal.SIGSTOP)
        with pytest.raises(NoReply):
            bridge.request("hello", timeout=0.1)
        daemon.process.send_signal(signal.SIGCONT)
        assert daemon.run == bridge.request("hello", timeout=5)["run"]


@pytest.mark.alone
def test_a_faster_rate_is_kept_from_the_next_tick_on() -> None:
    with Daemon("--source", "sim", "--rate", "1") as daemon, daemon.connect() as bridge:
        bridge.request("set_rate", timeout=5, rate=100)
        until(lambda: bridge.status(timeout=5).ticks > 50, "fifty ticks")
        assert bridge.status().missed_ticks < 20  # it would be ninety-nine if the loop waited for the old deadline


def test_a_paused_stand_in_keeps_its_pages(page_dir: Path) -> None:
    with Program("acbridge_sim", "--page-dir", str(page_dir), "--script", "pause 30; exit") as first:
        until((page_dir / "acpmf_static").exists, "pages")
        with Program("acbridge_sim", "--page-dir", str(page_dir)) as second:
            assert 69 == second.wait()
        assert first.process.poll() is None


def test_going_back_to_the_pits_abandons_the_lap() -> None:
    world = World(track=layout("oval"), session=SessionType.HOTLAP)
    while world.timing.sector < 2:
        world.step()
    world.pits()
    assert (0, 0) == (world.timing.current_ms, world.timing.sector)
