"""The tables of events and labels: the same columns whatever is in the recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.recording import Recording
from powermeter.reports import tables
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.testing.boards import Run, simulate_run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    attributes = {"items": "mine", "label": "theirs", "site": "lab"}
    return simulate_run(tmp_path / "run.power", "pi-4", run=Run(inferences=6, batch=4, attributes=attributes))


def test_the_columns_do_not_depend_on_the_rows(path: Path, tmp_path: Path) -> None:
    nothing = simulate_run(tmp_path / "idle.power", "pi-4", run=Run(inferences=0))
    for one in (path, nothing):
        with Recording.open(one) as recording:
            data = gather(recording)
        table = tables.labels(data.charges)
        assert list(table) == ["label", *tables.LABEL_COLUMNS]
        assert {len(column) for column in table.values()} == {len(data.analysis.rows)}


def test_an_attribute_never_takes_the_place_of_a_number(path: Path) -> None:
    with Recording.open(path) as recording:
        table = tables.labels(gather(recording, ReportOptions(by="items,label,site")).charges)
    assert list(table["label"]) == ["infer"] and list(table["items"]) == [24]
    assert (list(table["attribute_items"]), list(table["attribute_label"])) == (["mine"], ["theirs"])
    assert list(table["site"]) == ["lab"]
