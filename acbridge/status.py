"""The Status record of the daemon, and the words for the sim's state."""

from enum import StrEnum

from acbridge.schema import Record, f64, flag, integer, string


class SimState(StrEnum):
    """
    What the sim is doing, as far as its pages show.

    Frames of the sim flow in ``live``, ``paused`` and ``replay``; in the others only ``status`` does.
    """

    ABSENT = "absent"
    """No pages, or pages that no sim has written yet."""
    UNSUPPORTED = "unsupported"
    """Another sim uses the same page names."""
    IDLE = "idle"
    """The sim runs and says that no session does."""
    REPLAY = "replay"
    """A replay is shown."""
    LIVE = "live"
    """Someone drives."""
    PAUSED = "paused"
    """The session is paused."""
    FROZEN = "frozen"
    """The sim says live but its physics stands still: it crashed, or paused without saying so."""

    @property
    def flows(self) -> bool:
        """Whether frames of the sim are published in this state."""
        return self in _FLOWING


_FLOWING = frozenset((SimState.REPLAY, SimState.LIVE, SimState.PAUSED))


class Status(Record, topic="status"):
    """The daemon and the sim's state, every second and on every change, whether or not the sim runs."""

    version: str = string("Version of the daemon.")
    source: str = string("Where the pages come from: live (the sim's shared memory) or sim (the stand-in).")
    sim_state: str = string("absent, unsupported, idle, replay, live, paused or frozen.")
    sim_state_since: float = f64("When it became so, Unix time.", unit="s")
    sim_detail: str | None = string("Why the pages cannot be used, and what to do; nil when they can.", nullable=True)
    sim_sessions: int = integer("Sim processes seen: grows when packetId starts over.")
    uptime_s: float = f64("Since the daemon started.", unit="s")
    rate: float = f64("Rate asked for.", unit="Hz")
    rate_kept: float | None = f64("Rate kept over the last ten seconds; nil in the first.", unit="Hz", nullable=True)
    ticks: int = integer("Turns of the daemon's loop so far, those without a sim included.")
    missed_ticks: int = integer("Turns skipped because the loop came late; they are not made up for.")
    published_ticks: int = integer("Ticks whose frames were published; one less is the newest seq of physics.")
    reread_pages: int = integer("Times the pages changed between two copies and were read again.")
    torn_ticks: int = integer("Ticks dropped because the pages never held still.")
    late_p50: float | None = f64(
        "How late half of the last minute's ticks were at most, to within a fifth; nil before the first.",
        unit="s",
        nullable=True,
    )
    late_p99: float | None = f64("How late 99 % of them were at most, to within a fifth.", unit="s", nullable=True)
    late_max: float | None = f64("How late the latest of them was.", unit="s", nullable=True)
    connections: int = integer("Connections to the frame port now.")
    sent_bytes: int = integer("Bytes of frames handed to ZeroMQ, once each however many subscribe.", unit="B")
    insecure: bool = flag("Other machines can listen and ask without a key.")
    controls_state: str = string("none (this daemon cannot drive), free, driving, neutral, suspended or resetting.")
    controls_backend: str = string("What moves the car: none, sim, page, uinput, vjoy or custom_ai.")
    controls_calibration: str | None = string(
        "Hash of the maps by which commands are corrected; nil if they are applied as they are.", nullable=True
    )
    requests: int = integer("Requests answered, refused ones included.")
    refused_requests: int = integer("Requests answered with an error.")
    memory_guards: int = integer("Times that all peers were disconnected because one filled the daemon's memory.")
