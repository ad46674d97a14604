"""One sentence, one word of quality and energy as power × time, on loads whose numbers are known."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.advice import Advice
from powermeter.channel import Boundary, Rail
from powermeter.recording import Recording, Writer
from powermeter.reports.headline_sentence import Quality, only_bound, product, quality, sentence, sure, titled
from powermeter.reports.html import heading
from powermeter.reports.rails_table import RailUse
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.wording import spread
from powermeter.result import Grade, Result

from .conftest import SECOND, START, channels, infer


def gathered(path, **options):
    with Recording.open(path) as recording:
        return gather(recording, **options)


def test_the_sentence_has_value_interval_and_events(make, twenty):
    text = sentence(gathered(make(events=twenty)))
    # 2 W × 0.25 s / 4 items, ±1 % of a rectangular gain limit and little else
    assert re.fullmatch(
        r"One inference, on average: 125\.0 mJ, 95 % sure 123\.[78]–126\.[23]; 20 events \(80 items in all\)\.",
        text,
    ), text


def test_one_event_alone_is_what_it_used_itself(make, twenty):
    text = sentence(gathered(make(events=twenty[:1])))
    assert text.endswith("; 1 event (4 items in all): what this event used, not what further ones will."), (
        text
    )


@pytest.mark.parametrize(
    ("label", "per", "of"),
    [
        ("answer", "infer", "One infer's answer"),
        ("infer", "infer", "One infer"),
        (None, "infer", "One infer's share of the whole run"),
        ("infer", "page", "One page"),
    ],
)
def test_what_is_counted_by_another_label_is_not_called_that_label(make, twenty, label, per, of):
    """The table beside it has an energy of `infer`, which is neither that of `answer` nor a share of the run."""
    inside = [
        replace(e, name="answer", start_ns=e.start_ns + SECOND // 20, uid=100 + i)
        for i, e in enumerate(twenty)
    ]
    options = ReportOptions(label=label, per=per, items=40 if per == "page" else None)
    text = sentence(gathered(make(events=[*twenty, *inside]), options=options))
    assert text.startswith(f"{of}, on average: "), text


def test_energy_is_power_times_time(make, twenty):
    assert product(gathered(make(events=twenty))) == "125.0 mJ = 2.000 W × 62.50 ms"


def test_a_run_without_events_is_the_run(make):
    """1 % of gain, and 25 mJ further up where amperes are cut."""
    data = gathered(make())
    assert sentence(data).startswith("The run: 20.00 J, 95 % sure 19.79–20.21, in 10")
    assert product(data) == "20.00 J = 2.000 W × 10.00 s"


def test_a_steady_run_is_good_and_names_the_cause_and_its_remedy(make, twenty):
    found = quality(gathered(make(events=twenty)))
    assert found.word == "good" and "gain" in found.cause and "calibrate" in found.remedy


@pytest.mark.parametrize(("events", "word"), [(4, "rough"), (5, "good")])
def test_a_few_events_are_never_good(make, twenty, events, word):
    found = quality(gathered(make(events=twenty[:events])))
    assert found.word == word
    assert found.cause.startswith("from only 4 events, ") == (events == 4)


def test_what_reaches_zero_is_not_resolved():
    assert sure(Result.of(1.0, "J", {"noise:x": 2.0})).startswith("at most")
    assert sure(None) == "–"


def test_warm_up_is_left_out_and_named(tmp_path):
    """Eight events of 4 W, then 40 of 2 W; their marks lie on no grid, which would leave their lengths open."""
    path = tmp_path / "warm.power"
    times = START + np.arange(5001, dtype=np.int64) * 5_000_000
    watts = np.where(times < START + 4 * SECOND, 4.0, 2.0)
    late = np.random.default_rng(1).uniform(0, 0.09, 48)
    events = [infer(0.5 * i + late[i], 0.4, 1, i + 1) for i in range(48)]
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://1", "meter", "test", channels(Rail("VDD"), False))
        writer.append(source, times, np.rint(watts * 1000).astype(np.int64)[:, None])
        writer.add_events(events)
    data = gathered(path)
    text, count = sentence(data), data.headline.warmup.count
    assert count >= 8  # as many as the one rule of the analysis leaves out
    assert (
        f"; {48 - count} of 48 events, the first {count} left out as warm-up; counting them, as for a run this short: 933.3 mJ, 95 % sure 92"
        in text
    )  # (8 × 1.6 + 40 × 0.8) / 48 J
    assert text.startswith("One inference, on average: 800")
    assert product(data) == "800.0 mJ = 2.000 W × 400.0 ms"


@pytest.mark.parametrize(("relative", "word"), [(0.01, "good"), (0.10, "rough"), (0.8, "not resolved")])
def test_the_word_follows_the_interval(make, twenty, relative, word, monkeypatch):
    from powermeter.reports import headline_sentence

    result = Result.of(1.0, "J", {"noise:x": relative / 1.96})
    monkeypatch.setattr(headline_sentence, "quoted", lambda data: result)
    assert quality(gathered(make(events=twenty))).word == word


@pytest.mark.parametrize(("gain", "word"), [(0.052, "good"), (0.0532, "rough")])
def test_good_is_five_percent_or_less(tmp_path, gain, word):
    """95 % of a rectangle lie within 0.95 of its half-width: ±4.94 % and ±5.05 %."""
    path = tmp_path / "one.power"
    times = START + np.arange(1001, dtype=np.int64) * 10_000_000
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://1", "meter", "test", channels(Rail("VDD"), False, gain=gain))
        writer.append(source, times, np.full((1001, 1), 2000, np.int64))
    assert quality(gathered(path)).word == word


@pytest.mark.parametrize(
    ("remedy", "text"),
    [("", "Good: ± 1 %."), ("calibrate", "Good: ± 1 %. To narrow it: calibrate.")],
)
def test_a_quality_names_its_remedy_where_there_is_one(remedy, text):
    assert Quality("good", "± 1 %", remedy).text == text


def test_without_an_energy_the_label_says_why_and_a_run_without_label_nothing() -> None:
    from types import SimpleNamespace

    row = SimpleNamespace(
        per_item=None, these_per_item=None, verdict=SimpleNamespace(text="too short"), share=None
    )
    analysis = SimpleNamespace(energy=None, run_per_item=None, above=None, run_items=None)
    found = quality(SimpleNamespace(headline=row, analysis=analysis))
    assert (found.word, found.remedy) == ("not resolved", "too short") and "no energy" in found.cause


def test_a_simulated_item_is_marked_in_the_sentence(make, twenty):
    data = gathered(make(events=twenty))
    made = replace(data.analysis, energy=replace(data.analysis.energy, grade=Grade.SIMULATED))
    assert sentence(replace(data, analysis=made)).startswith(
        "One inference (simulated), on average: 125.0 mJ"
    )
    assert "simulated" not in sentence(data)


def test_the_sentence_has_the_ends_of_the_tables_plus_minus():
    """The half-width is rounded once: the ends printed beside it are its own, not a second rounding."""
    shown = Result(1.01164, "J", 1.00396, 1.01937)
    assert str(shown) == "1.0116 ± 0.0077 J"
    assert sure(shown) == "1.0116 J, 95 % sure 1.0039\u20131.0193"
    assert sure(Result(0.3, "J", 0.09, 0.56)) == "300 mJ, 95 % sure 90\u2013560"


def test_the_cause_named_is_the_largest_part_with_its_own_share(make, monkeypatch):
    """A hole that may be a clock that was set forward: what is to be done is not what makes most of the interval."""
    data = gathered(make())
    data = replace(
        data,
        analysis=replace(
            data.analysis, energy=Result(20, "J", 16, 24, Grade.MEASURED, {"unseen:a": 2.0, "gaps:a": 0.1})
        ),
    )
    advice = Advice("clock-set", {}, "look it up", None, "gaps")
    monkeypatch.setattr("powermeter.reports.headline_sentence.advice_of", lambda data: advice)
    found = quality(data)
    assert (
        "mostly power that the readings missed (100 % of the variance)" in found.cause
        and found.remedy == "look it up"
    )


def test_the_quality_of_a_lopsided_interval_has_both_its_ends(make):
    data = gathered(make())
    result = replace(Result.of(1.57, "J", {"spread:a": 0.2}), low=0.44, high=2.09)
    found = quality(replace(data, analysis=replace(data.analysis, energy=result)))
    assert found.cause.startswith("-72 % to +33 %, ") and "±" not in found.cause


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.9, 1.1, ""),
        (0.0, 1.7, "a bound is known, at most 1.7 J: its parts"),
        (0.9, np.inf, "an interval with an open end"),
    ],
)
def test_why_a_bound_has_no_parts(low, high, words):
    found = only_bound(replace(Result.of(1.0, "J", {"spread:a": 0.2}), low=low, high=high))
    assert words in found and bool(found) == bool(words)


@pytest.mark.parametrize(("own", "words"), [(0.1, "the program's own part is about 5 %."), (1.8, None)])
def test_the_number_of_a_whole_machine_says_so_beside_it(make, twenty, own, words):
    def used(name, parent, joules, counted):
        return RailUse(name, parent, Result.of(joules, "J"), Result.of(joules, "W"), counted)

    data = gathered(make(events=twenty))
    rail = replace(data.analysis.line.rail, name="machine", boundary=Boundary.MODEL)
    line = replace(data.analysis.line, rail=rail)
    rails = (used("machine", None, 2.0, True), used("program", "machine", own, False))
    found = sentence(replace(data, rails=rails, analysis=replace(data.analysis, line=line)))
    alone = sentence(data)
    assert found == (f"{alone} That is the whole machine: {words}" if words else alone)


def test_a_count_that_contradicts_the_recording_is_named_beside_the_number(make, twenty):
    path = make(events=twenty)
    assert "--items" not in sentence(gathered(path))
    found = sentence(gathered(path, options=ReportOptions(items=8)))
    assert found.endswith("It is counted as --items states, which contradicts the recording.")


@pytest.mark.parametrize(
    ("joules", "half"), [(0.5557, 0.017), (0.85806, 0.0069), (0.8685, 0.025), (731.06, 6.6)]
)
def test_who_multiplies_power_and_time_finds_the_energy_as_printed(make, joules, half):
    """556 mJ stood beside 3.70 W × 150.0 ms, which is 555 mJ."""
    data = gathered(make())
    a = replace(
        data.analysis,
        energy=Result.of(joules, "J", {"gain:a": half / 1.96}),
        duration=replace(data.analysis.duration, value=0.15),
    )
    numbers = re.fullmatch(r"([\d.]+) m?J = ([\d.,]+) k?W × ([\d.]+) ms", product(replace(data, analysis=a)))
    energy, power, time = (float(text.replace(",", "")) for text in numbers.groups())
    decimals = len(numbers[1].partition(".")[2])
    assert round(power * time, decimals) == energy


@pytest.mark.parametrize(
    ("gain", "cause"),
    [
        (1.98, "from the spread between repeats (51 % of the variance) and the sensor's gain (49 %)"),
        (1.0, "mostly the spread between repeats (80 % of the variance)"),
    ],
)
def test_of_two_causes_that_share_an_interval_both_are_named(make, monkeypatch, gain, cause):
    """2² of 2² + 1.98² is 51 %, of 2² + 1² 80 %."""
    data = gathered(make())
    energy = Result.of(200.0, "J", {"repeats:a": 2.0, "gain:a": gain})
    monkeypatch.setattr("powermeter.reports.headline_sentence.advice_of", lambda data: None)
    assert cause in quality(replace(data, analysis=replace(data.analysis, energy=energy))).cause


def test_the_relative_width_is_that_of_the_printed_numbers():
    """598.7 ± 3.1 mJ are ± 0.52 %, though 3.07 of 598.7 would be 0.51."""
    result = Result(0.5987, "J", 0.5987 - 0.00307, 0.5987 + 0.00307)
    assert (str(result), spread(result)) == ("598.7 ± 3.1 mJ", "± 0.52 %")


def test_runs_of_one_program_differ_by_their_attributes_in_the_title(make, twenty):
    data = gathered(make(events=twenty))
    noted = replace(data, metadata={**data.metadata, "attributes": {"model": "P", "bits": 8}})
    assert titled(noted) == ["model P", "bits 8"] and heading(noted) == f"{heading(data)} (model P, bits 8)"
    assert titled(replace(noted, given_title="mine")) == [] == titled(data)
