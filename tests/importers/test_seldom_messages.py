"""Refusals and notes that few logs lead to: each is provoked by a file, and names what is wrong with it."""

import json
import struct

import pytest

from powermeter.errors import PowermeterError
from powermeter.importers import Choices, open_log


def rows(text, count=8):
    return "".join(text.format(i=i, v=5 + i % 3) for i in range(count))


LONG = "x" * 200_000
MONSOON = "Time(ms),Main(mA),Main Voltage(V),\n"
PYRAPL = "label,timestamp,duration,pkg,dram,socket\n"
RIGOL = "X,CH1,CH2,Start,Increment,\nSequence,Volt,Ampere,0,1e-3,\n"
SCAPHANDRE = {"host": {"consumption": 5, "timestamp": 1.7e9}, "consumers": [], "sockets": []}
SOCKETS = [{"id": i, "consumption": 1} for i in range(600)]
REFUSED = {
    "a field too long, pyRAPL": (PYRAPL + LONG + ",1,2,3,4,0\n", "not a table of text"),
    "a field too long, a table": (
        "time_s,power_W\n" + rows("{i},{v}\n") + f'9,"{LONG}"\n',
        "not a table of text",
    ),
    "a field too long, Monsoon": (
        MONSOON + rows("0.{i},{v}.5,4.0,\n") + f"0.9,{LONG}\n",
        "row 10: field larger",
    ),
    "JSON nested too deeply": (
        '{"data":{"resultType":"matrix","result":' + "[" * 200_000,
        "nested too deeply",
    ),
    "a consumption of no machine": (
        "2020-01-01 00:00:00 - CarbonTracker: \nActual consumption for 1 epoch(s):\n\tTime:\t0:00:10\n\tEnergy:\t1e12 kWh\n",
        "is not a consumption",
    ),
    "no number, Monsoon": (MONSOON + rows("0.{i},x,y,\n"), "none of 8 rows holds a number"),
    "more columns than any log, Monsoon": (
        MONSOON + rows("0.{i},{v}.5,4.0,\n") + "0.9," + "," * 20_000 + "\n",
        "not a power log",
    ),
    "dcgmi without a card": ("#Entity   POWER\nID   W\nnothing\nnothing\n", "no line of a GPU"),
    "a Rigol header alone": (RIGOL, "no rows under it"),
    "a Rigol capture of words": (RIGOL + rows("{i},x,y,,,\n"), "no input holds a number"),
    "a run of 0 s": (
        "     5.0 Joules power/energy-pkg/\n\n   0.0 seconds time elapsed\n",
        "0 s is not a length of a run",
    ),
    "two thousand sources": ("  a\n\n" + rows("175784400{i}: " + "1.0 " * 2000 + "\n"), "data sources"),
    "a host without a number": (
        json.dumps([{**SCAPHANDRE, "host": {"consumption": "x", "timestamp": 1.7e9}}] * 5),
        "no host in it has a consumption",
    ),
    "six hundred sockets": (json.dumps([{**SCAPHANDRE, "sockets": SOCKETS}] * 5), "more than 500 rails"),
    "a Git LFS pointer": (
        "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12\n",
        "git lfs pull",
    ),
    "a list of bare numbers": (json.dumps([1.5] * 30), "--rate and --column 1=UNIT"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_with_a_seldom_log_is_named(tmp_path, name):
    text, said = REFUSED[name]
    path = tmp_path / ("log.json" if text[:1] in "[{" else "log.csv")
    path.write_text(text)
    with pytest.raises(PowermeterError, match=said) as refused:
        open_log(path)
    assert "\n" not in str(refused.value)


STATED = {
    "a power that counts": ("time_s,power_W\n", {"as_": {"power_W": "counter"}}, "power, mean or held do"),
    "an energy that is a power": (
        "time_s,energy_J\n",
        {"as_": {"energy_J": "power"}},
        "counter, per-row or level do",
    ),
    "the unit of another column, Monsoon": (MONSOON, {"columns": {"Main": "A"}}, "only the unit of 'Time"),
    "too many rows a second, Monsoon": (MONSOON, {"columns": {"1": "ms"}}, "5000/s at most"),
}


@pytest.mark.parametrize("name", STATED)
def test_what_was_stated_and_does_not_fit_is_refused_with_what_does(tmp_path, name):
    header, stated, said = STATED[name]
    path = tmp_path / "log.csv"
    path.write_text(header + rows("0.{i},{v}.5,4.0,\n" if header is MONSOON else "{i},{v}\n"))
    with pytest.raises(PowermeterError, match=said):
        open_log(path, choices=Choices(**stated))


FORMATS = {
    "intervals": "its header is of no tool",
    "joulescope": "no JLS file of version 2",
    "mlperf-power": "no samples: no line reads Time,…,Watts,…",
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_that_was_named_wrongly_is_refused(tmp_path, name):
    path = tmp_path / "log.csv"
    path.write_text("time_s,power_W\n" + rows("{i},{v}\n"))
    with pytest.raises(PowermeterError, match=FORMATS[name]):
        open_log(path, format=name)


LIMITS = {
    "alumet.MAX_ROWS": "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes\n"
    + rows(
        "rapl_consumed_energy_J;2025-01-01T00:00:0{i}Z;{v};local_machine;;local_machine;;domain=package\n"
    ),
    "columns.MAX_ROWS": MONSOON + rows("0.{i},{v}.5,4.0,\n"),
    "interval_tables.MAX_ROWS": PYRAPL + rows("x,{i}.0,500000,3000000,4000000,0\n"),
    "oscilloscope._MAX_ROWS": RIGOL + rows("{i},1,2,,,\n"),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_log_above_the_limit_is_to_be_split_and_its_parts_are_read(tmp_path, monkeypatch, limit):
    path = tmp_path / "log.csv"
    path.write_text(LIMITS[limit])
    with monkeypatch.context() as patched:
        patched.setattr(f"powermeter.importers.{limit}", 4)
        with pytest.raises(PowermeterError, match="split it and import the parts"):
            open_log(path)
    assert open_log(path).sources


def test_rows_that_lack_something_are_counted(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(PYRAPL + rows("x,170000000{i}.0,500000,3000000,400000,0\n") + "x,,1,,,0\n")
    assert any("left out (lines 10)" in str(note) for note in open_log(path).warnings)
    path.write_text("#Entity   POWER\nID   W\n" + rows("GPU 0   {v}.5\nGPU 1   {v}.5\n") + "GPU 0 5.5\n")
    notes = open_log(path, choices=Choices(period_s=1.0)).warnings
    assert any("gpu1 has 8 of 9 samples" in str(note) for note in notes)


@pytest.mark.parametrize(
    ("edges", "said"), [("[0.0, 50.0, 90.0]", "do not lie in order"), ("{}", "not a list of seconds")]
)
def test_edges_that_are_not_the_traces_are_refused(tmp_path, edges, said):
    (tmp_path / "trace1-energy.bin").write_bytes(struct.pack("<Bf60f", 0xF1, 1000.0, *[16.72] * 60))
    (tmp_path / "trace1-timestamps.json").write_text(edges)
    with pytest.raises(PowermeterError, match=said):
        open_log(tmp_path)
