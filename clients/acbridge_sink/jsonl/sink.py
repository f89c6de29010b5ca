"""
The sink of a recording: ticks and other frames come in, lines go to the backlog. It never waits for a disk.

A header line precedes each segment (see `segments`); then comes a line per tick, or per frame. Frames that went missing
are a gap line. It writes nothing itself.
"""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from acbridge import AcbridgeError, Event, Frame, Graphics, Physics, SimState, Static
from acbridge.checks import check
from acbridge.frame_source import FrameSource
from acbridge.pages import AC1
from acbridge.recording import lines
from acbridge.recording.compression import kind_of
from acbridge.recording.writing.backlog import Backlog, Item
from acbridge.recording.writing.files import File, name_of
from acbridge.recording.writing.rotation import MEGABYTE, Rotation
from acbridge.recording.writing.writer import Writer
from acbridge.selection import Selection
from acbridge.topics import TICK_RECORDS
from acbridge_sink.daemon_watch import DaemonWatch
from acbridge_sink.jsonl.format import JsonLines, LinesDirectory
from acbridge_sink.jsonl.progress import Progress
from acbridge_sink.jsonl.segments import Segments, Start
from acbridge_sink.pump import TickFrames
from acbridge_sink.words import session_text


@dataclass(frozen=True, slots=True)
class Options:
    """
    How to record.

    Attributes:
        layout: ``tick`` for a line per tick, ``frame`` for a line per frame.
        compression: ``gzip`` or ``zstd``; ``None`` goes by the name of the file.
        rotation: When a file in a directory is long enough.
        min_free: MB that stay free on the disk.
        quiet: Whether only problems are reported.
        waits: Whether a slow disk makes the source wait, as a recording can; a daemon cannot, so ticks are dropped.
    """

    layout: str = "tick"
    compression: str | None = None
    rotation: Rotation = field(default_factory=Rotation)
    min_free: float = 0.0
    quiet: bool = False
    waits: bool = False


class Jsonl:
    """
    Records into one file, stdout, or files in a directory.

    Attributes:
        lost: Frames that were never received.
        progress: Where the user learns how the recording goes.
    """

    def __init__(self, source: FrameSource, target: Path | None, selection: Selection, options: Options) -> None:
        """
        Open the file, and cut off what a killed sink left unfinished.

        Args:
            source: Where frames come from; it is asked for the values of headers.
            target: A file, or a directory; ``None`` for stdout.
            selection: Topics and fields to record.
            options: How to record.

        Raises:
            NotARecording: The file holds something else.
            MissingExtra: zstd is not installed.
            OSError: The file cannot be written.
        """
        self._source = source
        self._watch = DaemonWatch(source)
        self._selection = selection
        self._has_ticks = any(record in TICK_RECORDS for record in selection.records)
        self._layout = options.layout
        self._in_directory = target is not None and target.is_dir()
        self._segments = Segments(options.rotation)
        self._session = "unknown"
        self._files = 0
        self._received = 0
        self._gaps = 0
        self.lost = 0
        self.progress = Progress(quiet=options.quiet)
        self._backlog: Backlog[bytes] = Backlog(lines.not_written, waits=options.waits)
        compression = options.compression
        if target is not None and not self._in_directory:
            compression = compression or kind_of(target.name)
        content = JsonLines(compression, options.layout)  # fails now if zstd is missing, before there is a file
        file, directory = None, None
        if target is None:
            file = File.of_stdout(content)
        elif self._in_directory:
            directory = LinesDirectory(target, content)
        else:
            file = File.continued(target, content)
        self._writer = Writer(
            self._backlog,
            file,
            directory,
            int(options.min_free * MEGABYTE),
            self.progress.report,
            packed=compression is not None,
        )

    @property
    def ticks(self) -> int:
        """Ticks written."""
        return self._writer.ticks

    @property
    def laps(self) -> int:
        """Laps completed during the recording."""
        return self._segments.laps

    @property
    def unwritten(self) -> int:
        """Ticks that were received and not written; at the end, those that the disk did not take."""
        return self._received - self._writer.ticks

    @property
    def dropped(self) -> int:
        """Ticks that found no room in the backlog; a gap line says so."""
        return self._backlog.dropped

    @property
    def problem(self) -> str:
        """Why ticks were not written."""
        return self._writer.problem or "the disk was too slow"

    @property
    def broken_pipe(self) -> bool:
        """Whether the program that read our pipe has ended."""
        return self._writer.broken_pipe

    def tick(self, tick: TickFrames) -> None:
        """Record a tick: a line, after a header if a segment begins and after a gap if frames are missing."""
        self._watch.frame_came()
        physics, graphics = tick.record(Physics), tick.record(Graphics)
        ask = partial(self._ask, tick.frames[0])
        packet = None if physics is None else physics.packetId
        replay = graphics is not None and AC1.state(graphics.status) is SimState.REPLAY
        start = self._segments.tick(tick.run, packet, tick.mono_ns, self._size, ask, replay=replay)
        if graphics is not None:
            self._session = session_text(graphics.session)
        self._begin(start, tick.tick, tick.timestamp, tick.lost)
        if self._layout == "tick":
            data = lines.tick_line(tick.frames, self._selection)
        else:
            data = b"".join([lines.frame_line(frame, self._selection) for frame in tick.frames])
        self._backlog.put(Item(data, tick.tick))
        self._received += 1
        self._show_progress()

    def other(self, frame: Frame[Any]) -> None:
        """Record a frame that does not belong to a tick: a line of its own, after the first header of its run."""
        self._watch.frame_came()
        if self._has_ticks:
            if not self._segments.has_begun(frame.run):
                return  # the first tick follows, and its header says what this frame does
            start = Start(segment=False, restarted=False)
        else:
            start = self._segments.frame(frame.run, frame.mono_ns, self._size, partial(self._ask, frame))
        record = frame.record
        news = not isinstance(record, Static) or self._segments.is_news(record, with_ticks=self._has_ticks)
        if isinstance(record, Event):
            self._segments.event(record)
        lost = {frame.topic: frame.lost} if frame.lost and news else {}
        self._begin(start, frame.tick, frame.timestamp, lost)
        if news:
            line = lines.typed_line if self._layout == "tick" else lines.frame_line
            self._backlog.put(Item(line(frame, self._selection)))

    def idle(self) -> None:
        """Note that the sim rests, and report once if the daemon is silent."""
        self._segments.rest()
        if silence := self._watch.new_silence():
            self.progress.report(str(silence))
        self._show_progress()

    def close(self) -> None:
        """Write what waits and finish the file."""
        self._writer.close()

    def _begin(self, start: Start, tick: int, timestamp: float, lost: dict[str, int]) -> None:
        """Enqueue the header and the gap line that precede a frame; in a directory a file begins with the header."""
        if start.segment:
            header = self._segments.header
            header["timestamp"] = timestamp
            name = name_of(timestamp, header["static"], self._session) if self._in_directory else ""
            self._files += bool(name)
            self._backlog.put(Item(lines.to_line(header), name=name))
        if lost or start.restarted:
            self._gaps += 1
            self.lost += sum(lost.values())
            self._backlog.put(Item(lines.not_received(tick, timestamp, lost, restarted=start.restarted)))

    @property
    def _size(self) -> int:
        """Bytes of the open file; 0 while the writer is still at the file before."""
        return self._writer.size if self._writer.files == self._files else 0

    def _ask(self, first: Frame[Any]) -> dict[str, Any]:
        """Ask the source for the values of a header."""
        static: dict[str, Any] | None
        try:
            static, hello = self._source.request("static"), self._source.request("hello")
            check(Static, vars(Static.adopt(static)))
        except AcbridgeError:
            static, hello = None, {}  # the daemon ended right after this frame; the recording goes on
        return lines.header(hello, static, first, self._selection, self._layout)

    def _show_progress(self) -> None:
        self.progress.update(self._writer.ticks, self._writer.total, self.laps, self._gaps + self._backlog.gaps)
