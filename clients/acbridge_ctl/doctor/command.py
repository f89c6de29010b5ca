"""Find out which link of the chain from the sim to a subscriber is missing."""

import sys
from pathlib import Path

import click

from acbridge.json_lines import to_json
from acbridge_ctl.asking import Where, as_json, connection, page_names, patience
from acbridge_ctl.doctor.daemon import look_at_bridge
from acbridge_ctl.doctor.findings import Finding, Level
from acbridge_ctl.doctor.machine import look_at_machine
from acbridge_ctl.doctor.page_bridge import look_at_proton
from acbridge_ctl.doctor.shared_memory import Content, look_at_pages

HERE = ("127.0.0.1", "localhost", "::1")
LIVE = "live"
"""The source of a daemon that reads the sim's pages."""

EPILOG = """\b
Examples:
  acbridge-ctl doctor
  acbridge-ctl doctor --connect 192.168.1.20 --timeout 5
  acbridge-ctl doctor --json
What merely does not run yet is a WARN; a FAIL must be mended before frames can come. Exit code 1 if there is a FAIL.
"""


@click.command(epilog=EPILOG)
@page_names
@as_json
@patience
@connection
def doctor(where: Where, timeout: float, page_prefix: str, page_dir: Path, *, as_json: bool) -> None:
    """
    Look at every link from the sim to a subscriber, and say what to do about those that are missing.

    Reads only: it creates no pages, changes nothing and disturbs nobody.
    """
    found: list[Finding] = []

    def tell(findings: list[Finding]) -> None:
        found.extend(findings)
        for finding in findings:
            if not as_json:
                click.echo(str(finding))

    tell(look_at_machine())
    # The daemon is asked before the pages are looked at, since it may not need them; it is told of after them.
    source, of_daemon = look_at_bridge(where, timeout)
    tell(_pages(where.host, source, page_dir, page_prefix))
    tell(of_daemon)
    bad = any(finding.level is Level.FAIL for finding in found)
    if as_json:
        click.echo(to_json({"ok": not bad, "findings": [finding._asdict() for finding in found]}))
    sys.exit(1 if bad else 0)


def _pages(host: str, source: str | None, directory: Path, prefix: str) -> list[Finding]:
    if host not in HERE:
        there = f"not looked at, since the daemon is on {host}"
        return [Finding(Level.OK, "pages", there, "run acbridge-ctl doctor there as well")]
    if source not in (None, LIVE):
        return [Finding(Level.OK, "pages", f"not looked at, since the daemon has its own (--source {source})")]
    found, content = look_at_pages(directory, prefix)
    return found if content is Content.UNFIT else [*found, *look_at_proton(content)]
