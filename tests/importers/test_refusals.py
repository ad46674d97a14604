"""What a file that holds no log of its kind is refused with: one line that names the file, and what is wrong in it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from powermeter.cli import run
from powermeter.errors import DataError
from powermeter.importers import convert
from tests.support.log_texts import (
    DETAIL,
    MAC,
    PLIST,
    REDFISH,
    RIGOL,
    TRACE,
    Files,
    placed,
    prometheus,
    spl,
    tarred,
    zipped,
)

# What is wrong → (files; the first one, or its folder where it ends in a slash, is imported; options; what the message holds).
CASES: dict[str, tuple[Files, tuple[str, ...], str]] = {
    "absent": ({}, (), "no such file or folder"),
    "empty": ({"a.csv": ""}, (), "a.csv: the file is empty"),
    "Alumet without energy": (
        {
            "a.csv": "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes\n"
            + "mem_B;2025-01-01T00:00:00Z;5;local_machine;;local_machine;;\n" * 5
        },
        (),
        "no metric in it is an energy or a power",
    ),
    "carbontracker without a measurement": (
        {"a.log": "2024-01-01 00:00:00 - CarbonTracker: The following components were found: GPU\n"},
        ("--format", "carbontracker"),
        "carbontracker measured nothing in it",
    ),
    "codecarbon without a whole run": (
        {"e.csv": "timestamp,duration,cpu_energy,gpu_energy,ram_energy,energy_consumed\nt,,,,,\nt,,,,,\n"},
        (),
        "no run in it has a duration and all energies",
    ),
    "codecarbon of a century": (
        {
            "e.csv": "timestamp,duration,cpu_energy,gpu_energy,ram_energy,energy_consumed\nt,2500000000,1,1,1,3\nt,2500000000,1,1,1,3\n"
        },
        (),
        "more than a century of runs",
    ),
    "dcgm without a number": (
        {"a.txt": "#Entity   POWER\nID   W\n" + "GPU 0   N/A\n" * 9},
        ("--rate", "1s"),
        "no power in it is a number",
    ),
    "JSON without records": ({"a.json": '{"power": "x", "b": 1}'}, (), "no list of records in it"),
    "JSON of many fields": (
        {"a.json": json.dumps([{f"f{i}": i for i in range(600)}] * 3)},
        (),
        "fields a record; this is not a power log",
    ),
    "no JSON": ({"a.json": '{"a": [\n{"b":\n'}, (), "not JSON"),
    "jtop without rows": ({"a.csv": "System-Time,VDD_IN-IN_POWER\n"}, (), "the header has no rows under it"),
    "jtop without times": (
        {"a.csv": "Nr,VDD_IN-IN_POWER\n1,5000\n2,5000\n"},
        (),
        "no column of times; state how often it was sampled with --rate 1s",
    ),
    "labelled without a label": (
        {"a.log": "hello\nworld 5\n"},
        ("--format", "labelled"),
        "no line of it is a label, a value and its unit",
    ),
    "likwid of no length": (
        {"a.txt": "Runtime: 0 s\nMeasure for socket 0 on CPU 0\nDomain PKG:\nEnergy consumed: 5 Joules\n"},
        ("--format", "likwid"),
        "0 s is not the length of a run",
    ),
    "MLPerf without a sample": (
        {"run_1/spl.txt": "Hello\n" * 5},
        ("--format", "mlperf-power"),
        "no line reads Time",
    ),
    "MLPerf with other lines": ({"run_1/spl.txt": spl() + "Hello\n" * 5}, (), "are not from PTDaemon"),
    "MLPerf of -1": ({"run_1/spl.txt": spl("-1.0")}, (), "every Watts is -1"),
    "MLPerf whose window is none": (
        {
            "run_1/spl.txt": spl(),
            "run_1/mlperf_log_detail.txt": DETAIL.format(
                begin="07-26-2022 07:05:28.000", end="07-26-2022 07:05:21.000"
            ),
        },
        (),
        "power_begin and power_end are not a window",
    ),
    "MLPerf whose window is of another day": (
        {
            "run_1/spl.txt": spl(),
            "run_1/mlperf_log_detail.txt": DETAIL.format(
                begin="07-27-2022 07:05:21.000", end="07-27-2022 07:05:28.000"
            ),
        },
        (),
        "its window lies outside the samples of spl.txt",
    ),
    "MLPerf with a damaged log": (
        {"run_1/spl.txt": spl(), "run_1/mlperf_log_detail.txt": ":::MLLOG {power\n"},
        (),
        "line 1: not JSON after :::MLLOG",
    ),
    "MLPerf Tiny of another first byte": (
        {"t/trace1-energy.bin": b"\x00" + TRACE[1:]},
        ("--format", "mlperf-tiny"),
        "its first byte is not 0xF1",
    ),
    "MLPerf Tiny of no rate": (
        {"t/trace1-energy.bin": struct.pack("<Bf60f", 0xF1, -5.0, *[16.72] * 60)},
        ("--format", "mlperf-tiny"),
        "a sample rate of -5 Hz",
    ),
    "MLPerf Tiny of no seconds": (
        {"t/trace1-energy.bin": TRACE, "t/trace1-timestamps.json": '{"a": 1}'},
        ("--format", "mlperf-tiny"),
        "not a list of seconds",
    ),
    "MLPerf Tiny of no energies": (
        {"t/trace1-energy.bin": struct.pack("<Bf60f", 0xF1, 1000.0, *[1e30] * 60)},
        ("--format", "mlperf-tiny"),
        "it is damaged",
    ),
    "MLPerf Tiny of no trials": (
        {"trials/results.json": '{"a": 1}'},
        ("--format", "mlperf-tiny"),
        "no list of trials",
    ),
    "MLPerf Tiny of a trial without power": (
        {"trials/results.json": '[{"infer": {}}]'},
        ("--format", "mlperf-tiny"),
        "trial 0 has no power.samples",
    ),
    "MLPerf Tiny that is no JSON": ({"trials/results.json": "[{"}, ("--format", "mlperf-tiny"), "not JSON"),
    "MLPerf Tiny without a trace": (
        {"d/a.txt": "x", "d/": ""},
        ("--format", "mlperf-tiny"),
        "neither a trace1-energy.bin nor a results.json in it",
    ),
    "MLPerf Training without a node": (
        {"d/a.txt": "x", "d/": ""},
        ("--format", "mlperf-training"),
        "no node_0.txt in it",
    ),
    "Monsoon without times": (
        {"a.csv": "a,Main(mA)\n1,2\n2,3\n"},
        ("--format", "monsoon"),
        "no column Time(ms)",
    ),
    "Monsoon without a current": (
        {"a.csv": "Time(ms),x\n1,2\n2,3\n"},
        ("--format", "monsoon"),
        "no column of current in it",
    ),
    "Monsoon's binary of another kind": (
        {"a.pt5": b"\x01" * 3000},
        ("--format", "monsoon-pt"),
        "no Monsoon recording",
    ),
    "Rigol without a step": (
        {"a.csv": RIGOL.format(start="x", step="y") + "0,1,,\n1,2,,\n"},
        ("--format", "oscilloscope"),
        "an increment of 'y' s is none",
    ),
    "Rigol of no step": (
        {"a.csv": RIGOL.format(start="0", step="0") + "0,1,,\n1,2,,\n"},
        ("--format", "oscilloscope"),
        "an increment of '0' s is none",
    ),
    "Rigol with an input that is not there": (
        {"a.csv": RIGOL.format(start="0", step="1e-3") + "0,1,,\n1,2,,\n"},
        ("--column", "CH9=A"),
        "no input 'CH9'",
    ),
    "perf stat without Joules": (
        {"a.txt": " Performance counter stats for 'x':\n\n   5 cycles\n\n  1.0 seconds time elapsed\n"},
        ("--format", "perf-stat"),
        "holds Joules that were counted",
    ),
    "Perfetto that is cut": (
        {"a.pftrace": b"\x0a\x90\x4e\x01\x02"},
        ("--format", "perfetto"),
        "the last packet is cut",
    ),
    "Power Gadget without times": (
        {"a.csv": "a,Processor Power_0(Watt)\n1,2\n"},
        ("--format", "power-gadget"),
        "no column 'Elapsed Time (sec)'",
    ),
    "Power Gadget without a power": (
        {"a.csv": "Elapsed Time (sec),x\n1,2\n2,3\n"},
        ("--format", "power-gadget"),
        "neither Processor Power nor Cumulative",
    ),
    "powermetrics without a block": (
        {"a.txt": "CPU Power: 5 mW\n"},
        ("--format", "powermetrics"),
        "no block `*** Sampled system activity",
    ),
    "powermetrics without a power": ({"a.txt": MAC.format(ms=100.5) * 3}, (), "run powermetrics as root"),
    "powermetrics of no length": (
        {"a.txt": (MAC.format(ms=0.0) + "CPU Power: 5 mW\n") * 2},
        (),
        "a sample of 0.0 ms",
    ),
    "a property list without a power": (
        {
            "a.plist": PLIST.format(
                "<key>elapsed_ns</key><integer>1000</integer><key>processor</key><dict></dict>"
            )
        },
        ("--format", "powermetrics-plist"),
        "run powermetrics as root",
    ),
    "a property list that is damaged": (
        {"a.plist": "<?xml version='1.0'?><plist version='1.0'><dict><key>elapsed_ns</key>"},
        ("--format", "powermetrics-plist"),
        "is damaged",
    ),
    "PPK2 without a current": (
        {"a.csv": "Timestamp(ms),D0-D7\n0.0,00000000\n0.1,00000000\n"},
        ("--format", "ppk2"),
        "exported without Current(uA)",
    ),
    "PPK2 without rows": ({"a.csv": "Timestamp(ms),Current(uA)\n"}, (), "the header has no rows under it"),
    "PPK2 of cut rows": (
        {"a.csv": "Timestamp(ms),Current(uA),D0-D7\n" + "0.1,5,00\n" + "x\n" * 9},
        (),
        "are cut; this is not the format it looks like",
    ),
    "PPK2 without samples": (
        {"m.ppk2": zipped(session__raw="", metadata__json='{"metadata": {"samplesPerSecond": 1000}}')},
        (),
        "session.raw is empty",
    ),
    "PPK2 whose facts are no JSON": (
        {"m.ppk2": zipped(session__raw="x" * 60, metadata__json="{")},
        (),
        "its metadata.json is not JSON",
    ),
    "Prometheus with an error": (
        {"q.json": prometheus(status="error", error="bad query", data={"resultType": "matrix"})},
        (),
        "answered with an error: bad query",
    ),
    "Prometheus without a result": (
        {"q.json": prometheus(data={"resultType": "matrix"})},
        (),
        "no result of a query in it",
    ),
    "Prometheus without a power": (
        {
            "q.json": prometheus(
                data={
                    "resultType": "matrix",
                    "result": [
                        {
                            "metric": {"__name__": "node_load1"},
                            "values": [[1780000000, "1"], [1780000010, "2"]],
                        }
                    ],
                }
            )
        },
        (),
        "no series of power or energy in it (node_load1)",
    ),
    "Prometheus that is no JSON": ({"q.json": '{"data": {"resultType": "matrix", '}, (), "not JSON"),
    "rd-usb without its clock": (
        {"a.csv": "Time,Voltage (V),Current (A)\nx,5,1\n"},
        ("--format", "rd-usb"),
        "no column 'Unix time'",
    ),
    "Redfish without a power": ({"a.json": REDFISH * 3}, (), "hold no PowerConsumedWatts"),
    "rrdtool of another kind": (
        {"a.txt": "hello\n"},
        ("--format", "rrdtool"),
        "no line of it is a time, a colon and values",
    ),
    "scaphandre without a time": (
        {"a.json": '[{"host": {}, "consumers": []}]'},
        ("--format", "scaphandre"),
        "no row has a time",
    ),
    "scaphandre that is no JSON": ({"a.json": '[{"host": '}, ("--format", "scaphandre"), "not JSON"),
    "tegrastats of another kind": (
        {"a.log": "hello\n"},
        ("--format", "tegrastats"),
        "no line of tegrastats in it",
    ),
    "tegrastats among other lines": (
        {"a.log": "RAM 1/2MB CPU [1%@102,off] GPU@37.5C VDD_IN 5000mW/5000mW\n" * 3 + "hello\n" * 9},
        ("--format", "tegrastats", "--rate", "1s"),
        "are not from tegrastats",
    ),
    "WattAMeter of another kind": (
        {"a.log": "hello\n"},
        ("--format", "wattameter"),
        "no line `# timestamp reading-time[ns]",
    ),
    "one report of another kind": (
        {"a.log": "hello\n"},
        ("--format", "printed-reports"),
        "no line of it is one of",
    ),
    "a table without numbers": (
        {"a.csv": "time_s,power_W\n" + "".join(f"{i},abc\n" for i in range(9))},
        (),
        "holds 'abc', which is not a number",
    ),
    "a table of cut rows": (
        {"a.csv": "time_s,power_W,x\n" + "0,1,2\n1,1,2\n2,1,2\n" + "3\n" * 5},
        (),
        "only 3 of 8 lines under its header have its fields",
    ),
    "a table of one moment": (
        {"a.csv": "time,power_W\n" + "2026-01-01 00:00:00,5\n" * 5},
        (),
        "have one time: there is no stretch of time",
    ),
    "an option that does not fit": (
        {"a.csv": "time_s,power_W\n0,1\n1,1\n2,1\n"},
        ("--as", "counter"),
        "--as counter is of an energy or a charge, and no column",
    ),
    "lists of numbers": ({"a.json": "[1, 2, 3, 4]"}, (), "bare numbers: no header, no time, no unit"),
    "an archive without a log": (
        {"a.tar": tarred("a.txt", "hello")},
        (),
        "an archive without a log in it (a.txt)",
    ),
    "an archive that is cut": ({"a.tar": tarred("a.csv", "time_s,power_W\n" + "0,1\n" * 2000)[:700]}, (), ""),
    "a file as the folder": (
        {"a.csv": "time_s,power_W\n0,1\n1,1\n2,1\n", "b": "x"},
        ("--each", "-o", "b"),
        "must be a folder",
    ),
    "Home Assistant's states without a unit": (
        {
            "a.csv": "#datatype,string,long,dateTime:RFC3339,double,string,string,string,string\n"
            ",result,table,_time,_value,_field,_measurement,domain,entity_id\n"
            + "".join(f",,0,2025-11-27T10:00:0{i}Z,5,value,°C,sensor,t\n" for i in range(5))
        },
        (),
        "none of Home Assistant's entities in it has a unit of power or energy",
    ),
    "events without one": (
        {"a.csv": "time_s,power_W\n0,1\n1,1\n2,1\n", "e.csv": "\n"},
        ("--events", "e.csv"),
        "no events",
    ),
    "events of other lines": (
        {"a.csv": "time_s,power_W\n0,1\n1,1\n2,1\n", "e.csv": "0,a\nx,b\n"},
        ("--events", "e.csv"),
        "line 2: expected `time, name`",
    ),
    "events without a name": (
        {"a.csv": "time_s,power_W\n0,1\n1,1\n2,1\n", "e.csv": "0,a\n1\n"},
        ("--events", "e.csv"),
        "expected `time, name`",
    ),
    "an output nowhere": (
        {"a.csv": "time_s,power_W\n0,1\n1,1\n2,1\n"},
        ("-o", "none/here/o.power"),
        "none/here",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_in_one_line_that_names_the_file(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, options, said = CASES[name]
    monkeypatch.chdir(tmp_path)
    out = () if "-o" in options else ("-o", "out.power")
    status = run(["import", placed(files), *out, *options])
    printed = capsys.readouterr().err
    assert status != 0 and said in printed, printed
    assert len([line for line in printed.splitlines() if line.startswith("powermeter:")]) == 1
    assert "Traceback" not in printed and not Path("out.power").exists()


@pytest.mark.parametrize("rows", ["0,5\n", "0,5\n1,\n2,\n"], ids=["one row", "one number"])
def test_a_log_of_one_reading_is_not_made_a_recording(tmp_path, rows):
    log, out = tmp_path / "one.csv", tmp_path / "one.power"
    log.write_text("time_s,power_W\n" + rows)
    with pytest.raises(
        DataError, match=r"one\.csv: 1 reading in it: without a second one there is no duration"
    ):
        convert(log, out)
    assert [each.name for each in tmp_path.iterdir()] == ["one.csv"]
