"""
Recordings: telemetry as JSON lines in files, written by ``acbridge-sink jsonl`` and read back here.

`lines` knows the format in both directions, `compression` knows gzip and zstd, `reader` reads files, `rederive`
derives again from what they hold, and `playback` plays them as a daemon would publish them.
"""

from acbridge.recording.playback import Recording
from acbridge.recording.reader import RecordedTick, open_recording, read_ticks
from acbridge.recording.rederive import rederive

__all__ = ["RecordedTick", "Recording", "open_recording", "read_ticks", "rederive"]
