"""
The recording as the pump sees it: ticks and events come in, lines go to the backlog; it never waits for a disk.

A header line opens each file, each run of the daemon and each change of car or track; then comes a line per tick, or
per frame; what went missing is a line too. It writes nothing itself.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acbridge import AcbridgeError, Bridge, Event, EventKind, Frame, Graphics, Physics, Static
from acbridge.derived.session import SESSIONS
from acbridge.recording import lines
from acbridge.recording.compression import compressor, kind_of
from acbridge.recording.lines import thresholds_in
from acbridge.selection import Selection
from acbridge.topics import TICK_RECORDS
from acbridge_sink.daemon_watch import DaemonWatch
from acbridge_sink.jsonl.backlog import Backlog, Item
from acbridge_sink.jsonl.files import File, name_of
from acbridge_sink.jsonl.progress import Progress
from acbridge_sink.jsonl.writer import MEGABYTE, Writer
from acbridge_sink.pump import TickFrames


@dataclass(frozen=True, slots=True)
class Rotation:
    """
    When a file is long enough; ``None`` for never.

    Attributes:
        size: After so many MB on the disk.
        minutes: After so many minutes.
        laps: After so many completed laps.
    """

    size: float | None = None
    minutes: float | None = None
    laps: int | None = None

    @property
    def wanted(self) -> bool:
        """Whether files ever are long enough."""
        return (self.size, self.minutes, self.laps) != (None, None, None)

    def due(self, size: int, seconds: float, laps: int) -> bool:
        """Whether a file of this size, age and number of laps is long enough."""
        return (
            (self.size is not None and size >= self.size * MEGABYTE)
            or (self.minutes is not None and seconds >= self.minutes * 60)
            or (self.laps is not None and laps >= self.laps)
        )


@dataclass(frozen=True, slots=True)
class Options:
    """
    How to record.

    Attributes:
        layout: ``tick`` for a line per tick, ``frame`` for a line per frame.
        compression: ``gzip`` or ``zstd``; ``None`` goes by the name of the file.
        rotation: When a file in a directory is long enough.
        min_free: MB that stay free on the disk.
        quiet: Whether nothing but trouble is told.
    """

    layout: str = "tick"
    compression: str | None = None
    rotation: Rotation = field(default_factory=Rotation)
    min_free: float = 0.0
    quiet: bool = False


class Jsonl:
    """
    Records into one file, stdout, or files in a directory.

    Attributes:
        lost: Frames that were never received.
        laps: Laps that were completed meanwhile.
    """

    def __init__(self, bridge: Bridge, target: Path | None, selection: Selection, options: Options) -> None:
        """
        Open the file, and cut off what a killed sink left unfinished.

        Args:
            bridge: Where ticks come from, and headers are asked for.
            target: A file, or a directory; ``None`` for stdout.
            selection: Topics and fields to record.
            options: How to record.

        Raises:
            NotARecording: The file holds something else.
            MissingExtra: This Python has no zstd.
            OSError: It cannot be written.
        """
        self._bridge = bridge
        self._presence = DaemonWatch(bridge)
        self._selection = selection
        self._topics = tuple(record.topic for record in TICK_RECORDS if record in selection.records)
        self._options = options
        self._run: int | None = None
        self._header: dict[str, Any] = {"static": {}}
        self._packet = 0
        self._rested = False
        self._session = "unknown"
        self._begun = time.perf_counter()
        self._laps_before = 0
        self._files = 0
        self._taken = 0
        self._gaps = 0
        self.lost = 0
        self.laps = 0
        self.progress = Progress(quiet=options.quiet)
        self._backlog = Backlog()
        self._separate = target is not None and target.is_dir()
        compression = options.compression
        if target is not None and not self._separate:
            compression = compression or kind_of(target.name)
        if compression:
            compressor(compression)  # if it is missing, before there is a file
        file: File | Path
        if target is None:
            file = File.of_stdout(compression)
        elif self._separate:
            file = target
        else:
            file = File.continued(target, compression, options.layout)
        self._writer = Writer(self._backlog, file, compression, int(options.min_free * MEGABYTE), self.progress.say)

    @property
    def ticks(self) -> int:
        """Ticks written."""
        return self._writer.ticks

    @property
    def unwritten(self) -> int:
        """Ticks that were received and are not written; at the end, those that found no place on the disk."""
        return self._taken - self._writer.ticks

    @property
    def dropped(self) -> int:
        """Ticks that found no place among those that wait; a gap line tells them."""
        return self._backlog.dropped

    @property
    def problem(self) -> str:
        """Why some found none."""
        return self._writer.problem or "the disk was too slow"

    @property
    def broken_pipe(self) -> bool:
        """Whether whoever read our pipe has had enough."""
        return self._writer.broken_pipe

    def tick(self, tick: TickFrames) -> None:
        """Take a tick: a line, after a header if something else begins and a gap if frames are missing."""
        self._presence.heard()
        restarted = self._run is not None and tick.run != self._run
        begins = tick.run != self._run or self._another_session(tick)
        if begins:
            self._run = tick.run
            header = self._ask(tick)
            begins = restarted or header["static"] != self._header["static"]
            if begins:
                self._header = header
        graphics = tick.record(Graphics)
        if graphics is not None:
            session = graphics.session
            self._session = SESSIONS[session] if 0 <= session < len(SESSIONS) else "unknown"
        if begins or self._long_enough():
            self._head(tick)
        if tick.lost or restarted:
            self._gap(tick.tick, tick.timestamp, tick.lost, restarted=restarted)
        if self._options.layout == "tick":
            data = lines.tick_line(tick.frames, self._selection, self._topics)
        else:
            data = b"".join([lines.frame_line(frame, self._selection) for frame in tick.frames])
        self._backlog.put(Item(data, tick.tick))
        self._taken += 1
        self._tell()

    def other(self, frame: Frame[Any]) -> None:
        """Take a frame that does not come at every tick: a line of its own, once a header says whose it is."""
        self._presence.heard()
        if self._topics:
            if frame.run != self._run:
                return  # the first tick is near: its header says all that came before
        elif frame.run != self._run or self._long_enough():
            if frame.run != self._run:
                self._run, self._header = frame.run, self._ask(frame)
            self._head(frame)
        record = frame.record
        if isinstance(record, Static):
            known = self._header["static"]
            if vars(record) == known:
                return
            if self._topics and known and _is_another(record, known):
                self._rested = True  # the tick that follows brings a header
                return
            self._header["static"] = vars(record)
        if isinstance(record, Event):
            self._follow(record)
        if frame.lost:
            self._gap(frame.tick, frame.timestamp, {frame.topic: frame.lost}, restarted=False)
        line = lines.typed_line if self._options.layout == "tick" else lines.frame_line
        self._backlog.put(Item(line(frame, self._selection)))

    def idle(self) -> None:
        """Take note that the sim rests, and may come back with another car; tell once if the daemon is gone."""
        self._rested = True
        if self._presence.status() is None and self._presence.begins_to_miss():
            self.progress.say(self._presence.complaint)
        self._tell()

    def close(self) -> None:
        """Write what waits and finish the file."""
        self._writer.close()

    def _head(self, first: TickFrames | Frame[Any]) -> None:
        """Put a header; in a directory a file begins with it."""
        self._header["timestamp"] = first.timestamp
        self._begun, self._laps_before = time.perf_counter(), self.laps
        name = name_of(first.timestamp, self._header["static"], self._session) if self._separate else ""
        self._files += bool(name)
        self._backlog.put(Item(lines.to_line(self._header), name=name))

    def _long_enough(self) -> bool:
        rotation = self._options.rotation
        # The writer may still be at the file before.
        size = self._writer.size if self._writer.files == self._files else 0
        return self._separate and rotation.due(size, time.perf_counter() - self._begun, self.laps - self._laps_before)

    def _gap(self, tick: int, timestamp: float, lost: dict[str, int], *, restarted: bool) -> None:
        self._gaps += 1
        self.lost += sum(lost.values())
        self._backlog.put(Item(lines.not_received(tick, timestamp, lost, restarted=restarted)))

    def _follow(self, event: Event) -> None:
        """Keep what the next header says true."""
        if event.kind == EventKind.LAP_COMPLETED:
            self.laps += 1
        if event.kind == EventKind.THRESHOLDS_CHANGED and self._header.get("thresholds"):
            self._header["thresholds"] |= thresholds_in(event.text or "")

    def _another_session(self, tick: TickFrames) -> bool:
        """Whether car and track may have changed: the sim rested, or its packetId began again."""
        physics = tick.record(Physics)
        packet = physics.packetId if physics is not None else self._packet
        another = self._rested or packet < self._packet
        self._packet, self._rested = packet, False
        return another

    def _ask(self, first: TickFrames | Frame[Any]) -> dict[str, Any]:
        """Ask the daemon for what a header says."""
        static: dict[str, Any] | None
        try:
            static, hello = self._bridge.request("static"), self._bridge.request("hello")
        except AcbridgeError:
            static, hello = None, {}  # the daemon went away right after this tick; the recording goes on
        return lines.header(
            hello,
            static,
            first.frames[0] if isinstance(first, TickFrames) else first,
            self._selection,
            self._options.layout,
        )

    def _tell(self) -> None:
        self.progress.tell(self._writer.ticks, self._writer.total, self.laps, self._gaps + self._backlog.gaps)


def _is_another(static: Static, known: dict[str, Any]) -> bool:
    """Return whether car, track or layout are others."""
    return any(getattr(static, name) != known.get(name) for name in ("carModel", "track", "trackConfiguration"))
