"""Where a log's rate changes, on stamps by hand."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.recording.stretches_of_rate import stretches_of_rate

NS = 10**9


def stamps(*stretches: tuple[int, float], jitter: float = 0.01, lost: float = 0.0) -> np.ndarray:
    """So many intervals of so many seconds each, one stretch after another; a share of the rows is lost."""
    rng = np.random.default_rng(1)
    steps = np.concatenate([[0.0], *(s * (1 + rng.uniform(-jitter, jitter, n)) for n, s in stretches)])
    times = np.round(np.cumsum(steps) * NS).astype(np.int64)
    return times[rng.random(times.size) >= lost]


@pytest.mark.parametrize(
    "stretches",
    [
        [(80, 1.0), (800, 0.1)],
        [(600, 0.1), (100, 1.0)],
        [(20, 1.0), (20, 60.0)],
        [(100, 0.1), (40, 1.0), (200, 0.1)],
        [(90, 0.2), (90, 0.4)],
        [(40, 1.0), (60, 0.1), (40, 1.0), (60, 0.1)],
    ],
)
def test_each_rate_is_a_stretch_of_its_own(stretches):
    found = stretches_of_rate(stamps(*stretches))
    ends = np.cumsum([n for n, _ in stretches]).tolist()
    assert [(one.first, one.last) for one in found] == list(zip([0, *ends[:-1]], ends, strict=True))
    assert [one.usual_ns / NS for one in found] == pytest.approx([s for _, s in stretches], rel=0.01)


def test_rows_that_are_missing_are_no_other_rate():
    assert stretches_of_rate(stamps((400, 0.2), lost=0.15)) == ()
    found = stretches_of_rate(stamps((200, 1.0), (800, 0.1), lost=0.1))
    assert [round(one.usual_ns / NS, 1) for one in found] == [1.0, 0.1]


def test_neither_a_drift_nor_a_reader_that_its_load_drives_changes_its_rate():
    assert stretches_of_rate(stamps(*[(1, 0.2 * 1.005**k) for k in range(250)])) == ()
    assert stretches_of_rate(stamps(*[(30, 1.0), (60, 0.1)] * 3)) == ()
    assert stretches_of_rate(stamps((300, 1.0), jitter=0.9)) == ()


def test_few_rows_show_no_rate():
    assert stretches_of_rate(stamps((15, 1.0), (15, 10.0))) == ()
    assert stretches_of_rate(stamps((5, 1.0), (500, 0.1))) == ()


def test_rows_that_were_kept_and_all_stamped_as_they_came_have_no_rate():
    """Half of a log's rows at one moment: a reader that stood still."""
    times = np.concatenate(
        [np.arange(300) * NS // 100, np.full(300, 3 * NS), 3 * NS + np.arange(1, 300) * NS // 10]
    )
    assert stretches_of_rate(times.astype(np.int64)) == ()


def test_a_rate_that_changes_over_some_rows_did_not_change_at_once():
    assert stretches_of_rate(stamps((100, 1.0), (6, 0.45), (200, 0.1))) == ()
