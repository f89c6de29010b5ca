"""
A zip file for a bug report: findings, versions, the daemon's status, its log, and the file of its last crash.

Sends nothing. The listing says what each entry holds, so that its owner knows what leaves the machine.
"""

import json
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, NamedTuple

from acbridge import AcbridgeError, connect
from acbridge.address import is_loopback
from acbridge.cli import Connection
from acbridge.crash_files import crash_files, crash_folder, home_folder, without_home
from acbridge.json_lines import to_json
from acbridge_ctl.doctor.findings import Finding

JOURNAL = ("journalctl", "--user", "--unit", "acbridge", "--lines", "1000", "--output", "cat", "--no-pager")
JOURNAL_S = 10.0
"""How long the system's log may take."""


class Entry(NamedTuple):
    """
    One file in the bundle.

    Attributes:
        name: Its name.
        content: Its bytes.
        meaning: What it holds, as the listing says it.
    """

    name: str
    content: bytes
    meaning: str


def collect(connection: Connection, timeout: float, findings: list[Finding]) -> list[Entry]:
    """Return what a bug report needs, without the path of the user's folder."""
    entries = [
        Entry("findings.json", _json({"findings": [each._asdict() for each in findings]}), "what the doctor found"),
        Entry("versions.json", _json(versions()), "versions of the system, of Python and of packages"),
    ]
    status = _status(connection, timeout)
    if status is not None:
        entries.append(Entry("status.json", _json(status), "the daemon's status: rates, counters, state of the sim"))
    if not is_loopback(connection.host):
        return entries
    log = _journal()
    if log:
        meaning = "the daemon's log, with addresses and key names of its clients"
        entries.append(Entry("log.txt", _text_without_home(log), meaning))
    for path in crash_files(crash_folder())[-1:]:
        meaning = (
            "the last crash: its error, settings, log with addresses and key names of the daemon's clients, and ten "
            "seconds of pages without the player's names"
        )
        entries.append(Entry(path.name, path.read_bytes(), meaning))
    return entries


def write(path: Path, entries: list[Entry]) -> None:
    """
    Write the bundle.

    Raises:
        OSError: It cannot be written, or is there already.
    """
    with path.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for entry in entries:
            bundle.writestr(entry.name, entry.content)


def versions() -> dict[str, Any]:
    """Return the versions of the system, of Python, and of every package that acbridge may use and finds."""
    packages: dict[str, str] = {"acbridge": version("acbridge")}
    for requirement in requires("acbridge") or ():
        name = requirement.split(";")[0].split("[")[0].split("<")[0].split(">")[0].split("=")[0].split("!")[0].strip()
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"system": platform.platform(), "python": sys.version, "packages": packages}


def _status(connection: Connection, timeout: float) -> dict[str, Any] | None:
    try:
        with connect(connection.host, connection.port, keys=connection.keys) as bridge:
            return bridge.request("status", timeout=timeout)
    except (AcbridgeError, ValueError):
        return None  # the findings say why


def _journal() -> bytes:
    """Return the end of the log of a daemon that systemd runs; empty if there is none."""
    if shutil.which(JOURNAL[0]) is None:
        return b""
    try:
        done = subprocess.run(JOURNAL, capture_output=True, timeout=JOURNAL_S, check=False)  # noqa: S603  ours
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return b"" if done.returncode or done.stdout.strip() == b"-- No entries --" else done.stdout


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(without_home(json.loads(to_json(values)), home_folder()), indent=1).encode() + b"\n"


def _text_without_home(text: bytes) -> bytes:
    decoded = without_home(text.decode(errors="surrogateescape"), home_folder())
    return decoded.encode(errors="surrogateescape")
