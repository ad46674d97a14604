"""Logs that are read with a note: what was left out, assumed or changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.cli import run
from tests.support.log_texts import DETAIL, MAC, MLLOG, RIGOL, TRACE, Files, placed, spl

# What is read, and what the note on it holds.
NOTED: dict[str, tuple[Files, tuple[str, ...], str]] = {
    "short rows": (
        {"a.csv": "time_s,power_W\n" + "".join(f"{i},5\n" for i in range(30)) + "30\n31,5\n"},
        (),
        "1 row with too few fields was left out (lines 32)",
    ),
    "short rows of jtop": (
        {
            "a.csv": "System-Time,VDD_IN-IN_POWER\n"
            + "".join(f"01:22:{i:02d},5000\n" for i in range(30))
            + "01:22:31\n"
        },
        (),
        "left out",
    ),
    "MLPerf without its log": (
        {"run_1/spl.txt": spl()},
        (),
        "no mlperf_log_detail.txt beside spl.txt: the window is not known",
    ),
    "MLPerf without a window": (
        {
            "run_1/spl.txt": spl(),
            "run_1/mlperf_log_detail.txt": ':::MLLOG {"key": "power_begin", "value": "07-26-2022 07:05:21.000"}\n',
        },
        (),
        "mlperf_log_detail.txt has no power_end",
    ),
    "MLPerf without queries": (
        {
            "run_1/spl.txt": spl(),
            "run_1/mlperf_log_detail.txt": DETAIL.format(
                begin="07-26-2022 07:05:21.000", end="07-26-2022 07:05:28.000"
            ),
        },
        (),
        "no result_query_count: energy per query is not known",
    ),
    "MLPerf Tiny without timestamps": (
        {"t/trace1-energy.bin": TRACE, "t/": ""},
        (),
        "no timestamps beside trace1-energy.bin",
    ),
    "MLPerf Tiny that is cut": (
        {"t/trace1-energy.bin": TRACE + b"\x01", "t/": ""},
        (),
        "the last sample is cut and was left out",
    ),
    "MLPerf Training with damage": (
        {"node_0.txt": "".join(MLLOG % i for i in range(9)) + ":::MLLOG {power_reading\n"},
        (),
        "1 damaged line was left out",
    ),
    "tegrastats among other lines": (
        {"a.log": "RAM 1/2MB CPU [1%@102,off] GPU@37.5C VDD_IN 5000mW/5000mW\n" * 30 + "hello\n"},
        ("--rate", "1s"),
        "1 line that is not from tegrastats was left out",
    ),
    "tegrastats without rails": (
        {
            "a.log": "RAM 1/2MB CPU [1%@102,off] GPU@37.5C VDD_IN 5000mW/5000mW\n" * 30
            + "RAM 1/2MB CPU [1%@102,off] GPU@37.5C\n"
        },
        ("--rate", "1s"),
        "1 line without power rails was left out",
    ),
    "nvidia-smi stats among other lines": (
        {"a.csv": "".join(f"0, pwrDraw    , 151594233073{i}500, 1{i}\n" for i in range(9)) + "hello\n"},
        (),
        "1 line is not a sample of nvidia-smi stats: left out",
    ),
    "a sample of powermetrics without a power": (
        {"a.txt": (MAC.format(ms=100.5) + "CPU Power: 5 mW\n") * 5 + MAC.format(ms=100.5)},
        (),
        "1 sample without a power: left out, with the time that it lasted",
    ),
    "a current of an oscilloscope": (
        {"a.csv": RIGOL.format(start="0", step="1e-3") + "".join(f"{i},1.{i},,\n" for i in range(9))},
        ("--column", "CH1=A"),
        "a current and no voltage",
    ),
}


@pytest.mark.parametrize("name", NOTED)
def test_it_is_read_with_a_note(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, options, said = NOTED[name]
    monkeypatch.chdir(tmp_path)
    status = run(["import", placed(files), "-o", "out.power", *options])
    printed = " ".join("".join(capsys.readouterr()).split())
    assert status in (0, 7) and said in printed, printed
    assert Path("out.power").exists()
