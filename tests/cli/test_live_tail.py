"""Follows a recording that grows: what each rail shows now and so far, and what its events use: what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from live_recording import ten_seconds

from powermeter.analysis.energy import analyse
from powermeter.channel import MISSING, Channel, Kind, Quantity, Rail
from powermeter.cli import live_tail
from powermeter.cli.live_tail import LiveTail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.source import SATURATED, Gap


@pytest.fixture
def path(tmp_path):
    return ten_seconds(tmp_path / "x.power")


def test_it_agrees_with_the_analysis(path):
    tail = LiveTail(path, "x")
    tail.look()
    with Recording.open(path) as recording:
        a = analyse(recording)
    totals = tail.main
    assert totals.energy_j == pytest.approx(a.energy.value, rel=5e-3)
    assert totals.charge_c == pytest.approx(a.charge.value, rel=5e-3)
    assert (totals.low_w, totals.high_w) == pytest.approx((1.0, 2.005))
    infer = next(row for row in a.rows if row.label == "infer")
    assert tail.labels["infer"].events == infer.events == 9
    assert tail.labels["infer"].mean_j == pytest.approx(infer.energy_per_item.value, rel=0.03)
    assert tail.labels["infer"].rate_hz == pytest.approx(1.0, rel=1e-6)


def test_an_event_of_several_items_has_its_energy_shared_among_them(tmp_path):
    """2 W for 1 s are 2 J; of an event of 8 items each used 0.25 J."""
    path = tmp_path / "y.power"
    times = np.arange(1001, dtype=np.int64) * 10_000_000
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "m", "x", (Channel("p", Quantity.POWER, 1e-3, Rail("VDD_IN")),))
        writer.append(source, times, np.full(1001, 2000))
        for i in range(4):
            start = (2 * i + 1) * 1_000_000_000
            writer.add_event(Event("batch", start, start + 1_000_000_000, uid=i + 1, count=8))
    tail = LiveTail(path, "y")
    tail.look()
    assert tail.labels["batch"].mean_j == pytest.approx(0.25)
    assert tail.labels["batch"].rate_hz == pytest.approx(0.5)  # four ends, 2 s apart
    assert tail.main.energy_j == pytest.approx(20.0) and tail.elapsed_s == 10.0


def test_what_was_missing_before_the_tail_began_is_in_no_total(tmp_path):
    """A long recording is taken over from its overview, whose means leave missing readings out."""
    path = tmp_path / "long.power"
    seconds = np.arange(400, dtype=np.int64)
    codes = np.full(400, 2000)
    codes[50:60] = MISSING
    with Writer.create(path, {}) as writer:
        source = writer.add_source("x://", "m", "x", (Channel("p", Quantity.POWER, 1e-3, Rail("VDD_IN")),))
        writer.append(source, seconds * 10**9, codes[:, None])
    tail = LiveTail(path, "x", 3.0)
    assert tail.look() >= 3.0, "a source of its own is looked at no more often than it is written"
    assert 0.9 * 800 < tail.main.energy_j < 1.01 * 800


def written(path, channels, times_s, columns, *, flags=None, gaps=(), facts=()):
    with Writer.create(path, {}) as writer:
        source = writer.add_source("x://", "m", "x", channels)
        table = np.stack(columns, axis=1)
        writer.append(source, np.asarray(times_s, np.int64) * 10**9, table, flags)
        for gap in gaps:
            writer.add_gap(source, gap)
    return path


RAIL = Rail("VDD_IN")


@pytest.mark.parametrize(
    ("channels", "columns", "joules", "coulombs"),
    [
        # 5 V × 0.4 A = 2 W for 399 s
        (
            (Channel("v", Quantity.VOLTAGE, 1e-3, RAIL), Channel("i", Quantity.CURRENT, 1e-3, RAIL)),
            [np.full(400, 5000), np.full(400, 400)],
            2.0 * 399,
            0.4 * 399,
        ),
        # a meter of power that also shows the current: the power counts, not the product
        (
            (Channel("p", Quantity.POWER, 1e-3, RAIL), Channel("i", Quantity.CURRENT, 1e-3, RAIL)),
            [np.full(400, 3000), np.full(400, 250)],
            3.0 * 399,
            0.25 * 399,
        ),
        # a counter of 7 J a second
        (
            (Channel("e", Quantity.ENERGY, 1e-3, RAIL, Kind.COUNTER),),
            [np.arange(400) * 7000],
            7.0 * 399,
            0.0,
        ),
    ],
)
def test_what_was_recorded_before_the_tail_began_is_in_its_totals(
    tmp_path, channels, columns, joules, coulombs
):
    """400 s, of which only the last minute is read sample by sample; a stretch of the overview more or less is 2 %."""
    tail = LiveTail(written(tmp_path / "long.power", channels, np.arange(400), columns), "x")
    tail.look()
    assert tail.main.energy_j == pytest.approx(joules, rel=0.02)
    assert tail.main.charge_c == pytest.approx(coulombs, rel=0.02)
    assert tail.main.mean_w == pytest.approx(joules / 399, rel=0.02)
    assert tail.main.seconds == pytest.approx(399, rel=0.01) and tail.elapsed_s == pytest.approx(399)
    before = tail.main.energy_j
    tail.look()
    assert tail.main.energy_j == before, "what was read is not read again"


def test_gaps_and_readings_at_the_end_of_the_range_are_warned_of_in_numbers(tmp_path):
    """Gaps of 1.5 s and 2 s are two of 3.5 s; a missed deadline is none; three rows carry the flag of saturation."""
    flags = np.zeros(20, np.uint8)
    flags[4:7] = SATURATED
    path = written(
        tmp_path / "x.power",
        (Channel("p", Quantity.POWER, 1e-3, RAIL),),
        np.arange(20),
        [np.full(20, 2000)],
        flags=flags,
        gaps=(
            Gap(10**9, 2_500_000_000, "stalled"),
            Gap(5 * 10**9, 7 * 10**9, "stalled"),
            Gap(9 * 10**9, 10**10, "missed"),
        ),
    )
    tail = LiveTail(path, "x")
    tail.look()
    told = [text for text in tail.warnings if text.startswith("m:")]
    assert told == [
        "m: 2 gaps of 3.5 s",
        "m: 3 readings at the end of its range; the energy is at least this",
    ]
    assert [note.code for note in told] == ["gaps", "clipped-readings"]


def test_a_source_that_falls_silent_while_it_is_recorded_is_named(tmp_path, monkeypatch):
    """The last reading came 7 s ago by the clock of the recording; up to 5 s nothing is said."""
    path = written(
        tmp_path / "x.power",
        (Channel("p", Quantity.POWER, 1e-3, RAIL),),
        np.arange(3),
        [np.full(3, 2000)],
    )
    tail = LiveTail(path, "x")
    tail.look()
    for seconds, told in ((5.0, []), (7.0, ["m: no reading for 7 s"])):
        tail.warnings, tail.is_growing = [], True
        monkeypatch.setattr(live_tail.time, "monotonic_ns", lambda s=seconds: round((2 + s) * 1e9))
        with Recording.open(path) as recording:
            tail.warn(recording)
        assert tail.warnings == told
    tail.warnings, tail.is_growing = [], False
    with Recording.open(path) as recording:
        tail.warn(recording)
    assert tail.warnings == [], "one that has ended is not waited for"


def test_the_pace_is_that_of_the_latest_fifty_events(tmp_path):
    """Sixty events: ten a second apart, then fifty 0.1 s apart; 49 steps of 0.1 s are 10 a second.  An instant has no energy."""
    path = tmp_path / "x.power"
    times = np.arange(2001, dtype=np.int64) * 10_000_000
    ends = [*range(1, 11), *(10 + 0.1 * k for k in range(1, 51))]
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "m", "x", (Channel("p", Quantity.POWER, 1e-3, RAIL),))
        writer.append(source, times, np.full(2001, 2000))
        for i, end in enumerate(ends):
            writer.add_event(Event("infer", round((end - 0.05) * 1e9), round(end * 1e9), uid=i + 1))
        writer.add_event(Event("tick", 10**9, 10**9, uid=100))
        writer.add_event(Event("open", 10**9, None, uid=101))
    tail = LiveTail(path, "x")
    tail.look()
    pace = tail.labels["infer"]
    assert pace.events == 60 and pace.rate_hz == pytest.approx(10.0)
    assert len(pace.joules) == 50 and pace.mean_j == pytest.approx(0.1)  # 2 W for 0.05 s
    assert tail.labels["tick"].events == 1
    assert tail.labels["tick"].rate_hz is None and tail.labels["tick"].mean_j is None
    assert "open" not in tail.labels


def test_an_event_whose_readings_have_not_come_waits_for_them(tmp_path):
    """It ends at 5 s; at first readings reach to 4 s only.  One that ended before the first reading is not waited for."""
    path = written(
        tmp_path / "x.power", (Channel("p", Quantity.POWER, 1e-3, RAIL),), np.arange(5), [np.full(5, 2000)]
    )
    tail = LiveTail(path, "x")
    tail.look()
    tail.labels = {"infer": live_tail.LabelPace(), "early": live_tail.LabelPace()}
    tail.waiting = [("infer", 3 * 10**9, 5 * 10**9, 4), ("early", -(10**9), 10**9, 1)]
    tail.place_events()
    assert [name for name, *_ in tail.waiting] == ["infer"]
    assert tail.labels["infer"].mean_j is None and tail.labels["early"].mean_j is None
    tail.main.add(np.array([5, 6]) * 10**9, [np.array([2000, 2000])])
    tail.place_events()
    assert tail.waiting == [] and tail.labels["infer"].mean_j == pytest.approx(1.0)  # 4 J for 4 items


def test_a_tail_that_has_not_looked_has_nothing_and_a_short_one_its_own_length(tmp_path):
    channel = Channel("p", Quantity.POWER, 1e-3, RAIL)
    with Writer.create(tmp_path / "x.power") as writer:
        source = writer.add_source("x://", "m", "x", (channel,))
        writer.append(source, np.arange(6, dtype=np.int64) * 10**8, np.full(6, 2000))
    tail = LiveTail(tmp_path / "x.power", "x")
    assert tail.elapsed_s == 0.0 and tail.main is None and tail.rails == {} and tail.warnings == []
    pause = tail.look()
    assert tail.elapsed_s == pytest.approx(0.5) and pause >= 0.5


def test_a_tail_counts_from_its_first_reading_whenever_that_was(tmp_path):
    """A machine that has been on for an hour: readings from 3600 s to 3602 s, in two looks."""
    channel = Channel("p", Quantity.POWER, 1e-3, RAIL)
    times = 3600 * 10**9 + np.arange(21, dtype=np.int64) * 10**8
    tail = LiveTail(tmp_path / "x.power", "x")
    with Writer.create(tmp_path / "x.power") as writer:
        source = writer.add_source("x://", "m", "x", (channel,))
        writer.append(source, times, np.full(21, 2000))
    tail.look()
    assert tail.elapsed_s == pytest.approx(2.0) and tail.main.energy_j == pytest.approx(4.0)
    tail.look()
    assert tail.elapsed_s == pytest.approx(2.0) and tail.main.energy_j == pytest.approx(4.0)
