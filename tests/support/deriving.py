"""Pages made by a test, and the metrics derived from them."""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from acbridge import Derived, Event, EventKind, Graphics, Physics, SimState, Static, Thresholds
from acbridge.derived.deriver import Deriver
from acbridge.layout import Page
from acbridge.pages import STATUS_LIVE

P = TypeVar("P", bound=Page)
_NAMES = tuple({column.name for column in page.columns} for page in (Physics, Graphics, Static))
_PLACES = {name: [place for place, names in enumerate(_NAMES) if name in names] for name in set[str]().union(*_NAMES)}
"""Which of the pages have a field of this name."""

STEP_MS = 3
"""One physics step of the sim, in ms; its clock advances by this."""
HEADINGS = (0.0, 0.5, math.pi / 2, 2.0, math.pi, -0.4, -math.pi / 2, -2.5)
"""Headings for which every value in the car's frame must be the same."""


def changed(page: type[Page], **values: Any) -> Any:
    """Return a page of zeros except for the given fields."""
    zeros = _zeros(page)
    assert values.keys() <= zeros.keys(), f"no field of {page.__name__}: {values.keys() - zeros.keys()}"
    return page.adopt(zeros | values)


def derive(physics: Physics, graphics: Graphics, static: Static) -> Derived:
    """Return the metrics derived from one first tick."""
    return Deriver().tick(physics, graphics, static)[0]


def ahead_of(heading: float, ahead: float, aside: float = 0.0) -> tuple[float, float]:
    """Return world x and z of a point given in metres forward and left in the car's frame."""
    sin, cos = math.sin(heading), math.cos(heading)
    return -sin * ahead + cos * aside, cos * ahead + sin * aside


def on_wheels(
    heading: float = 0.0,
    *,
    at: tuple[float, float] = (0.0, 0.0),
    front: float = 1.25,
    rear: float = 1.25,
    track: float = 1.5,
    steer: Sequence[float] = (0.0, 0.0, 0.0, 0.0),
) -> dict[str, Any]:
    """
    Return the page fields for the position and heading of a car.

    Args:
        heading: rad; 0 points along +z, positive to the right.
        at: x and z of the centre of gravity, m.
        front: Distance from the centre of gravity to the front axle, m.
        rear: Distance to the rear axle, m.
        track: Distance between left and right wheels, m.
        steer: Angle of each wheel, rad, positive to the left.
    """
    corners = ((front, track / 2), (front, -track / 2), (-rear, track / 2), (-rear, -track / 2))
    contacts: list[tuple[float, float, float]] = []
    for ahead, aside in corners:
        x, z = ahead_of(heading, ahead, aside)
        contacts.append((at[0] + x, 0.25, at[1] + z))
    backward: list[tuple[float, float, float]] = []
    for angle in steer:
        x, z = ahead_of(heading, math.cos(angle), math.sin(angle))
        backward.append((-x, 0.0, -z))
    return {
        "heading": heading,
        "tyreContactPoint": tuple(contacts),
        "tyreContactHeading": tuple(backward),
        "carCoordinates": (at[0], 0.8, at[1]),
    }


def moving(forward: float, left: float = 0.0, yaw_rate: float = 0.0) -> dict[str, Any]:
    """Return the page fields for the motion of a car, in m/s and rad/s; yaw is positive to the left."""
    return {
        "speedKmh": 3.6 * math.hypot(forward, left),
        "localVelocity": (left, 0.0, forward),
        "localAngularVel": (0.0, yaw_rate, 0.0),
    }


class Drive:
    """
    A scripted sim with a deriver: a page field keeps its value until a tick changes it.

    Attributes:
        record: The newest derived record.
        events: All events so far, in order.
        pages: The newest pages.
    """

    def __init__(self, thresholds: Thresholds | None = None, **values: Any) -> None:
        self.events: list[Event] = []
        self._deriver = Deriver(thresholds)
        self.pages: tuple[Physics, Graphics, Static] = (
            changed(Physics),
            changed(Graphics, status=STATUS_LIVE),
            changed(Static),
        )
        self._packet = 1000
        self.record = self.tick(0, **values)

    def tick(self, steps: int = 1, **values: Any) -> Derived:
        """Advance some steps of 3 ms, change fields of the pages, and derive."""
        self._packet += steps
        physics, graphics, static = self.pages
        values = {"packetId": self._packet, **values}
        new: tuple[dict[str, Any], ...] = ({}, {}, {})
        for name, value in values.items():
            places = _PLACES.get(name)
            assert places, f"no page has {name}"
            for place in places:
                new[place][name] = value
        self.pages = _with(physics, new[0]), _with(graphics, new[1]), _with(static, new[2]) if new[2] else static
        self.record, events = self._deriver.tick(*self.pages)
        self.events += events
        return self.record

    def go(self, ms: int, *, every: int = STEP_MS, **values: Any) -> Derived:
        """Advance a number of milliseconds with ticks at a fixed interval; fields change at the first tick."""
        assert ms % every == every % STEP_MS == 0, "the sim's clock does not stop there"
        for _ in range(ms // every):
            self.tick(every // STEP_MS, **values)
        return self.record

    def set_state(self, state: SimState) -> None:
        """Let the sim be in a state without telemetry."""
        self.events += self._deriver.set_state(state)

    def of(self, *kinds: EventKind) -> list[Event]:
        """Return the events of some kinds so far."""
        return [event for event in self.events if event.kind in kinds]


def _with(page: P, values: dict[str, Any]) -> P:
    return page.adopt(vars(page) | values)


@cache
def _zeros(page: type[Page]) -> dict[str, Any]:
    return vars(page.from_page(bytes(page.page_size)))
