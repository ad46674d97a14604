"""Stamps whose fraction of a second was cut off: all rows are off alike, and every event pays for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter import Recording, analyse
from powermeter.importers import convert
from powermeter.importers.log import Choices
from powermeter.signals.alignment import of_cut_stamps

EPOCH = 1_700_000_000


@pytest.mark.thorough
def test_whole_seconds_are_half_a_second_late_and_unsure_by_as_much(tmp_path: Path) -> None:
    # Four rows a second of 2 W, and 6 W in ten events of 1.7 s; stamps keep the second only.  Before: held 0 %, 19 % too low.
    rng = np.random.default_rng(3)
    held = []
    for trial in range(8):
        starts = EPOCH + 5 + 6 * np.arange(10) + rng.uniform(0, 3, 10)
        taken = EPOCH + np.arange(rng.uniform(0, 0.25), 70, 0.25)
        inside = np.searchsorted(starts, taken, side="right") > np.searchsorted(
            starts + 1.7, taken, side="right"
        )
        watts = np.where(inside, 6.0, 2.0) + 0.01 * rng.standard_normal(taken.size)
        log, events, out = (
            tmp_path / f"{trial}.csv",
            tmp_path / f"{trial}.events.csv",
            tmp_path / f"{trial}.power",
        )
        rows = (f"{int(t)},{w:.3f}" for t, w in zip(taken, watts, strict=True))
        log.write_text("timestamp,power_W\n" + "\n".join(rows) + "\n")
        marks = (f"{a:.6f},{a + 1.7:.6f},e" for a in starts.tolist())
        events.write_text("start,end,name\n" + "\n".join(marks) + "\n")
        convert(log, out, choices=Choices(accuracy=1e-5, events=events))
        with Recording.open(out) as recording:
            assert recording.sources[0].info["stamp_resolution_ns"] == 1_000_000_000
        each = analyse(out).row("e").energy_per_item
        assert each is not None
        held.append(each.low <= 1.7 * 6.0 <= each.high)
        assert each.by_kind()["clock"] > 0.3  # 4 W, ± 0.5 s/√3 at two edges
    assert sum(held) >= 7


@pytest.mark.parametrize(
    "info",
    [None, {}, {"stamp_resolution_ns": 0}, {"stamp_resolution_ns": "1"}, {"stamp_resolution_ns": True}],
)
def test_stamps_that_state_no_cut_are_left_alone(info: object) -> None:
    assert of_cut_stamps(info) is None


def test_rows_on_a_line_are_as_late_as_it_shows() -> None:
    info = {"stamp_resolution_ns": 1_000_000_000, "stamp_late_ns": 300_000_000}
    found = of_cut_stamps(info)
    assert found is not None and found["offset_ns"] == 300_000_000
    too_far = of_cut_stamps({**info, "stamp_late_ns": 3_000_000_000})
    assert too_far is not None and too_far["offset_ns"] == 500_000_000
