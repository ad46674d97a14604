"""The kernel's names of sensors state their units: millivolts, milliamperes, microwatts, microjoules."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter import analyse
from powermeter.importers import convert
from powermeter.importers.headers import heading
from powermeter.importers.hwmon_names import hwmon_unit


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in1_input", ("voltage1", "mV")),
        ("curr12_input", ("current12", "mA")),
        ("power1_average", ("power1", "uW")),
        ("hwmon2/energy1_input", ("hwmon2/energy1", "uJ")),
        ("fan1_input", None),
        ("power1_cap", None),
        ("begin1_input", None),
        ("in1_input_V", None),
    ],
)
def test_the_unit_of_a_sensor_of_the_kernel(text: str, found: tuple[str, str] | None) -> None:
    assert hwmon_unit(text) == found


def test_a_stated_unit_goes_before_the_kernels() -> None:
    assert (heading("power1_input (W)").factor, heading("power1_input").factor) == (1.0, 1e-6)


def test_a_log_of_them_needs_no_unit(tmp_path: Path) -> None:
    """5 V × 0.8 A for 10 s: 40 J, by microwatts as well."""
    log = tmp_path / "sensors.csv"
    rows = [f"{i / 10:.1f},5000,800,4000000\n" for i in range(101)]
    for columns in (4, 3):
        head = ",".join(["time_s", "in1_input", "curr1_input", "power1_input"][:columns])
        text = "\n".join(",".join(row.strip().split(",")[:columns]) for row in rows)
        log.write_text(f"{head}\n{text}\n")
        convert(log, tmp_path / "o.power", force=True)
        assert analyse(tmp_path / "o.power").energy.value == pytest.approx(40.0)
