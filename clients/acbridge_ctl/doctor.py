"""Find out which link of the chain from the sim to a subscriber is missing."""

import sys
from pathlib import Path

import click

from acbridge.json_lines import to_json
from acbridge.sources import DEFAULT_PAGE_DIR, DEFAULT_PAGE_PREFIX
from acbridge_ctl.asking import Where, as_json, connection, patience
from acbridge_ctl.bridge import look_at_bridge
from acbridge_ctl.findings import Finding, Level
from acbridge_ctl.machine import look_at_machine
from acbridge_ctl.pages import look_at_pages

HERE = ("127.0.0.1", "localhost", "::1")

EPILOG = """\b
Examples:
  acbridge-ctl doctor
  acbridge-ctl doctor --connect 192.168.1.20 --timeout 5
  acbridge-ctl doctor --json
What merely does not run yet is a WARN; a FAIL must be mended before frames can come. Exit code 1 if there is a FAIL.
"""


@click.command(epilog=EPILOG)
@click.option(
    "--page-prefix",
    default=DEFAULT_PAGE_PREFIX,
    show_default=True,
    envvar="ACBRIDGE_PAGE_PREFIX",
    help="Beginning of the pages' names, as the daemon was told.",
)
@click.option(
    "--page-dir",
    type=click.Path(path_type=Path),
    default=DEFAULT_PAGE_DIR,
    show_default=True,
    envvar="ACBRIDGE_PAGE_DIR",
    help="Directory of the page files (Linux).",
)
@as_json
@patience
@connection
def doctor(where: Where, timeout: float, page_prefix: str, page_dir: Path, *, as_json: bool) -> None:
    """
    Look at every link from the sim to a subscriber, and say what to do about those that are missing.

    Reads only: it creates no pages, changes nothing and disturbs nobody.
    """
    found: list[Finding] = []
    looks = (
        look_at_machine,
        lambda: _pages(where.host, page_dir, page_prefix),
        lambda: look_at_bridge(where, timeout),
    )
    for look in looks:
        for finding in look():
            found.append(finding)
            if not as_json:
                click.echo(str(finding))
    bad = any(finding.level is Level.FAIL for finding in found)
    if as_json:
        click.echo(to_json({"ok": not bad, "findings": [finding._asdict() for finding in found]}))
    sys.exit(1 if bad else 0)


def _pages(host: str, directory: Path, prefix: str) -> list[Finding]:
    if host in HERE:
        return look_at_pages(directory, prefix)
    there = f"not looked at, since the daemon is on {host}"
    return [Finding(Level.OK, "pages", there, "run acbridge-ctl doctor there as well")]
