"""The situation: what the sim does, and where and how the car is."""

from acbridge.derived.metrics.sample import Sample, explained
from acbridge.derived.situation.surface import OFF_TRACK


@explained(
    formula="`paused` or `replay` if status says so, else `live`",
    uses=("status",),
    values="`live`, `paused`, `replay`",
    confidence="exact; what status says in menus is partly unconfirmed",
    source="the sim",
    is_not="not the driver's menus: in ESC and pit menus status goes on saying live",
    witness="the page: equal",
)
def sim_state(now: Sample) -> str:
    return now.state.value


@explained(
    formula="isInPitLane or isInPit for `pit_s`, or neither for so long",
    uses=("isInPitLane", "isInPit"),
    values="true or false",
    confidence="exact, late by `pit_s`; the size of isInPit's place is unconfirmed",
    source="the sim",
    is_not="not the pit limiter; not the pit menu",
    witness="stops of known length: late by `pit_s`",
)
def in_pit_lane(now: Sample) -> bool:
    return now.situation is not None and now.situation.pits.inside


@explained(
    formula="`none`; `partial` from 1 wheel off; `off` from 3; `fully` with 4; each held for `off_track_s`",
    uses=("numberOfTyresOut",),
    values="one of four words; nil while wheels are off and ticks are farther apart than 0.25 s",
    confidence="estimated, unconfirmed input",
    source="the sim's usual rule of two wheels",
    is_not="not a cut, which also asks for speed; asphalt run-offs may count as track",
    witness="excursions of known length: late by `off_track_s`",
    reliable_hz=5,
)
def off_track(now: Sample) -> str | None:
    return OFF_TRACK[0] if now.situation is None else now.situation.surface.word


@explained(
    formula="speedKmh < `stationary_kmh`",
    uses=("speedKmh",),
    values="true or false",
    confidence="exact",
    source="the sim",
    is_not="not stuck",
    witness="values on both sides of the limit: equal",
)
def stationary(now: Sample) -> bool:
    return now.physics.speedKmh < now.limits.stationary_kmh


@explained(
    formula=(
        "gas in gear, clutch engaged, no brake and no speed for `stuck_s`, or off the track and no speed for "
        "`stuck_off_s`"
    ),
    uses=(
        "gas",
        "brake",
        "clutch",
        "gear",
        "speedKmh",
        "numberOfTyresOut",
        "isInPitLane",
        "isInPit",
        "sessionTimeLeft",
    ),
    values="true or false; nil while it may be and ticks are farther apart than it takes",
    confidence="estimated, unconfirmed input",
    source="ours",
    is_not="not a car that waits with the clutch down or on the brake",
    witness="states of known length: late by less than a tick",
)
def stuck(now: Sample) -> bool | None:
    return now.situation is not None and now.situation.stuck.value


@explained(
    formula="`normalizedCarPosition` falls while the car drives forward, for `wrong_way_s`",
    uses=("normalizedCarPosition", "localVelocity", "gear", "trackSPlineLength"),
    values=(
        "true or false; nil while it may be and ticks are farther apart than it takes; false on tracks "
        "without an AI line"
    ),
    confidence="estimated",
    source="ours",
    is_not="not reversing; not a car that points backward and stands",
    witness="drives of known direction: late by less than a tick",
)
def wrong_way(now: Sample) -> bool | None:
    return now.situation is not None and now.situation.direction.wrong


@explained(
    formula="moved farther than its speed allows, within the last `teleport_shown_s`",
    uses=("tyreContactPoint", "heading", "speedKmh", "packetId"),
    values="true or false; false if the sim does not write the contact vectors",
    confidence="estimated",
    source="ours",
    is_not="not why: back to the pits, a reset, a new place after a restart",
    witness="jumps of known length: each one",
)
def teleported(now: Sample) -> bool:
    return now.situation is not None and now.situation.teleported
