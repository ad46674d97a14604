"""The JSON of a report keeps to its published schema, whatever the recording; the CSV has a row per label."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from powermeter.recording import Recording
from powermeter.reports.data_files import CSVReport, JSONReport
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "record.schema.json"


def gathered(path, **options):
    with Recording.open(path) as recording:
        return gather(recording, ReportOptions(**options))


@pytest.mark.parametrize(
    ("recording", "options"),
    [
        ({"gap_s": (9.6, 9.9), "second": True}, {"place": "FRA", "by": "model", "baseline": "1W"}),
        ({"volts": False, "metadata": {"command": ["x.py"]}}, {"battery": "15.4Wh"}),
        ({"watts": -2.0}, {}),
    ],
)
def test_json_keeps_to_the_published_schema(make, twenty, recording, options):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    said = json.loads(JSONReport().render(gathered(make(events=twenty, **recording), **options)))
    jsonschema.validate(said, schema)
    assert set(said) == set(schema["properties"])
    assert set(said["labels"][0]) == set(schema["$defs"]["label"]["properties"])
    assert set(said["sources"][0]) == set(schema["$defs"]["source"]["properties"])


def test_csv_is_the_table_of_labels(make, twenty):
    data = gathered(make(events=twenty), by="model")
    rows = list(csv.DictReader(io.StringIO(CSVReport().render(data).decode())))
    assert [row["model"] for row in rows] == ["b", "a"]
    assert float(rows[0]["energy_per_item_j"]) == pytest.approx(0.125)
