"""
The table of topics: which record travels on which topic, how often, and after what silence a topic is stale.

A new topic is one line of `TOPICS`. Queues, counters, the default of `Bridge.frames`, recorded ticks and the
documentation are computed from the table.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from acbridge.controls import Controls
from acbridge.derived import Derived, Event
from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import Record
from acbridge.status import Status

STALE_PERIODS = 10
"""A topic that is published by ticks is stale after this many of its periods without a frame."""
REPEAT_S = 1.0
"""How often the daemon repeats the topics that are published on change."""


class Cadence(StrEnum):
    """What makes the daemon publish a frame of a topic; the value is the sentence for the documentation."""

    TICKS = "while the sim is live, paused or in replay"
    """At every n-th tick; ``Topic.every`` is n."""
    CHANGE = "when it changes and every second, also without a sim"
    """Also once a second, for subscribers that came late."""
    CHANGE_WHILE_FLOWING = "when it changes and every second, while the sim is live, paused or in replay"
    LEASE = "at every tick while a driver holds the controls, else when it changes and every second"
    OCCURRENCE = "when something happens, after the other frames of the same tick"


@dataclass(frozen=True, slots=True)
class Topic:
    """
    One topic of the wire.

    Attributes:
        record: The record class that its frames carry; ``record.topic`` is the topic's name.
        cadence: What makes the daemon publish a frame.
        every: Decimation of a topic that is published by ticks: 1 is every tick, n the ticks whose number n divides.
        stale_after: Seconds of silence after which a topic that is not published by ticks is stale; inf for one that
            may be silent.
    """

    record: type[Record]
    cadence: Cadence = Cadence.TICKS
    every: int = 1
    stale_after: float = 3.0

    @property
    def name(self) -> str:
        """The topic's name on the wire, without the prefix of a rig."""
        return self.record.topic

    @property
    def by_ticks(self) -> bool:
        """Whether the ticks of the daemon's loop make its frames."""
        return self.cadence is Cadence.TICKS

    @property
    def flows(self) -> bool:
        """Whether its frames are about a session: they are published while the sim is live, paused or in replay."""
        return self.cadence in (Cadence.TICKS, Cadence.CHANGE_WHILE_FLOWING)

    @property
    def frames_per_tick(self) -> float:
        """How many of its frames a tick publishes, on average and at the most."""
        return 1.0 if self.cadence is Cadence.LEASE else 1 / self.every if self.by_ticks else 0.0

    @property
    def sent(self) -> str:
        """When its frames are published, as the documentation says it."""
        if not self.by_ticks:
            return self.cadence.value
        ticks = "at every tick" if self.every == 1 else f"at every tick whose number {self.every} divides"
        return f"{ticks} {self.cadence.value}"

    def due(self, tick: int) -> bool:
        """Whether a tick publishes a frame of it."""
        return self.by_ticks and tick % self.every == 0


TOPICS: tuple[Topic, ...] = (
    Topic(Physics),
    Topic(Graphics),
    Topic(Derived),
    Topic(Static, Cadence.CHANGE_WHILE_FLOWING),
    Topic(Status, Cadence.CHANGE),
    Topic(Controls, Cadence.LEASE),
    Topic(Event, Cadence.OCCURRENCE, stale_after=math.inf),
)
"""Every topic, in the order in which one tick publishes them. No name is a prefix of another."""

BY_NAME = {topic.name: topic for topic in TOPICS}

SAMPLE: tuple[type[Physics], type[Graphics], type[Derived]] = (Physics, Graphics, Derived)
"""The records that `Bridge.sample` returns together; every one of them is published at every tick."""
TICK_RECORDS: tuple[type[Record], ...] = tuple(topic.record for topic in TOPICS if topic.by_ticks)
"""The records that ticks publish: the default of `Bridge.frames`, and what recordings keep."""
FRAMES_PER_TICK = sum(topic.frames_per_tick for topic in TOPICS)
"""Frames that one tick publishes on average; queues hold a time's worth of them."""
