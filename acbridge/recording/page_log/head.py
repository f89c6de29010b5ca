"""
The head of a page log: what the pages are, and who wrote them.

Pure. A head of another version, of an unknown game, or of pages that are laid out otherwise is refused in one line.
"""

import json
import math
from typing import Any, NamedTuple, cast

from acbridge.derived import Thresholds
from acbridge.errors import DecodeError, shown
from acbridge.pages import AC1, Game
from acbridge.plain_text import plain_values

FORMAT = 1
"""The version of the format of page logs."""
GAMES = (AC1,)
"""The games whose pages can be read."""
MAX_BYTES = 100_000
_MOST_RUN = 2**32 - 1


class Head(NamedTuple):
    """
    What a head says about the blocks that follow.

    Attributes:
        game: The game whose pages they hold.
        run: Random 32-bit number of the daemon's run.
        version: Version of the daemon.
        source: Where its pages came from: ``live`` or ``sim``.
        rate: Ticks per second that the daemon was asked to keep.
        thresholds: Detection thresholds when it began.
        names: Whether the names of persons are in the pages.
    """

    game: Game
    run: int
    version: str
    source: str
    rate: float
    thresholds: Thresholds
    names: bool


def to_json(head: Head) -> str:
    """Return a head as the text that stands in the file."""
    game = head.game
    return json.dumps(
        {
            "format": FORMAT,
            "game": game.name,
            "version_text": game.version_text,
            "pages": [
                {"name": page.page_name, "size": page.page_size, "fingerprint": page.fingerprint()}
                for page in game.pages
            ],
            "run": head.run,
            "version": head.version,
            "source": head.source,
            "rate": head.rate,
            "thresholds": head.thresholds.values(),
            "names": head.names,
            "blank": [] if head.names else [c.name for page in game.pages for c in page.columns if c.personal],
        },
        ensure_ascii=False,
    )


def parse(data: bytes) -> Head:
    """
    Read a head.

    Raises:
        DecodeError: It is not one, or one that this version cannot read; the text says why.
    """
    if len(data) > MAX_BYTES:
        raise DecodeError("its head is too long")
    try:
        values: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"its head is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise DecodeError("its head is no JSON object")
    known = cast("dict[str, Any]", values)
    if known.get("format") != FORMAT:
        raise DecodeError(
            f"it is a page log of format {shown(known.get('format'))}, and this acbridge reads format {FORMAT}: "
            "upgrade acbridge"
        )
    game = _game(known)
    run, rate, names = known.get("run"), known.get("rate"), known.get("names")
    version, source = known.get("version"), known.get("source")
    if type(run) is not int or not 0 <= run <= _MOST_RUN:
        raise DecodeError(f"run is no count: {shown(run)}")
    if type(rate) not in (int, float) or not 0 < cast("float", rate) < math.inf:
        raise DecodeError(f"rate is no number above 0: {shown(rate)}")
    if not isinstance(version, str) or not isinstance(source, str) or not isinstance(names, bool):
        raise DecodeError("version and source of a daemon are text, and names is true or false")
    try:
        thresholds = Thresholds().changed(cast("dict[str, float]", known.get("thresholds") or {}))
    except (ValueError, TypeError, AttributeError) as error:
        raise DecodeError(f"thresholds: {error}") from error
    plain = plain_values({"version": version, "source": source})
    return Head(game, run, plain["version"], plain["source"], cast("float", rate), thresholds, names)


def _game(values: dict[str, Any]) -> Game:
    named = values.get("game")
    game = next((game for game in GAMES if game.name == named), None)
    if game is None:
        raise DecodeError(f"it holds the pages of {shown(named)}, which this acbridge does not know")
    expected = [(page.page_name, page.page_size, page.fingerprint()) for page in game.pages]
    pages: Any = values.get("pages")
    try:
        found = [(page["name"], page["size"], page["fingerprint"]) for page in pages]
    except (TypeError, KeyError):
        raise DecodeError("its head does not say which pages it holds") from None
    if found != expected:
        raise DecodeError(
            "its pages are laid out otherwise than in this acbridge: read it with the version that wrote it"
        )
    return game
