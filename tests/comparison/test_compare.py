"""Recordings against each other: which repeats count, which errors are shared, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compared_recordings import SECOND, codes, turns, watts, write
from scipy.stats import t as student

import powermeter
from powermeter.analysis.inner_events import with_events
from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.comparison import arguments
from powermeter.comparison.compare import compare
from powermeter.comparison.matching_labels import Pair
from powermeter.comparison.multiple_comparisons import jointly
from powermeter.comparison.options import CompareOptions
from powermeter.comparison.pairs_and_turns import Design, Side
from powermeter.comparison.runs import read
from powermeter.comparison.sides import of_row
from powermeter.comparison.verdict import Verdict
from powermeter.errors import ConfigurationError, DataError
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.result.notes import having


@pytest.fixture(autouse=True)
def read_once(monkeypatch):
    """Analyse each recording of a test once, however often it is compared."""
    runs = {}

    def once(what, **how):
        asked = (str(getattr(what, "path", what)), repr(how))
        if asked not in runs:
            runs[asked] = read(what, **how)
        return runs[asked]

    monkeypatch.setattr(arguments, "read", once)


def test_a_display_of_one_decimal_and_one_run_each_says_nothing_about_programs(tmp_path):
    """The course's 6.3 W against 6.1 W on a plug meter that shows tenths, one run each."""
    shown = Accuracy(gain=0.02, step=0.1)
    for name, value in (("a", 6.3), ("b", 6.1)):
        channel = Channel("power", Quantity.POWER, 0.1, Rail("wall"), accuracy=shown)
        with Writer.create(tmp_path / f"{name}.power", {"clock": "monotonic"}) as writer:
            source = writer.add_source("manual://?unit=W&step=0.1W", "display", "manual", (channel,), {})
            writer.append(source, np.arange(5) * 20 * SECOND, np.full((5, 1), round(value * 10)))
    found = compare(tmp_path / "a.power", tmp_path / "b.power")
    row = found.row()
    assert found.of == "power" and found.verdict is Verdict.CANNOT_TELL and row.design is Design.SINGLE
    assert row.difference.value == pytest.approx(-0.2)
    assert row.repeats_needed is None and row.detectable is None and "three runs a side" in row.text


def test_a_clear_difference_is_found_and_its_size_is_right(tmp_path):
    found = powermeter.compare(*turns(tmp_path, 4, (6.0, 5.0)))
    row = found.row("infer")
    assert found.verdict is Verdict.LESS and row.repeats_needed == 0 and row.design is Design.TURNS
    assert row.ratio.low < 5 / 6 < row.ratio.high
    assert row.difference.value == pytest.approx(-0.2, rel=0.1)  # 1 W less over 0.2 s
    assert abs(row.effect) > 5
    assert "design-in-turns" in codes(found)


def test_one_recording_a_side_compares_these_runs_with_the_intervals_of_the_page(tmp_path):
    a, b = write(tmp_path / "a.power", watts(1, 40, 6.0)), write(tmp_path / "b.power", watts(2, 40, 5.0))
    found = compare(a, b)
    row = found.row()
    assert found.verdict is Verdict.CANNOT_TELL and row.these_runs is Verdict.LESS
    assert row.design is Design.THESE_RUNS and "design-these-runs" in codes(found)
    with powermeter.Recording.open(a) as recording:
        page = powermeter.analyse(recording).row("infer").per_item
    assert (row.mean_left.value, row.mean_left.low, row.mean_left.high) == (page.value, page.low, page.high)


@pytest.mark.thorough
def test_the_gain_of_one_meter_cancels_and_that_of_two_does_not(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = compare(*turns(tmp_path / "one", 12, (6.0, 5.85)))
    a, b = turns(tmp_path / "two", 12, (6.0, 5.85), serial=("7", "8"))
    two = compare(a, b)
    assert one.shared and one.verdict is Verdict.LESS
    assert not two.shared and two.verdict is Verdict.CANNOT_TELL and two.row().repeats_needed is None
    # Two gains of ±2 % (limits): u = 2 %/√3 each, and 1 % √(2/12) from run to run.
    alone = (0.02 / 3**0.5 * 2**0.5 * 5.85 / 6) ** 2
    assert two.row().ratio.standard_uncertainty ** 2 == pytest.approx(alone, rel=0.25)
    assert one.row().ratio.standard_uncertainty < 0.007
    assert compare(a, b, options=CompareOptions(same_instrument=True)).verdict is Verdict.LESS
    assert compare(a, b, options=CompareOptions(same_instrument=False)).verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ({"serial": "7", "host": "pi"}, {"serial": "7", "host": "laptop", "url": "ina219://3/0x40"}, True),
        (
            {"serial": "", "host": "pi"},
            {"serial": "", "host": "pi", "url": "ina219://1/0x40?rate=100Hz"},
            True,
        ),
        ({"serial": "", "host": "pi"}, {"serial": "", "host": "other"}, False),
        ({"serial": "", "url": "import://log.csv"}, {"serial": "", "url": "import://log.csv"}, False),
        (
            {"serial": "", "url": "manual:///tmp/x1?step=0.1W"},
            {"serial": "", "url": "manual:///tmp/x2?step=0.1W"},
            True,
        ),
    ],
)
def test_one_instrument_is_known_by_serial_or_by_url_and_machine(tmp_path, left, right, same):
    a = write(tmp_path / "a.power", [5.0, 5.1, 5.2], **left)
    b = write(tmp_path / "b.power", [5.0, 5.1, 5.2], **right)
    assert compare(a, b).shared is same


def test_a_later_calibration_makes_it_another_instrument(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / f"{name}.power", [5.0, 5.1, 5.2])
    plain = compare(tmp_path / "a.power", tmp_path / "b.power")
    assert plain.shared
    fact = {
        "channel": "vdd.power",
        "coefficients": [0.01, 1.0],
        "covariance": [[1e-6, 0], [0, 1e-6]],
        "low": 0,
        "high": 10,
    }
    write(tmp_path / "c.power", [5.0, 5.1, 5.2], calibration=fact)
    assert not compare(tmp_path / "a.power", tmp_path / "c.power").shared


def test_labels_that_take_turns_are_compared_in_spite_of_a_drift(tmp_path):
    """Power rises by 40 % while A and B alternate; B uses 3 % less."""
    n = 48
    warm = np.linspace(1.0, 1.4, n)
    turn = np.array(list("ABBA") * (n // 4))
    level = (
        warm * np.where(turn == "B", 5.82, 6.0) * (1 + 0.005 * np.random.default_rng(3).standard_normal(n))
    )
    path = write(tmp_path / "run.power", level, ["base" if t == "A" else "small" for t in turn])
    row = compare(path, label=("base", "small")).row()
    assert row.design is Design.TURNS and row.verdict is Verdict.LESS
    assert row.ratio.low < 0.97 < row.ratio.high
    assert (
        compare(f"{path}:base", f"{path}:small", options=CompareOptions(paired=False)).row().verdict
        is Verdict.CANNOT_TELL
    )


def test_turns_without_a_change_of_order_do_not_take_the_drift_for_a_difference(tmp_path):
    n = 48
    level = np.linspace(4.0, 8.0, n) * (1 + 0.002 * np.random.default_rng(4).standard_normal(n))
    path = write(tmp_path / "run.power", level, ["A", "B"] * (n // 2))
    row = compare(path, label=("A", "B")).row()
    assert row.design is Design.TURNS and row.verdict is Verdict.SAME
    assert abs(row.ratio.value - 1) < 0.002  # 1.4 % of drift lie between neighbours


def test_labels_one_after_the_other_are_these_events_only(tmp_path):
    """AAAA … BBBB in one recording: what changed in between cannot be told from the label."""
    path = write(tmp_path / "run.power", watts(9, 40, 6.0), ["A"] * 20 + ["B"] * 20)
    row = compare(path, label=("A", "B")).row()
    assert row.design is Design.THESE_RUNS and row.verdict is Verdict.CANNOT_TELL


def test_blocks_by_attribute_and_pairs_in_order(tmp_path):
    cost = np.random.default_rng(5).uniform(2, 10, 24)
    inputs = [{"input": i} for i in range(24)]
    a = write(tmp_path / "a.power", cost, attributes=inputs)
    order = np.random.default_rng(6).permutation(24)
    b = write(tmp_path / "b.power", 0.97 * cost[order], attributes=[inputs[i] for i in order])
    assert compare(a, b).row().these_runs is Verdict.CANNOT_TELL
    blocked = compare(a, b, options=CompareOptions(block="input")).row()
    assert blocked.design is Design.THESE_RUNS and blocked.these_runs is Verdict.LESS
    assert blocked.repeats_left == 24 and blocked.verdict is Verdict.CANNOT_TELL
    assert (
        compare(a, b, options=CompareOptions(paired=True)).row().these_runs is Verdict.CANNOT_TELL
    )  # the order differs
    c = write(tmp_path / "c.power", 0.97 * cost, attributes=inputs)
    assert compare(a, c, options=CompareOptions(paired=True)).row().these_runs is Verdict.LESS


def test_several_recordings_a_side_are_the_repeats(tmp_path):
    a, b = turns(tmp_path, 4, (6.0, 4.8))
    found = compare(a, b)
    row = found.row()
    assert (row.repeats_left, row.repeats_right) == (4, 4) and row.verdict is Verdict.LESS
    assert found.left == "a0.power and 3 more"
    alone = compare(a[0], b)
    assert alone.row().repeats_left == 1 and "single-recording" in codes(alone)
    assert alone.row().design is Design.ONE_RUN and alone.verdict is Verdict.CANNOT_TELL
    runs = [compare(a[0], path).row().mean_right.value for path in b]
    assert row.mean_right.value == pytest.approx(np.mean(runs))
    assert row.mean_right.parts["repeats:b1.power and 3 more"] == pytest.approx(np.std(runs, ddof=1) / 2)
    with pytest.raises(ConfigurationError, match="twice"):
        compare([a[0]] * 2, b)


def test_a_copy_is_not_a_repeat(tmp_path):
    a, b = turns(tmp_path, 3, (6.0, 4.8))
    copy = tmp_path / "copy.power"
    copy.write_bytes(a[0].read_bytes())
    with pytest.raises(ConfigurationError, match="copy of a0"):
        compare([*a, copy], b)


def test_events_that_run_at_once_took_no_turns(tmp_path):
    """Each B lies within an A: both count the same power, and alternate in their middles."""
    path = write(tmp_path / "run.power", watts(8, 40, 6.0))
    with powermeter.Recording.open(path) as recording:
        outer = recording.events()
        inner = [replace(e, name="part", start_ns=e.start_ns + SECOND // 20, uid=1000 + e.uid) for e in outer]
        both = with_events(recording, [*outer, *inner])
        row = compare(both, label=("infer", "part")).row()
        assert row.design is Design.THESE_RUNS and row.verdict is Verdict.CANNOT_TELL


def test_a_display_that_rounds_equal_values_rounds_them_all_the_same_way(tmp_path):
    """Three runs that show 5.0 W each are no better known than one: the step's error does not average out."""
    shown = Accuracy(step=0.1)
    sides = []
    for name, level in (("a", 50), ("b", 51)):
        made = []
        for i in range(3):
            channel = Channel("power", Quantity.POWER, 0.1, Rail("wall"), accuracy=shown)
            path = tmp_path / f"{name}{i}.power"
            with Writer.create(path, {"clock": "monotonic"}) as writer:
                source = writer.add_source("manual://?unit=W&step=0.1W", "display", "manual", (channel,), {})
                writer.append(source, np.arange(30) * 3 * SECOND, np.full((30, 1), level))
                writer.add_clock_pair(0, (1_700_000_000 + 100 * i + 50 * (name == "b")) * SECOND)
            made.append(path)
        sides.append(made)
    one = compare(sides[0][0], sides[1][0], label="*").row().difference
    several = compare(*sides, label="*").row().difference
    assert several.standard_uncertainty == pytest.approx(one.standard_uncertainty, rel=0.1)


def test_one_side_after_the_other_needs_a_larger_difference(tmp_path):
    a, b = turns(tmp_path, 5, (6.0, 5.8))
    assert compare(a, b).verdict is Verdict.LESS
    later = [
        write(tmp_path / f"later{i}.power", watts(i, 12, 5.8 * (1 + 0.01 * (-1) ** i)), utc_s=10_000 + 60 * i)
        for i in range(5)
    ]
    found = compare(a, later)
    assert found.row().design is Design.ORDER and found.verdict is Verdict.CANNOT_TELL
    assert "design-in-order" in codes(found)


def test_two_recordings_that_agree_by_chance_prove_nothing(tmp_path):
    a = [write(tmp_path / f"a{i}.power", [5.0] * 6, utc_s=100 * i) for i in range(2)]
    b = [write(tmp_path / f"b{i}.power", [5.0 + i * 0.5] * 6, utc_s=50 + 100 * i) for i in range(2)]
    found = compare(a, b)
    assert found.verdict is Verdict.CANNOT_TELL and "few-recordings" in codes(found)


@pytest.mark.thorough
def test_the_verdicts_on_many_labels_hold_together(tmp_path):
    """Holm (1979): of 20 labels, the least p-value must be below 0.04 / 20, the next below 0.04 / 19."""
    names = [f"stage{i}" for i in range(20)] * 6
    a = write(tmp_path / "a.power", watts(1, 120, 5.0), names)
    b = write(tmp_path / "b.power", watts(2, 120, 5.0), names)
    found = compare(a, b)
    assert len(found.rows) == 20 and not any(row.contrast.significant for row in found.rows)
    assert min(row.contrast.p_value for row in found.rows) < 0.25
    assert "several-labels" in codes(found)


def test_holms_steps_are_counted_out():
    """p-values of 0.009 and 0.03: alone both are below 0.04; together 0.009 ≤ 0.04/2 and 0.03 ≤ 0.04/1, but with a third
    label that shows nothing 0.009 ≤ 0.04/3 and 0.03 > 0.04/2."""

    def pair(name, p):
        shift = (
            student.isf(p / 2, 49) / 50**0.5
        )  # of the differences of pairs, whose standard deviation is set to 1
        step = np.tile([1.0, -1.0], 25)
        step = step / step.std(ddof=1) + shift
        base = np.full(50, 100.0)
        return Pair(name, Side("A", base, separate=True), Side("B", base + step, separate=True))

    asked = CompareOptions(paired=True)

    def found(*ps):
        return [
            row.verdict is Verdict.MORE
            for row in jointly([pair(f"l{i}", p) for i, p in enumerate(ps)], asked)
        ]

    assert found(0.009) == [True] and found(0.03) == [True] and found(0.05) == [False]
    assert found(0.03, 0.009) == [True, True]
    assert found(0.03, 0.009, 0.9) == [False, True, False]
    assert found(0.03, 0.021, 0.9) == [False, False, False]


def test_labels_groups_and_what_only_one_side_has(tmp_path):
    names = ["load"] + ["infer"] * 8
    models = [{"model": "x" if i % 2 else "y"} for i in range(9)]
    a = write(tmp_path / "a.power", watts(1, 9, 5.0), names, attributes=models)
    b = write(tmp_path / "b.power", watts(2, 9, 5.0), ["save"] + ["infer"] * 8, attributes=models)
    found = compare(a, b, by=("model",))
    assert [row.title for row in found.rows] == ["infer (model=x)", "infer (model=y)"]
    assert found.only_left == ("load (model=y)",) and found.only_right == ("save (model=y)",)
    within = compare(a, label=("infer[model=x]", "infer[model=y]"))
    assert within.rows[0].title == "infer (model=x) → infer (model=y)"
    assert (within.left, within.right) == ("infer[model=x]", "infer[model=y]")


@pytest.mark.thorough
def test_analyses_of_two_meters_are_not_taken_for_one_meters(tmp_path):
    """Their rails have one name; a gain of ±2 % each is more than 2.5 % apart can be told from."""
    a, b = (
        [powermeter.analyse(path) for path in side]
        for side in turns(tmp_path, 12, (6.0, 5.85), serial=("7", "8"))
    )
    found = compare(a, b)
    assert not found.shared and found.verdict is not Verdict.LESS
    assert compare(a, b, options=CompareOptions(same_instrument=True)).shared


def test_what_can_be_compared(tmp_path):
    a, b = write(tmp_path / "a.power", watts(1, 20, 6.0)), write(tmp_path / "b.power", watts(2, 20, 5.0))
    power, time = (
        compare(a, b, options=CompareOptions(of="power")).row(),
        compare(a, b, options=CompareOptions(of="time")).row(),
    )
    assert power.difference.unit == "W" and power.difference.value == pytest.approx(-1, rel=0.1)
    assert time.difference.unit == "s" and time.these_runs is Verdict.SAME and time.difference.value == 0
    above = compare(a, b, baseline="1W").row()
    assert above.ratio.value == pytest.approx(4 / 5, rel=0.02)
    whole = compare(a, b, label="*", options=CompareOptions(of="energy")).row()
    assert whole.difference.value == pytest.approx(-20 * 0.2, rel=0.15)


def test_a_margin_is_not_a_difference(tmp_path):
    a, b = turns(tmp_path, 5, (6.0, 6.3))
    assert compare(a, b).verdict is Verdict.MORE
    assert compare(a, b, options=CompareOptions(margin=0.05)).verdict is Verdict.CANNOT_TELL
    assert compare(a, b, options=CompareOptions(margin=0.02)).verdict is Verdict.MORE
    assert compare(a, b, options=CompareOptions(margin=0.10)).verdict is Verdict.SAME


def test_the_cold_start_is_left_out_and_said(tmp_path):
    cold = np.concatenate([[20.0, 14.0, 9.0], watts(1, 40, 6.0)])
    a, b = write(tmp_path / "a.power", cold), write(tmp_path / "b.power", watts(2, 40, 6.0))
    found = compare(a, b)
    assert found.row().warmup_left >= 3 and not found.row().significant
    assert found.row().mean_left.value == pytest.approx(6 * 0.2, rel=0.02)
    assert "warm-up" in codes(found)
    kept = compare(a, b, options=CompareOptions(warmup=False)).row()
    assert kept.warmup_left == 0 and kept.mean_left.value > 6.3 * 0.2


def test_different_rails_are_a_warning(tmp_path):
    a = write(tmp_path / "a.power", [5.0] * 5)
    part = Channel("cpu.power", Quantity.ENERGY, 1e-6, Rail("cpu", boundary=Boundary.PART), Kind.COUNTER)
    with Writer.create(tmp_path / "b.power", {"clock": "monotonic"}) as writer:
        source = writer.add_source("rapl://", "rapl", "rapl", (part,), {})
        writer.append(source, np.arange(400) * SECOND // 100, (np.arange(400) * 50_000)[:, None])
        writer.add_events(
            [Event("infer", i * SECOND // 2, i * SECOND // 2 + SECOND // 5, uid=i + 1) for i in range(1, 7)]
        )
    (warning,) = having(compare(a, tmp_path / "b.power").notes, "different-boundaries")
    assert "board" in warning.text and "part" in warning.text


def test_what_is_refused(tmp_path):
    a, b = (
        write(tmp_path / "a.power", [5.0, 5.1, 5.0]),
        write(tmp_path / "b.power", [5.0, 5.1], ["oth\ner"] * 2),
    )
    with pytest.raises(DataError, match="no label is in both: A has infer, B has oth\ufffder;"):
        compare(a, b)
    with pytest.raises(ConfigurationError, match="there is infer"):
        compare(a, b, label="nothing")
    with pytest.raises(ConfigurationError, match="name both"):
        compare(a)
    with pytest.raises(ConfigurationError, match=r"infer\[model=ONE\]"):
        compare(a, by=("model",))
    with pytest.raises(ConfigurationError, match="cannot be compared"):
        compare(a, b, options=CompareOptions(of="joy"))
    with pytest.raises(ConfigurationError, match="margin"):
        compare(a, b, options=CompareOptions(margin=-1))
    with pytest.raises(DataError, match="do not pair"):
        compare(a, b, label=("infer", "oth\ner"), options=CompareOptions(paired=True))
    with pytest.raises(DataError, match="attribute 'input'"):
        compare(a, a, label="infer", options=CompareOptions(block="input"))
    with pytest.raises(ConfigurationError, match=r"infer\[model=small"):
        compare(a, b, label="infer[model]")


def test_a_recording_against_itself_is_named(tmp_path):
    path = write(tmp_path / "a.power", [2.0, 2.1, 2.0, 2.2], ["infer", "load", "infer", "load"])
    assert (read(path).name, read(path, name="before").name) == ("a.power", "before")
    assert "same-recording" in codes(compare(path, path))
    assert "same-recording" not in codes(compare(path, path, label=("infer", "load")))


@pytest.mark.parametrize(
    ("right", "code"),
    [(("7",), "one-instrument"), (("8",), "two-instruments"), (("7", "8"), "several-instruments")],
)
def test_how_many_instruments_there_were_is_noted(tmp_path, right, code):
    left = write(tmp_path / "a.power", [2.0] * 10)
    others = [
        write(tmp_path / f"b{serial}.power", [3.0] * 10, serial=serial, utc_s=int(serial)) for serial in right
    ]
    codes = {note.code for note in compare(left, others).notes}
    assert code in codes and len(codes & {"one-instrument", "two-instruments", "several-instruments"}) == 1


def test_a_side_without_a_warm_up_has_the_mean_of_the_page(tmp_path):
    """Where a warm-up is kept that the page leaves out, it is the mean of all events instead."""
    steady, cold = watts(1, 40, 6.0), np.concatenate([[20.0, 14.0, 9.0], watts(1, 40, 6.0)])
    for values, is_kept in ((steady, True), (steady, False), (cold, True), (cold, False)):
        run = read(write(tmp_path / f"{is_kept}{len(values)}.power", values))
        row = run.analysis.row("infer")
        mean = of_row(run, row, "energy", "A", None, warmup=not is_kept).mean
        page = row.per_item
        if len(values) == 43 and is_kept:
            assert (
                mean.value == pytest.approx(0.2 * values.mean(), rel=1e-3) and mean.value > 1.05 * page.value
            )
        else:
            assert (mean.value, mean.low, mean.high) == (page.value, page.low, page.high)


def test_events_that_raised_are_named_with_their_side(tmp_path):
    errors = [{"error": "ValueError"}] + [{}] * 8
    a = write(tmp_path / "a.power", watts(1, 9, 5.0), attributes=errors)
    found = compare(a, write(tmp_path / "b.power", watts(2, 9, 5.0)))
    (note,) = having(found.notes, "raised")
    assert note.text.startswith("A: 1 of 9 events 'infer' raised ValueError")
