"""Columns of a unit that no meter read: ratings, peaks, percentiles and forecasts are never integrated, nor offered first."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import open_log
from powermeter.importers.headers import heading
from powermeter.importers.log import Choices


def log(folder: Path, *columns: str) -> Path:
    path = folder / "t.csv"
    rows = "".join(f"{i}{f',{100 + i}.5' * len(columns)}\n" for i in range(12))
    path.write_text(f"time_s,{','.join(columns)}\n{rows}")
    return path


@pytest.mark.parametrize(
    "name",
    [
        *("peak_power_W", "psu_rating_W", "PL1_W", "PL2 (W)", "power_p95_W", "forecast_W", "delta_power_W"),
        *("sqrt_power_W", "power_cmd_W", "dP (W)", "demand_response_W", "cumulative_power_W"),
    ],
)
def test_none_of_them_is_a_reading_unless_it_is_typed(tmp_path: Path, name: str) -> None:
    path = log(tmp_path, name)
    with pytest.raises(DataError, match=r"by its name no reading .*--column"):
        open_log(path)
    open_log(path, choices=Choices(columns={name: "W"}))


def test_what_was_read_is_the_whole_beside_them(tmp_path: Path) -> None:
    found = open_log(log(tmp_path, "actual_W", "predicted_W", "actual_peak_W"))
    assert found.facts["whole"]["rail"] == "actual"


@pytest.mark.parametrize(
    ("name", "pays"),
    [
        *(("Vref (V)", False), ("V_nom (V)", False), ("Vcc_nominal (V)", False), ("setpoint (V)", False)),
        *(("sensor_voltage_V", False), ("ADC voltage (V)", False), ("voltage_V", True), ("VBUS (V)", True)),
    ],
)
def test_a_voltage_of_reference_or_of_a_sensor_is_not_the_supplys(
    tmp_path: Path, name: str, pays: bool
) -> None:
    path = tmp_path / "v.csv"
    path.write_text(f"time_s,{name},Current (A)\n" + "".join(f"{i},3.3,{1 + i % 3}\n" for i in range(9)))
    found = {channel.quantity for channel in open_log(path).sources[0].channels if channel.rail}
    assert (Quantity.VOLTAGE in found) is pays
    stated = open_log(path, choices=Choices(columns={name: "V"}))
    assert Quantity.VOLTAGE in {c.quantity for c in stated.sources[0].channels if c.rail}


@pytest.mark.parametrize("name", ["P1_W", "P2_W", "energy_peak_Wh"])
def test_phases_and_registers_of_peak_hours_are_readings(tmp_path: Path, name: str) -> None:
    assert open_log(log(tmp_path, name)).facts["whole"]["rail"]


def test_the_kernels_counter_that_wraps_often_is_no_amount_per_row(tmp_path: Path) -> None:
    wrap, step = 262_143_328_850, 200_000_000_000  # 333 W in rows of 10 min
    rows = "".join(f"{1_711_000_000 + 600 * i},{step * i % wrap}\n" for i in range(1, 12))
    path = tmp_path / "r.csv"
    path.write_text("timestamp,energy_uj\n" + rows)
    with pytest.raises(ConfigurationError, match="begins anew at 262 kJ"):
        open_log(path)


@pytest.mark.parametrize("columns", [("pid", "sm"), ("humidity_%", "wind_m/s"), ("FPS",)])
def test_neither_a_unit_nor_a_rate_is_asked_of_what_is_no_electricity(
    tmp_path: Path, columns: tuple[str, ...]
) -> None:
    path = log(tmp_path, *columns)
    for text in (path.read_text(), path.read_text().replace("time_s", "row")):
        path.write_text(text)
        with pytest.raises(DataError, match="no column of power"):
            open_log(path)


def test_symbols_before_a_name_are_volts_and_amperes(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--column V_cell=V --column I_cell=A"):
        open_log(log(tmp_path, "V_cell", "I_cell"))


@pytest.mark.parametrize("name", ["Port 1", "line_2"])
def test_the_unit_of_a_numbered_wire_is_asked(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"the unit of '{name}'.*--column"):
        open_log(log(tmp_path, name))


@pytest.mark.parametrize(
    "name", ["log_power_W", "power_pred_W", "power_log10", "bias_current_mA", "power_normalized"]
)
def test_a_logarithm_a_guess_and_a_bias_are_no_draw(name):
    assert heading(name).is_aside


@pytest.mark.parametrize("name", ["power_W", "catalog_power_W", "logger_power_W", "power_log_W"])
def test_what_a_logger_read_is_a_draw(name):
    assert not heading(name).is_aside
