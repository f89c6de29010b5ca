"""Reading page logs: whole blocks are found after any damage, and a file of another kind is refused in one line."""

import io
import json
import random
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from acbridge import DecodeError, Event, Graphics, Physics
from acbridge.derived import EventKind
from acbridge.derived.deriver import Deriver
from acbridge.pages import AC1, Static
from acbridge.recording import Recording, open_recording, read_ticks
from acbridge.recording.page_log import side_file
from acbridge.recording.page_log.blocks import MAX_ROWS
from acbridge.recording.page_log.chunks import BLOCK_TAG, MAGIC, Chunk, block_chunk, chunk, head_chunk, read_chunks
from acbridge.recording.page_log.file import PageLogDirectory, PageLogFile
from acbridge.recording.page_log.reading import read_rows, tail_of
from acbridge.recording.page_log.rows import NoteKind, Row, RowKind, note, read_note
from acbridge.recording.page_log.side_file import RING_BYTES, SideFile
from acbridge.recording.writing.files import NotARecording
from acbridge.status import SimState
from page_logs import drive, head_row, numbers, row, stamp, write


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("log") / "whole.acrec", drive(10.0), block=30).read_bytes()


def rows_in(path: Path) -> list[Row]:
    return [row for _, row in read_rows(path)]


def blocks_of(data: bytes) -> list[Chunk]:
    return [each for each in read_chunks(io.BytesIO(data)) if isinstance(each, Chunk) and not each.is_head]


def test_the_rows_that_were_written_are_read(tmp_path: Path) -> None:
    assert list(drive(3.0)) == rows_in(write(tmp_path / "drive.acrec", drive(3.0)))


def test_every_whole_block_is_found_after_any_cut(tmp_path: Path, whole: bytes) -> None:
    path, begins = tmp_path / "cut.acrec", random.Random(1)
    blocks = blocks_of(whole)
    for cut in [begins.randrange(blocks[0].offset, len(whole)) for _ in range(60)]:
        path.write_bytes(whole[:cut])
        expected = sum(block.rows for block in blocks if block.end <= cut)
        assert list(range(expected)) == numbers(rows_in(path))


def test_a_flipped_byte_costs_one_block_at_most(tmp_path: Path, whole: bytes) -> None:
    path, places = tmp_path / "flip.acrec", random.Random(2)
    blocks = blocks_of(whole)
    for place in [places.randrange(blocks[0].offset, len(whole)) for _ in range(60)]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << places.randrange(8)]) + whole[place + 1 :])
        kept = [block for block in blocks if not block.offset <= place < block.end]
        expected = [block.tick + i for block in kept for i in range(block.rows)]
        assert expected == numbers(rows_in(path))


def test_a_file_that_is_all_tags_is_given_up_soon(tmp_path: Path) -> None:
    path = tmp_path / "tags.acrec"
    path.write_bytes(MAGIC + (BLOCK_TAG + struct.pack("<I", 1 << 23)) * 2_000_000)
    with pytest.raises(DecodeError, match="damaged throughout"):
        rows_in(path)


def test_a_block_that_promises_more_than_it_may_costs_no_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "bomb.acrec", drive(1.0))
    packed = zlib.compress(bytes(1_000_000_000 // 4))
    with path.open("ab") as file:
        file.write(chunk(BLOCK_TAG, packed, 1000, 10, drive(1.0)[0]))
    tracemalloc.start()
    with pytest.raises(DecodeError, match=rf"{path}, byte \d+: a block does not hold the 1000 bytes"):
        rows_in(path)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def changed_head(**changes: Any) -> bytes:
    first = head_row()
    values = json.loads(first.text) | changes
    return MAGIC + head_chunk(json.dumps(values).encode(), first)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"diary", "is not one of a recording"),
        (changed_head(format=2), "byte 8: it is a page log of format 2, and this acbridge reads format 1: upgrade"),
        (changed_head(game="Pole Position"), "byte 8: it holds the pages of 'Pole Position', which this acbridge does"),
        (changed_head(pages=[{"name": "physics", "size": 600, "fingerprint": 1}]), "byte 8: its pages are laid out"),
        (changed_head(pages=7), "byte 8: its head does not say which pages it holds"),
        (changed_head(run=-1), "byte 8: run is no count: -1"),
        (changed_head(rate=None), "byte 8: rate is no number above 0: None"),
        (changed_head(thresholds={"stuck_s": "x"}), "byte 8: thresholds: "),
        (MAGIC + head_chunk(b"[]", head_row()), "byte 8: its head is no JSON object"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "odd.acrec"
    path.write_bytes(content + b"\n")
    with pytest.raises(DecodeError) as raised:
        list(read_ticks(open_recording(path)))
    assert says in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def begun(path: Path, side: SideFile, rows: tuple[Row, ...]) -> PageLogFile:
    """Begin a page log, and write some rows as a daemon does."""
    file = PageLogFile.continued(path, side)
    file.append([head_row()])
    add(file, side, rows)
    return file


def add(file: PageLogFile, side: SideFile, rows: tuple[Row, ...]) -> None:
    for each in rows:
        side.add(each)
    file.append(rows)


def test_the_rows_of_the_open_block_are_read_from_the_side_file_and_each_row_once(tmp_path: Path) -> None:
    path, side = tmp_path / "open.acrec", SideFile(print)
    file = begun(path, side, drive(1.0)[:20])
    assert list(drive(1.0)[:20]) == rows_in(path)
    file.sync()
    add(file, side, drive(1.0)[20:33])
    middle = note(NoteKind.MARK, 32, stamp(32.5), SimState.LIVE, text="here")  # type: ignore[arg-type]
    side.add(middle)
    assert [*drive(1.0)[:33], middle] == rows_in(path)
    file.sync()
    assert list(range(33)) == numbers(rows_in(path))[:33]
    left = tail_of(path).read_bytes()
    for cut in (len(left) - 5, len(left) // 2, 40, 0):
        tail_of(path).write_bytes(left[:cut])
        assert list(range(33)) == numbers(rows_in(path))[:33]
    file.close()
    assert not tail_of(path).exists()


def test_a_side_file_stays_small_and_keeps_the_newest_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_file, "SLOW_NS", 60_000_000_000)  # a busy machine is no slow disk
    path, side = tmp_path / "open.acrec", SideFile(print)
    file = begun(path, side, drive(1.0)[:1])
    rows, fed = drive(1.0), 8000
    for number in range(fed):
        side.add(row(number, rows[number % 60].pages))
    assert tail_of(path).stat().st_size <= RING_BYTES
    found = numbers(rows_in(path))
    assert list(range(fed - len(found), fed)) == found
    assert 4000 < len(found) < fed
    file.close()


def test_a_killed_recording_is_continued_with_the_rows_of_its_side_file(tmp_path: Path) -> None:
    path, side = tmp_path / "killed.acrec", SideFile(print)
    file = begun(path, side, drive(1.0)[:20])
    file.sync()
    add(file, side, drive(1.0)[20:33])
    left = path.read_bytes() + b"\xacBK\nhalf a bl", tail_of(path).read_bytes()
    file.close()
    path.write_bytes(left[0])
    tail_of(path).write_bytes(left[1])
    write(path, [row(n, drive(1.0)[n].pages) for n in range(40, 50)], run=8)
    assert [*range(33), *range(40, 50)] == numbers(rows_in(path))
    assert [7] * 33 + [8] * 10 == [head.run for head, _ in read_rows(path)]


def test_a_full_side_file_is_kept_in_blocks_that_can_be_read(tmp_path: Path) -> None:
    path, pages = write(tmp_path / "killed.acrec", drive(1.0)[:1]), drive(1.0)[1].pages
    rows = [block_chunk([row(number, pages)], pack=False) for number in range(1, MAX_ROWS + 10)]
    tail_of(path).write_bytes(MAGIC + head_chunk(head_row().text.encode(), head_row()) + b"".join(rows))
    PageLogFile.continued(path, SideFile(print)).close()
    tail_of(path).unlink(missing_ok=True)
    assert list(range(MAX_ROWS + 10)) == numbers(rows_in(path))


def test_until_the_next_file_has_begun_the_side_file_before_it_has_the_rows(tmp_path: Path) -> None:
    side, rows = SideFile(print), drive(1.0)
    directory = PageLogDirectory(tmp_path, side)
    first = directory.begin("first")
    first.append([head_row()])
    add(first, side, rows[:10])
    side.expect()
    for each in rows[10:20]:
        side.add(each)
    assert list(range(20)) == numbers(rows_in(first.path))
    first.close()
    assert list(range(20)) == numbers(rows_in(tmp_path / "first.acrec"))
    second = directory.begin("second")
    second.append([head_row(first=rows[10].stamp)])
    assert list(range(10)) == numbers(rows_in(tmp_path / "first.acrec"))
    side.add(rows[20])
    assert list(range(10, 21)) == numbers(rows_in(second.path))
    second.append(rows[10:21])
    second.close()
    assert ["first.acrec", "second.acrec"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_side_file_that_cannot_be_written_is_reported_once(tmp_path: Path) -> None:
    said: list[str] = []
    side = SideFile(said.append)
    for name in ("a", "b"):
        side.begin(tmp_path / "nowhere" / name, MAGIC, 0)
    (text,) = said
    assert "No such file or directory; without it a kill may cost the last second" in text


@pytest.mark.parametrize("changes", [{"format": 2}, {"pages": []}])
def test_a_page_log_of_another_layout_is_refused_and_stays_as_it_is(tmp_path: Path, changes: dict[str, Any]) -> None:
    path, content = tmp_path / "old.acrec", changed_head(**changes)
    path.write_bytes(content)
    with pytest.raises(NotARecording, match="exists and cannot be continued: "):
        PageLogFile.continued(path, SideFile(print))
    assert content == path.read_bytes()


def test_a_side_file_has_one_uncompressed_row_in_each_block_or_the_block_is_left_out(tmp_path: Path) -> None:
    path, rows = write(tmp_path / "drive.acrec", drive(1.0)[:10]), drive(1.0)
    head = MAGIC + head_chunk(head_row().text.encode(), head_row())
    tail_of(path).write_bytes(head + block_chunk(rows[10:30]) + block_chunk(rows[30:31], pack=False))
    assert [*range(10), 30] == numbers(rows_in(path))
    tail_of(path).write_bytes(head + block_chunk(rows[30:31], pack=False) * (1 + RING_BYTES // 1500))
    tracemalloc.start()
    assert len(rows_in(path)) < 1 + RING_BYTES // 1500
    assert tracemalloc.get_traced_memory()[1] < 3 * RING_BYTES
    tracemalloc.stop()


def test_texts_of_rows_are_plain_and_short(tmp_path: Path) -> None:
    evil = "a\ud800\x1b[31m"
    rows = [
        Row(RowKind.NONE, SimState.ABSENT, 1, stamp(1), text=evil),
        note(NoteKind.MARK, 2, stamp(2), SimState.LIVE, text=evil),
    ]
    none, mark = rows_in(write(tmp_path / "evil.acrec", rows))
    assert ("a\ufffd\ufffd[31m", "a\ufffd\ufffd[31m") == (none.text, read_note(mark)["text"])
    with pytest.raises(DecodeError, match="a text of a row is longer than 4096 characters"):
        rows_in(write(tmp_path / "long.acrec", [rows[0]._replace(text="a" * 5000)]))


@pytest.mark.parametrize("content", [b"diary\n", b"\0" * 100, changed_head(format=9)[:8] + b"", b'{"type":"header"'])
def test_a_file_that_is_no_page_log_is_never_changed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "diary.acrec"
    path.write_bytes(content)
    if content == MAGIC:
        PageLogFile.continued(path, SideFile(print)).close()
        return
    with pytest.raises(NotARecording):
        PageLogFile.continued(path, SideFile(print))
    assert content == path.read_bytes()


def test_two_recordings_into_one_file_are_refused(tmp_path: Path) -> None:
    file = PageLogFile.continued(tmp_path / "drive.acrec", SideFile(print))
    with pytest.raises(OSError, match="another program is recording into it"):
        PageLogFile.continued(tmp_path / "drive.acrec", SideFile(print))
    file.close()


def test_ticks_have_the_records_of_the_pages_and_what_is_derived_from_them(tmp_path: Path) -> None:
    rows = drive(4.0)
    deriver, static = Deriver(), AC1.record(Static, rows[0].pages or ())
    ticks = list(read_ticks(open_recording(write(tmp_path / "drive.acrec", rows))))
    assert numbers(rows) == [tick.tick for tick in ticks]
    for tick, each in zip(ticks, rows, strict=True):
        assert each.pages is not None
        physics, graphics = AC1.record(Physics, each.pages), AC1.record(Graphics, each.pages)
        assert (physics, graphics, static, each.stamp.timestamp) == (
            tick.physics,
            tick.graphics,
            tick.static,
            tick.timestamp,
        )
        assert vars(deriver.tick(physics, graphics, static)[0]) == vars(tick.derived)


def test_a_page_log_is_played_like_any_recording_with_its_events_marks_and_gaps(tmp_path: Path) -> None:
    rows = list(drive(2.0))
    lost = 10
    middle = [
        note(NoteKind.MARK, 60, stamp(60), SimState.LIVE, text="here"),
        note(NoteKind.THRESHOLDS, 60, stamp(60), SimState.LIVE, values={"stuck_s": 9.0}),
        note(NoteKind.GAP, 70, stamp(70), SimState.LIVE, first_tick=61, last_tick=70, ticks=lost),
    ]
    path = write(tmp_path / "drive.acrec", [*rows[:61], *middle, *rows[71:], row(200, None, SimState.ABSENT)])
    recording = Recording(path)
    frames = list(recording.frames(Physics, Event))
    events = [frame.record for frame in frames if isinstance(frame.record, Event)]
    assert [EventKind.MARK, EventKind.THRESHOLDS_CHANGED] == [
        event.kind for event in events if event.kind in (EventKind.MARK, EventKind.THRESHOLDS_CHANGED)
    ]
    assert [EventKind.SESSION_ENDED, EventKind.SIM_STATE_CHANGED] == sorted(event.kind for event in events[-2:])
    assert lost == sum(frame.lost for frame in frames if frame.topic == "physics")
    assert 9.0 == recording.request("hello")["thresholds"]["stuck_s"]
