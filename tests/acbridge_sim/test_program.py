"""`acbridge-sim` as a process: real pages in real shared memory, and a daemon that reads them as the game's."""

import signal
import stat
from pathlib import Path

import pytest

from acbridge import Graphics, Physics, Static, Status
from acbridge_sim import ControlPage
from programs import Daemon, Program, until


def sim(page_dir: Path, *arguments: str) -> Program:
    return Program("acbridge_sim", "--page-dir", str(page_dir), *arguments)


def physics(page_dir: Path) -> Physics:
    return Physics.from_page((page_dir / "acpmf_physics").read_bytes())


def there(page_dir: Path) -> bool:
    return (page_dir / "acpmf_graphics").exists() and Graphics.from_page(
        (page_dir / "acpmf_graphics").read_bytes().ljust(304, b"\0")
    ).status == 2


def test_pages_are_made_as_the_game_makes_them(page_dir: Path) -> None:
    with sim(page_dir) as program:
        until(lambda: there(page_dir), "pages")
        for name in ("physics", "graphics", "static"):
            found = (page_dir / f"acpmf_{name}").stat()
            assert (2048, 0o600) == (found.st_size, stat.S_IMODE(found.st_mode))
        first = physics(page_dir).packetId
        until(lambda: physics(page_dir).packetId > first + 300, "three hundred steps")
        assert "1.7" == Static.from_page((page_dir / "acpmf_static").read_bytes()).smVersion
        assert 0 == program.end(signal.SIGINT)
    # As the game does: graphics says off, physics stays as it was.
    assert 0 == Graphics.from_page((page_dir / "acpmf_graphics").read_bytes()).status
    assert physics(page_dir).packetId > first


def test_it_ends_on_a_signal_right_after_its_first_line(page_dir: Path) -> None:
    for how in (signal.SIGINT, signal.SIGTERM):
        with sim(page_dir) as program:
            program.said("acbridge-sim: ")
            assert 0 == program.end(how)


def test_a_daemon_follows_it_through_a_whole_script(page_dir: Path) -> None:
    states: list[str] = []
    with (
        Daemon("--page-dir", str(page_dir), "--rate", "100") as daemon,
        daemon.connect() as bridge,
        sim(
            page_dir,
            "--session",
            "hotlap",
            "--script",
            "off 1; live 2; pause 1; live 1; esc 1.2; replay 1; live 1; exit",
        ),
    ):
        until(lambda: bridge.latest(Status, timeout=5).record.sim_state == "live", "the session")
        until(lambda: bridge.latest(Status).record.sim_state == "idle", "the end")
        until(lambda: daemon.events("sim_state_changed")[-1]["state"] == "idle", "the log")
        states = [event["state"] for event in daemon.events("sim_state_changed")]
    assert ["live", "paused", "live", "frozen", "replay", "live", "idle"] == [s for s in states if s != "absent"]


def test_a_crash_leaves_pages_that_no_daemon_takes_for_live(page_dir: Path) -> None:
    with sim(page_dir, "--script", "live 1; crash") as program:
        assert -signal.SIGKILL == program.wait()
    with Daemon("--page-dir", str(page_dir)) as daemon, daemon.connect() as bridge:
        until(lambda: bridge.status().sim_state == "frozen", "a verdict")
        assert 0 == bridge.status().published_ticks


def test_pages_that_another_sim_writes_are_left_alone(page_dir: Path) -> None:
    with sim(page_dir) as first:
        until(lambda: there(page_dir) and physics(page_dir).packetId > 10, "the first sim")
        with sim(page_dir) as second:
            assert 69 == second.wait()
            assert "another sim is writing" in second.err[-1]
        with sim(page_dir, "--page-prefix", "other_", "--script", "live 0.2; exit") as third:
            assert 0 == third.wait()
        assert first.process.poll() is None


def test_another_program_drives_through_the_control_page(page_dir: Path) -> None:
    with sim(page_dir, "--driver", "none", "--session", "hotlap"):
        until(lambda: there(page_dir), "pages")
        begun = physics(page_dir).speedKmh
        sequence = 0

        def braking() -> bool:
            nonlocal sequence
            sequence += 1
            with (page_dir / "acpmf_controls").open("r+b") as page:
                page.write(ControlPage(sequence=sequence, brake=0.6).pack())
            return physics(page_dir).speedKmh < begun - 15

        until(braking, "a slower car")
        assert physics(page_dir).brake == pytest.approx(0.6)
        until(lambda: physics(page_dir).brake == 0.0, "neutral after silence")


def test_torn_writes_are_read_again_by_the_daemon(page_dir: Path) -> None:
    with (
        sim(page_dir, "--session", "hotlap", "--torn-writes", "10"),
        # Not at the sim's own 333 Hz: there the two would meet only when their phases drift together.
        Daemon("--page-dir", str(page_dir), "--rate", "270") as daemon,
        daemon.connect() as bridge,
    ):
        until(lambda: bridge.status().reread_pages > 2, "rereads")
        assert bridge.latest(Physics, timeout=5).record.speedKmh > 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--script", "fly 3"),
        ("--fps", "0"),
        ("--finish-at", "2"),
        ("--layout", "moon"),
        ("--page-dir", "/nowhere/at/all"),
    ],
)
def test_a_wrong_option_ends_with_one_clear_error(arguments: tuple[str, str]) -> None:
    with Program("acbridge_sim", *arguments) as program:
        assert 2 == program.wait()
        assert program.err[-1].startswith("Error: ")
        assert "Traceback" not in "\n".join(program.err)


def test_help_explains_the_script() -> None:
    with Program("acbridge_sim", "--help") as program:
        assert 0 == program.wait()
    text = "\n".join(program.out)
    for word in ("Examples:", "pause SECONDS", "crash", "--torn-writes", "--rollover"):
        assert word in text


def test_a_link_in_the_place_of_a_page_is_not_followed(page_dir: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (page_dir / "acpmf_physics").symlink_to(precious)
    with sim(page_dir) as program:
        assert 74 == program.wait()
    assert "precious" == precious.read_text()


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(("--car", "gt4"), "did you mean 'gt3'?"), (("--layout", "cart"), "did you mean 'kart'?")],
)
def test_an_unknown_car_or_track_is_refused_with_the_nearest(
    page_dir: Path, arguments: tuple[str, ...], meant: str
) -> None:
    with sim(page_dir, *arguments) as program:
        assert 2 == program.wait()
    assert program.err[-1].endswith(meant)
    assert not list(page_dir.iterdir())


def test_the_pages_are_of_the_car_and_the_track_that_were_asked_for(page_dir: Path) -> None:
    with sim(page_dir, "--car", "rally", "--layout", "kart", "--script", "live 0.3; exit") as program:
        assert 0 == program.wait()
    static = Static.from_page((page_dir / "acpmf_static").read_bytes())
    assert ("acbridge_rally", "kart", 1.5) == (static.carModel, static.trackConfiguration, static.maxTurboBoost)
