"""What a published figure is worth, and when it agrees."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from powermeter.comparison.claims import (
    Agreement,
    Claim,
    agreement,
    check,
    check_table,
    half_digit,
    read_claims,
)
from powermeter.errors import DataError
from powermeter.result import Result


def table(folder: Path, *lines: str) -> Path:
    path = folder / "published.csv"
    path.write_text("quantity,label,value,unit,plus_minus,recording\n" + "\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("printed", "half"),
    [("26.659", 0.0005), ("27", 0.5), ("1.2e3", 50.0), ("0", 0.5), ("x", 0.0), ("nan", 0.0)],
)
def test_a_printed_number_is_known_to_half_its_last_digit(printed: str, half: float) -> None:
    assert half_digit(printed) == pytest.approx(half)


@pytest.mark.parametrize(
    ("published", "half", "ours", "verdict"),
    [
        (10.0, 0.0, Result(10.1, "J", 9.9, 10.3), Agreement.AGREES),
        (9.8, 0.0, Result(10.1, "J", 9.9, 10.3), Agreement.DIFFERS),
        (9.8, 0.1, Result(10.1, "J", 9.9, 10.3), Agreement.AGREES),  # its own doubt reaches ours
        (10.0, 0.0, Result(1.0, "J", -20.0, 22.0), Agreement.CANNOT_TELL),  # ours says nothing
        (10.0, 0.0, Result.at_most(12.0, "J"), Agreement.CANNOT_TELL),
        (13.0, 0.0, Result.at_most(12.0, "J"), Agreement.DIFFERS),
        (10.0, 0.0, None, Agreement.NO_NUMBER),
    ],
)
def test_what_agrees(published: float, half: float, ours: Result | None, verdict: Agreement) -> None:
    assert agreement(published, half, ours) is verdict


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("enrgy,,1,J,,", "not a quantity"),
        ("energy,,one,J,,", "is not a number"),
        ("energy,,nan,J,,", "is not a number"),
        ("energy,,1,W,,", "is not a unit"),
        ("energy,,1,,,", "is not a unit"),
        ("energy,,1,J,much,", "is not a number"),
    ],
)
def test_a_line_that_is_no_figure_is_named(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_claims(table(tmp_path, line))
    assert ":2:" in str(caught.value)


def test_a_table_without_figures_or_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no figures"):
        read_claims(table(tmp_path))
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no column quantity, value, unit"):
        read_claims(path)


@pytest.mark.parametrize(
    ("published", "half", "verdict"),
    [
        (9.9, 0.0, Agreement.AGREES),  # the end itself belongs to the interval
        (10.3, 0.0, Agreement.AGREES),
        (9.7, 0.15, Agreement.DIFFERS),
        (10.5, 0.15, Agreement.DIFFERS),
        (9.75, 0.15, Agreement.AGREES),
        (10.45, 0.15, Agreement.AGREES),
    ],
)
def test_both_ends_count_with_the_figures_own_doubt(published, half, verdict):
    assert agreement(published, half, Result(10.1, "J", 9.9, 10.3)) is verdict


def test_an_interval_as_wide_as_the_figure_says_nothing_and_a_zero_may_agree():
    assert agreement(10.0, 0.0, Result(10.0, "J", 0.0, 20.0)) is Agreement.CANNOT_TELL
    assert agreement(10.0, 0.0, Result(10.0, "J", 0.1, 19.9)) is Agreement.AGREES
    assert agreement(-10.0, 0.0, Result(-10.0, "J", -19.9, -0.1)) is Agreement.AGREES
    assert agreement(0.0, 0.0, Result(0.0, "J", -1.0, 1.0)) is Agreement.AGREES


def test_a_claim_is_read_in_si_with_its_doubt_and_its_place(tmp_path: Path) -> None:
    """26.6 mJ: half a digit is 0.05 mJ.  1.2 mAh ± 0.1 are 4.32 C ± 0.36 C.  A number of items needs no unit."""
    found = read_claims(
        table(
            tmp_path,
            "Energy per item, infer ,26.6,mJ,,run.power",
            "charge,,1.2,mAh,-0.1,",
            "items,infer,40,,,",
        )
    )
    first, second, third = found
    assert (first.quantity, first.label, first.unit) == ("energy_per_item", "infer", "J")
    assert (first.value, first.half_width) == (pytest.approx(0.0266), pytest.approx(0.05e-3))
    assert (first.shown, first.recording) == ("26.6 mJ", "run.power")
    assert (second.value, second.half_width) == (pytest.approx(4.32), pytest.approx(0.36))
    assert (second.unit, second.label, second.recording) == ("C", "", "")
    assert (third.value, third.half_width, third.unit, third.shown) == (40.0, 0.5, "1", "40")


def _result(value: float, unit: str) -> Result:
    return Result(value, unit, 0.9 * value, 1.1 * value)


ROW = SimpleNamespace(
    label="infer",
    events=7,
    energy=_result(2, "J"),
    per_item=_result(3, "J"),
    energy_per_item=_result(4, "J"),
    above=_result(5, "J"),
    charge=_result(6, "C"),
    charge_per_item=_result(7, "C"),
    expected_per_item=None,
    power=_result(8, "W"),
    seconds=9.0,
    latency_mean=10.0,
    latency_p50=10.5,
    items=11,
    share=None,
)
RUN = SimpleNamespace(
    energy=_result(20, "J"),
    above=_result(30, "J"),
    charge=_result(40, "C"),
    power=_result(50, "W"),
    duration=_result(60, "s"),
    rows=[ROW],
)


@pytest.mark.parametrize(
    ("quantity", "unit", "of_run", "of_label"),
    [
        ("energy", "J", 20, 2),
        ("energy_per_item", "J", None, 3),
        ("energy_above_idle", "J", 30, 5),
        ("charge", "C", 40, 6),
        ("power", "W", 50, 8),
        ("duration", "s", 60, 9),
        ("latency", "s", None, 10),
        ("items", "1", None, 11),
    ],
)
def test_each_quantity_is_held_against_its_own_number(quantity, unit, of_run, of_label):
    of_all = check(Claim(quantity, of_run or 1.0, 0.0, unit, "x"), RUN)
    if of_run is None:
        assert of_all.agreement is Agreement.NO_NUMBER and of_all.why == f"{quantity} needs a label"
    else:
        assert of_all.ours.value == of_run and of_all.agreement is Agreement.AGREES
        assert check(Claim(quantity, 1.2 * of_run, 0.0, unit, "x"), RUN).agreement is Agreement.DIFFERS
    labelled = check(Claim(quantity, float(of_label), 0.0, unit, "x", "infer"), RUN)
    assert labelled.ours.value == of_label and labelled.agreement is Agreement.AGREES and not labelled.why
    assert labelled.ours.unit == unit


def test_a_claim_may_be_of_the_recorded_events_instead_of_the_next_one():
    """Quoted is 3 J for the next item, and these events used 4 J each: a figure of 4 J is theirs, one of 6 J neither's."""
    theirs = check(Claim("energy_per_item", 4.0, 0.0, "J", "4 J", "infer"), RUN)
    assert theirs.agreement is Agreement.AGREES and theirs.ours.value == 4
    assert theirs.why.startswith("the mean of all 7 recorded events") and str(ROW.per_item) in theirs.why
    neither = check(Claim("energy_per_item", 6.0, 0.0, "J", "6 J", "infer"), RUN)
    assert neither.agreement is Agreement.DIFFERS and neither.ours.value == 3
    power = check(Claim("power", 80.0, 0.0, "W", "80 W", "infer"), RUN)
    assert power.agreement is Agreement.DIFFERS and power.ours.value == 8


def test_a_label_that_is_not_there_and_a_number_that_is_not_known_are_no_number():
    absent = check(Claim("energy", 1.0, 0.0, "J", "1 J", "train"), RUN)
    assert absent.agreement is Agreement.NO_NUMBER and absent.ours is None
    assert absent.why == "no label 'train'; there are: infer"
    empty = check(Claim("energy", 1.0, 0.0, "J", "1 J", "train"), SimpleNamespace(rows=[]))
    assert empty.why == "no label 'train'; there are: none"
    unknown = SimpleNamespace(**{**vars(RUN), "charge": None})
    found = check(Claim("charge", 1.0, 0.0, "C", "1 C"), unknown)
    assert found.agreement is Agreement.NO_NUMBER and found.why == "the recording holds no charge"


def test_each_recording_is_read_once_and_one_that_cannot_be_read_fails_its_own_claims(tmp_path: Path):
    read: list[Path] = []

    def analyse(path: Path) -> SimpleNamespace:
        read.append(path)
        if path.name == "bad":
            raise DataError("bad: no recording")
        return RUN

    claims = [
        Claim("energy", 20.0, 0.0, "J", "20 J", recording=name) for name in ("good", "bad", "good", "bad")
    ]
    found = check_table(claims, lambda claim: tmp_path / claim.recording, analyse)
    assert [one.agreement for one in found] == [Agreement.AGREES, Agreement.NO_NUMBER] * 2
    assert found[1].why == "bad: no recording" and [path.name for path in read] == ["good", "bad"]


def test_a_table_may_hold_as_many_figures_as_are_allowed_and_no_more(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("powermeter.comparison.claims._MAX_CLAIMS", 2)
    path = tmp_path / "published.csv"
    for count in (1, 2):
        path.write_text("quantity,value,unit\n" + "energy,1,J\n" * count)
        assert len(read_claims(path)) == count
    path.write_text("quantity,value,unit\n" + "energy,1,J\n" * 3)
    with pytest.raises(DataError, match="more than 2 figures; split the table"):
        read_claims(path)
