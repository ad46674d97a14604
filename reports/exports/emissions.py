"""A recording as codecarbon's `emissions.csv`: one row for the run, with that file's own units (kWh, kg, W, s).

A column whose number we do not know is left empty: what a processor, a GPU or the memory used on its own is known only where
a rail of that kind was recorded.  What was not measured stands as its grade in `experiment_id`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import IO, Any

from powermeter.channel import Boundary
from powermeter.result import Grade

from ..report_data import ReportData
from ..table_formats import harmless_cell

J_PER_KWH = 3.6e6

COLUMNS = (
    "timestamp",
    "project_name",
    "run_id",
    "experiment_id",
    "duration",
    "emissions",
    "emissions_rate",
    "cpu_power",
    "gpu_power",
    "ram_power",
    "cpu_energy",
    "gpu_energy",
    "ram_energy",
    "energy_consumed",
    "water_consumed",
    "country_name",
    "country_iso_code",
    "region",
    "cloud_provider",
    "cloud_region",
    "os",
    "python_version",
    "codecarbon_version",
    "cpu_count",
    "cpu_model",
    "gpu_count",
    "gpu_model",
    "longitude",
    "latitude",
    "ram_total_size",
    "tracking_mode",
    "cpu_utilization_percent",
    "gpu_utilization_percent",
    "ram_utilization_percent",
    "ram_used_gb",
    "on_cloud",
    "pue",
    "wue",
)
"""Of codecarbon 3.3 (`output_methods/emissions_data.py`)."""


def write_emissions(data: ReportData, file: IO[bytes]) -> None:
    """Write the run as one row."""
    values = row(data)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerow({name: harmless_cell(value) for name, value in values.items()})
    file.write(text.getvalue().encode("utf-8", "replace"))


def row(data: ReportData) -> Mapping[str, Any]:
    """Return the columns that are known."""
    a, whole, grade = data.analysis, data.footprint, data.grade
    host = data.noted("host")
    seconds = a.duration.value
    known: dict[str, Any] = {
        "timestamp": data.started.strftime("%Y-%m-%dT%H:%M:%S") if data.started else "",
        "project_name": data.title if grade is not Grade.SIMULATED else f"{data.title} (simulated)",
        "experiment_id": "" if grade is Grade.MEASURED else grade.value,
        "run_id": data.path.stem,
        "duration": seconds,
        "energy_consumed": a.energy.value / J_PER_KWH,
        "os": host.get("os", ""),
        "python_version": data.metadata.get("python", ""),
        "codecarbon_version": "",
        "cpu_count": host.get("cores", ""),
        "cpu_model": host.get("cpu", ""),
        "tracking_mode": "machine" if a.line.rail.boundary is not Boundary.PART else "process",
        "on_cloud": "N",
    }
    memory = host.get("memory")
    if isinstance(memory, (int, float)):
        known["ram_total_size"] = memory / 2**30
    if whole is not None:
        kg = whole.carbon.value / 1000
        known["emissions"] = kg
        known["emissions_rate"] = kg / seconds if seconds > 0 else ""
        water = whole.accounts.get("water")
        known["water_consumed"] = water.result.value if water is not None else ""
        if whole.place is not None:
            known["country_name"], known["country_iso_code"] = whole.place.name, whole.place.country
            known["region"] = whole.place.region or ""
    return known
