"""The task that `acbridge-ctl service` prints, run as Windows runs it: without a window, and so without a stderr."""

import socket
from xml.etree import ElementTree as ET

import pytest

from acbridge import Physics, connect
from programs import PATIENCE_S, Program
from wine import Interpreter

pytestmark = pytest.mark.windows

AWKWARD = 'a b\\"c&<é\\'
"""A topic prefix of the characters that Windows command lines treat specially."""
START = """
import subprocess, sys
DETACHED_PROCESS = 8
sys.exit(subprocess.run(sys.argv[1], creationflags=DETACHED_PROCESS).returncode)
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def command_line(windows: Interpreter, *options: str) -> str:
    """Return the command line that the Task Scheduler would run."""
    with Program("acbridge_ctl", "service", "--", *options, python=windows) as program:
        assert program.wait() == 0, program.err
    found = {element.tag.rpartition("}")[2]: element.text for element in ET.fromstring("\n".join(program.out)).iter()}
    assert str(found["Command"]).endswith("\\pythonw.exe")
    return f'"{found["Command"]}" {found["Arguments"]}'


def test_the_task_runs_the_daemon_with_its_options_as_they_were_given(windows: Interpreter) -> None:
    port = free_port()
    options = ("--source", "sim", "--port", str(port), "--topic-prefix", AWKWARD, "--allow-shutdown")
    with Program("-c", START, command_line(windows, *options), python=windows) as running:
        with connect(port=port, topic_prefix=AWKWARD) as bridge:
            assert bridge.latest(Physics, timeout=PATIENCE_S)
            assert AWKWARD == bridge.request("hello", timeout=5)["topic_prefix"]
            bridge.request("shutdown", timeout=5)
        assert running.wait() == 0


@pytest.mark.parametrize(
    ("fit", "spoilt", "code"),
    [(("--rate", "31.25"), ("31.25", "0"), 2), (("--topic-prefix", "Z:\\nowhere"), ("--topic-prefix", "--keys"), 78)],
)
def test_an_error_is_visible_in_the_exit_code(
    windows: Interpreter, fit: tuple[str, ...], spoilt: tuple[str, str], code: int
) -> None:
    command = command_line(windows, *fit)  # the command checks its options, so they are spoilt afterwards
    assert spoilt[0] in command
    with Program("-c", START, command.replace(*spoilt), python=windows) as running:
        assert running.wait() == code
