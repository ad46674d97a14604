"""Remarks that stand beside a comparison: one code for each, where it holds and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from powermeter.channel import Boundary
from powermeter.comparison import remarks
from powermeter.comparison.pairs_and_turns import Design
from powermeter.result.notes import Severity


def run(name="a", *, instrument="ina", recording="a", started_s=1.0, boundary=Boundary.BOARD, **how):
    analysis = SimpleNamespace(
        line=SimpleNamespace(rail=SimpleNamespace(boundary=boundary)),
        rows=how.get("rows", ()),
        covers=how.get("covers", "all"),
    )
    return SimpleNamespace(
        name=name,
        analysis=analysis,
        instrument=instrument,
        recording=recording,
        started_s=started_s,
        throttled=how.get("throttled", False),
        program=how.get("program", ""),
    )


def row(design=Design.TURNS, repeats=(5, 5), warmup=(0, 0)):
    return SimpleNamespace(
        design=design,
        repeats_left=repeats[0],
        repeats_right=repeats[1],
        warmup_left=warmup[0],
        warmup_right=warmup[1],
    )


def said(left, right, rows=None, shared=True):
    rows = {"infer": row()} if rows is None else rows
    return {note.code: note for note in remarks.of(left, right, rows, shared)}


def test_two_plain_runs_have_their_instrument_and_their_design_and_no_more():
    assert set(said([run()], [run("b")])) == {"one-instrument", "design-in-turns"}


@pytest.mark.parametrize("design", list(Design))
def test_each_design_has_its_sentence_once(design):
    found = said([run()], [run("b")], {"a": row(design), "b": row(design)})
    (code,) = [code for code in found if code.startswith("design-")]
    assert code == f"design-{design.value.replace(' ', '-')}"
    assert found[code].text == remarks.OF_DESIGN[design] and found[code].severity is Severity.INFO
    assert found["several-labels"].text.startswith("2 labels: ")


@pytest.mark.parametrize(
    ("left", "right", "codes"),
    [
        (3, 3, set()),
        (2, 4, set()),
        (2, 3, {"few-recordings"}),
        (1, 5, {"single-recording"}),
        (1, 4, {"single-recording", "few-recordings"}),
        (1, 1, set()),
    ],
)
def test_how_few_recordings_there_are_is_counted(left, right, codes):
    runs = [run()] * left, [run("b")] * right
    assert set(said(*runs)) - {"one-instrument", "design-in-turns"} == codes


def test_recordings_without_a_time_of_day_are_taken_in_the_order_given_and_of_one_each_nothing_is_said():
    assert "order-unknown" in said([run(), run(started_s=None)], [run(), run()])
    assert "order-unknown" not in said([run(), run(started_s=0.0)], [run(), run()])
    assert "order-unknown" not in said([run(started_s=None)], [run(started_s=None)])


@pytest.mark.parametrize(
    ("design", "repeats", "remarked"),
    [
        (Design.THESE_RUNS, (1, 40), True),
        (Design.THESE_RUNS, (40, 1), True),
        (Design.THESE_RUNS, (2, 40), False),
        (Design.SINGLE, (1, 1), False),
    ],
)
def test_a_single_event_borrows_the_spread_of_the_others_and_a_remark_states_it(design, repeats, remarked):
    assert ("single-event" in said([run()], [run()], {"infer": row(design, repeats)})) is remarked
    assert "single-event" not in said([run(), run()], [run()], {"infer": row(design, repeats)})


def test_unknown_counts_of_the_labels_that_are_compared_are_named():
    unknown = SimpleNamespace(title="infer", items=None)
    other = SimpleNamespace(title="other", items=None)
    known = SimpleNamespace(title="infer", items=3)
    assert "count-unknown" in said([run(rows=[known])], [run(rows=[unknown])])
    assert "count-unknown" not in said([run(rows=[known])], [run(rows=[other, known])])


@pytest.mark.parametrize(
    ("warmup", "words"),
    [
        ((1, 0), "infer: left out as warm-up: the first of A, none of B"),
        ((0, 1200), "infer: left out as warm-up: none of A, the first 1,200 of B"),
        ((0, 0), None),
    ],
)
def test_what_was_left_out_as_warm_up_is_counted_on_each_side(warmup, words):
    found = said([run()], [run()], {"infer": row(warmup=warmup)})
    assert (found["warm-up"].text if "warm-up" in found else None) == words


@pytest.mark.parametrize(
    ("left", "right", "shared", "code"),
    [
        (("x",), ("x",), True, "one-instrument"),
        (("x",), ("y",), False, "two-instruments"),
        (("x", "y"), ("y", "z"), False, "several-instruments"),
        (("x", "y"), ("z",), False, "two-instruments"),
    ],
)
def test_which_instruments_both_sides_share(left, right, shared, code):
    sides = ([run(instrument=i) for i in names] for names in (left, right))
    found = [c for c in said(*sides, shared=shared) if "instrument" in c]
    assert found == [code]


def test_rails_that_do_not_cover_the_same_and_boards_that_held_back_are_warnings():
    found = said(
        [run("a", boundary=Boundary.BOARD), run("a2", boundary=Boundary.WALL)],
        [run("b", boundary=Boundary.PART, throttled=True), run("b", boundary=Boundary.PART, throttled=True)],
    )
    assert found["different-boundaries"].severity is Severity.WARNING
    assert "(A: board: all and wall: all; B: part: all)" in found["different-boundaries"].text
    assert found["throttled"].severity is Severity.WARNING and found["throttled"].text.startswith("b: ")
    assert "different-boundaries" not in said([run()], [run()]) and "throttled" not in said([run()], [run()])


@pytest.mark.parametrize(
    ("a", "b", "warned"),
    [
        ("infer.py", "voice.py", True),
        ("infer.py", "infer.py", False),
        ("infer.py", "", False),
        ("", "", False),
    ],
)
def test_different_programs_are_named_in_one_warning(a, b, warned):
    found = said([run(program=a)], [run("b", program=b)])
    assert ("different-programs" in found) is warned
    if warned:
        assert found["different-programs"].text == "different programs: A ran infer.py, B ran voice.py"
        assert found["different-programs"].severity is Severity.WARNING


@pytest.mark.parametrize(("other", "warned"), [("ina", False), ("simulator", True)])
def test_another_instrument_that_covers_something_else_is_a_warning(other, warned):
    found = said([run(covers="all at 5 V")], [run("b", instrument=other, covers="a simulated load")])
    assert ("different-boundaries" in found) is warned


def test_a_recording_against_itself_is_named_where_the_label_is_the_same():
    left, right = [run("a.power"), run("c.power", recording="c")], [run("copy", recording="c")]
    (note,) = remarks.same_recording(left, right, True)
    assert note.code == "same-recording" and note.text.startswith("c.power is on both sides")
    assert remarks.same_recording(left, right, False) == ()
    assert remarks.same_recording(left[:1], right, True) == ()
