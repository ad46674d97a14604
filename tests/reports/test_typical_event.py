"""Readings a second apart from 0 to 100 s, of which those from 40 to 60 s and those beside events are held, as of a run of a day."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from powermeter.channel import Quantity
from powermeter.reports.typical_event import all_held, surroundings, typical_event
from powermeter.signals.kept_readings import Kept
from powermeter.signals.trace import Trace

NS = 1_000_000_000
WHOLE = np.arange(101)
BESIDE = np.array([*range(0, 101, 10), *range(40, 61)])
ROW: Any = SimpleNamespace(index=np.arange(5), warmup=None, expected_per_item=None)


def held(place: np.ndarray) -> Trace:
    place = np.unique(place)
    whole = Trace(place.astype(np.int64) * NS, np.ones(place.size), Quantity.POWER)
    thin = Kept(place) if place.size < WHOLE.size else None
    return replace(whole, kept=thin, interval_ns=NS)


def analysis(start: list[float], place: np.ndarray) -> Any:
    """Return an analysis of five events of 4 s that used 1 to 5 J."""
    begin = np.array(start) * NS
    energies = SimpleNamespace(
        start_ns=begin.astype(np.int64),
        end_ns=(begin + 4 * NS).astype(np.int64),
        value=np.arange(1.0, 6.0),
        known=np.ones(5, bool),
        gap_s=np.zeros(5),
    )
    return SimpleNamespace(energies=energies, power_trace=held(place), start_ns=0, end_ns=100 * NS)


@pytest.mark.parametrize(
    ("start", "place", "found"),
    [
        ([10, 30, 70, 45, 90], WHOLE, 2),  # all are held: the median
        ([10, 30, 70, 45, 90], BESIDE, 3),  # 4 J is the only one whose surroundings, 41.4 to 52.6 s, are held
        ([45, 46, 70, 80, 90], BESIDE, 1),  # 2 J is nearer to 3 J than 1 J
        ([10, 30, 70, 53, 90], BESIDE, 2),  # held, but not what follows: 49.4 to 60.6 s; then the median
    ],
)
def test_the_typical_event_is_the_next_to_the_median_of_which_all_is_held(
    start: list[float], place: np.ndarray, found: int
) -> None:
    assert typical_event(analysis(start, place), ROW) == found


def test_surroundings_are_nine_tenths_of_the_event_or_of_four_intervals_within_the_run() -> None:
    first, last = surroundings(analysis([0, 30, 70, 45, 96], WHOLE), np.array([0, 1, 4]))
    assert (first / NS).tolist() == pytest.approx([0, 26.4, 92.4])
    assert (last / NS).tolist() == pytest.approx([7.6, 37.6, 100])


@pytest.mark.parametrize(
    ("first", "last", "whole"), [(40, 60, True), (39.9, 60, False), (40, 60.1, False), (10, 20, False)]
)
def test_a_window_is_held_where_no_reading_between_its_ends_is_left_out(
    first: float, last: float, whole: bool
) -> None:
    moments = [np.array([round(s * NS)]) for s in (first, last)]
    assert all_held(held(BESIDE), *moments).tolist() == [whole]
    assert all_held(held(WHOLE), *moments).tolist() == [True]
