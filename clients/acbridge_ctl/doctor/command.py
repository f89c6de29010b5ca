"""The ``doctor`` command: runs the checks in order and prints their findings."""

import sys
from pathlib import Path

import click

from acbridge.address import is_loopback
from acbridge.cli import Connection, ExitCode, fail
from acbridge.json_lines import to_json
from acbridge_ctl.doctor.bundle import Entry, collect, write
from acbridge_ctl.doctor.daemon import check_daemon
from acbridge_ctl.doctor.findings import Finding, Level
from acbridge_ctl.doctor.machine import check_machine
from acbridge_ctl.doctor.page_bridge import check_page_bridge
from acbridge_ctl.doctor.shared_memory import Content, check_pages
from acbridge_ctl.options import daemon_options, json_option, page_options, timeout_option

LIVE = "live"
"""The source of a daemon that reads the sim's pages."""

EPILOG = """\b
Examples:
  acbridge-ctl doctor
  acbridge-ctl doctor --connect 192.168.1.20 --timeout 5
  acbridge-ctl doctor --json
  acbridge-ctl doctor --bundle report.zip     for a bug report; nothing is sent
WARN marks what does not run yet or could be better; FAIL marks what must be fixed before frames can arrive. Exit code 1
if there is a FAIL.
"""


@click.command(epilog=EPILOG)
@page_options
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a new zip file for a bug report, and list what is in it.",
)
@json_option
@timeout_option
@daemon_options
def doctor(
    connection: Connection, timeout: float, page_prefix: str, page_dir: Path, bundle: Path | None, *, as_json: bool
) -> None:
    """
    Check every link from the sim to a subscriber, and print how to fix what is missing.

    Only reads: creates no page, changes nothing and does not disturb the daemon. With --bundle it packs findings,
    versions, status, log, and the file of the last crash.
    """
    findings: list[Finding] = []

    def report(found: list[Finding]) -> None:
        findings.extend(found)
        for finding in found:
            if not as_json:
                click.echo(str(finding))

    report(check_machine())
    # The daemon is queried before the pages are checked but reported after them: one with its own simulator needs none.
    source, daemon_findings = check_daemon(connection, timeout)
    report(_check_pages(connection.host, source, page_dir, page_prefix))
    report(daemon_findings)
    if bundle is not None:
        _write_bundle(bundle, collect(connection, timeout, findings))
    failed = any(finding.level is Level.FAIL for finding in findings)
    if as_json:
        click.echo(to_json({"ok": not failed, "findings": [finding._asdict() for finding in findings]}))
    sys.exit(ExitCode.FAILED if failed else ExitCode.OK)


def _write_bundle(path: Path, entries: list[Entry]) -> None:
    """Write the bundle and list on stderr what it holds, or end with one line."""
    try:
        write(path, entries)
    except FileExistsError:
        fail(f"{path} is there already; choose another name", ExitCode.IO)
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}", ExitCode.IO)
    click.echo(f"\n{path} holds:", err=True)
    for entry in entries:
        click.echo(f"  {entry.name:<40} {len(entry.content):>8} bytes  {entry.meaning}", err=True)
    click.echo("Nothing was sent. Look at it before you attach it to a bug report.", err=True)


def _check_pages(host: str, source: str | None, directory: Path, prefix: str) -> list[Finding]:
    if not is_loopback(host):
        text = f"not checked, since the daemon is on {host}"
        return [Finding(Level.OK, "pages", text, "run acbridge-ctl doctor there as well")]
    if source not in (None, LIVE):
        text = f"not checked, since the daemon does not need them (--source {source})"
        return [Finding(Level.OK, "pages", text)]
    findings, content = check_pages(directory, prefix)
    return findings if content is Content.UNFIT else [*findings, *check_page_bridge(content)]
