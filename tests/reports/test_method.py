"""How it was measured, in sentences that can be pasted into a paper, and what the numbers do not say: what it promises."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from powermeter.channel import Boundary, Rail
from powermeter.recording import Recording
from powermeter.registry import DRIVERS
from powermeter.reports.instruments import ON_ITS_HOST, OwnCost
from powermeter.reports.method import beside_limits, largest, limits, measured_machine, method
from powermeter.reports.report_data import ReportData, gather
from powermeter.reports.report_options import ReportOptions
from powermeter.result import Grade, Result
from powermeter.result.notes import Note
from tests.reports.conftest import infer


def story_of(path, **options) -> ReportData:
    with Recording.open(path) as recording:
        return gather(recording, ReportOptions(**options))


def test_charge_without_voltage_is_counted_at_five_volts_and_said(make, twenty):
    story = story_of(make(events=twenty, volts=False))
    assert story.charge is not None and story.charge.value == pytest.approx(4.0)
    assert story.charge.grade is Grade.ASSUMED and not story.voltage_known
    assert any("counted at 5 V" in text for text in story.warnings)
    assert any("5 V" in text for text in limits(story))
    told = story_of(story.path, rail_voltage_v=10.0)
    assert told.charge.value == pytest.approx(2.0) and told.charge.grade is Grade.DERIVED
    assert not any("counted at" in text for text in told.warnings)


def test_the_method_paragraph_names_what_a_paper_needs(make, twenty):
    text = method(story_of(make(events=twenty, gap_s=(4.0, 4.3))))
    for wanted in (
        "meter",
        "VDD_IN",
        "the whole board at its input",
        "monotonic clock",
        "trapezoidal",
        "JCGM 100:2008",
        "data sheet, table 7",
        "gaps of 300.0 ms",
        "powermeter 9.9",
    ):
        assert wanted in text


@pytest.mark.parametrize("boundary", [b for b in Boundary if b not in (Boundary.BOARD, Boundary.BATTERY)])
def test_what_a_rail_leaves_out_is_said(make, boundary):
    first = limits(story_of(make(rail=Rail("R", boundary=boundary))))[0]
    assert (
        "not included in any number" in first
        or "power supply's own loss" in first
        or "No rail was measured" in first
    )


def test_a_place_that_is_not_known_is_said_where_there_is_a_footprint(make, twenty):
    unknown = (
        "The place is not known: the footprint spans the world's grids and is good to one significant digit."
    )
    story = story_of(make(events=twenty))
    assert unknown in limits(story) and unknown not in limits(story_of(story.path, place="FRA"))


@pytest.mark.parametrize("clipped", [True, False])
def test_an_open_interval_states_no_share_and_only_a_range_that_ended_as_its_reason(
    make, twenty, clipped, monkeypatch
):
    """A variance that is not finite has no parts; events that no reading met are open for another reason."""
    story = story_of(make(events=twenty))
    power = replace(story.analysis.power_trace, saturated_ns=np.array([1], np.int64) if clipped else None)
    open_end = Result(0.1, "J", 0.1, math.inf, parts={"gain:x": 0.01})
    monkeypatch.setattr("powermeter.reports.method.stated", lambda _: open_end)
    text = method(replace(story, analysis=replace(story.analysis, power_trace=power)))
    assert "variance" not in text
    ended = "The interval of the energy of one inference is open, because readings reached the end of the meter's range."
    assert (ended in text) == clipped
    assert ("The interval of the energy of one inference is open." in text) != clipped


def test_a_battery_that_is_not_counted_has_no_limit(make, twenty):
    story = story_of(make(events=twenty))
    assert any("battery is counted" in text for text in limits(story))
    assert not any("battery is counted" in text for text in limits(replace(story, budget=None)))


def test_what_a_baseline_changes_and_how_a_battery_is_counted_is_said(make, twenty):
    plain = story_of(make(events=twenty))
    above = story_of(plain.path, baseline=0.5)
    everything = "Everything the rail feeds is counted: other programs, a display and radios too, unless a baseline was subtracted."
    others = "What other programs used beyond the baseline is counted as the events' own."
    assert everything in limits(plain) and others not in limits(plain)
    assert others in limits(above) and everything not in limits(above)
    by_charge = "The battery is counted by charge on the measured rail: its own voltage and a converter's loss are not included."
    assert by_charge in limits(plain)
    assert by_charge not in limits(story_of(plain.path, battery="15.4Wh"))
    assert "A baseline of 500.0 mW (given) was subtracted" in method(above) and "A baseline" not in method(
        plain
    )


def test_the_largest_part_has_its_share_of_the_variance():
    result = Result.of(1.0, "J", {"gain:a": 0.3, "gain:b": 0.4, "noise:a": 0.5})
    kind, share = largest(result)
    kinds = result.by_kind()
    assert share == pytest.approx(kinds[kind] ** 2 / sum(part**2 for part in kinds.values()))
    assert kind == max(kinds, key=kinds.get)


@pytest.mark.parametrize(
    ("url", "boundary", "parent", "machine", "counted"),
    [
        ("ppk2:///dev/ttyACM0", Boundary.BOARD, None, "", "only as far as the rail feeds that core"),
        ("virtual://", Boundary.BOARD, None, "", "not included in any number"),
        ("nvml://0", Boundary.DEVICE, None, "", "not included in any number"),
        ("ssh://user@board", Boundary.BOARD, None, "", "only as far as the rail feeds that core"),
        ("jetson://", Boundary.MODULE, None, "a host", "which is part of the energy measured"),
        ("rapl://", Boundary.PART, None, "a host", "only as far as the rail feeds that core"),
        ("estimate://", Boundary.MODEL, None, "a host", "which is part of the energy "),
        ("estimate://", Boundary.MODEL, "machine", "a host", "not included in any number"),
        ("import://log", Boundary.BOARD, None, "a host", "only as far as the rail feeds that core"),
    ],
)
def test_the_method_names_the_machine_that_was_measured_and_not_the_one_that_recorded(
    make, url, boundary, parent, machine, counted
):
    """A meter in a cable measures what hangs behind it: a microcontroller's power is not its host's."""
    path = make(rail=Rail("R", parent, boundary), metadata={"host": {"cpu": "a host"}})
    story, scheme = story_of(path), url.split(":")[0]
    own = replace(story.instruments[0], url=url, driver=scheme, simulated=scheme == "virtual")
    story = replace(story, instruments=(own,), own_cost=OwnCost(1.0, 0.1, None))
    text = method(story)
    assert measured_machine(story) == machine and ("Power of a host was" in text) == bool(machine)
    assert counted in text and ("machine that recorded, a host" in text) == (not machine)


def test_every_driver_that_senses_its_host_is_one() -> None:
    assert set(DRIVERS) >= ON_ITS_HOST


def test_the_method_names_the_warm_up_that_it_leaves_out(make, twenty):
    lengths = [0.3] * 4 + [0.1] * 20
    warm = story_of(make(events=[infer(0.4 * i, s, uid=i + 1) for i, s in enumerate(lengths)]))
    left_out = warm.headline.warmup.count
    assert f"leaves the first {left_out} of 24 events out as warm-up" in method(warm)
    assert "warm-up" not in method(story_of(make(name="steady.power", events=twenty)))


def test_what_a_model_charges_is_not_called_measured(make):
    story = story_of(make(grade=Grade.ESTIMATED, rail=Rail("R", None, Boundary.MODEL)))
    own = replace(story.instruments[0], url="estimate://", driver="estimate")
    text = method(replace(story, instruments=(own,), own_cost=OwnCost(1.0, 0.1, None)))
    assert "part of the energy estimated" in text and "energy measured" not in text


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.98, 1.02, "interval of the energy of the run is ± 2.0 %; 100 % of its"),
        (0.28, 1.33, "interval of the energy of the run is -72 % to +33 %; 100 % of its"),
        (0.0, 1.69, "Of the energy of the run only a bound is known, at most 1.7 J; 100 % of the variance"),
        (0.9, math.inf, "interval of the energy of the run is open"),
    ],
)
def test_the_interval_has_both_its_ends_or_is_a_bound(make, low, high, words):
    story = story_of(make())
    result = replace(Result.of(1.0, "J", {"spread:a": 0.2}), low=low, high=high)
    assert words in method(replace(story, analysis=replace(story.analysis, energy=result)))


def test_a_paper_prints_no_options(make, twenty):
    """What to type next stands in a terminal's note; a paper's limits hold what is not counted."""
    note = Note.warning("not-counted", "fan was measured too; --rail NAME counts another one")
    of_others = Note.warning("others-charged", "others are in it; --rail program counts the program alone")
    other = Note.warning("clipped", "a label may be named; --rail NAME counts another one")
    found = beside_limits(story_of(make(events=twenty)), [note, of_others, other])
    assert [(n.code, n.text) for n in found[:2]] == [
        ("not-counted", "fan was measured too"),
        ("others-charged", "others are in it"),
    ]
    assert found[2].text == other.text
