"""
The sink `jsonl`: recordings as JSON lines in files.

`sink` makes lines of ticks and decides when a file ends; `backlog` is the bounded queue behind it; `writer` is the
thread that carries lines from there to the disk; `files` knows whole lines, locks and names; `lines` knows JSON.
"""

from acbridge_sink.jsonl.files import NotARecording, named
from acbridge_sink.jsonl.sink import Jsonl, Options, Rotation

__all__ = ["Jsonl", "NotARecording", "Options", "Rotation", "named"]
