"""The tables of events and labels: the same columns whatever is in the recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.errors import ConfigurationError
from powermeter.recording import Recording, Writer
from powermeter.reports import export_columns
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
        table = export_columns.labels(data.charges)
        assert list(table) == ["label", *export_columns.LABEL_COLUMNS]
        assert {len(column) for column in table.values()} == {len(data.analysis.rows)}


def test_an_attribute_never_takes_the_place_of_a_number(path: Path) -> None:
    with Recording.open(path) as recording:
        table = export_columns.labels(gather(recording, ReportOptions(by="items,label,site")).charges)
    assert list(table["label"]) == ["infer"] and list(table["items"]) == [24]
    assert (list(table["attribute_items"]), list(table["attribute_label"])) == (["mine"], ["theirs"])
    assert list(table["site"]) == ["lab"]


def test_the_time_of_day_is_interpolated_between_the_pairs_of_clocks(tmp_path: Path) -> None:
    """The wall clock gains a second in ten: half way half a second; before the first pair and after the last it keeps its distance."""
    start = 1_750_000_000 * 10**9
    with Writer.create(tmp_path / "run.power") as writer:
        writer.add_clock_pair(10 * 10**9, start)
        writer.add_clock_pair(20 * 10**9, start + 11 * 10**9)
    with Recording.open(tmp_path / "run.power") as recording:
        at = np.array([8, 10, 15, 20, 25], np.int64) * 10**9
        found = export_columns.utc_ns(recording, at)
        stamps = export_columns.utc(recording, at)
    assert ((found - start) / 1e9).tolist() == [-2.0, 0.0, 5.5, 11.0, 16.0]
    assert stamps[2] == "2025-06-15T15:06:45.500000Z"


def test_without_a_pair_there_is_no_time_of_day(tmp_path: Path) -> None:
    with Writer.create(tmp_path / "run.power"):
        pass
    with Recording.open(tmp_path / "run.power") as recording:
        assert export_columns.utc(recording, np.array([0])) is None
        assert export_columns.utc_ns(recording, np.array([0])) is None


def test_samples_of_two_sources_are_in_one_order_of_time_each_in_its_own_columns(tmp_path: Path) -> None:
    volts = Channel("v", Quantity.VOLTAGE, 1e-3, Rail("VIN"))
    logic = Channel("d0", Quantity.MARKER, 1.0)
    with Writer.create(tmp_path / "run.power") as writer:
        one = writer.add_source("x://1", "one", "x", (volts, logic))
        two = writer.add_source("x://2", "", "x", (volts,))
        writer.append(one, np.array([10, 30], np.int64) * 10**9, np.array([[5000, 1], [MISSING, 0]]))
        writer.append(two, np.array([20], np.int64) * 10**9, np.array([[3300]]), np.array([2], np.uint8))
    with Recording.open(tmp_path / "run.power") as recording:
        table = {name: list(column) for name, column in export_columns.samples(recording).items()}
    assert list(table) == ["time_s", "one/v_v", "one/d0", "one/flags", "x://2/v_v", "x://2/flags"]
    assert table["time_s"] == [0.0, 10.0, 20.0]
    nan = pytest.approx(float("nan"), nan_ok=True)
    assert table["one/v_v"] == [5.0, nan, nan] and table["one/d0"] == [1.0, nan, 0.0]
    assert table["one/flags"] == [0.0, nan, 0.0]
    assert table["x://2/v_v"] == [nan, pytest.approx(3.3), nan] and table["x://2/flags"] == [nan, 2.0, nan]


def test_only_one_labels_rows_are_kept(path: Path) -> None:
    with Recording.open(path) as recording:
        data = gather(recording)
    assert set(export_columns.events(data.analysis)["label"]) >= {"infer"}
    assert list(export_columns.events(data.analysis, "infer")["label"]) == ["infer"] * 6
    assert list(export_columns.labels(data.charges, "infer")["label"]) == ["infer"]
    for table in (
        lambda: export_columns.events(data.analysis, "infre"),
        lambda: export_columns.labels(data.charges, "infre"),
    ):
        with pytest.raises(ConfigurationError, match="infer"):
            table()


def test_a_count_per_charge_has_its_interval(path: Path) -> None:
    with Recording.open(path) as recording:
        data = gather(recording)
        table = export_columns.labels(data.charges)
        held = data.charges.items_held(data.analysis.rows[0])
    assert held is not None
    names = ("items_per_charge", "items_per_charge_low", "items_per_charge_high")
    assert [table[name][0] for name in names] == [held.value, held.low, held.high]
