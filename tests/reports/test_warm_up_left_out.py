"""Mean, median, p95 and standard deviation of a row are of the same events, in every format; totals and times are of all."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest
from table_cells import cells_of, html_tables, latex_tables, markdown_tables, terminal_tables

from powermeter.recording import Recording
from powermeter.registry import REPORTS, load
from powermeter.reports import export_columns
from powermeter.reports.distributions import caption_of, spreads_of
from powermeter.reports.report_data import ReportData, gather
from powermeter.reports.terminal_text import to_text
from tests.reports.conftest import infer, maker

# At 2 W: four first events of 0.4 s, 0.8 J each, then ten of 0.1 s (0.2 J) and ten of 0.12 s (0.24 J) by turns.
LENGTHS_S = [0.4] * 4 + [0.1, 0.12] * 10
MEDIAN_J = 0.22
P95_J = 0.24  # 0.95 × 19 = 18.05: the 19th and the 20th of twenty are both 0.24 J
SPREAD_J = 0.02 * math.sqrt(20 / 19)
MEAN_S = sum(LENGTHS_S) / 24  # of all: 158.3 ms; the 23rd and 24th of 24 are 0.4 s

TAKEN_APART = {
    "text": terminal_tables,
    "markdown": markdown_tables,
    "html-plain": html_tables,
    "latex": latex_tables,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    events = [infer(0.41 * i, length, 1, i + 1) for i, length in enumerate(LENGTHS_S)]
    path = maker(tmp_path_factory.mktemp("warm"))("warm.power", events=events)
    with Recording.open(path) as recording:
        return gather(recording)


def rendered(data: ReportData, kind: str) -> str:
    if kind == "text":
        return to_text(data, 130)
    text = load(REPORTS[kind])().render(data)
    return text.decode() if isinstance(text, bytes) else text


@pytest.mark.parametrize("kind", TAKEN_APART)
def test_a_row_is_of_the_events_that_it_states(data: ReportData, kind: str) -> None:
    found = TAKEN_APART[kind](rendered(data, kind))
    columns = {"events": "20 of 24", "median": "220.0 mJ", "std dev": "21 mJ"}
    for head, expected in columns.items():
        if (kind, head) != ("latex", "std dev"):  # a paper's table has no such column
            assert cells_of(found, "infer", head) == [expected], head
    p95 = cells_of(found, "infer", "p95")
    assert p95 == (["400 ms"] if kind == "latex" else ["240.0 mJ", "400 ms"])  # of energy, and of all times
    assert "leave the warm-up out; times, power and totals are of all" in " ".join(
        rendered(data, kind).split()
    )


def test_unrounded_columns_are_of_the_same_events(data: ReportData) -> None:
    (row,) = csv.DictReader(io.StringIO(rendered(data, "csv")))
    table = {name: column[0] for name, column in export_columns.labels(data.charges).items()}
    for found in (row, table):
        assert (int(found["events"]), int(found["events_of_warmup"])) == (24, 4)
        for name, expected in (
            ("energy_median_j", MEDIAN_J),
            ("energy_p95_j", P95_J),
            ("energy_standard_deviation_j", SPREAD_J),
            ("per_item_j", MEDIAN_J),
            ("energy_per_item_j", 2 * MEAN_S),
            ("latency_mean_s", MEAN_S),
            ("latency_p95_s", 0.4),
        ):
            assert float(found[name]) == pytest.approx(expected, rel=2e-3), name


def test_json_is_of_the_same_events(data: ReportData) -> None:
    (label,) = json.loads(rendered(data, "json"))["labels"]
    assert (label["events"], label["warmup"]) == (24, 4)
    assert label["energy_median"]["value"] == pytest.approx(MEDIAN_J, rel=2e-3)
    assert label["energy_p95"]["value"] == pytest.approx(P95_J, rel=2e-3)
    assert label["standard_deviation_j"] == pytest.approx(SPREAD_J, rel=2e-3)
    assert label["latency_s"]["p95"] == pytest.approx(0.4)


def test_a_distribution_names_what_is_not_in_its_median(data: ReportData) -> None:
    (spread,) = spreads_of(data)
    assert caption_of(spread) == (
        "median 220.0 mJ, p95 240.0 mJ of 20 events; hollow: 4 of the warm-up, left out of them"
    )
