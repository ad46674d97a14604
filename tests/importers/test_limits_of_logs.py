"""How many rows, columns, files and devices of a log are taken; more are refused with the limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.cli import run
from tests.support.log_texts import CHIPS, INFLUX, MAC, PLAIN, READY, REPORTS, RIGOL, SETBACK

# What is more than is taken → (module, its limit, what it is set to, file, its content, options, what the message holds).
LIMITS: dict[str, tuple[str, str, int, str, str, tuple[str, ...], str]] = {
    "rows": ("blocks", "MAX_ROWS", 3, "a.csv", PLAIN, (), "more than 3 rows; split it and import the parts"),
    "columns": ("blocks", "MAX_COLUMNS", 1, "a.csv", PLAIN, (), "2 columns; this is not a power log"),
    "clocks set": ("time_axis", "_MAX_JUMPS", 1, "a.csv", SETBACK, (), "its clock was set more than 1 times"),
    "runs": (
        "codecarbon",
        "_MAX_RUNS",
        1,
        "e.csv",
        "timestamp,duration,cpu_energy,gpu_energy,ram_energy,energy_consumed\nt,5,1,1,1,3\nt,5,1,1,1,3\n",
        (),
        "more than 1 runs",
    ),
    "cards": (
        "dcgm",
        "_MAX_GPUS",
        1,
        "a.txt",
        "#Entity   POWER\nID   W\n" + "GPU 0   5.5\nGPU 1   6.5\n" * 5,
        ("--rate", "1s"),
        "more than 1 GPUs",
    ),
    "values of InfluxDB": (
        "influx_csv",
        "_MOST_VALUES",
        3,
        "a.csv",
        INFLUX,
        (),
        "more than 3 values; query the one field",
    ),
    "series of InfluxDB": (
        "influx_csv",
        "_MOST_SERIES",
        1,
        "a.csv",
        INFLUX,
        (),
        "more than 1 series; query the one",
    ),
    "sensors": ("lm_sensors", "_MOST_COLUMNS", 1, "a.txt", CHIPS, (), "more than 1 sensors of electricity"),
    "values in a report": (
        "printed_reports",
        "_MOST_COLUMNS",
        1,
        "a.txt",
        REPORTS,
        ("--sum",),
        "more than 1 values in a report",
    ),
    "samples of powermetrics": (
        "powermetrics",
        "_MAX_BLOCKS",
        1,
        "a.txt",
        (MAC.format(ms=5.5) + "CPU Power: 5 mW\n") * 3,
        (),
        "more than 1 samples",
    ),
    "answers of Redfish": (
        "redfish",
        "_MOST",
        1,
        "a.json",
        READY * 3,
        ("--rate", "1s"),
        "more than 1 answers",
    ),
    "rows of an oscilloscope": (
        "oscilloscope",
        "_MAX_ROWS",
        1,
        "a.csv",
        RIGOL.format(start="0", step="1e-3") + "".join(f"{i},1,,\n" for i in range(9)),
        ("--column", "CH1=A"),
        "more than 1 rows",
    ),
    "devices": (
        "device_rounds",
        "MAX_DEVICES",
        1,
        "a.csv",
        "timestamp, index, power.draw [W]\n"
        + "".join(f"2026/07/15 01:00:0{i}.000, {g}, 5.00 W\n" for i in range(5) for g in (0, 1)),
        (),
        "more than 1 devices",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_more_than_is_taken_is_refused_with_the_limit(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, limit, most, place, text, options, said = LIMITS[name]
    monkeypatch.setattr(f"powermeter.importers.{module}.{limit}", most)
    monkeypatch.chdir(tmp_path)
    Path(place).write_text(text)
    status = run(["import", place, "-o", "out.power", *options])
    printed = capsys.readouterr().err
    assert status != 0 and said in printed and place in printed, printed
