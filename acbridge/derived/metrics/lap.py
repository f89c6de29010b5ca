"""The running lap: its number, whether it counts, how far it is driven and how it compares."""

from acbridge.derived.lap.parts import NOT_SEEN_WHOLE, OUT_LAP
from acbridge.derived.metrics.sample import Sample, along_line_m, explained
from acbridge.derived.metrics.situation import in_pit_lane


@explained(
    formula="completedLaps + 1; + 2 from the first sign of a new lap until it is counted",
    uses=("completedLaps", "iCurrentTime", "iLastTime"),
    values="from 1",
    confidence="exact",
    source="recordings: completedLaps comes late",
    is_not="not the race leader's lap; an out-lap that the sim does not count has the number of the lap after it",
    witness="laps of the stand-in in every order of arrival: equal",
)
def lap_number(now: Sample) -> int:
    return now.laps.number if now.laps is not None else now.graphics.completedLaps + 1


@explained(
    formula="`in_pit` in the pit lane, else `valid`, `out_lap` or `invalid` by the reason",
    uses=("lap_invalid_reason", "in_pit_lane"),
    values="one of four words",
    confidence="estimated, unconfirmed input",
    source="CrewChief's rule, see [Whether it counts](#whether-it-counts)",
    is_not="not the sim's judgement",
    witness="laps of known validity in every order of arrival",
)
def lap_state(now: Sample) -> str:
    if in_pit_lane(now):
        return "in_pit"
    reason = lap_invalid_reason(now)
    return "valid" if reason is None else "out_lap" if reason == OUT_LAP else "invalid"


@explained(
    formula="no `lap_invalid_reason`",
    uses=("lap_invalid_reason",),
    values="true or false",
    confidence="estimated, unconfirmed input",
    source="CrewChief's rule",
    is_not="not whether wheels are off right now: a lap once invalid stays so",
    witness="as `lap_state`",
)
def is_lap_valid(now: Sample) -> bool:
    return lap_invalid_reason(now) is None


@explained(
    formula="the first reason found in this lap",
    uses=(
        "numberOfTyresOut",
        "penaltiesEnabled",
        "speedKmh",
        "isInPitLane",
        "tyreContactPoint",
        "iCurrentTime",
        "packetId",
    ),
    values="`cut`, `teleport`, `out_lap`, `not_seen_whole`; nil while the lap would count",
    confidence="estimated, unconfirmed input",
    source="CrewChief's rule; the rest ours",
    is_not="not the reason that the sim would give",
    witness="as `lap_state`",
)
def lap_invalid_reason(now: Sample) -> str | None:
    return NOT_SEEN_WHOLE if now.laps is None else now.laps.lap.reason


@explained(
    formula="normalizedCarPosition * trackSPlineLength",
    uses=("normalizedCarPosition", "trackSPlineLength"),
    values="0 to the length of the AI line; nil on tracks without one",
    confidence="exact",
    source="the sim",
    is_not="not from the timing line; not the way driven; not `distanceTraveled`",
    witness="a page of a real session: equal",
)
def lap_distance_m(now: Sample) -> float | None:
    return along_line_m(now.graphics.normalizedCarPosition, now.static.trackSPlineLength)


@explained(
    formula=(
        "share of the timed part driven, from start to finish, see [Where the timing line "
        "is](#where-the-timing-line-is)"
    ),
    uses=("normalizedCarPosition", "trackSPlineLength", "iCurrentTime", "speedKmh"),
    values="0 to 1; nil on tracks without an AI line",
    confidence="estimated",
    source="recordings",
    is_not="not a share of time",
    witness="drives whose line is known: within 0.002",
)
def lap_progress(now: Sample) -> float | None:
    return None if now.laps is None else now.laps.progress


@explained(
    formula="currentSectorIndex + 1",
    uses=("currentSectorIndex",),
    values="from 1",
    confidence="exact",
    source="the sim",
    is_not="on some tracks the index is always 0",
    witness="the page: equal",
)
def sector(now: Sample) -> int:
    return now.graphics.currentSectorIndex + 1


@explained(
    formula="lastSectorTime of each sector completed in this lap, see [Sectors](#sectors)",
    uses=("lastSectorTime", "currentSectorIndex", "iCurrentTime"),
    values="as many as were completed; empty if one was missed",
    confidence="exact, or by our clock if the sim's time does not appear",
    source="the sim",
    is_not="not cumulative; without the last sector, which ends the lap",
    witness="laps of the stand-in in every order of arrival: equal",
)
def sector_times_ms(now: Sample) -> tuple[int, ...]:
    return () if now.laps is None else now.laps.sectors


@explained(
    formula="iCurrentTime - time of the best lap at the same `lap_progress`",
    uses=("iCurrentTime", "lap_progress"),
    values=(
        "any, negative is ahead; nil without a best lap and where it has no time, on out-laps, while the "
        "clock is 0, on tracks without an AI line"
    ),
    confidence="estimated",
    source="ours",
    is_not="not against the sim's best lap nor others'; not `performanceMeter`, whose meaning is unconfirmed",
    witness="equal laps at 1 to 333 Hz: within 0.05 s of 0",
)
def delta_to_best_s(now: Sample) -> float | None:
    delta_ms = None if now.laps is None else now.laps.delta_ms
    return None if delta_ms is None else delta_ms / 1000


@explained(
    formula="that best lap's time + delta",
    uses=("delta_to_best_s",),
    values="from 0; nil like the delta",
    confidence="estimated",
    source="ours",
    is_not="not a forecast: it takes the rest of the lap to be as good as the best",
    witness="as `delta_to_best_s`",
)
def predicted_lap_ms(now: Sample) -> int | None:
    return None if now.laps is None else now.laps.predicted_ms


@explained(
    formula="`human` or `ai` if isAIControlled said the same in every tick of the running lap, else `mixed`",
    uses=("isAIControlled",),
    values="`human`, `ai` or `mixed`",
    confidence="exact",
    source="the sim",
    is_not="not a name; two persons who take turns look the same",
    witness="laps of known drivers: equal",
)
def driver(now: Sample) -> str:
    return "human" if now.laps is None else now.laps.lap.driver
