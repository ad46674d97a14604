"""The known events of all rows at once, and what is asked of each row's few: against the same asked row by row."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.analysis.events_of_rows import EventsOfRows
from powermeter.analysis.extreme_powers import extreme_powers, remember_extreme_powers
from powermeter.analysis.warmup import WarmUp, WarmUpReason
from powermeter.analysis.warmups_of_labels import EventsInOrder, _steady, warm_ups
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns

MS = 1_000_000


class Ramp:
    """A power that rises by 1 W a second from 0 to 100 s, so that a window from a to b holds (b² − a²)/2."""

    start_ns, end_ns = 0, 100_000 * MS

    @staticmethod
    def between(start_ns: np.ndarray, end_ns: np.ndarray) -> np.ndarray:
        return ((end_ns * 1e-9) ** 2 - (start_ns * 1e-9) ** 2) / 2


def windows_of(value: np.ndarray, start_ms: np.ndarray, lasted_ms: np.ndarray) -> SimpleNamespace:
    n = value.size
    return SimpleNamespace(
        integral=Ramp,
        value=value,
        start_ns=start_ms * MS,
        seconds=lasted_ms * 1e-3,
        known=np.isfinite(value),
        noise=np.zeros(n),
        gaps=np.zeros(n),
        below=np.zeros(n),
        above=np.zeros(n),
        own_powers={},
    )


def made(rows: int, seed: int) -> tuple[SimpleNamespace, EventColumns, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    row = rng.integers(0, rows, 6 * rows)
    value = rng.normal(10, 1, row.size) * np.where(rng.random(row.size) < 0.1, 3, 1)
    value[rng.random(row.size) < 0.1] = np.nan
    windows = windows_of(
        value, rng.permutation(row.size) * 1000 // 10, rng.integers(80, 120, row.size).astype(float)
    )
    counts = [(1, 2, 2.5, 0, None)[k] for k in rng.choice(5, row.size, p=(0.6, 0.2, 0.1, 0.09, 0.01))]
    events = EventColumns.of(Event("e", 0, MS, uid=k + 1, count=count) for k, count in enumerate(counts))
    return windows, events, [np.flatnonzero(row == k) for k in range(rows)]


def test_known_events_are_row_after_row_in_order_of_their_start() -> None:
    windows = windows_of(
        np.array([1.0, 2.0, np.nan, 4.0, 5.0]), np.array([30, 20, 10, 40, 0]), np.full(5, 5.0)
    )
    events = EventColumns.of(Event("e", 0, MS, uid=k + 1, count=k) for k in range(5))
    every = EventsOfRows.of(events, windows, [np.array([0, 1, 2]), np.empty(0, np.int64), np.array([3, 4])])
    assert every.index.tolist() == [1, 0, 4, 3] and every.row.tolist() == [0, 0, 2, 2]
    assert every.size.tolist() == [2, 0, 2] and every.counts.tolist() == [1, 0, 4, 3]
    rest = every.behind(np.array([1, 0, 0]))
    assert rest.index.tolist() == [0, 4, 3] and rest.first[[0, 2]].tolist() == [0, 1]
    np.testing.assert_array_equal(
        every.medians(np.array([1.0, 3.0, 7.0, 9.0]), every.counts > 0), [1, np.nan, 8]
    )


@pytest.mark.parametrize("seed", range(4))
def test_extreme_powers_of_all_rows_at_once_are_those_of_each(seed: int) -> None:
    windows, events, members = made(40, seed)
    every = EventsOfRows.of(events, windows, members)
    remember_extreme_powers(windows, every)
    assert len(windows.own_powers) == np.count_nonzero(every.size)
    for first, size in zip(every.first.tolist(), every.size.tolist(), strict=True):
        mine = slice(first, first + size)
        some = every.counts[mine] > 0
        if not size or not some.any():
            continue
        rest = every.index[mine]
        lasting = windows.seconds[rest][some] / every.counts[mine][some]
        length = max(round(float(np.median(lasting)) * 1e9), 1)
        found = windows.own_powers[int(rest[0]), size, length]
        assert found == extreme_powers(windows, windows.start_ns[rest], length)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(4))
def test_warm_ups_of_all_rows_at_once_are_those_of_each(seed: int) -> None:
    windows, events, members = made(200, seed)
    every = EventsOfRows.of(events, windows, members)
    steady = _steady(every, windows)
    assert 20 < len(steady) < 180
    for k in steady:
        assert EventsInOrder.of(events, windows, members[k]).warm_up() == WarmUp(0, WarmUpReason.STEADY)
    names = [f"row{k}" for k in range(200)]
    assert warm_ups(names, members, events, windows, every) == warm_ups(names, members, events, windows)
