"""The doctor as a process, with its findings."""

import json
from pathlib import Path
from typing import Any

from programs import Program

NO_DAEMON = "127.0.0.1:1"


class Report:
    """The doctor's findings, by check."""

    def __init__(self, code: int, findings: list[dict[str, Any]]) -> None:
        self.code = code
        self.findings = findings

    def levels(self) -> dict[str, str]:
        return {finding["check"]: finding["level"] for finding in self.findings}

    def of(self, check: str) -> list[tuple[str, str]]:
        """Return level and text of each finding of a check."""
        found = [finding for finding in self.findings if finding["check"] == check]
        return [(finding["level"], f"{finding['text']}; {finding['fix']}") for finding in found]


def doctor(page_dir: Path, *arguments: str, connect: str = NO_DAEMON) -> Report:
    """Run the doctor, and check that it left the pages as they were."""
    before = sorted(page_dir.iterdir())
    options = ("--page-dir", str(page_dir), "--connect", connect, "--timeout", "0.5")
    with Program("acbridge_ctl", "doctor", "--json", *options, *arguments) as program:
        program.wait()
    assert [] == program.err
    assert before == sorted(page_dir.iterdir())
    (line,) = program.out
    found = json.loads(line)
    assert found["ok"] is (program.process.returncode == 0)
    return Report(program.process.returncode, found["findings"])
