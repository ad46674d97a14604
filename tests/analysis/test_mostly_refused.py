"""Readings refused about as often as kept leave the energy open: nothing states what the load was at those."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Channel, Gap, Kind, Quantity, Rail
from powermeter.errors import Reason
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.result import Grade

STEP = 4 * 10**7
ROWS = 50
SECONDS = (ROWS - 1) * STEP * 1e-9


def analysed(folder, lost=1, upto=ROWS, quantity=Quantity.POWER, events=()):
    """2 W each 40 ms; between the first `upto` readings so many others were refused."""
    path = folder / "run.power"
    kind = Kind.COUNTER if quantity is Quantity.ENERGY else Kind.INSTANT
    channel = Channel("p", quantity, 1e-3, Rail("input", nominal_v=5.0), kind=kind)
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "meter", "x", [channel])
        times = np.arange(ROWS, dtype=np.int64) * STEP
        codes = np.arange(ROWS) * 200 if kind is Kind.COUNTER else np.full(ROWS, 2000)
        writer.append(source, times, codes.astype(np.int64)[:, None])
        for start in times[: upto - 1].tolist():
            writer.add_gap(source, Gap(start, start + STEP, Reason.BAD_DATA.value, "refused", lost))
        writer.add_events(Event(label, a, b, uid=k + 1) for k, (label, a, b) in enumerate(events))
    with Recording.open(path) as recording:
        return analyse(recording)


@pytest.mark.parametrize("lost", [1, 2, 9])
def test_a_run_of_which_many_readings_were_refused_is_open_above(tmp_path, lost):
    """Were they 0 W, the energy is that of the others alone; were they overloads, it may be anything."""
    found = analysed(tmp_path, lost)
    kept = ROWS / (ROWS + lost * (ROWS - 1))
    assert found.energy.value == pytest.approx(2 * SECONDS)
    assert found.energy.low <= 2 * SECONDS * kept * (1 + 1e-9)
    assert math.isinf(found.energy.high) and found.energy.grade is Grade.ESTIMATED
    assert str(found.energy).startswith("at least")


def test_a_few_refused_readings_are_bridged_as_ever(tmp_path):
    found = analysed(tmp_path, upto=ROWS // 3)
    assert math.isfinite(found.energy.high) and found.energy.grade is Grade.MEASURED


def test_a_counter_counts_on_while_its_readings_are_refused(tmp_path):
    found = analysed(tmp_path, 5, quantity=Quantity.ENERGY)
    assert math.isfinite(found.energy.high)


def test_events_are_open_only_where_readings_were_refused(tmp_path):
    """In the first half nine readings were refused for each that was kept, in the second none."""
    events = [("bad", k * STEP + 7, (k + 4) * STEP + 7) for k in range(2, 22, 6)]
    events += [("good", k * STEP + 7, (k + 4) * STEP + 7) for k in range(28, 46, 6)]
    found = analysed(tmp_path, 9, ROWS // 2, events=events)
    bad, good = found.row("bad").energy, found.row("good").energy
    assert math.isinf(bad.high) and bad.low <= 0.2 * bad.value and bad.grade is Grade.ESTIMATED
    assert math.isfinite(good.high) and good.grade is Grade.MEASURED
    assert good.value == pytest.approx(2 * 4 * STEP * 1e-9 * 3)
