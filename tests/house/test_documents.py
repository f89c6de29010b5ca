"""The README and the documents: their commands run, their links lead somewhere, and their tables equal the code's."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from acbridge import Derived, Event, EventKind, Graphics, Physics, SimState, Static, Status, Thresholds, reference
from acbridge.derived import THRESHOLDS
from acbridge.topics import BY_NAME, TOPICS
from acbridge.wire import HEADER_BYTES, Header, encode, read_header
from acbridge_sink.daemon_watch import SILENCE_S
from acbridge_sink.ws.access import MIN_TOKEN
from acbridge_sink.ws.dial import FIRST_WAIT_S, LONGEST_WAIT_S
from acbridge_sink.ws.outbox import EVENTS
from acbridge_sink.ws.selection import DEFAULT_HZ, HIGHEST_HZ
from acbridge_sink.ws.session import MESSAGES_PER_S, STUCK_S
from programs import Daemon, Program, until
from relays import Relay
from tools import require

pytestmark = pytest.mark.house

HEADER = {"v", "run", "tick", "seq", "timestamp", "mono_ns"}
RELAY = "127.0.0.1:8765"
ENDS_BY_ITSELF = ("--count", "--duration")
ASKS_ONCE = "acbridge-ctl"
"""Its commands end by themselves, except `watch`, which documents run with a limit."""
UNAVAILABLE = 69
RUN_BY_CI = (["pip", "install", "uv"], ["pytest"])


def documents(checkout: Path) -> Iterator[Path]:
    yield checkout / "README.md"
    yield from sorted((checkout / "docs").rglob("*.md"))
    yield checkout / "clients" / "examples" / "README.md"
    yield checkout / "tests" / "benchmarks" / "README.md"


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def rows(document: Path, *header: str) -> list[list[str]]:
    """Return the rows of all tables that have this header, each as its cells."""
    text = document.read_text(encoding="utf-8")
    tables = re.findall(rf"^\| {re.escape(' | '.join(header))} \|\n\|[-:| ]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    found = [[cell.strip() for cell in line.split("|")[1:-1]] for table in tables for line in table.splitlines()]
    assert all(len(row) == len(header) for row in found), [row for row in found if len(row) != len(header)]
    return found


def words(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


@pytest.fixture
def busy_daemon() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--rate", "333") as running:
        yield running


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "docs/reference/derived.md",
        "docs/guides/driving.md",
        "docs/reference/environments.md",
        "docs/guides/proton.md",
        "docs/reference/protocol.md",
        "docs/guides/recordings.md",
        "docs/explanation/reliability.md",
        "docs/guides/running.md",
        "docs/guides/security.md",
        "docs/guides/simulator.md",
        "docs/reference/websocket.md",
    ],
)
def test_the_commands_of_a_document_run(name: str, checkout: Path, tmp_path: Path, busy_daemon: Daemon) -> None:
    text = (checkout / name).read_text(encoding="utf-8")
    ran = 0
    for language, block in re.findall(r"^ *```(bash|python)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        if language == "python":
            run_python(textwrap.dedent(block), tmp_path, busy_daemon)
            ran += 1
            continue
        for line in block.splitlines():
            words = shlex.split(line)
            if words[:2] == ["uv", "run"]:
                words = words[2:]
            if words[0].startswith("acbridge-"):
                run_command(words, tmp_path, busy_daemon)
                ran += 1
            else:
                assert words in RUN_BY_CI, f"{name}: no test runs {line!r}"
    assert ran


@pytest.mark.parametrize("name", ["docs/reference/protocol.md", "docs/guides/driving.md"])
def test_what_a_document_shows_of_driving_in_python_drives(name: str, checkout: Path, tmp_path: Path) -> None:
    (block,) = blocks(checkout / name, "python drive")
    with Daemon("--source", "sim", "--controls", "sim") as daemon:
        run_python(block, tmp_path, daemon)
        until(lambda: daemon.events("driver_changed"), "a driver")


def test_what_the_protocol_shows_of_driving_in_node_drives(checkout: Path, tmp_path: Path) -> None:
    node, npm = require("node"), require("npm")
    shutil.copy(checkout / "clients" / "examples" / "node" / "package.json", tmp_path)
    subprocess.run([npm, "install", "--no-audit", "--no-fund"], cwd=tmp_path, check=True, capture_output=True)
    (block,) = blocks(checkout / "docs" / "reference" / "protocol.md", "js drive")
    with Daemon("--source", "sim", "--controls", "sim") as daemon:
        (tmp_path / "drive.mjs").write_text(block.replace("5556", str(daemon.port + 1)))
        done = subprocess.run([node, "drive.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert 3 == done.stdout.count("late_s"), done.stdout
    assert "ok: false" not in done.stdout


def test_the_one_liners_for_recordings_print_something(checkout: Path, tmp_path: Path, busy_daemon: Daemon) -> None:
    require("jq")
    run_command(["acbridge-sink", "jsonl", "evening.jsonl", "--count", "50"], tmp_path, busy_daemon)
    run_command(["acbridge-sink", "jsonl", "drives/", "--compress", "gzip", "--count", "5"], tmp_path, busy_daemon)
    with (tmp_path / "evening.jsonl").open("a") as file:
        file.write('{"type":"gap","tick":1}\n{"type":"event","tick":1,"kind":"pit_in","lap":1,"lap_time_ms":null}\n')
    (block,) = blocks(checkout / "docs" / "guides" / "recordings.md", "sh")
    for line in block.splitlines():
        done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (0, "") == (done.returncode, done.stderr), line
        assert done.stdout.strip() not in ("", "null"), line


def run_command(words: list[str], cwd: Path, daemon: Daemon) -> None:
    if "--port" in words:
        words[words.index("--port") + 1] = "0"
    env = {"ACBRIDGE_PORT": "0", "ACBRIDGE_CONNECT": daemon.address, "ACBRIDGE_SIM_PAGE_DIR": str(cwd)}
    if words[0] == ASKS_ONCE:
        env["ACBRIDGE_PAGE_DIR"] = str(cwd)  # the doctor's findings must not depend on the machine
    with Program(words[0].replace("-", "_"), *words[1:], env=env, cwd=cwd) as program:
        if words[0] != ASKS_ONCE and not any(word in words for word in ENDS_BY_ITSELF):
            if words[:2] == ["acbridge-sink", "jsonl"]:
                until((cwd / words[2]).exists, f"{words} writing")
            else:
                until(lambda: program.out or program.err, f"{words} printing")
            program.process.send_signal(signal.SIGINT)
        elsewhere = "--connect" in words  # at an address of an example, where no daemon is heard
        assert program.wait() == (UNAVAILABLE if elsewhere else 0), program.err
        assert "Traceback" not in "\n".join(program.err)


def run_python(code: str, cwd: Path, daemon: Daemon) -> None:
    here = code.replace("acbridge.connect()", f"acbridge.connect(port={daemon.port})")
    here = here.replace("127.0.0.1:5556", f"127.0.0.1:{daemon.port + 1}")
    with ExitStack() as around:
        if RELAY in here:
            relay = around.enter_context(Relay(daemon.address))
            until(lambda: relay.health()["connected"], "the relay connecting to the daemon")
            here = here.replace(RELAY, f"127.0.0.1:{relay.port}")
        program = around.enter_context(Program("-c", here, cwd=cwd))
        assert 0 == program.wait(300), program.err  # the first use of the batch compiles the model
        assert program.out


def links(document: Path) -> list[tuple[Path, str]]:
    """Return the file and the anchor of every link of a document to this repository."""
    targets = re.findall(r"\]\(([^)]+)\)", document.read_text(encoding="utf-8"))
    parts = [target.partition("#") for target in targets if "://" not in target]
    return [((document.parent / path).resolve() if path else document, anchor) for path, _, anchor in parts]


def test_every_link_between_documents_leads_to_a_file_and_heading(checkout: Path) -> None:
    for document in documents(checkout):
        for linked, anchor in links(document):
            assert linked.exists(), f"{document.name} links to {linked}"
            if anchor:
                headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
                anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
                assert anchor in anchors, f"{document.name} links to {linked.name}#{anchor}"


def test_every_document_is_at_most_two_clicks_from_the_readme(checkout: Path) -> None:
    reached = {checkout.resolve() / "README.md"}
    for _click in range(2):
        pages = [page for page in reached if page.suffix == ".md"]
        reached |= {linked for page in pages for linked, _ in links(page)}
    everything = {path.resolve() for path in (checkout / "docs").rglob("*.*")}
    schemas = {path for path in everything if path.parent.name == "schema"}
    assert {path.parent for path in schemas} <= reached
    assert set() == everything - schemas - reached


def test_every_path_that_a_document_names_exists(checkout: Path) -> None:
    for document in documents(checkout):
        text = document.read_text(encoding="utf-8")
        for path in re.findall(
            r"(?<![\w/.])(?!acbridge/\w+-v\d)"  # the id of an environment
            r"(?:acbridge|daemon/acb|clients/(?:acb|ex)|docs|tests|\.ci|\.github)[\w-]*/[\w./-]*\w",
            text,
        ):
            assert (checkout / path).exists(), f"{document.name} names {path}"
        for name in re.findall(r"`((?:\w+/)?test_\w+\.py)`", text):
            assert any((checkout / "tests").rglob(name)), f"{document.name} names {name}"


def test_every_document_that_a_program_names_exists(checkout: Path) -> None:
    named: set[str] = set()
    for top in ("acbridge", "daemon", "clients", "tests"):
        for path in (checkout / top).rglob("*.*"):
            if path.suffix in (".py", ".mjs", ".js"):
                named.update(re.findall(r"docs/[\w/]+\.(?:md|png)", path.read_text(encoding="utf-8")))
    assert "docs/reference/protocol.md" in named
    assert [] == [name for name in sorted(named) if not (checkout / name).exists()]


def test_the_map_of_the_architecture_is_the_tree(checkout: Path) -> None:
    architecture = (checkout / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    (tree,) = re.findall(r"^## The map$.*?^```text\n(.*?)^```$", architecture, re.MULTILINE | re.DOTALL)
    top, listed = Path(), set[Path]()
    for line in tree.splitlines():
        names = re.split(r"\s{2,}", line.strip())
        for name in (name for name in names if re.fullmatch(r"[\w./]+(?:/|\.py)", name)):
            path = checkout / (top / name if line.startswith(" ") else name)
            assert path.exists(), f"the map has {name}"
            listed.add(path)
        if not line.startswith(" "):
            top = Path(names[0])
    patterns = ("acbridge/*/__init__.py", "daemon/*/__init__.py", "clients/*/__init__.py")
    patterns += ("daemon/*/*/__init__.py", "clients/*/*/__init__.py")
    assert set() == {path.parent for pattern in patterns for path in checkout.glob(pattern)} - listed


def test_the_generated_documents_are_up_to_date(checkout: Path) -> None:
    assert [] == reference.write(checkout / "docs", check=True)


def test_the_protocol_lists_every_state(checkout: Path) -> None:
    protocol = (checkout / "docs" / "reference" / "protocol.md").read_text(encoding="utf-8")
    for state in SimState:
        assert f"| `{state}` | {'yes' if state.flows else ''} |" in protocol


def test_the_examples_of_the_protocol_fit_the_tables(checkout: Path) -> None:
    protocol = checkout / "docs" / "reference" / "protocol.md"
    text = protocol.read_text(encoding="utf-8")
    examples = re.findall(r"^`(\w+)`:\n\n```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert [topic.name for topic in TOPICS] == sorted((n for n, _ in examples), key=list(BY_NAME).index)
    for name, example in examples:
        values = json.loads(example)
        columns = {column.name: column for column in BY_NAME[name].record.columns}
        assert HEADER == set(list(values)[:6])
        for key in values.keys() - HEADER:
            column = columns[key]  # a KeyError names the field that does not exist
            elements = len(values[key]) if isinstance(values[key], list) else 1
            assert elements == (1 if column.is_text or not column.shape else column.shape[0] or elements), key


def test_the_header_lies_where_the_protocol_says(checkout: Path) -> None:
    protocol = (checkout / "docs" / "reference" / "protocol.md").read_text(encoding="utf-8")
    header = Header(0x0A0B0C0D, 0x0102030405060708, 0x1112131415161718, 1800000000.25, 0x2122232425262728)
    values: dict[str, Any] = dict.fromkeys((column.name for column in Status.columns), 0)
    status = Status(**values)
    frame = encode(header, status)
    assert header == read_header(frame)
    assert len(Status.columns) + 6 == int.from_bytes(frame[1:3], "big")
    places = {
        "v": bytes([1]),
        "run": bytes.fromhex("0A0B0C0D"),
        "tick": bytes.fromhex("0102030405060708"),
        "seq": bytes.fromhex("1112131415161718"),
        "mono_ns": bytes.fromhex("2122232425262728"),
    }
    for name, value in places.items():
        place = re.search(rf"`{name}`\s+at\s+(\d+)", protocol)
        assert place, name
        assert value == frame[int(place[1]) : int(place[1]) + len(value)], name
    assert f"the record begins at byte {HEADER_BYTES}" in protocol


def test_every_derived_metric_is_explained_with_the_unit_of_the_table(checkout: Path) -> None:
    header = ("Name", "Formula", "From", "Unit", "Range", "Confidence", "Source", "Is not")
    explained = rows(checkout / "docs" / "reference" / "derived.md", *header)
    columns = {f"`{column.name}`": column for column in Derived.columns}
    assert sorted(columns) == sorted(row[0] for row in explained)
    known = {column.name for record in (Physics, Graphics, Static, Derived) for column in record.columns}
    for name, formula, inputs, unit, values, confidence, source, other in explained:
        column = columns[name]
        assert all((formula, words(inputs), source, other)), name
        assert known >= set(words(inputs)), name
        assert column.unit == unit, name
        assert column.nullable == ("nil" in values), name
        assert confidence.startswith("estimated" if "Estimated." in column.meaning else "exact"), name


def test_every_derived_event_is_explained(checkout: Path) -> None:
    explained = rows(checkout / "docs" / "reference" / "derived.md", "Kind", "When", "Fields")
    assert [f"`{kind.value}`" for kind in EventKind] == [row[0] for row in explained]
    always = {"kind", "packetId", "lap", "lap_distance_m"}
    assert {column.name for column in Event.columns} == always.union(*(words(fields) for _, _, fields in explained))


def test_every_threshold_is_explained_with_its_default(checkout: Path) -> None:
    document = checkout / "docs" / "reference" / "derived.md"
    defaults = Thresholds().values()
    expected = [
        [f"`{name}`", f"{defaults[name]:g}", rule.unit, f"{rule.low:g} to {rule.high:g}", rule.meaning]
        for name, rule in THRESHOLDS.items()
    ]
    explained = rows(document, "Threshold", "Default", "Unit", "Range", "Decides", "Source")
    assert expected == [row[:-1] for row in explained]
    assert all(row[-1] for row in explained)
    quoted = re.findall(r"`(\w+)`\s\((-?[0-9.]+)(?:\s[^)]+)?\)", document.read_text(encoding="utf-8"))
    assert quoted
    assert [] == [(name, number) for name, number in quoted if f"{defaults[name]:g}" != number]


def test_the_limits_of_the_relay_are_the_documented_ones(checkout: Path) -> None:
    documented = " ".join((checkout / "docs" / "reference" / "websocket.md").read_text(encoding="utf-8").split())
    assert f"a queue of {EVENTS}." in documented
    assert f"takes nothing for {STUCK_S:g} s" in documented
    assert f"silent for {SILENCE_S:g} s" in documented
    assert f"| messages to the relay | {MESSAGES_PER_S} a second" in documented
    assert f"at least {MIN_TOKEN} characters" in documented
    assert f"after {FIRST_WAIT_S:g} s at first and {LONGEST_WAIT_S:g} s at most" in documented
    assert f"| {DEFAULT_HZ:g} |" in documented
    assert f"above 0; {HIGHEST_HZ:g} means every one" in documented
