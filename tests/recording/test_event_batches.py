"""Events as batches of columns: what a program noted since the last time, in one row of the table `events`: what it promises."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from types import SimpleNamespace

import pytest
from crafted import seal

from powermeter.channel import MISSING
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.recording import Recording, column_bytes, event_batches


@pytest.mark.thorough
def test_events_beyond_what_a_file_can_hold_are_left_out(recorded):
    """A batch of 131 072 events of which every column is constant takes 400 bytes."""
    constant = struct.Struct("<BBqqq").pack
    head = zlib.compress(json.dumps({"columns": list(event_batches.COLUMNS), "texts": ["x"]}).encode())
    values = {"uid": 0, "name": 0, "start_ns": 5, "end_ns": 6, "count": 1, "thread": 1}
    parts = [head, *(constant(0, 0, values.get(name, MISSING), 0, 1) for name in event_batches.COLUMNS)]
    db = sqlite3.connect(recorded.path)
    for i in range(2, 302):
        row = (i, 1, 1 << 17, 5, 6, column_bytes.join(parts), 0, b"")
        db.execute(
            "INSERT INTO events (id, process, count, first_ns, last_ns, data, checksum, chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
    db.commit()
    db.close()
    seal(recorded.path)
    with Recording.open(recorded.path) as recording:
        found = recording.event_table()
        assert 0 < len(found) < 10 * recorded.path.stat().st_size < 300 << 17
        assert any("claims more events" in text for text in recording.warnings)


WHOLE = {"columns": list(event_batches.COLUMNS), "texts": ["x"]}


@pytest.mark.parametrize(
    "head",
    [
        [],
        {**WHOLE, "columns": None},
        {**WHOLE, "columns": dict.fromkeys(event_batches.COLUMNS, 0)},
        {**WHOLE, "texts": "x"},
        {**WHOLE, "columns": list(event_batches.COLUMNS)[1:]},
        {**WHOLE, "columns": [*list(event_batches.COLUMNS)[1:], 5]},
        {**WHOLE, "texts": ["x", 5]},
    ],
    ids=[
        "a list",
        "no columns",
        "no list of columns",
        "no list of texts",
        "too few",
        "a number",
        "a number as text",
    ],
)
def test_a_head_of_another_shape_is_refused_as_damage(head):
    values = {"uid": 0, "name": 0, "start_ns": 5, "end_ns": 6, "count": 1, "thread": 1}
    constant = struct.Struct("<BBqqq").pack
    parts = [constant(0, 0, values.get(name, MISSING), 0, 1) for name in event_batches.COLUMNS]

    def packed(one):
        return column_bytes.join([zlib.compress(json.dumps(one).encode()), *parts])

    assert len(event_batches.decode(packed(WHOLE), 3, 1)) == 3
    with pytest.raises(DataError, match="head that is not understood"):
        event_batches.decode(packed(head), 3, 1)


def test_a_batch_spans_from_the_first_start_to_the_last_end(recorded):
    """Whichever event has it; one that never ended counts by its start."""
    with Recording.open(recorded.path) as recording:
        events = recording.events()
    ends = [event.start_ns if event.end_ns is None else event.end_ns for event in events]
    db = sqlite3.connect(recorded.path)
    rows = db.execute("SELECT first_ns, last_ns, count FROM events").fetchall()
    db.close()
    assert sum(count for _, _, count in rows) == len(events) > 1
    assert min(first for first, _, _ in rows) == min(event.start_ns for event in events)
    assert max(last for _, last, _ in rows) == max(ends)


def test_events_in_pieces_are_the_events(recorded):
    with Recording.open(recorded.path) as recording:
        whole, pieces = recording.events(), list(recording.event_pieces(2))
    assert [len(piece) for piece in pieces[:-1]] == [2] * (len(pieces) - 1) and len(pieces) > 1
    assert [event for piece in pieces for event in piece] == whole


def test_a_table_without_columns_that_came_later_holds_events_without_what_they_state():
    """A batch of a file that was written before tasks and measures were: 9 columns."""
    row = (7, 1, None, 0, 5, None, None, None, 4096)
    batch = event_batches.decode(
        event_batches.encode([(*row[:3], "fit", *row[4:]), (7, 2, 1, "fit", 6, 9, 3, '{"a": 1}', None)]),
        2,
        42,
    )
    found = event_batches.events(batch, SimpleNamespace(json=lambda text, what: json.loads(text)))
    assert found == [
        Event("fit", 5, None, process=42, thread=7, uid=1, count=None, peak_memory=4096),
        Event("fit", 6, 9, process=42, thread=7, uid=2, parent=1, count=3, attributes={"a": 1}),
    ]
