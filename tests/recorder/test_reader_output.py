"""What a reader hands over: long blocks are worked on in pieces, and what waits is counted in bytes."""

from __future__ import annotations

import numpy as np

from powermeter.recorder import reader_output
from powermeter.recorder.reader_output import Harvest


def test_a_block_of_a_minute_is_worked_on_in_even_pieces_that_hold_each_row_once(monkeypatch) -> None:
    """A source that had stalled for a minute delivered 6 million rows at once: the recorder took 702 MB."""
    monkeypatch.setattr(reader_output, "PIECE", 100)
    times, codes = np.arange(1001), np.arange(2002).reshape(1001, 2)
    whole = Harvest([(times, codes, None), (times[:100], codes[:100], np.ones(100, np.uint8))])
    pieces = list(whole.pieces())
    assert [len(t) for t, _, _ in pieces] == [91] * 11 + [100]
    assert np.array_equal(np.concatenate([t for t, _, _ in pieces[:11]]), times)
    assert np.array_equal(np.concatenate([c for _, c, _ in pieces[:11]]), codes)
    assert pieces[0][2] is None and pieces[11][2].sum() == 100
    assert whole.size == 1001 * 24 + 100 * 25


def test_small_reads_are_worked_on_together(monkeypatch) -> None:
    """A stream of 1 kHz hands over three frames at a read: a row of the file for each cost 0.3 ms a reading."""
    monkeypatch.setattr(reader_output, "PIECE", 100)
    times, codes = np.arange(303), np.arange(606).reshape(303, 2)
    reads = [(times[at : at + 3], codes[at : at + 3], None) for at in range(0, 303, 3)]
    reads[1] = (*reads[1][:2], np.array([4, 0, 1], np.uint8))
    pieces = list(Harvest(reads).pieces())
    assert [len(t) for t, _, _ in pieces] == [99, 99, 99, 6]
    assert np.array_equal(np.concatenate([t for t, _, _ in pieces]), times)
    assert np.array_equal(np.concatenate([c for _, c, _ in pieces]), codes)
    assert pieces[0][2].tolist() == [0, 0, 0, 4, 0, 1] + [0] * 93 and pieces[1][2] is None
