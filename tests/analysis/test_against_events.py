"""What events' times say of a run: labels of one event each are told of together."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.against_events import against_events
from powermeter.analysis.energy import analyse
from powermeter.analysis.event_estimate import Activity, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000


def record(path, spans, one_label: bool, until: float, step: float = 6.0):
    """A load of 1.5 W and 7.5 W during events, read at 10 Hz at a phase of its own."""
    rng = np.random.default_rng(3)
    t = 0.037 + 0.1 * np.arange(round(until * 10))
    starts, ends = np.array(spans).T
    active = np.searchsorted(starts, t, "right") - np.searchsorted(ends, t, "right")
    watts = 1.5 + step * active + 0.01 * rng.standard_normal(t.size)
    channel = Channel("in.power", Quantity.POWER, 1e-4, Rail("IN"), accuracy=Accuracy(noise=0.01))
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://m", "m", "sim", [channel], {})
        codes = np.rint(watts * 1e4).astype(np.int64)[:, None]
        writer.append(source, np.rint(t * NS).astype(np.int64), codes, None)
        events = [
            Event(
                ("request" if b - a > 1e-3 else "short") if one_label else f"request {i}",
                round(a * NS),
                round(b * NS),
                process=1,
                uid=i,
            )
            for i, (a, b) in enumerate(spans)
        ]
        writer.add_events(events)
    return path


def spans(count: int) -> list[tuple[float, float]]:
    rng = np.random.default_rng(5)
    starts = 1 + np.cumsum(rng.uniform(0.09, 0.2, count))
    return [(float(a), float(a + d)) for a, d in zip(starts, rng.uniform(0.03, 0.05, count), strict=True)]


@pytest.mark.thorough
def test_a_label_for_each_event_leaves_the_run_as_sure_as_one_for_all(tmp_path) -> None:
    each = spans(300)
    until = each[-1][1] + 1
    truth = 1.5 * (until - 0.1) + 6 * sum(b - a for a, b in each)
    one = analyse(record(tmp_path / "one.power", each, True, until)).energy
    many = analyse(record(tmp_path / "many.power", each, False, until)).energy
    assert many.grade is Grade.MEASURED
    assert many.low < truth < many.high
    assert many.high - many.low < 1.5 * (one.high - one.low)


def test_a_few_labels_without_a_reading_open_the_run_upward(tmp_path) -> None:
    """Ten of which none was read, however short: nothing shows what they draw."""
    each = [(k + 0.05, k + 0.06) for k in range(2, 12)]
    assert analyse(record(tmp_path / "few.power", each, False, 14.0)).energy.high == float("inf")


def test_labels_far_shorter_than_all_others_are_unseen_however_many_others_there_are(tmp_path) -> None:
    """Of many labels that a reading falls into now and then, none shows what four others of microseconds draw."""
    each = spans(60)
    until = each[-1][1] + 1
    short = [(until - 0.5 + k / 100, until - 0.5 + k / 100 + 5e-6) for k in range(4)]
    found = analyse(record(tmp_path / "short.power", [*each, *short], False, until))
    assert "unseen-events" in [note.code for note in found.notes]


def test_an_event_of_microseconds_beside_one_that_was_read_widens_the_run_and_does_not_open_it(
    tmp_path,
) -> None:
    """400 µs, which may have drawn a hundred times the 1.5 W that are read in the other: 60 mJ of 4.8 J."""
    spans = [(0.5, 0.5004), (1.0, 3.0)]
    found = analyse(record(tmp_path / "awake.power", spans, True, 3.2, step=0.0))
    assert 0.06 <= found.energy.high - found.energy.value < 0.1
    assert "unseen-events" in [note.code for note in found.notes]
    alone = analyse(record(tmp_path / "alone.power", spans[:1], True, 3.2, step=0.0))
    assert alone.energy.high == float("inf"), "nothing shows the board awake"


def test_equal_events_leave_the_run_what_their_count_of_readings_leaves(tmp_path) -> None:
    """Forty of 0.25 s at 10 Hz hold two or three readings: a variance of 40 × ½ × ½, of 0.1 s × 6 W each; two jumps each leave 1/6 of that only."""
    rng = np.random.default_rng(9)
    starts = 1 + np.cumsum(rng.uniform(0.5, 1.5, 40))
    each = [(float(a), float(a) + 0.25) for a in starts]
    energy = analyse(record(tmp_path / "run.power", each, True, each[-1][1] + 1)).energy
    assert energy.half_width >= 0.97 * 1.96 * (40 * 0.25) ** 0.5 * 0.1 * 6


@pytest.mark.parametrize(("short_s", "long_s"), [(0.07, 0.13), (0.06, 0.14)])
def test_rows_by_turns_are_counted_by_their_mean_rate(short_s: float, long_s: float) -> None:
    """Ten rows a second, 0.07 and 0.13 s apart by turns: events at random moments hold ten rows a second, not one each 0.13 s."""
    rng = np.random.default_rng(4)
    t = np.cumsum(np.tile([short_s, long_s], 1000)[:-1])  # of an odd number, the median is the long one's
    starts = 1 + np.cumsum(rng.uniform(1.0, 3.0, 60))
    ends = starts + rng.uniform(0.3, 0.8, 60)
    inside = np.searchsorted(starts, t, "right") - np.searchsorted(ends, t, "right")
    trace = from_samples(np.rint(t * NS).astype(np.int64), 3 + 6.0 * inside)
    own = GroupEstimate.empty(60)
    own.level, own.quiet = 9.0, 3.0
    label = Activity(np.rint(starts * NS).astype(np.int64), np.rint(ends * NS).astype(np.int64), own)
    for usual in (short_s, long_s, 0.1):
        seen = against_events(Integral.of(trace), [label], 1.0, usual)
        assert not seen.beat and seen.below == seen.above == 0, usual
