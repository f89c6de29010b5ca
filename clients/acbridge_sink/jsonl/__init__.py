"""
The sink `jsonl`: recordings as JSON lines in files.

`sink` turns ticks into lines; `segments` decides when a header or a file begins; `backlog` is the bounded queue behind
them; `writer` is the thread that writes its lines to the disk; `files` knows whole lines, locks and names.
"""

from acbridge_sink.jsonl.files import NotARecording, named
from acbridge_sink.jsonl.segments import Rotation
from acbridge_sink.jsonl.sink import Jsonl, Options

__all__ = ["Jsonl", "NotARecording", "Options", "Rotation", "named"]
