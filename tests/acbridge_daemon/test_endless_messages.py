"""A peer that sends a message without an end, in a process of its own: the daemon frees the memory that it took."""

import pytest

from acbridge import Physics, Status
from acbridge_daemon.memory import TOO_MUCH_BYTES
from floods import ENDLESS, MEGABYTE, resident
from programs import Daemon, Program, until

ON_FRAMES, ON_REQUESTS = ("SUB", "3"), ("DEALER", "200")


@pytest.mark.alone
@pytest.mark.parametrize("kind", [ON_FRAMES, ON_REQUESTS], ids=["frames", "requests"])
def test_a_message_without_end_is_cut_and_its_memory_freed(kind: tuple[str, str]) -> None:
    with Daemon("--source", "sim") as daemon, daemon.connect() as bridge:
        bridge.latest(Physics, timeout=10)
        before = resident(daemon)
        port = daemon.port + (kind is ON_REQUESTS)
        with Program("-c", ENDLESS, str(port), *kind) as flood:
            most = 0

            def is_cut() -> bool:
                nonlocal most
                most = max(most, resident(daemon))
                return bool(daemon.events("memory_guard"))

            until(is_cut, "the cut")
            flood.said("cut after")
        assert most - before < TOO_MUCH_BYTES + 200 * MEGABYTE
        until(lambda: resident(daemon) - before < 30 * MEGABYTE, "the memory's return")
        with bridge.frames(Status, timeout=10) as frames:
            until(lambda: next(frames).record.memory_guards == 1, "the count in the status")
        bridge.latest(Physics, timeout=10)
        assert daemon.run == bridge.request("hello", timeout=10)["run"]
