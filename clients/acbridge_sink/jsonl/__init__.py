"""
The sink `jsonl`: recordings as JSON lines in files.

`sink` turns ticks into lines; `segments` decides when a header or a file begins; `format` knows which lines are whole;
:mod:`acbridge.recording.writing` writes them.
"""

from acbridge.recording.writing.files import NotARecording
from acbridge.recording.writing.rotation import Rotation
from acbridge_sink.jsonl.format import named
from acbridge_sink.jsonl.sink import Jsonl, Options

__all__ = ["Jsonl", "NotARecording", "Options", "Rotation", "named"]
