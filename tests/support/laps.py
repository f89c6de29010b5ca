"""Laps of the stand-in as recordings, made by the sink that writes recordings, in lock-step."""

from collections.abc import Callable
from pathlib import Path

from acbridge import Frame, Graphics, Physics, Static
from acbridge.selection import Selection
from acbridge_sim import Bend, BuiltInDriver, CarCommands, CarSpec, RacingLine, SessionType, Straight, Track, World, lay
from acbridge_sink.jsonl import Options
from acbridge_sink.pump import TickFrames
from recordings import Answers, recorder

STEP_MS = 3
LONGEST_LAP_MS = 120_000
HALF_WIDTH = 5.0
SLOW = 14.0
"""Speed along a border at the most, m/s."""
TINY = (
    Straight(None), Bend(90, 30, 18), Straight(60), Bend(-50, 40, 18), Bend(95, 24, 18), Straight(60),
    Bend(100, 35, 18), Straight(None), Bend(125, 30, 18),
)  # fmt: skip


def tiny() -> Track:
    """Return a track on which a lap takes half a minute."""
    return Track("tiny", "short", lay(TINY), half_width=HALF_WIDTH)


def record(
    path: Path, track: Track, *, laps: int = 1, beside: float | None = None, every: int = 5, cut: bool = False
) -> World:
    """
    Record flying laps of the stand-in and return the world after them.

    Args:
        path: The recording.
        track: Where to drive.
        laps: Whole laps to drive.
        beside: Drive this far beside the centre line, positive to the left, and slowly; else the racing line.
        every: Physics steps from tick to tick.
        cut: Whether to drive off the track in the first lap.
    """
    world = World(track=track, session=SessionType.HOTLAP, driver="ai" if beside is None else "none")
    drive = _beside(world, beside)
    if beside is not None:
        world.put(-20.0, beside, speed=SLOW)
    static = Static.from_page(world.pages()[2])
    recording = recorder(path, Options(quiet=True, waits=True), Selection((Physics, Graphics)), Answers(static))
    number, left = 0, 10_000
    while left > 0:
        assert world.ticks * STEP_MS < (laps + 1) * LONGEST_LAP_MS, "the car does not come round"
        for _ in range(every):
            world.step(1, drive())
            world.drive_off_track = cut and 100 < world.car.place.distance < 122 and world.timing.laps == 0
        left = min(left - every, 700) if world.timing.laps >= laps else 10_000  # the lap is counted a moment later
        physics, graphics, _ = world.pages()
        frames = tuple(
            Frame(record, 1, number, seq=number, timestamp=1.8e9, mono_ns=0, lost=0)
            for record in (Physics.from_page(physics), Graphics.from_page(graphics))
        )
        recording.tick(TickFrames(1, number, 1.8e9 + world.ticks * STEP_MS / 1000, world.ticks, {}, frames))
        number += 1
    recording.close()
    return world


def _beside(world: World, offset: float | None) -> Callable[[], CarCommands | None]:
    if offset is None:
        return lambda: None
    track = world.track
    line = RacingLine(track, CarSpec())
    places = [track.point(i * track.spacing, offset) for i in range(len(track.x))]
    line.offset = [offset] * len(places)
    line.x, line.z = [x for x, *_ in places], [z for _, z, _ in places]
    line.speed = [min(0.8 * speed, SLOW) for speed in line.speed]
    return BuiltInDriver(line, world.car).drive
