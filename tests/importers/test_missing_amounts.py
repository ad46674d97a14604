"""Which rows of amounts are missing, by their stamps and by what the rows behind longer steps hold."""

import random
from datetime import datetime, timedelta

import numpy as np
import pytest

from powermeter import Recording, analyse
from powermeter.importers import Choices, convert
from powermeter.importers.missing_amounts import RowSteps, on_a_calendar, row_steps
from powermeter.result import Grade

S = 10**9
HOUR = 3600 * S
CYCLE = [5, 7, 3]


def energy(tmp_path, text, accuracy=None):
    path = tmp_path / "t.csv"
    path.write_text(text)
    choices = Choices(as_={"": "per-row"}, accuracy=accuracy)
    convert(path, tmp_path / "o.power", choices=choices, force=True)
    return analyse(tmp_path / "o.power").energy


def stamped(moments, amounts):
    begin = datetime(2025, 1, 15)
    rows = (f"{begin + timedelta(seconds=s)},{wh}\n" for s, wh in zip(moments, amounts, strict=True))
    return "time,energy_Wh\n" + "".join(rows)


@pytest.mark.parametrize(
    "lacking",
    [{4, 9, 13, 16, 21}, {4, 9, 14, 19}, {1, 5, 9, 11}, {2, 3, 4, 10, 15, 16, 20, 21, 22}],
)
def test_hours_that_are_missing_took_their_energy_with_them(tmp_path, lacking):
    """A fifth of a day's hours at random: 342 kJ were printed for 432; each fifth: 349, spread like those of a slower clock."""
    left = [h for h in range(24) if h not in lacking]
    found = energy(tmp_path, stamped([3600 * h for h in left], [CYCLE[h % 3] for h in left]))
    assert found.low < 120 * 3600 < found.high
    assert found.value == pytest.approx(120 * 3600, rel=0.12)
    with Recording.open(tmp_path / "o.power") as recording:
        gaps = recording.gaps(recording.sources[0].id)
    assert sum(gap.end_ns - gap.start_ns for gap in gaps) == len(lacking) * HOUR


def test_rows_behind_longer_steps_that_hold_as_much_more_lack_none(tmp_path):
    """Hours, of which some rows hold two or three: 510 Wh in 102 hours, all of them counted once."""
    lengths = random.Random(3).choices([1, 1, 1, 2, 3], k=60)
    ends = np.cumsum(lengths).tolist()
    amounts = [sum(CYCLE[h % 3] for h in range(b - n, b)) for n, b in zip(lengths, ends, strict=True)]
    found = energy(tmp_path, stamped([3600 * h for h in ends], amounts))
    assert found.value == pytest.approx(sum(amounts) * 3600)
    with Recording.open(tmp_path / "o.power") as recording:
        assert not recording.gaps(recording.sources[0].id)


def test_rows_of_zero_that_are_left_out_lie_in_the_interval(tmp_path):
    """A fridge's hours, of which those without draw are not written: 58.7 ± 2.8 MJ were printed for 43.0."""
    draw = random.Random(3)
    hours = [(h, draw.choice([0, 0, 60, 70, 65, 80])) for h in range(240)]
    true = sum(wh for _, wh in hours) * 3600
    running = [(3600 * h, wh) for h, wh in hours if wh]
    found = energy(tmp_path, stamped(*zip(*running, strict=True)))
    assert found.low < true < found.high and found.value > 1.2 * true
    with Recording.open(tmp_path / "o.power") as recording:
        assert "zero-rows-open" in dict(recording.metadata["import_codes"])
    asked = energy(tmp_path, stamped([3600 * h for h, _ in hours], [wh for _, wh in hours]))
    assert asked.value == pytest.approx(true) and asked.high < 1.1 * true


def test_an_accurate_meter_leaves_out_rows_of_zero_as_well(tmp_path):
    """An outage of 20 of 180 minutes, ± 0.2 % stated: "the interval covers both" was printed beside ± 0.24 %, 11 % above."""
    draw = random.Random(5)
    left = [m for m in range(180) if not 60 <= m < 80]
    amounts = [draw.choice([40, 45, 50, 60]) for _ in left]
    found = energy(tmp_path, stamped([60 * m for m in left], amounts), accuracy=0.002)
    assert found.low < sum(amounts) * 3600 * 1.01 and found.high > sum(amounts) * 3600 * 180 / 160


def test_pulses_of_a_meter_hold_all_since_the_one_before(tmp_path):
    """200 pulses of 1 Wh with six hours without one between them: 3.5 MJ were printed for 720 kJ."""
    steps = random.Random(4).choices([20, 25, 31, 47], k=199)
    steps[100] = 6 * 3600
    found = energy(tmp_path, stamped(np.cumsum([0, *steps]).tolist(), [1] * 200))
    assert found.value == pytest.approx(200 * 3600) and found.low > 0.9 * found.value


def test_a_slower_log_has_no_holes(tmp_path):
    """Each second hour: nothing shows that there were others."""
    found = energy(tmp_path, stamped([7200 * k for k in range(12)], [CYCLE[k % 3] for k in range(12)]))
    assert found.value == pytest.approx(60 * 3600)


def test_what_no_amount_shows_is_paid_for(tmp_path):
    """Whole seconds, 1 J each: pulses, or a load that never changes of which rows are missing; 42 J or 60 J."""
    times = [
        t for t in range(60) if t not in {3, 4, 8, 17, 19, 20, 21, 27, 33, 34, 36, 41, 45, 46, 50, 52, 55, 57}
    ]
    rows = "".join(f"{t},1\n" for t in times)
    found = energy(tmp_path, "time_s,energy_J\n" + rows)
    assert found.low < len(times) * 1.05 and found.high > 59


def steps_of(hours, amounts):
    return row_steps(np.cumsum(hours).astype(np.int64) * HOUR, np.array(amounts, float))


def test_what_steps_mean():
    rng = np.random.default_rng(2)
    lengths = np.array([1, 1, 1, 2, 1, 1, 3, 1] * 8)
    own = rng.uniform(4, 6, lengths.size)
    lacks = steps_of(lengths, own)
    assert lacks is not None and (lacks.row_ns, lacks.all_held, lacks.may_be_zero) == (HOUR, False, 24)
    assert lacks.open_share == pytest.approx(24 / 88 / 0.95, rel=0.02)  # 64 rows stand, 88 hours passed
    assert steps_of(lengths, np.where(np.arange(64) == 3, 0, own)) == RowSteps(HOUR, False)
    assert steps_of(lengths, own * lengths) == RowSteps(HOUR, True)
    assert steps_of(lengths * 0 + 1, own) == RowSteps(HOUR, False)
    heavy = steps_of([1] * 20 + [4] + [1] * 3, [*([1, 9, 0, 30] * 5), 40, 1, 9, 0])
    assert heavy is not None and not heavy.all_held and heavy.open_share > 0.1
    assert steps_of([1, 1, 2, 1], [5, 7, 3, 5]) is None


def of_minutes(load, lost=None, minutes=180):
    """Return the steps of a log of Wh per minute of a load in W each second; rows of zero are left out, or some rows at random."""
    amounts = np.round(load.reshape(minutes, 60).sum(axis=1) / 3600, 3)
    kept = amounts > 0 if lost is None else np.random.default_rng(lost).random(minutes) > 0.12
    kept[[0, -1]] = True
    stamps = (np.arange(minutes, dtype=np.int64) + 1) * 60 * S
    return row_steps(stamps[kept], amounts[kept])


def wandering(seed, low=40.0, high=140.0):
    """Return a power that is another each minute or so, W."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.uniform(low, high, 240), 45)


@pytest.mark.parametrize("seed", range(5))
def test_rows_beside_missing_ones_show_that_the_load_did_not_rest(seed):
    """Where it rests for 70 to 150 s now and then, rows of zero are left out, and rows beside them hold a part of a minute."""
    awake = of_minutes(wandering(seed), lost=seed)
    assert awake is not None and awake.may_be_zero == 0 and awake.open_share == 0
    rng, rests = np.random.default_rng(seed), wandering(seed)
    for begin in range(300, 10_000, 600):
        first = begin + int(rng.integers(0, 300))
        rests[first : first + int(rng.integers(70, 150))] = 0
    resting = of_minutes(rests)
    assert resting is not None and resting.may_be_zero > 3 and resting.open_share > 0.02


def test_pulses_rests_of_many_rows_and_calendars_stay_open():
    hours = np.arange(200, dtype=np.int64) * HOUR
    rng = np.random.default_rng(3)
    lost = np.r_[False, rng.random(198) < 0.06, False]
    smooth = rng.uniform(50.0, 60.0, 200)
    for stamps, amounts in ((hours, smooth), (hours // 60, rng.integers(1, 4, 200).astype(float))):
        found = row_steps(stamps[~lost], amounts[~lost])
        assert found is not None and found.may_be_zero == lost.sum()
    by_night = np.isin(np.arange(200) % 20, (0, 1, 2))
    found = row_steps(hours[~by_night] // 60, smooth[~by_night])
    assert found is not None and found.may_be_zero > 20


def test_what_lies_on_a_calendar():
    assert on_a_calendar(np.arange(9) * HOUR) and not on_a_calendar(np.arange(9) * S)


def test_the_low_end_reaches_what_was_recorded():
    """A heater that a controller switches in step with the log's minutes, which leaves out rows of zero: 0 % held, at what was recorded plus 0.5 %."""
    off = np.random.default_rng(4).choice(np.arange(3, 117), 12, replace=False)
    stamps = np.setdiff1d(np.arange(120), off) * 60 * S
    found = row_steps(stamps, np.full(108, 2.0))
    assert found is not None and found.may_be_zero == 12 and found.limit(0.002) * 0.95 * 120 > 12


def test_a_first_and_a_last_row_of_zero_show_no_log_that_writes_them():
    """A compressor for 3 to 20 s of each 5 to 25: +9 ± 2 %, measured, where the first row held 0."""
    rng = np.random.default_rng(1)
    amounts = np.concatenate(
        [np.r_[np.full(rng.integers(3, 20), 80.0), np.zeros(rng.integers(1, 5))] for _ in range(25)]
    )
    amounts += (amounts > 0) * rng.normal(0, 1, amounts.size)
    kept = amounts > 0
    amounts[[0, -1]], kept[[0, -1]] = 0.0, True
    found = row_steps(np.arange(amounts.size)[kept] * S, amounts[kept])
    assert found is not None and found.may_be_zero == np.count_nonzero(~kept)


@pytest.mark.parametrize("seed", range(2))
def test_rows_taken_for_lost_ones_are_an_estimate(seed):
    """A load switched in step with the log's rows looks the same: it was measured, +11 ± 0.8 %."""
    found = of_minutes(wandering(seed), lost=seed)
    assert found is not None and found.taken_as_lost > 5
    assert found.grade(Grade.MEASURED) is Grade.ESTIMATED and found.grade(Grade.SIMULATED) is Grade.SIMULATED
    assert RowSteps(60 * S, False).grade(Grade.MEASURED) is Grade.MEASURED
