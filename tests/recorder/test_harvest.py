"""What a reader hands over: long blocks are worked on in pieces, and what waits is counted in bytes."""

from __future__ import annotations

import numpy as np

from powermeter.recorder import harvest
from powermeter.recorder.harvest import Harvest


def test_a_block_of_a_minute_is_worked_on_in_even_pieces_that_hold_each_row_once(monkeypatch) -> None:
    """A source that had stalled for a minute delivered 6 million rows at once: the recorder took 702 MB."""
    monkeypatch.setattr(harvest, "PIECE", 100)
    times, codes = np.arange(1001), np.arange(2002).reshape(1001, 2)
    whole = Harvest([(times, codes, None), (times[:100], codes[:100], np.ones(100, np.uint8))])
    pieces = list(whole.pieces())
    assert [len(t) for t, _, _ in pieces] == [91] * 11 + [100]
    assert np.array_equal(np.concatenate([t for t, _, _ in pieces[:11]]), times)
    assert np.array_equal(np.concatenate([c for _, c, _ in pieces[:11]]), codes)
    assert pieces[0][2] is None and pieces[11][2].sum() == 100
    assert whole.size == 1001 * 24 + 100 * 25
