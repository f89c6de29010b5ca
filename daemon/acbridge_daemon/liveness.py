"""
The sim's state from page bytes and time. Pure: it opens nothing and reads no clock.

A page that exists proves nothing (the sim leaves its pages behind, bridges make them ahead of time), and a status of
"live" proves little (a crash leaves it standing). What proves that the sim runs is a packetId that moves.
"""

from acbridge.layout import counter_steps
from acbridge.pages import Game, Pages
from acbridge.status import SimState

FROZEN_AFTER_S = 0.5
"""How long packetId may stand still while the sim says live: the sim steps every 3 ms."""


class Liveness:
    """
    The state of one sim, updated with every copy of its pages.

    Attributes:
        state: What the sim is doing.
        detail: Why the sim is in this state and what to do; ``None`` if there is nothing to do.
        sessions: Sim processes seen; grows when packetId starts over.
    """

    def __init__(self, game: Game) -> None:
        self.state = SimState.ABSENT
        self.detail: str | None = None
        self.sessions = 0
        self._game = game
        self._version = game.reader(game.version)
        self._step = game.reader(game.step)
        self._status = game.reader(game.status)
        self._packet: int | None = None
        self._moved_at: float | None = None
        self._unproven_since = 0.0

    def update(self, pages: Pages | None, now: float) -> SimState:
        """
        Update the state from the pages as they are now, and return it.

        Args:
            pages: A snapshot, or ``None`` if there are no pages.
            now: Seconds on any steady clock.
        """
        self.detail = None
        if pages is None:
            self._packet = self._moved_at = None
            self._unproven_since = now
            self.state = SimState.ABSENT
            return self.state
        game, version = self._game, self._version(pages)
        if version != game.version_text:
            self._unproven_since = now
            self.state = SimState.UNSUPPORTED if version else SimState.ABSENT
            self.detail = (
                f'the pages are another sim\'s: {game.version.name} is "{version}", {game.name} says '
                f'"{game.version_text}"'
                if version
                else f"the pages are there but no sim has filled them yet; start a session in {game.name}"
            )
            return self.state
        status = self._status(pages)
        if game.state(status) is not SimState.REPLAY or self._packet is None:  # a replay has packetIds of its own
            self._update_packet(self._step(pages), now)
        self.state = self._evaluate(status, now)
        return self.state

    def _update_packet(self, packet: int, now: float) -> None:
        before = self._packet
        self._packet = packet
        if before is None:
            self.sessions += 1
            self._unproven_since = now
            return
        ahead = counter_steps(before, packet)
        if ahead:
            self._moved_at = now
        if ahead < 0:
            self.sessions += 1

    def _evaluate(self, status: int, now: float) -> SimState:
        said = self._game.state(status)
        if said is not None and said is not SimState.LIVE:
            self._unproven_since = now
            return said
        if said is SimState.LIVE and self._moved_at is not None and now - self._moved_at < FROZEN_AFTER_S:
            return SimState.LIVE
        if said is SimState.LIVE and now - self._unproven_since < FROZEN_AFTER_S:
            # Neither proven nor disproven yet. After a pause that is live; old pages are not called live meanwhile.
            return SimState.LIVE if self.state.flows else self.state
        self.detail = (
            "the sim says it is live but its physics stands still: it crashed, left old pages behind, or is paused"
            if said is SimState.LIVE
            else f"the sim says status {status}, which is not known"
        )
        return SimState.FROZEN
