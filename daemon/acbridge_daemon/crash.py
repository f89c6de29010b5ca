"""What a daemon that crashes leaves behind: the last seconds of pages and log in a file, without personal names."""

import gzip
import platform
import time
import traceback
from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from acbridge.crash_files import KEPT, crash_files, crash_name, home_folder, without_home
from acbridge.json_lines import to_json
from acbridge.layout import Page
from acbridge.pages import Pages
from acbridge.wire import Stamp

KEPT_NS = 10_000_000_000
"""Time of which samples are kept."""
BETWEEN_NS = 1_000_000_000 // 60
"""Time between samples that are kept; besides them the newest is."""


class Sample(NamedTuple):
    """The pages of one tick."""

    tick: int
    stamp: Stamp
    pages: Pages


class LastPages:
    """The pages of the last ten seconds: sixty samples of each second, and the newest."""

    def __init__(self) -> None:
        self._kept: deque[Sample] = deque()
        self._newest: Sample | None = None

    def keep(self, pages: Pages, tick: int, stamp: Stamp) -> None:
        """Keep a sample; called before anything is computed from it."""
        sample = self._newest = Sample(tick, stamp, pages)
        kept = self._kept
        if kept and stamp.mono_ns - kept[-1].stamp.mono_ns < BETWEEN_NS:
            return
        kept.append(sample)
        while stamp.mono_ns - kept[0].stamp.mono_ns > KEPT_NS:
            kept.popleft()

    def samples(self) -> Iterator[Sample]:
        """Yield the samples, oldest first."""
        yield from self._kept
        if self._newest is not None and (not self._kept or self._newest is not self._kept[-1]):
            yield self._newest


def write_crash(
    folder: Path,
    error: BaseException,
    facts: Mapping[str, Any],
    log: Iterable[Mapping[str, Any]],
    samples: Iterable[Sample],
    kinds: tuple[type[Page], ...],
) -> Path:
    """
    Write the file of a crash, and delete the oldest files.

    Args:
        folder: Where to write it; it is made if need be.
        error: What ended the daemon.
        facts: What else is known: the number of the run, versions, settings, status.
        log: The last events of the log.
        samples: The last pages.
        kinds: The kind of each page of a sample.

    Raises:
        OSError: It cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / crash_name(time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), int(facts["run"]))
    with gzip.open(path, "wb") as file:
        for line in _lines(error, facts, log, samples, kinds):
            file.write(to_json(line) + b"\n")
    for old in crash_files(folder)[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def _lines(
    error: BaseException,
    facts: Mapping[str, Any],
    log: Iterable[Mapping[str, Any]],
    samples: Iterable[Sample],
    kinds: tuple[type[Page], ...],
) -> Iterator[dict[str, Any]]:
    text = "".join(traceback.format_exception(error))
    home = home_folder()
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    crash = {"type": "crash", "error": text, "python": platform.python_version(), "system": system, **facts}
    yield without_home(crash, home)
    for event in log:
        plain = {name: value if _is_plain(value) else str(value) for name, value in event.items()}
        yield without_home({"type": "log", **plain}, home)
    before: Pages = ()
    for sample in samples:
        pages = {
            kind.page_name: b64encode(kind.without_names(page)).decode()
            for place, (kind, page) in enumerate(zip(kinds, sample.pages, strict=True))
            if not before or before[place] != page
        }
        before = sample.pages
        yield {"type": "pages", "tick": sample.tick, "timestamp": sample.stamp.timestamp, **pages}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
