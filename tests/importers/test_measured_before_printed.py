"""Logs of meters that hand over several readings at once, imported, against the load's own integral."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import powermeter
from powermeter import Grade
from powermeter.importers import Choices, convert

pytestmark = pytest.mark.thorough

T0 = 1_700_000_000


def imported(
    folder: Path, times: np.ndarray, values: np.ndarray, events: list[tuple[float, float]], kind: str = ""
):
    table, marks = folder / "log.csv", folder / "events.csv"
    table.write_text(
        "time_s,power_w\n"
        + "".join(f"{T0 + t:.4f},{v:.3f}\n" for t, v in zip(times.tolist(), values.tolist(), strict=True))
    )
    marks.write_text("start,end,name\n" + "".join(f"{T0 + a:.3f},{T0 + b:.3f},infer\n" for a, b in events))
    as_ = {"": kind} if kind else {}
    choices = Choices(events=marks, accuracy=0.002, grade=Grade.MEASURED, as_=as_)
    convert(table, folder / "log.power", choices=choices, force=True)
    return powermeter.analyse(folder / "log.power")


@pytest.mark.parametrize("rows", [4, 10])
def test_rows_printed_together_come_to_a_number_and_bursts_to_none(rows, tmp_path):
    """25 events of 1 to 3 s at 6 W over 1.5 W; a second's readings are handed over at its end, 1 ms apart."""
    held = decided = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        lengths, pauses = rng.uniform(1, 3, 25), rng.uniform(1, 4, 25)
        starts = np.cumsum(lengths + pauses) - lengths
        events = list(zip(starts.tolist(), (starts + lengths).tolist(), strict=True))
        even = np.arange(1, round(starts[-1] + 6) * rows) / rows + rng.uniform(0, 1 / rows)
        n = np.arange(even.size)
        last = np.minimum(n // rows * rows + rows - 1, even.size - 1)
        stamps = even[last] + 0.001 * (n % rows)

        def power(t, events=events, rng=rng):
            inside = np.any([(t >= a) & (t < b) for a, b in events], axis=0)
            return np.where(inside, 6.0, 1.5) + rng.normal(0, 0.01, t.size)

        found = imported(tmp_path, stamps, power(even), events)
        label = found.row("infer").energy_per_item
        codes = {note.code for note in found.notes}
        assert label is not None
        settled = label.grade is Grade.MEASURED or "edges-late" in codes
        decided += settled
        if settled:
            assert label.half_width < 0.25 * label.value
            assert "perhaps-clock-set" not in codes and found.energy.half_width < 0.03 * found.energy.value
        held += label.low <= 6 * lengths.mean() <= label.high
        bursts = imported(tmp_path, stamps, power(stamps), events)
        assert bursts.energy.grade is Grade.ESTIMATED and bursts.energy.half_width > 0.5 * bursts.energy.value
    assert held >= 3 and decided >= 2


@pytest.mark.parametrize(("step_s", "late_s"), [(0.1, 0.05), (0.5, 0.2)])
def test_every_second_row_stamped_late_is_put_back_or_no_longer_measured(step_s, late_s, tmp_path):
    """30 events at 6 W over 1.5 W, 4 to 9 rows long: each late stamp puts half of it off its edge."""
    held = put_back = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        lengths, pauses = rng.uniform(4, 9, 30) * step_s, rng.uniform(5, 20, 30) * step_s
        starts = np.cumsum(lengths + pauses) - lengths
        events = list(zip(starts.round(3).tolist(), (starts + lengths).round(3).tolist(), strict=True))
        even = np.arange(1, round((starts[-1] + 6) / step_s)) * step_s + rng.uniform(0, step_s)
        inside = np.any([(even >= a) & (even < b) for a, b in events], axis=0)
        values = np.where(inside, 6.0, 1.5) + rng.normal(0, 0.005, even.size)
        found = imported(tmp_path, even + late_s * (np.arange(even.size) % 2), values, events)
        label = found.row("infer").energy_per_item
        assert label is not None
        put_back += label.grade is Grade.MEASURED and label.half_width < 0.01 * label.value
        held += label.low <= 6 * lengths.mean() <= label.high
    assert held == 4
    assert put_back >= (2 if step_s == 0.1 else 0)


@pytest.mark.parametrize("late", [True, False])
def test_means_by_turns_hold_both_readings_of_their_stamps_and_are_not_measured(late, tmp_path):
    """24 events at 7 W over 2 W, in means of each second, or of 1.3 and 0.7 s by turns where stamps are right."""
    held = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        lengths, pauses = rng.uniform(3, 6, 24), rng.uniform(2, 6, 24)
        starts = 2.0 + (np.cumsum(lengths + pauses) - lengths).round(3)
        events = list(zip(starts.tolist(), (starts + lengths).round(3).tolist(), strict=True))
        rows = np.arange(round(starts[-1] + 10)) + rng.uniform(0, 1)
        stamps = rows + 0.3 * (np.arange(rows.size) % 2)

        def joules(t, events=events):
            return 2 * t + 5 * np.sum([np.clip(t - a, 0, b - a) for a, b in events], axis=0)

        of = rows if late else stamps
        values = np.append(2.0, np.diff(joules(of)) / np.diff(of))
        found = imported(tmp_path, stamps, values, events, "mean")
        assert found.energy.grade is Grade.ESTIMATED
        true = float(np.diff(joules(np.array([found.start_ns, found.end_ns]) / 1e9 - T0))[0])
        assert found.energy.half_width < 0.04 * true
        held += found.energy.low <= true <= found.energy.high
    assert held >= 5


@pytest.mark.parametrize(
    ("column", "stated"), [("energy_j", "the counter does not show"), ("power_w", "is not known")]
)
def test_bursts_of_a_counter_leave_open_when_power_was_drawn_not_how_much(column, stated, tmp_path):
    """Ten readings 5 ms apart each second, of a load that goes from 2 to 7 W each four seconds or so."""
    rng = np.random.default_rng(1)
    power = np.repeat(np.where(np.arange(30) % 2, 7.0, 2.0), rng.integers(2500, 5500, 30))
    counted = np.concatenate([[0.0], np.cumsum(power) * 1e-3])
    at = (np.arange(power.size // 1000)[:, None] * 1000 + 5 * np.arange(10)).ravel()
    values = counted[at] if column == "energy_j" else power[at]
    table = tmp_path / "log.csv"
    rows = (f"{T0 + k / 1000:.3f},{v:.4f}\n" for k, v in zip(at.tolist(), values.tolist(), strict=True))
    table.write_text(f"time_s,{column}\n" + "".join(rows))
    log = convert(
        table,
        tmp_path / "log.power",
        choices=Choices(as_={"": "counter"} if column == "energy_j" else {}),
        force=True,
    )
    (note,) = (note for note in log.warnings if note.code == "rows-in-bursts")
    assert stated in note.text
