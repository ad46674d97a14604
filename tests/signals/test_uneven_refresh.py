"""Powers shown anew at uneven times: a row that repeats one is no reading of its own."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace
from powermeter.signals.uneven_refresh import at_uneven_refreshes

S = 1_000_000_000


def _rows(waits: tuple[float, float], seed: int, kind: Kind = Kind.INSTANT) -> Trace:
    """Return ten minutes of rows of a second of a plug that shows a fluctuating load anew after such waits, s."""
    rng = np.random.default_rng(seed)
    refreshes = np.cumsum(rng.uniform(*waits, 800))
    t = np.arange(12, 612)
    shown = np.round(60 + 10 * rng.standard_normal(800), 2)
    return from_samples(t * S, shown[np.searchsorted(refreshes, t) - 1], kind=kind)


@pytest.mark.parametrize("seed", range(3))
def test_new_rows_are_the_readings(seed: int) -> None:
    rows = _rows((3, 10), seed)
    found = at_uneven_refreshes(rows)
    new = 1 + np.count_nonzero(np.diff(rows.values))
    assert found.repeats >= len(rows) - new - 1 and len(found) <= new + 1
    assert 6.5 / 12**0.5 < found.refresh_ns / S < 10 / 12**0.5, "an edge lies in a longer stand as a rule"


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER, Kind.HELD])
def test_others_stay(kind: Kind) -> None:
    rows = _rows((3, 10), 0, kind)
    assert at_uneven_refreshes(rows) is rows


def test_waits_without_memory_are_a_load_that_rests() -> None:
    """A coarse instrument repeats for as long as nothing happens: waits then have the deviation of their mean."""
    rng = np.random.default_rng(5)
    t = np.arange(3000)
    changes = rng.random(3000) < 0.1
    rows = from_samples(t * S, np.round(60 + 10 * rng.standard_normal(3000), 2)[np.cumsum(changes)])
    assert at_uneven_refreshes(rows) is rows
