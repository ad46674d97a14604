"""The numbers of a report as a file of data: JSON with everything, CSV with a row per label."""

from __future__ import annotations

import io
import json

from . import export_columns
from .json_record import record
from .report_data import ReportData
from .table_formats import write_csv


class JSONReport:
    """Everything that `show --json` prints; its layout is docs/record.schema.json."""

    suffix = ".json"
    binary = False
    summary = "every number unrounded, in SI units; the layout is docs/record.schema.json"

    def render(self, data: ReportData) -> str:
        """Return the JSON."""
        return json.dumps(record(data), indent=2, default=str) + "\n"


class CSVReport:
    """A row per label."""

    suffix = ".csv"
    binary = True
    summary = "a row per label, unrounded, in SI units"

    def render(self, data: ReportData) -> bytes:
        """Return the CSV, UTF-8."""
        file = io.BytesIO()
        write_csv([export_columns.labels(data.charges)], file)
        return file.getvalue()
