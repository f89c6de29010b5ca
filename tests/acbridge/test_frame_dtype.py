"""numpy reads a batch of frames without decoding."""

from typing import Any

import numpy as np
import pytest

from acbridge import wire
from acbridge.page_frames import PageEncoder, frame_dtype
from acbridge.pages import Physics, Static
from acbridge.wire import Header

HEADER = Header(run=0xDEADBEEF, tick=12, seq=2**40, timestamp=1800000000.125, mono_ns=2**63)


def test_numpy_reads_a_batch_of_frames_without_decoding() -> None:
    content = bytes(place % 251 for place in range(Physics.page_size))
    pages = [content[shift:] + content[:shift] for shift in range(4)]
    encoder = PageEncoder(Physics)
    payloads = [encoder.encode(HEADER._replace(tick=tick), page) for tick, page in enumerate(pages)]
    described: Any = frame_dtype(Physics)
    found: Any = np.frombuffer(b"".join(payloads), np.dtype(described))
    for tick, payload in enumerate(payloads):
        frame, row = wire.decode(payload, Physics), found[tick]
        assert (frame.run, tick, frame.seq, frame.timestamp, frame.mono_ns) == tuple(
            row[name] for name in Header._fields
        )
        for name, value in vars(frame.record).items():
            column = row[name]
            while column.dtype.names:
                column = column["value"]
            np.testing.assert_array_equal(column, np.array(value, column.dtype))


def test_frames_with_text_differ_in_length_and_make_no_batch() -> None:
    with pytest.raises(ValueError, match="frames of static have text"):
        frame_dtype(Static)
