"""Every cell of every format, against numbers worked out by hand from 2 W at 5 V (support/known_run.py).

`worked_by_hand` states each number once with its arithmetic; the formats are taken apart into cells, so that a
number under a wrong heading, in a wrong unit, or of another quantity is found wherever a person reads it.
"""

from __future__ import annotations

import csv
import io
import json
import re
import statistics
from html import unescape as html_text
from pathlib import Path

import pytest
from headings import HEADINGS
from known_run import (
    BASELINE_W,
    INTERVAL,
    ITEMS,
    LENGTHS_S,
    NS,
    RUN_S,
    STANDARD,
    START,
    UTC_S,
    VOLTS,
    WATTS,
    build,
)
from table_cells import (
    cells_of,
    html_tables,
    latex_tables,
    markdown_tables,
    spaced,
    terminal_tables,
)
from worked_by_hand import (
    CELL_J,
    GRID,
    HALF,
    LABELS,
    PER_ITEM,
    RUN_KWH,
    TERMINAL,
    UNROUNDED,
)

from powermeter.recording import Recording, append_to
from powermeter.registry import REPORTS, load
from powermeter.reports import export_columns
from powermeter.reports.report_data import ReportData, gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.terminal_text import to_text


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    path = build(tmp_path_factory.mktemp("known") / "known.power")
    with Recording.open(path) as recording:
        return gather(recording, ReportOptions(battery="10Ah@3.7V", place="FRA", baseline=f"{BASELINE_W}W"))


@pytest.fixture(scope="module")
def rendered(data: ReportData) -> dict[str, str]:
    kinds = ("markdown", "html-plain", "latex", "json", "csv", "sci", "annex-xi", "model-card")
    found = {kind: load(REPORTS[kind])().render(data) for kind in kinds}
    found = {kind: text.decode() if isinstance(text, bytes) else text for kind, text in found.items()}
    return {**found, "text": to_text(data, 130)}


# What stands in them ------------------------------------------------------------------------------

TAKEN_APART = {
    "text": terminal_tables,
    "markdown": markdown_tables,
    "model-card": markdown_tables,
    "html-plain": html_tables,
    "latex": latex_tables,
}


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("kind", HEADINGS)
def test_each_cell_of_a_label(rendered: dict[str, str], kind: str, label: str) -> None:
    found = TAKEN_APART[kind](rendered[kind])
    for heading, number in HEADINGS[kind].items():
        cells = cells_of(found, label, heading)
        expected = LABELS[label][number].replace("–", "--" if kind == "latex" else "–")
        assert cells == [expected], f"{kind}: {heading} of {label}"


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("kind", ["text", "markdown", "html-plain"])
def test_the_two_columns_p95_are_of_energy_and_of_time(
    rendered: dict[str, str], kind: str, label: str
) -> None:
    cells = cells_of(TAKEN_APART[kind](rendered[kind]), label, "p95")
    assert cells == [LABELS[label]["p95"], LABELS[label]["p95 s"]]


def test_the_paper_quotes_the_power_with_its_interval(rendered: dict[str, str]) -> None:
    assert cells_of(latex_tables(rendered["latex"]), "infer", "mean power") == ["2.000 ± 0.019 W"]
    assert cells_of(latex_tables(rendered["latex"]), "infer", "p95") == ["820 ms"]


def test_each_cell_of_the_run_in_a_terminal(rendered: dict[str, str]) -> None:
    lines = [spaced(line) for line in rendered["text"].splitlines()]
    for name, cell in TERMINAL.items():
        assert f"{name} {cell}" in lines, name
    assert "holds 550,000 (464,000 to 606,000) × inference" in lines
    assert lines[0].startswith(
        "loop.py 1 min 40 s · 15 Jun 2025 15:06 UTC · recorded on Bench Board"
    )  # 1 750 000 000 s


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        (
            "markdown",
            {
                "energy": ("value", "200.0 ± 1.9 J"),
                "charge": ("value", "11.11 ± 0.11 mAh"),
                "mean power": ("value", "2.000 ± 0.019 W"),
                "baseline (given)": ("value", "500.0 mW"),
                "above the baseline": ("value", "150.0 ± 1.9 J"),
                "used by this run": ("value", "0.1502 ± 0.0014 %"),
                "lasts at this power": ("value", "18.50 ± 0.18 h"),
            },
        ),
        (
            "latex",
            {
                "energy": ("value", "200.0 ± 1.9 J"),
                "charge": ("value", "11.11 ± 0.11 mAh"),
                "mean power": ("value", "2.000 ± 0.019 W"),
                "share of 10 Ah at 3.7 V": ("value", "0.1502 ± 0.0014 %"),
            },
        ),
        (
            "html-plain",
            {
                "Energy": ("0", "200.0 ± 1.9 J"),
                "Charge": ("0", "11.11 ± 0.11 mAh"),
                "Mean power": ("0", "2.000 ± 0.019 W"),
                "Baseline": ("0", "500.0 mW"),
                "Above the baseline": ("0", "150.0 ± 1.9 J"),
            },
        ),
        (
            "annex-xi",
            {
                "this recording, whole": ("in Wh", "55.56 ± 0.53 mWh"),
                "use: load": ("in Wh", "1.111 ± 0.011 mWh"),  # 4 J ÷ 3600
                "use: infer": ("in Wh", "13.44 ± 0.13 mWh"),  # 48.4 J ÷ 3600
            },
        ),
    ],
)
def test_each_cell_of_the_run(rendered: dict[str, str], kind: str, rows: dict[str, tuple[str, str]]) -> None:
    found = {"annex-xi": markdown_tables, **TAKEN_APART}[kind](rendered[kind])
    for name, (column, cell) in rows.items():
        assert cells_of(found, name, column)[:1] == [cell], f"{kind}: {name}"


@pytest.mark.parametrize("kind", ["markdown", "latex"])
def test_the_shares_of_the_doubt(rendered: dict[str, str], kind: str) -> None:
    """Repeats s/√40 = 14.2 mJ against 1.4 mJ of the gain: 99.0 and 1.0 % of the variance."""
    repeats = statistics.stdev(PER_ITEM) / 40**0.5
    gain = 0.242 * STANDARD
    share = repeats**2 / (repeats**2 + gain**2)
    assert (f"{share:.1%}", f"{1 - share:.1%}") == ("99.0%", "1.0%")
    if kind == "latex":
        assert "99 \\% of its variance is the spread between repeats" in rendered[kind].replace("~", " ")
        return
    found = markdown_tables(rendered[kind])
    assert cells_of(found, "the spread between repeats", "share of variance") == ["99.0 %"]
    assert cells_of(found, "the spread between repeats", "standard uncertainty") == [
        f"{1e3 * repeats:.0f} mJ"
    ]
    assert cells_of(found, "the sensor's gain", "share of variance") == ["1.0 %"]
    assert cells_of(found, "the sensor's gain", "standard uncertainty") == [f"{1e3 * gain:.1f} mJ"]


def test_the_next_item_has_the_interval_of_its_repeats(data: ReportData) -> None:
    """Student's with 39 degrees of freedom (2.023) at the least, a third more at most, leaning to the long tail."""
    (row,) = (row for row in data.analysis.rows if row.label == "infer")
    of_next = row.expected_per_item
    student = 2.0227 * statistics.stdev(PER_ITEM) / 40**0.5
    assert of_next.value == pytest.approx(0.242)
    assert student < (of_next.high - of_next.low) / 2 < 4 / 3 * student
    assert of_next.high - of_next.value > of_next.value - of_next.low > 0.5 * student


def test_json_holds_the_same_numbers(rendered: dict[str, str]) -> None:
    found = json.loads(rendered["json"])
    for name, value in {"energy": 200.0, "charge": 40.0, "power": 2.0}.items():
        shown = found["run"][name]
        assert shown["value"] == pytest.approx(value) and shown["grade"] == "measured"
        assert shown["high"] - shown["value"] == pytest.approx(INTERVAL * value)
        assert shown["value"] - shown["low"] == pytest.approx(INTERVAL * value)
        (gain,) = (part for name, part in shown["parts"].items() if name.startswith("gain:"))
        assert gain == pytest.approx(STANDARD * value)
        assert sum(part**2 for part in shown["parts"].values()) == pytest.approx(gain**2)
    run = found["run"]
    assert (run["duration_s"], run["peak_w"], run["gap_s"]) == (RUN_S, 2.0, 0.0)
    assert run["above_baseline"]["value"] == pytest.approx(150.0)
    assert run["baseline"]["power"]["value"] == BASELINE_W
    battery = found["battery"]
    assert battery["share_used"]["value"] == pytest.approx(200.0 / CELL_J)
    assert battery["remaining"]["value"] == pytest.approx(1 - 200.0 / CELL_J)
    assert battery["hours"]["value"] == pytest.approx(CELL_J / WATTS / 3600)
    assert battery["items_per_charge"]["value"] == pytest.approx(CELL_J / 0.242)
    assert found["footprint"]["carbon"]["value"] == pytest.approx(RUN_KWH * GRID, rel=1e-3)  # g
    assert found["item_footprint"]["carbon"]["value"] == pytest.approx(0.242 / 3.6e6 * GRID, rel=1e-3)


@pytest.mark.parametrize("label", UNROUNDED)
def test_json_of_a_label(rendered: dict[str, str], label: str) -> None:
    (found,) = (row for row in json.loads(rendered["json"])["labels"] if row["label"] == label)
    expected = UNROUNDED[label]
    per_item = expected["charge"] / expected["items"]  # type: ignore[operator]
    same = {
        "energy": expected["energy"],
        "energy_per_item": expected["energy_per_item"],
        "energy_median": expected["energy_median_j"],
        "energy_p95": expected["energy_p95_j"],
        "charge": expected["charge"],
        "charge_per_item": per_item,
        "power": 2.0,
        "above_baseline_per_item": expected["above_baseline_per_item"],
        "above_baseline": (WATTS - BASELINE_W) * expected["duration_s"],  # type: ignore[operator]
        "above_baseline_power": WATTS - BASELINE_W,
        "per_charge": expected["items_per_charge"],
    }
    if same["energy_p95"] is None:
        del same["energy_p95"]
        assert found.pop("energy_p95") is None
    for name, value in same.items():
        assert found[name]["value"] == pytest.approx(value), name
    for name in (
        "energy",
        "energy_per_item",
        "energy_median",
        "energy_p95",
        "charge",
        "charge_per_item",
        "power",
    ):
        if name not in same:
            continue
        half = (found[name]["high"] - found[name]["low"]) / 2
        assert half == pytest.approx(INTERVAL * found[name]["value"]), name
    latency = {name: expected[f"latency_{name}_s"] for name in ("mean", "p50", "p95", "p99")}
    assert {name: at for name, at in found["latency_s"].items() if at is not None} == pytest.approx(
        {name: at for name, at in latency.items() if at is not None}
    )
    assert set(found["latency_s"]) == set(latency)
    assert found["standard_deviation_j"] == (
        pytest.approx(expected["energy_standard_deviation_j"]) if label == "infer" else None
    )
    assert (found["seconds"], found["events"], found["items"]) == (
        pytest.approx(expected["duration_s"]),
        expected["events"],
        expected["items"],
    )
    assert found["sample_mean_w"] == pytest.approx(2.0)
    assert found["sample_mean_energy_j"] == pytest.approx(expected["energy"])
    assert found["trapezoid_j"] == pytest.approx(expected["energy"])
    assert found["peak_memory"] == expected["peak_memory_b"]
    assert (found["gap_s"], found["outside"], found["overlapping"], found["resolved"]) == (
        0.0,
        0,
        False,
        True,
    )
    # Ten readings a second: 2 s hold 20; of the lengths of infer the median, 0.5 s, holds 5.
    assert found["samples_per_event"] == pytest.approx({"load": 20.0, "infer": 5.0}[label])


@pytest.mark.parametrize("label", UNROUNDED)
def test_each_column_of_csv(rendered: dict[str, str], label: str) -> None:
    """No column without a number worked out above."""
    (row,) = (row for row in csv.DictReader(io.StringIO(rendered["csv"])) if row["label"] == label)
    expected = UNROUNDED[label]
    # One steady event at regular moments far apart: a loop in step with them would look the same.
    assert row.pop("label") == label
    assert row.pop("grade") == ("estimated" if label == "load" else "measured")
    for column, cell in row.items():
        name, which = column, "value"
        interval = re.fullmatch(r"(\w+?)(_low|_high)?(?:_[jcw])?", column)
        if interval is not None and column not in expected:
            name, which = interval[1], interval[2] or "value"
        if name == "per_item":  # what is quoted: of one event what it used
            name = "expected_per_item" if label == "infer" else "energy_per_item"
        if label == "infer" and name == "expected_per_item":
            assert 0.21 < float(cell) < 0.29
            continue
        if label == "infer" and name == "expected_above_baseline_per_item":  # of 2 W, 0.5 W are idle power
            assert 0.21 < float(cell) * WATTS / (WATTS - BASELINE_W) < 0.29
            continue
        if (
            label == "infer" and name == "next_event_per_item"
        ):  # of forty events, between the lowest and the highest
            span = {"value": 0.242, "_low": min(PER_ITEM), "_high": max(PER_ITEM)}[which]
            assert float(cell) == pytest.approx(span, abs=0.02), column
            continue
        if name == "items_per_charge" and which != "value":
            end = INTERVAL if which == "_low" else -INTERVAL
            near = pytest.approx(4.0 * (1 + end)) if label == "load" else pytest.approx(0.25, abs=0.04)
            assert near == CELL_J / float(cell), column
            continue
        value = expected[name]
        if value is None:
            assert cell == "", column
            continue
        sign = {"value": 0, "_low": -1, "_high": 1}[which]
        assert float(cell) == pytest.approx(value * (1 + sign * HALF.get(name, 0.0) * INTERVAL)), column  # type: ignore[operator]


def test_each_column_of_the_events(data: ReportData) -> None:
    found = export_columns.events(data.analysis)
    assert len(found["label"]) == 41
    where = list(found["uid"]).index(4)  # the third infer: 34 of the 40 lengths, 0.8 s
    length = LENGTHS_S[2 * 17 % 40]
    row = {name: column[where] for name, column in found.items()}
    assert row.pop("start_s") == pytest.approx(14.0) and row.pop("duration_s") == pytest.approx(length)
    assert row.pop("energy_j") == pytest.approx(WATTS * length)
    assert row.pop("energy_low_j") == pytest.approx(WATTS * length * (1 - INTERVAL))
    assert row.pop("energy_high_j") == pytest.approx(WATTS * length * (1 + INTERVAL))
    assert row.pop("energy_per_item_j") == pytest.approx(WATTS * length / ITEMS)
    assert row.pop("charge_c") == pytest.approx(WATTS / VOLTS * length)
    assert row == {
        "label": "infer",
        "count": ITEMS,
        "grade": "measured",
        "samples": int(length * 10),
        "process": 1,
        "thread": 1,
        "task": None,
        "uid": 4,
        "parent": None,
        "peak_memory_b": 123_000_000,
    }


def test_the_samples_have_their_times_and_units(tmp_path: Path) -> None:
    with Recording.open(build(tmp_path / "one.power")) as recording:
        found = export_columns.samples(recording)
    assert list(found) == ["time_s", "utc", "meter/voltage_v", "meter/current_a", "meter/flags"]
    row = {name: column[3] for name, column in found.items()}
    assert row.pop("utc") == "2025-06-15T15:06:40.300000Z" and UTC_S == 1_750_000_000
    assert row == pytest.approx(
        {"time_s": 0.3, "meter/voltage_v": 5.0, "meter/current_a": 0.4, "meter/flags": 0.0}
    )


def test_the_sci_sheet_is_of_one_item(rendered: dict[str, str]) -> None:
    """E × I of one inference is 0.242 J: the whole run's would be 3.3 mg."""
    micrograms = 0.242 / 3.6e6 * GRID * 1e6  # 4.05
    lines = rendered["sci"].splitlines()
    for begin in ("- SCI: ", "- E × I: "):
        (line,) = (line for line in lines if line.startswith(begin))
        shown = re.search(r"([\d.]+) µg CO2e per inference", line)
        assert shown is not None and float(shown[1]) == pytest.approx(micrograms, rel=0.015), line
    assert "- functional unit R: inference, 200 measured" in lines
    assert "- energy of 40 events of infer: 48.40 ± 0.46 J" in lines
    assert f"- per inference: {LABELS['infer']['per item']}" in lines
    (line,) = (line for line in lines if line.startswith("- = "))
    shown = re.fullmatch(r"- = ([\d.]+) µg CO2e / 200 inferences", line)
    assert shown is not None and float(shown[1]) == pytest.approx(200 * micrograms, rel=1e-3)
    (line,) = (line for line in lines if line.startswith("Carbon of the whole run: "))
    assert line.startswith("Carbon of the whole run: 3.3 mg CO2e")
    assert pytest.approx(3.348, abs=0.001) == RUN_KWH * GRID * 1e3  # mg


@pytest.mark.parametrize("kind", ["text", "markdown", "latex", "html-plain"])
def test_the_footprints_of_the_run_and_of_an_item(rendered: dict[str, str], kind: str) -> None:
    text = spaced(re.sub(r"<[^>]+>", " ", rendered[kind]) if kind == "html-plain" else rendered[kind])
    if kind == "latex":
        assert "\\num{3.3}\\,mg CO\\textsubscript{2}e (\\numrange{2.6}{4.3})" in text
        return
    assert "3.3 mg CO2e (2.6 to 4.3)" in text
    assert "4.1 µg CO2e" in text  # 0.242 J × 60.26 g/kWh
    assert "220 µL" in text and "270 nL" in text  # 3.67 L/kWh ÷ 0.93
    assert "12 ng Sb eq" in text and "14 pg Sb eq" in text  # 2e-7 kg/kWh ÷ 0.93


@pytest.mark.parametrize("kind", ["markdown", "html-plain"])
def test_every_factor_is_named_with_its_source(rendered: dict[str, str], data: ReportData, kind: str) -> None:
    text = re.sub(r"<[^>]+>", "", rendered[kind])
    plain = spaced(html_text(text).replace("\\", ""))
    assert data.footprint is not None and len(data.footprint.factors_used) >= 3
    for factor in data.footprint.factors_used:
        assert spaced(factor.source.title) in plain, factor.name


def test_what_the_recording_itself_took_is_a_share_of_the_time_it_ran(tmp_path: Path) -> None:
    """0.5 s of processor time and 24 MB; the recorder's clock pairs lie 100 s apart, as long as the run: 0.5 %."""
    path = build(tmp_path / "one.power")
    with append_to(path) as opened:
        opened.add_health(START, {"cpu_s": 0.25, "peak_memory": 23_000_000})
        opened.add_health(START + 100 * NS, {"cpu_s": 0.5, "peak_memory": 24_000_000})
    with Recording.open(path) as recording:
        found = gather(recording)
    plain = json.loads(load(REPORTS["json"])().render(found))["own_cost"]
    assert plain == pytest.approx({"cpu_s": 0.5, "share_of_core": 0.005, "peak_memory": 24_000_000})
    text = spaced(to_text(found, 200))
    assert "recording itself took 500 ms of processor time" in text and "24.0 MB" in text
    assert "0.5 %" in text or "0.50 %" in text
