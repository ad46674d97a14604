"""Blocks of a source that sends: what counts as silence, how the usual pace is learnt, and that no stamp runs back."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.recorder.reading import SourceReader
from powermeter.source import REPEAT

SECOND = 10**9


def reader() -> SourceReader:
    one = object.__new__(SourceReader)
    one._last_ns = one._gap_start = one._heard_ns = None
    one._usual_ns = 0
    one._clock = SimpleNamespace(now_ns=lambda: 77 * SECOND)
    one._lock = threading.Lock()
    one._harvest = SimpleNamespace(gaps=[], blocks=[])
    one.health = SimpleNamespace(samples=0, repeats=0)
    one._close_gap = lambda at: None
    return one


def kept(one: SourceReader, *seconds: float, patience_s: float = 2.0, flags=None) -> None:
    times = np.array([round(s * SECOND) for s in seconds], np.int64)
    block = SimpleNamespace(times_ns=times, codes=np.zeros((times.size, 1)), flags=flags)
    one._keep_block(SimpleNamespace(patience_s=patience_s), block)


def test_the_usual_pace_is_that_of_the_blocks_and_follows_a_quarter_at_a_time():
    one = reader()
    kept(one, 0.0, 0.1)
    assert one._usual_ns == 0, "of one block no pace is known"
    kept(one, 0.2, 0.3)
    assert one._usual_ns == SECOND // 10
    kept(one, 0.5, 0.7)
    assert one._usual_ns == SECOND // 10 + SECOND // 40
    assert one._last_ns == round(0.7 * SECOND) and one._heard_ns == 77 * SECOND


@pytest.mark.parametrize(
    ("pause", "patience_s", "silent"),
    [(2.01, 2.0, True), (2.0, 2.0, False), (0.31, 0.1, True), (0.29, 0.1, False)],
)
def test_silence_is_longer_than_the_patience_and_than_three_usual_steps(pause, patience_s, silent):
    one = reader()
    kept(one, 0.0, 0.1)
    kept(one, 0.2, 0.3)
    kept(one, 0.3 + pause, 0.4 + pause, patience_s=patience_s)
    assert [(g.start_ns, g.end_ns) for g in one._harvest.gaps] == (
        [(round(0.3 * SECOND), round((0.3 + pause) * SECOND))] if silent else []
    )
    if silent:
        assert one._harvest.gaps[0].detail == f"nothing came for {pause:.1f} s"
        assert one._usual_ns == SECOND // 10, "a silence is no pace"


def test_a_gap_that_is_open_is_not_noted_twice():
    one = reader()
    kept(one, 0.0, 0.1)
    kept(one, 0.2, 0.3)
    one._gap_start = round(0.3 * SECOND)
    kept(one, 60.0, 60.1)
    assert one._harvest.gaps == []


def test_stamps_never_run_back_and_rows_and_repeats_are_counted():
    one = reader()
    kept(one, 1.0, 3.0, 2.0)
    kept(one, 2.5, 3.5, flags=np.array([REPEAT, 2], np.uint8))
    stamps = [times.tolist() for times, _, _ in one._harvest.blocks]
    assert stamps == [[SECOND, 3 * SECOND, 3 * SECOND], [3 * SECOND, round(3.5 * SECOND)]]
    assert (one.health.samples, one.health.repeats) == (5, 1)
