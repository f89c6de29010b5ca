"""Derive again from a recording: the same numbers as live, or those that other thresholds would have given."""

from collections.abc import Iterable, Iterator

from acbridge.derived import Derived, Event, Thresholds
from acbridge.derived.deriver import Deriver
from acbridge.recording.reader import RecordedTick


def rederive(
    ticks: Iterable[RecordedTick], thresholds: Thresholds | None = None
) -> Iterator[tuple[RecordedTick, Derived, list[Event]]]:
    """
    Yield each tick with the record and the events derived from it.

    A derived value depends on the ticks before it, so the values equal the live ones where the recording holds every
    tick since the session began. A recording that starts later, or has gaps, knows less at first; and it does not hold
    the time in which the sim rested. Thresholds that were changed during the recording change at the same tick.

    Args:
        ticks: Ticks of a recording; those without physics, graphics or static are skipped.
        thresholds: Detection thresholds to use throughout; ``None`` for the recorded ones.
    """
    deriver = Deriver(thresholds)
    run: int | None = None
    for tick in ticks:
        if tick.physics is None or tick.graphics is None or tick.static is None:
            continue
        if tick.run != run:
            run = tick.run
            deriver = Deriver(thresholds or tick.thresholds)
        elif thresholds is None and tick.thresholds is not None and tick.thresholds != deriver.thresholds:
            deriver.set_thresholds(tick.thresholds)
        yield tick, *deriver.tick(tick.physics, tick.graphics, tick.static)
