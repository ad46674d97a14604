"""Energies of measured readings are estimates where a question is open or much of them was bridged."""

from __future__ import annotations

import numpy as np

from powermeter.analysis import event_estimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.reasons_for_estimated import BOUNDED, graded
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.result import Grade
from powermeter.signals.decoding import read_channel

SECOND = 1_000_000_000


def test_whatever_a_way_to_energies_reports_as_open_is_a_reason() -> None:
    codes = {
        value for name, value in vars(event_estimate).items() if name.isupper() and isinstance(value, str)
    }
    assert codes == set(BOUNDED)


def counter(codes: list[int]) -> Integral:
    channel = Channel("in.energy", Quantity.ENERGY, 1.0, Rail("in"), kind=Kind.COUNTER)
    times = np.arange(len(codes), dtype=np.int64) * SECOND
    trace = read_channel(channel, times, np.array(codes, np.int64), None, origin="m/in.energy")
    assert trace is not None
    return Integral.of(trace)


def test_an_open_question_or_a_bridged_restart_makes_an_estimate_of_what_was_measured() -> None:
    """A counter read each second; one that restarts behind its fourth value carries a quarter of the energy over it."""
    start, end = np.array([0], np.int64), np.array([6 * SECOND], np.int64)
    whole = counter([*range(50_000, 50_070, 10)])
    assert graded(whole, start, end, open_question=False) is Grade.MEASURED
    assert graded(whole, start, end, open_question=True) is Grade.ESTIMATED
    restarted = counter([*range(50_000, 50_040, 10), 0, 10, 20])
    assert graded(restarted, start, end, open_question=False) is Grade.ESTIMATED
