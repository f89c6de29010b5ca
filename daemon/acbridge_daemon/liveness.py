"""
The sim's state from page bytes and time. Pure: it opens nothing and reads no clock.

A page that exists proves nothing (the sim leaves its pages behind, bridges make them ahead of time), and a status of
"live" proves little (a crash leaves it standing). What proves that the sim runs is a packetId that moves.
"""

import struct

from acbridge.layout import counter_steps, read_utf16
from acbridge.pages import SM_VERSION, STATUS_LIVE, STATUS_OFF, STATUS_PAUSE, STATUS_REPLAY, Graphics, Physics, Static
from acbridge.sources import Pages
from acbridge.status import SimState

FROZEN_AFTER_S = 0.5
"""How long packetId may stand still while the sim says live: the sim steps every 3 ms."""

_INT = struct.Struct("<i")
_PACKET = Physics.offsets["packetId"]
_STATUS = Graphics.offsets["status"]
_VERSION = slice(Static.offsets["smVersion"], Static.offsets["acVersion"])
_OURS = f"{SM_VERSION}\0".encode("utf-16-le")
"""How a static page of Assetto Corsa begins: `smVersion` is its first field."""
_SAYS = {STATUS_OFF: SimState.IDLE, STATUS_REPLAY: SimState.REPLAY, STATUS_PAUSE: SimState.PAUSED}


class Liveness:
    """
    Follows one sim.

    Attributes:
        state: What the sim is doing.
        detail: What to do about it, if something is to be done.
        sessions: Sim processes seen; grows when packetId starts over.
    """

    def __init__(self) -> None:
        self.state = SimState.ABSENT
        self.detail: str | None = None
        self.sessions = 0
        self._packet: int | None = None
        self._moved_at: float | None = None
        self._unproven_since = 0.0

    def update(self, pages: Pages | None, now: float) -> SimState:
        """
        Take the pages as they are now and return the sim's state.

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
        if not pages.static.startswith(_OURS):
            version = read_utf16(pages.static[_VERSION])
            self._unproven_since = now
            self.state = SimState.UNSUPPORTED if version else SimState.ABSENT
            self.detail = (
                f'the pages are another sim\'s: smVersion is "{version}", Assetto Corsa says "{SM_VERSION}"'
                if version
                else "the pages are there but no sim has filled them yet; start a session in Assetto Corsa"
            )
            return self.state
        status = _INT.unpack_from(pages.graphics, _STATUS)[0]
        if status != STATUS_REPLAY or self._packet is None:  # a replay has packetIds of its own
            self._follow(_INT.unpack_from(pages.physics, _PACKET)[0], now)
        self.state = self._judge(status, now)
        return self.state

    def _follow(self, packet: int, now: float) -> None:
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

    def _judge(self, status: int, now: float) -> SimState:
        said = _SAYS.get(status)
        if said is not None:
            self._unproven_since = now
            return said
        if status == STATUS_LIVE and self._moved_at is not None and now - self._moved_at < FROZEN_AFTER_S:
            return SimState.LIVE
        if status == STATUS_LIVE and now - self._unproven_since < FROZEN_AFTER_S:
            # Neither proven nor disproven yet. After a pause that is live; old pages are not called live meanwhile.
            return SimState.LIVE if self.state.flows else self.state
        self.detail = (
            "the sim says it is live but its physics stands still: it crashed, left old pages behind, or is paused"
            if status == STATUS_LIVE
            else f"the sim says status {status}, which is none that we know"
        )
        return SimState.FROZEN
