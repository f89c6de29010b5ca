"""The report of two laps: its numbers, what it refuses, and the page in a real browser."""

import re
from html.parser import HTMLParser
from itertools import accumulate
from pathlib import Path

import pytest

from acbridge.pages import Static
from acbridge.recording import open_recording
from acbridge.recording.page_log.rows import Row
from acbridge.recording.reader import read_lines
from acbridge_recording.laps import Lap
from acbridge_recording.report.comparison import Comparison, compare
from acbridge_recording.report.samples import Drive, drive_of
from acbridge_recording.report.trace import trace_of
from acbridge_sim import SessionType, World
from browsing import Watched, browser, require_browser
from laps import tiny
from page_logs import rows_of, write
from programs import Program

DATA, USAGE = 65, 2
RATE = 20.0
SCRIPT = "<script>alert(1)</script>"


def driven(pace: float, seconds: float) -> tuple[Row, ...]:
    return rows_of(World(track=tiny(), session=SessionType.HOTLAP, pace=pace), seconds, RATE)


def renamed(rows: tuple[Row, ...], **texts: str) -> tuple[Row, ...]:
    """Return rows whose static page says something else."""
    found: list[Row] = []
    for row in rows:
        assert row.pages is not None
        static = Static.pack(vars(Static.from_page(row.pages[2])) | texts)
        found.append(row._replace(pages=(*row.pages[:2], static)))
    return tuple(found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two drives of one track, and one of another layout."""
    folder = tmp_path_factory.mktemp("report")
    fast, slow = driven(1.0, 90.0), driven(0.9, 60.0)
    write(folder / "fast.acrec", fast, block=400)
    write(folder / "friend.acrec", renamed(slow, carModel=SCRIPT), block=400)
    write(folder / "elsewhere.acrec", renamed(slow, trackConfiguration="long"), block=400)
    write(folder / "holed.acrec", fast[:600] + fast[700:], block=400)
    return folder


def drive(path: Path) -> Drive:
    return drive_of(path.stem, read_lines(open_recording(path)))


def compared(first: Drive, one: Lap, second: Drive, two: Lap) -> Comparison:
    return compare(trace_of(one, first.of(one), "one"), trace_of(two, second.of(two), "two"))


def report(folder: Path, *arguments: str, code: int = 0) -> Program:
    with Program("acbridge_recording", "report", *arguments, cwd=folder) as program:
        assert code == program.wait(), program.err
        return program


def test_the_delta_ends_at_the_difference_of_the_lap_times_and_fits_the_sectors(folder: Path) -> None:
    mine, theirs = drive(folder / "fast.acrec"), drive(folder / "friend.acrec")
    pairs = [(mine, mine.laps[0], mine, mine.laps[1]), (mine, mine.laps[1], theirs, theirs.laps[0])]
    for first, one, second, two in pairs:
        both = compared(first, one, second, two)
        assert both.delta[0] == 0
        assert (two.time_ms or 0) - (one.time_ms or 0) == round(1000 * both.delta[-1])
        assert both.delta[-1] == pytest.approx(sum(both.gained(*mini) for mini in both.minis))
        differences = [there - here for here, there in zip(one.sectors_ms, two.sectors_ms, strict=True)]
        expected = [each / 1000 for each in accumulate(differences)][:-1]
        assert expected == pytest.approx([both.delta[at] for at in both.sectors], abs=0.05)
        assert both.distance[-1] == pytest.approx(810.5, abs=1)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["fast.acrec", "elsewhere.acrec"], DATA, "different tracks, tiny-short and tiny-long"),
        (["fast.acrec", "--lap", "1", "--lap", "3"], DATA, "fast, lap 3 was not completed"),
        (["fast.acrec", "--lap", "1", "--lap", "1"], DATA, "lap 1 was chosen twice"),
        (["holed.acrec", "--lap", "1", "--lap", "2"], DATA, "holed, lap 1 was not recorded whole"),
        (["fast.acrec", "--lap", "9"], DATA, "there is no lap 9"),
        (["fast.acrec", *["--lap", "1"] * 3], USAGE, "at most twice"),
    ],
)
def test_what_cannot_be_compared_is_refused_and_leaves_no_file(
    folder: Path, arguments: list[str], code: int, says: str
) -> None:
    before = set(folder.iterdir())
    assert says in report(folder, *arguments, "-o", "refused.html", code=code).err[-1]
    assert before == set(folder.iterdir())


class Tags(HTMLParser):
    """Collects the attributes of a page that load something, and the number of its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.loads: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.loads += [(tag, value) for name, value in attrs if name in {"src", "href", "data", "action", "srcset"}]


def test_the_page_loads_nothing_and_the_texts_of_a_recording_are_only_text(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "duel.html"
    assert f"{page}: fast, lap" in report(folder, "fast.acrec", "friend.acrec", "-o", str(page)).out[0]
    text = page.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert (1, []) == (tags.scripts, tags.loads)
    assert not re.search(r"https?:|url\(|@import|\bnan\b|\binf\b", text)
    assert SCRIPT not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.parametrize("width", [390, 1440])
def test_one_cursor_goes_through_all_charts_in_a_browser(folder: Path, tmp_path: Path, width: int) -> None:
    require_browser()
    path = tmp_path / "report.html"
    report(folder, "fast.acrec", "friend.acrec", "-o", str(path))
    with browser() as chromium:
        watched = Watched(chromium, viewport={"width": width, "height": 844})
        page = watched.page
        page.goto(path.as_uri())
        assert width == page.evaluate("document.documentElement.scrollWidth")
        page.get_by_label("Distance").press("End")
        mine, theirs = drive(folder / "fast.acrec"), drive(folder / "friend.acrec")
        best = [min(lap.time_ms for lap in each.laps if lap.time_ms) for each in (mine, theirs)]
        shown = float(page.locator(".panel output.d").first.inner_text())
        assert (best[1] - best[0]) / 1000 == pytest.approx(shown, abs=0.01)
        page.locator(".plot").nth(3).hover(position={"x": 100, "y": 30})
        places = page.locator(".cursor").evaluate_all("all => all.map(each => each.style.left)")
        assert 1 == len(set(places))
        assert "100%" not in places
        assert 4 == page.locator(".dot:visible").count()
        assert [] == watched.complaints
        assert [path.as_uri()] == watched.asked
