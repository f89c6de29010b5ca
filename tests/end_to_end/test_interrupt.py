"""Ctrl-C while a program still loads ends it in silence; Python's own start, before our first line, is not ours."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from programs import until

PROGRAMS = (
    "acbridge-daemon", "acbridge-sim", "acbridge-sink", "acbridge-ctl", "acbridge-demo", "acbridge-gym",
    "acbridge-recording",
)  # fmt: skip
ENDED_BY_THE_SIGNAL = -signal.SIGINT
"""Which a shell shows as 130."""


def commands() -> list[list[str]]:
    """Return every way to start every program."""
    scripts = [[str(Path(sys.executable).with_name(name))] for name in PROGRAMS]
    return scripts + [[sys.executable, "-m", name.replace("-", "_")] for name in PROGRAMS]


@pytest.mark.house
def test_these_are_all_programs(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(PROGRAMS) == set(project["scripts"])


@pytest.mark.parametrize(
    ("command", "imported"),
    [
        *((command, "click") for command in commands()),
        *(([str(Path(sys.executable).with_name(f"acbridge-{name}"))], "zmq") for name in ("daemon", "sim")),
        ([str(Path(sys.executable).with_name("acbridge-gym"))], "gymnasium"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join([Path(value[0]).name, *value[1:]]),
)
def test_an_interrupt_during_the_imports_is_silent(command: list[str], imported: str, tmp_path: Path) -> None:
    reached = tmp_path / "reached"
    (tmp_path / f"{imported}.py").write_text(f"import time\nopen({str(reached)!r}, 'w').close()\ntime.sleep(60)\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        until(reached.exists, "the import")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    assert (ENDED_BY_THE_SIGNAL, b"") == (process.returncode, said)


def test_an_interrupt_at_any_time_of_the_start_is_silent() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "acbridge_ctl", "status", "--connect", "127.0.0.1:1"]
    ended: set[tuple[int, str]] = set()
    for hundredths in range(0, 60, 3):
        with subprocess.Popen([*command, "--timeout", "60"], stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            loaded = next(line for line in process.stderr if line.endswith("| signal\n"))  # the only import of __main__
            loaded = process.stderr.readline()  # the first import after its first line
            assert loaded
            time.sleep(hundredths / 100)
            process.send_signal(signal.SIGINT)
            said = "".join(line for line in process.stderr if not line.startswith("import time:"))
            ended.add((process.wait(20), said))
    assert {(ENDED_BY_THE_SIGNAL, "")} == ended
