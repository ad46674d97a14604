"""Rows that come faster than their stamps are written: spread in pieces as in one."""

import numpy as np
import pytest

from powermeter.importers import coarse_stamps
from powermeter.importers.coarse_stamps import spread_stamps, whole_seconds

SECOND = 10**9


@pytest.mark.parametrize("uneven", [False, True])
def test_pieces_make_no_difference(uneven, monkeypatch):
    """100 rows a second, or a pause of a minute in the middle, over which no row is spread."""
    stamps = (np.arange(2000) // 100) * SECOND
    stamps[1000:] += 60 * SECOND * uneven
    whole = spread_stamps(stamps)
    monkeypatch.setattr(coarse_stamps, "_PIECE", 97)
    pieces = spread_stamps(stamps)
    assert np.array_equal(whole.times_ns, pieces.times_ns) and pieces.resolution_ns == SECOND
    assert pieces.how == whole.how and ("changes" in whole.how) is uneven
    assert np.abs(pieces.times_ns - stamps).max() <= SECOND + 1


def test_whole_seconds_are_seen_across_pieces(monkeypatch):
    monkeypatch.setattr(coarse_stamps, "_PIECE", 8)
    stamps = np.arange(100) * SECOND
    assert whole_seconds(stamps) == SECOND and whole_seconds(stamps[:4]) == 0
    stamps[90] += 1
    assert whole_seconds(stamps) == 0
