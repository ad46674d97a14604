"""Every cell of a fleet's answers, from answers made by hand: no engine of tables is needed to print them."""

from __future__ import annotations

import re
from types import SimpleNamespace as Made

import pytest

from powermeter.comparison.verdict import Verdict
from powermeter.reports import fleet_page
from powermeter.result import Grade, Result
from powermeter.result.notes import Note


def joules(value: float, grade: Grade = Grade.MEASURED) -> Result:
    return Result(value, "J", 0.9 * value, 1.1 * value, grade)


def grams(value: float, unit: str = "g") -> Result:
    return Result(value, unit, 0.5 * value, 2 * value, Grade.ASSUMED)


def answers(**given) -> Made:
    empty = dict.fromkeys(("energies", "leaderboard", "regressions", "outliers", "drifts", "totals", "life"))
    found = {
        **empty,
        "name": "pis",
        "by": (),
        "battery": "4Ah",
        "days": ("2026-11-01", "2026-11-03"),
        "recordings": 1234,
        "devices": 5,
        "kinds_too_small": 0,
        "series_too_short": 0,
        **given,
    }
    return Made(**found)


def only(**given) -> fleet_page.FleetTable:
    (block,) = fleet_page.blocks(answers(**given))
    return block


GROUP = {"model": "m1", "version": None, "label": "infer", "board": "pi", "device": "pi7"}


def energy(items=40, unknown=0, devices=3, recordings=9) -> Made:
    return Made(
        group=GROUP,
        quoted=joules(2.0, Grade.DERIVED),
        these=joules(3.0),
        sums=Made(items=items, unknown=unknown, devices=devices, recordings=recordings),
    )


def test_energies_are_quoted_beside_those_of_these_devices_and_what_is_unknown_is_counted():
    block = only(by=("model", "version"), energies=[energy(unknown=2), energy(items=None, unknown=3)])
    assert block.heads == [
        "model",
        "version",
        "energy per item",
        "these devices",
        "grade",
        "items",
        "devices",
        "recordings",
    ]
    assert block.rows[0] == ["m1", "–", "2.00 ± 0.20 J", "3.00 ± 0.30 J", "derived", "40", "3", "9"]
    assert block.rows[1][5] == "–"
    assert [block.heads[i] for i in block.numbers] == [
        "energy per item",
        "these devices",
        "items",
        "devices",
        "recordings",
    ]
    assert block.notes[1].endswith("not in it: 5.") and len(block.notes) == 2
    assert len(only(energies=[energy()]).notes) == 1


def placed(place, label, model, device, value) -> Made:
    group = {**GROUP, "label": label, "model": model, "device": device}
    return Made(
        place=place,
        pooled=Made(group=group, quoted=joules(value)),
        items_per_charge=Result(1000 / value, "1", 900 / value, 1100 / value),
    )


def test_a_leaderboard_is_in_order_of_label_model_and_energy():
    block = only(
        leaderboard=[
            placed(2, "infer", "b", "pi1", 5.0),
            placed(1, "infer", "b", "pi2", 4.0),
            placed(1, "infer", "a", "pi3", 9.0),
            placed(1, "decode", "z", "pi4", 1.0),
        ]
    )
    assert [row[3] for row in block.rows] == ["pi4", "pi3", "pi2", "pi1"]
    assert block.rows[2] == ["infer", "b", "1", "pi2", "4.00 ± 0.40 J", "measured", "250 ± 25"]
    assert block.heads[-1] == "items on 4Ah" and [block.heads[i] for i in block.numbers] == [
        "place",
        "energy per item",
        "items on 4Ah",
    ]


def version(**changed) -> Made:
    found = {
        "group": GROUP,
        "before": "1.0",
        "after": "1.1",
        "verdict": Verdict.MORE,
        "change": 0.123,
        "low": 0.1,
        "high": 0.15,
        "paired": False,
        "devices": (3, 4),
        "why": "",
    }
    return Made(**{**found, **changed})


def test_versions_state_their_change_in_percent_and_how_many_devices_ran_them():
    block = only(
        regressions=[
            version(),
            version(paired=True, change=-0.05, low=None),
            version(change=None, high=None, why="too few devices", verdict=Verdict.CANNOT_TELL),
        ]
    )
    assert block.rows[0] == ["m1", "infer", "1.0 → 1.1", "more", "+12 %", "+10 to +15 %", "3 and 4", ""]
    assert block.rows[1][4:7] == ["-5 %", "–", "3 in pairs"]
    assert block.rows[2][3:] == ["cannot tell", "–", "–", "3 and 4", "too few devices"]


def test_devices_that_stand_out_and_series_that_drift_are_in_percent():
    outlier = Made(device="pi7", group=GROUP, ratio=0.0712, chance=0.004)
    block = only(outliers=[outlier], kinds_too_small=2)
    assert block.rows == [["pi7", "m1", "–", "infer", "pi", "+7.12 %", "0.4 %"]]
    assert block.notes == ["Kinds of fewer than five devices, which are not judged: 2."]
    assert [note.code for note in block.notes] == ["kinds-too-small"]
    assert only(outliers=[outlier]).notes == []
    drift = Made(group=GROUP, per_day=-0.0123, low=-0.02, high=-0.005, days=12.34, recordings=17)
    block = only(drifts=[drift], series_too_short=3)
    assert block.rows == [["pi7", "m1", "–", "infer", "-1.2 % a day", "-2 to -0.5 %", "12.3 days", "17"]]
    assert block.notes[1:] == ["Series of fewer than five recordings, which are not judged: 3."]
    assert only(drifts=[]).notes == [] and only(drifts=[]).empty == "no series drifts"


def place(name, seconds, footprint=True, digits=2) -> Made:
    made = (
        Made(carbon=grams(12.0), water=grams(2.0, "L"), adpe=grams(1e-6), digits=lambda account: digits)
        if footprint
        else None
    )
    return Made(place=name, devices=2, recordings=3, seconds=seconds, energy=joules(7200.0), footprint=made)


def test_totals_of_several_places_have_their_sum_below():
    totals = Made(
        places=[place("France", 36_000.0), place(None, 18_000.0, footprint=False)],
        notes=[Note.info("a-note", "a note")],
        energy=joules(14_400.0),
        carbon=grams(20.0),
        water=grams(4.0, "L"),
        adpe=grams(2e-6),
    )
    block = only(totals=totals)
    first, second, together = block.rows
    assert first[:5] == ["France", "2", "3", "10 h 00 min", "7.20 ± 0.72 kJ"]
    assert second[0] == "not known" and second[3] == "5 h 00 min" and second[5:] == ["–"] * 3
    assert together[:5] == ["together", "5", "1234", "15 h 00 min", "14.4 ± 1.4 kJ"]
    assert together[5].startswith("20 ") and together[6].startswith("4") and block.notes == ["a note"]
    alone = Made(**{**vars(totals), "places": [place("France", 36_000.0)]})
    assert len(only(totals=alone).rows) == 1
    assert first[5].startswith("12 ")
    unknown = Made(**{**vars(totals), "places": [place("France", 1.0), place(None, 1.0, digits=1)]})
    first, second, together = only(totals=unknown).rows
    assert first[5].startswith("12 ") and second[5].startswith("10 ") and together[5].startswith("20 ")


def test_batteries_state_how_long_a_charge_lasts_and_what_was_used():
    hours = Result(12.0, "h", 11.0, 13.0)
    block = only(
        life=[
            Made(
                device="pi7",
                battery="4Ah",
                hours=hours,
                used=Result(0.256, "1", 0.2, 0.3),
                recorded_s=300.0,
                problem="",
            ),
            Made(device="pi8", battery="?", hours=None, used=None, recorded_s=5.0, problem="no voltage"),
        ]
    )
    assert block.rows[0] == ["pi7", "4Ah", "12.0 ± 1.0 h", "26 %", "5 min 00 s", ""]
    assert block.rows[1] == ["pi8", "?", "–", "–", "5.000 s", "no voltage"]


def test_nothing_that_was_not_asked_for_is_printed():
    assert fleet_page.blocks(answers()) == []
    assert fleet_page.to_text(answers()) == ("pis: 1,234 recordings of 5 devices, 2026-11-01 to 2026-11-03")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"recordings": 1, "devices": 2}, "1 recording of 2 devices, 2026-11-01 to 2026-11-03"),
        ({"recordings": 2, "devices": 1, "days": ("d", "d")}, "2 recordings of 1 device, d"),
    ],
)
def test_how_much_a_fleet_holds(given, words):
    assert fleet_page.to_text(answers(**given)) == f"pis: {words}"


def test_a_table_in_text_is_aligned_leaves_empty_columns_out_and_counts_what_it_does_not_show():
    few = fleet_page.FleetTable("T", ["a", "n", "x"], [["one", "7", "–"], ["two", "12", ""]], (1,))
    assert fleet_page.text_table(few) == ["  a     n", "  one   7", "  two  12"]
    many = fleet_page.FleetTable("T", ["a"], [[str(i)] for i in range(1061)])
    lines = fleet_page.text_table(many)
    left = "  1,037 more rows, which stand below these: --json and -o fleet.html list all"
    assert len(lines) == 1 + 24 + 1 and lines[-1] == left
    assert lines[24].strip() == "23"
    assert len(fleet_page.text_table(fleet_page.FleetTable("T", ["a"], [["1"]] * 24))) == 25


@pytest.mark.parametrize(("width", "most"), [(40, 10), (79, 10), (80, 24), (200, 24)])
def test_of_a_hundred_energies_those_that_used_most_stand_in_their_order(width, most):
    """Label i used 2 J × (i + 1) items, but the first used most of all: it and the last ones stand."""
    made = [Made(**{**vars(energy(items=i + 1)), "group": {"label": f"l{i:03d}"}}) for i in range(100)]
    made[0].sums.items = 1000
    text = fleet_page.to_text(answers(by=("label",), energies=made), width)
    assert re.findall(r"l\d\d\d", text) == ["l000", *(f"l{i:03d}" for i in range(101 - most, 100))]
    assert f"  {100 - most} more rows, which used less each: --json and -o fleet.html list all" in text


def test_a_table_that_is_wider_than_the_terminal_is_a_block_for_each_row():
    """`pi-7  France  12.0 J` and two cells before it take 23: at 22 each row has lines of its own."""
    block = fleet_page.FleetTable("T", ["device", "place", "energy"], [["pi-7", "France", "12.0 J"]], (2,))
    assert fleet_page.text_table(block, 24) == ["  device  place   energy", "  pi-7    France  12.0 J"]
    assert fleet_page.text_table(block, 23) == ["  pi-7", "    place   France", "    energy  12.0 J"]


def test_an_empty_answer_says_so_in_text_and_on_the_page():
    found = answers(outliers=[], energies=[])
    text = fleet_page.to_text(found).splitlines()
    assert text[1:4] == ["", "Energy per item", "  no energies are known"]
    assert "  no device stands out" in text
    html = fleet_page.to_html(found)
    assert "No energies are known." in html and "No device stands out." in html


@pytest.mark.parametrize(
    ("worse", "words"),
    [
        (0, None),
        (1, "1 version uses more than the one before."),
        (2, "2 versions use more than the one before."),
    ],
)
def test_the_page_begins_with_how_many_versions_use_more(worse, words):
    found = answers(regressions=[version()] * worse + [version(verdict=Verdict.LESS)])
    html = fleet_page.to_html(found)
    assert (re.search(r'class="lede">([^<]*)<', html) or [None, None])[1] == words
    assert "<h1>Fleet: pis</h1>" in html and "<h2>Versions</h2>" in html
    assert html.count("<th ") + html.count("<th>") == 8 and "+12" in html
