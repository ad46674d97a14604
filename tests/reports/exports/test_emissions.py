"""The emissions.csv that we write, codecarbon's own class accepts and our importer reads back."""

from __future__ import annotations

import csv
import io

import pytest

from powermeter.recording import Recording
from powermeter.reports.exports.emissions import COLUMNS, write_emissions
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.result import Grade


def rows_of(path, place="FRA"):
    file = io.BytesIO()
    with Recording.open(path) as recording:
        data = gather(recording, ReportOptions(place=place))
        write_emissions(data, file)
    return list(csv.DictReader(io.StringIO(file.getvalue().decode()))), data, file.getvalue()


def test_units_are_codecarbons_and_unknown_cells_stay_empty(make):
    (row,), data, _ = rows_of(make())
    assert tuple(row) == COLUMNS
    assert float(row["energy_consumed"]) == pytest.approx(20 / 3.6e6)  # 2 W over 10 s, in kWh
    assert float(row["duration"]) == pytest.approx(10)
    assert float(row["emissions"]) == pytest.approx(data.footprint.carbon.value / 1000)  # kg
    assert float(row["emissions_rate"]) == pytest.approx(float(row["emissions"]) / 10)
    assert row["country_iso_code"] == "FRA" and row["country_name"] == "France"
    assert row["cpu_energy"] == row["gpu_power"] == row["codecarbon_version"] == ""


def test_codecarbon_appends_to_it(make, tmp_path):
    emissions_data = pytest.importorskip("codecarbon.output_methods.emissions_data")
    from codecarbon.output_methods.file import FileOutput

    assert [f for f in emissions_data.EmissionsData.__dataclass_fields__] == list(COLUMNS)
    _, _, content = rows_of(make())
    (tmp_path / "emissions.csv").write_bytes(content)
    theirs = emissions_data.EmissionsData(**{name: 0 for name in COLUMNS})
    assert FileOutput("emissions.csv", str(tmp_path)).has_valid_headers(theirs)


def test_our_importer_reads_the_energy_back(make, tmp_path):
    from powermeter.importers import convert

    _, _, content = rows_of(make())
    source = tmp_path / "emissions.csv"
    source.write_bytes(content)
    convert(source, tmp_path / "back.power")
    with Recording.open(tmp_path / "back.power") as recording:
        data = gather(recording)
    assert data.headline is not None and data.headline.energy is not None
    assert data.headline.energy.value == pytest.approx(20.0, rel=1e-6)


def test_memory_is_in_gib_and_the_machine_is_described(make):
    (row,), _, _ = rows_of(
        make(
            metadata={
                "host": {"memory": 8 * 2**30, "cores": 4, "cpu": "A53", "os": "Linux"},
                "python": "3.11.2",
            }
        )
    )
    assert float(row["ram_total_size"]) == 8.0
    assert (row["cpu_count"], row["cpu_model"], row["os"], row["python_version"]) == (
        "4",
        "A53",
        "Linux",
        "3.11.2",
    )
    assert (row["tracking_mode"], row["on_cloud"]) == ("machine", "N")


def test_a_simulation_is_named_in_its_row(make):
    """Whoever reads such a file has no other column than these two to see it by."""
    (row,), _, _ = rows_of(make(grade=Grade.SIMULATED))
    assert row["project_name"].endswith("(simulated)") and row["experiment_id"] == "simulated"
    (row,), _, _ = rows_of(make(name="measured.power"))
    assert "simulated" not in row["project_name"] and row["experiment_id"] == ""
