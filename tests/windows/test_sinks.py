"""The sinks and acbridge-ctl on Windows: pipes instead of a console, paths with spaces and letters, keys."""

import json
import os
import subprocess
from collections import deque
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import pytest

from acbridge import Event, NoFrame, NoReply, Physics
from acbridge.recording import open_recording
from game import Game
from keyring import Keyring, stranger
from programs import PATIENCE_S, Daemon, Program, Sink, until
from relays import Relay, first, of_topic, of_type
from wine import Interpreter

pytestmark = pytest.mark.windows

NAME = "Nürburgring Nordschleife — 鈴鹿"


@pytest.fixture(scope="module")
def daemon(windows: Interpreter) -> Iterator[Daemon]:
    """Run one daemon on Windows with the stand-in for all tests here; no test may disturb it."""
    with Daemon("--source", "sim", "--rate", "60", python=windows) as running:
        yield running


def test_console_prints_lines_into_a_pipe(daemon: Daemon, windows: Interpreter) -> None:
    with Sink(daemon, "console", "--count", "60", python=windows) as sink:
        assert sink.wait() == 0, sink.err
    assert len(sink.out) >= 5
    assert all("km/h" in line for line in sink.out if line.startswith("lap"))
    assert any(line.startswith("lap") for line in sink.out)


@pytest.mark.parametrize("compress", [(), ("--compress", "gzip"), ("--compress", "zstd")])
def test_jsonl_records_where_a_path_has_spaces_and_letters(
    daemon: Daemon, windows: Interpreter, tmp_path: Path, compress: tuple[str, ...]
) -> None:
    directory = tmp_path / NAME
    directory.mkdir()
    path = directory / "ein Abend.jsonl"
    with Sink(daemon, "jsonl", windows.path(path), "--count", "120", *compress, python=windows) as sink:
        assert sink.wait() == 0, sink.err
    (made,) = directory.iterdir()
    lines = [json.loads(line) for line in open_recording(made)]
    ticks = [line for line in lines if "type" not in line]
    assert len(ticks) == 120
    assert all(after["tick"] > before["tick"] for before, after in pairwise(ticks))
    assert not [line for line in lines if line.get("type") == "gap"]
    assert compress or b"\r\n" not in made.read_bytes()


def test_jsonl_fills_a_directory_and_leaves_no_part(daemon: Daemon, windows: Interpreter, tmp_path: Path) -> None:
    directory = tmp_path / NAME
    arguments = ("jsonl", windows.path(directory) + "/", "--rotate-size", "0.3", "--count", "200")
    with Sink(daemon, *arguments, python=windows) as sink:
        assert sink.wait() == 0, sink.err
    made = sorted(directory.iterdir())
    assert len(made) >= 2
    assert {path.suffix for path in made} == {".jsonl"}
    ticks = 0
    for path in made:
        ticks += sum('"type"' not in line for line in path.read_text(encoding="utf-8").splitlines())
    assert ticks == 200


def test_jsonl_writes_lines_that_end_in_one_byte_into_a_pipe(daemon: Daemon, windows: Interpreter) -> None:
    piped = subprocess.run(
        [*windows.command, "-m", "acbridge_sink", "jsonl", "-", "--count", "20", "--connect", daemon.address],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, **windows.env},
        check=True,
        timeout=60,
    )
    assert b"\r" not in piped.stdout
    lines = [json.loads(line) for line in piped.stdout.splitlines()]
    assert len([line for line in lines if "type" not in line]) == 20


def test_ws_relays_to_browsers_and_serves_the_page(daemon: Daemon, windows: Interpreter) -> None:
    with Relay(daemon.address, python=windows) as relay:
        with relay.client("?topics=status") as client:
            first(client, of_topic("status"))
        with relay.client("?topics=physics") as client:
            hello = first(client, of_type("hello"))
            frame = first(client, of_topic("physics"))
            until(lambda: first(client, of_topic("physics"))["seq"] > frame["seq"] + 10, "frames")
        assert hello["run"] == daemon.run
        response, page = relay.get("/")
        assert response.status == 200
        assert b"<html" in page
        script, body = relay.get("/main.js")
        assert script.status == 200
        assert "javascript" in script.headers["Content-Type"]
        assert body


def test_ctl_asks_marks_and_prints_into_a_pipe(daemon: Daemon, windows: Interpreter) -> None:
    with daemon.connect() as bridge, bridge.frames(Event, timeout=PATIENCE_S) as events:
        for arguments in (("status", "--json"), ("latest", "physics"), ("mark", f"Bremspunkt {NAME}")):
            given = (arguments[0], "--connect", daemon.address, *arguments[1:])
            with Program("acbridge_ctl", *given, python=windows) as ctl:
                assert ctl.wait() == 0, ctl.err
                assert ctl.out
        assert next(frame for frame in events if frame.record.kind == "mark").record.text == f"Bremspunkt {NAME}"


def test_the_doctor_finds_no_failure_while_a_game_runs(
    windows: Interpreter, windows_game: Game, tmp_path: Path
) -> None:
    with Daemon("--rate", "60", python=windows) as daemon:
        with daemon.connect() as bridge:
            until(lambda: bridge.status().sim_state == "live", "live")
        with Program("acbridge_ctl", "doctor", "--json", "--connect", daemon.address, python=windows) as doctor:
            assert doctor.wait() == 0, [doctor.out, doctor.err]
    findings = {finding["check"]: finding for finding in json.loads(doctor.out[-1])["findings"]}
    assert findings["msgpack"]["text"] == "uses its C extension"
    assert findings["zeromq"]["level"] == findings["pages"]["level"] == "OK"
    assert "Proton" not in str(findings)


def test_only_clients_with_keys_are_admitted(windows: Interpreter, tmp_path: Path) -> None:
    ring = Keyring(tmp_path / NAME)
    rig = ring.add("rig")
    observer = ring.add("screen", "observer")
    with Daemon("--source", "sim", "--keys", windows.path(ring.directory), python=windows) as daemon:
        with daemon.connect(rig) as bridge:
            assert bridge.latest(Physics, timeout=10).record.packetId > 0
            assert bridge.request("set_rate", timeout=10, rate=30)["rate"] == 30
        keys = ("--key", windows.path(ring.secret_file("screen")), "--server-key", windows.path(ring.server))
        with Sink(daemon, "console", "--count", "3", *keys, python=windows) as sink:
            assert sink.wait() == 0, sink.err
        for unknown in (None, stranger(observer.server)):
            with daemon.connect(unknown) as bridge, pytest.raises(NoReply):
                bridge.request("hello", timeout=2)
        refused = until(lambda: daemon.events("peer_refused"), "a refusal")
        assert refused[0]["reason"] == "key_unknown"


def test_a_client_whose_key_is_removed_receives_no_more_frames(windows: Interpreter, tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    rig, guest = ring.add("rig"), ring.add("guest")
    with (
        Daemon("--source", "sim", "--keys", windows.path(tmp_path), python=windows) as daemon,
        daemon.connect(rig) as bridge,
        daemon.connect(guest) as of_guest,
        bridge.frames(Physics, timeout=PATIENCE_S) as frames,
        of_guest.frames(Physics, timeout=2) as heard,
    ):
        last = next(frames)
        until(lambda: next(heard), "the guest admitted")
        ring.public_file("guest").unlink()
        assert bridge.request("reload_keys", timeout=10)["clients"] == {"rig": "operator"}
        with pytest.raises(NoFrame):
            deque(islice(heard, 600), maxlen=0)
        assert next(frame for frame in frames if frame.seq > last.seq + 120)
