"""Pages of one's own making, and what is derived from them."""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from acbridge import Derived, Event, EventKind, Graphics, Physics, Static, Thresholds
from acbridge.derived import Deriver
from acbridge.layout import Page
from acbridge.pages import STATUS_LIVE

P = TypeVar("P", bound=Page)

STEP_MS = 3
"""One physics step of the sim, by which its clock moves."""
HEADINGS = (0.0, 0.5, math.pi / 2, 2.0, math.pi, -0.4, -math.pi / 2, -2.5)
"""Ways to look in which everything seen from the car must be the same."""


def changed(page: type[Page], **values: Any) -> Any:
    """Return a page of zeros but for some fields."""
    return page(**_zeros(page) | values)


def derive(physics: Physics, graphics: Graphics, static: Static) -> Derived:
    """Return what is derived from one tick that nothing went before."""
    return Deriver().tick(physics, graphics, static)[0]


def ahead_of(heading: float, ahead: float, aside: float = 0.0) -> tuple[float, float]:
    """Return x and z in the world of what is so many metres forward, and to the left, in the car's frame."""
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
    Return the fields that say how a car stands.

    Args:
        heading: rad; 0 looks along +z, and it grows to the right.
        at: x and z of the centre of gravity, m.
        front: From there to the front axle, m.
        rear: To the rear axle.
        track: Between left and right wheels, m.
        steer: Of each wheel, rad, positive to the left.
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
    """Return the fields that say how a car moves, m/s and rad/s; yaw is positive to the left."""
    return {
        "speedKmh": 3.6 * math.hypot(forward, left),
        "localVelocity": (left, 0.0, forward),
        "localAngularVel": (0.0, yaw_rate, 0.0),
    }


class Drive:
    """
    A sim of one's own making, followed by a deriver: what a page says stays so until a tick says otherwise.

    Attributes:
        record: What was derived last.
        events: All that happened, in order.
    """

    def __init__(self, thresholds: Thresholds | None = None, **values: Any) -> None:
        self.events: list[Event] = []
        self._deriver = Deriver(thresholds)
        self._pages: tuple[Physics, Graphics, Static] = (
            changed(Physics),
            changed(Graphics, status=STATUS_LIVE),
            changed(Static),
        )
        self._packet = 1000
        self.record = self.tick(0, **values)

    def tick(self, steps: int = 1, **values: Any) -> Derived:
        """Let some steps of 3 ms pass, change fields of the pages, and derive."""
        self._packet += steps
        physics, graphics, static = self._pages
        values = {**values, "packetId": self._packet}
        known = {*vars(physics), *vars(graphics), *vars(static)}
        assert values.keys() <= known, f"no page has {values.keys() - known}"
        if values.keys() & set(vars(static)):
            static = _with(static, values)
        self._pages = _with(physics, values), _with(graphics, values), static
        self.record, events = self._deriver.tick(*self._pages)
        self.events += events
        return self.record

    def go(self, ms: int, *, every: int = STEP_MS, **values: Any) -> Derived:
        """Let so many milliseconds pass, with a tick every so often; fields change at the first."""
        assert ms % every == every % STEP_MS == 0, "the sim's clock does not stop there"
        for _ in range(ms // every):
            self.tick(every // STEP_MS, **values)
        return self.record

    def of(self, *kinds: EventKind) -> list[Event]:
        """Return the events of some kinds so far."""
        return [event for event in self.events if event.kind in kinds]


def _with(page: P, values: dict[str, Any]) -> P:
    return type(page)(**vars(page) | {name: value for name, value in values.items() if name in vars(page)})


@cache
def _zeros(page: type[Page]) -> dict[str, Any]:
    return vars(page.from_page(bytes(page.page_size)))
