"""Files of applications whose inner form is not published are named for what they are, with what to do."""

import sqlite3
from contextlib import closing

import pytest

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices, convert, open_log


@pytest.mark.parametrize("inside", [b"PK\x03\x04\x14\x00\x00\x00rest", b"\x00\x01\x02\x00" * 40])
@pytest.mark.parametrize(
    ("ending", "what"), [("otii", "project of Otii"), ("cfn", "FNIRSI's Toolbox"), ("wtm", "WITRN")]
)
def test_projects_are_named(tmp_path, ending, what, inside):
    path = tmp_path / f"mine.{ending}"
    path.write_bytes(inside)
    with pytest.raises(DataError, match=what):
        convert(path, tmp_path / "o.power", choices=Choices())


def test_a_table_under_such_an_ending_is_read(tmp_path):
    path = tmp_path / "mine.cfn"
    path.write_text("time_s,power_W\n" + "".join(f"{i},10\n" for i in range(20)))
    assert convert(path, tmp_path / "o.power", choices=Choices()).format == "csv"


def test_what_snmpget_printed_is_named_since_its_units_stand_elsewhere(tmp_path):
    path = tmp_path / "pdu.log"
    path.write_text(
        "".join(
            f"2025-09-14 10:00:{i:02d} PowerNet-MIB::rPDU2DeviceStatusPower.1 = INTEGER: {i}\n"
            for i in range(8)
        )
    )
    with pytest.raises(DataError, match=r"snmpget printed.*MIB"):
        open_log(path)


def test_what_an_exporter_shows_is_named_since_its_readings_have_no_times(tmp_path):
    path = tmp_path / "scrape.prom"
    path.write_text(
        "".join(f'# HELP p Power.\n# TYPE p gauge\np{{gpu="0"}} {i}.5\np{{gpu="1"}} 7.5\n' for i in range(8))
    )
    with pytest.raises(DataError, match="query_range"):
        open_log(path)


def test_tuples_as_python_prints_them_are_asked_for_as_a_table(tmp_path):
    path = tmp_path / "tuples.txt"
    path.write_text("".join(f"({i}.0, 5.5)\n" for i in range(8)))
    with pytest.raises(ConfigurationError, match="lists of bare numbers"):
        open_log(path)


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        (
            "test_perf.py",
            'import re\n\nfrom tool import read\n\nTEXT = """\n 5.00 Joules power/energy-pkg/\n 2.0 seconds time elapsed\n"""\n',
            "the source of a program",
        ),
        (
            "ev.py",
            'import time, powermeter\nfor i in range(10):\n    with powermeter.event("a", n=2):\n        time.sleep(0.1)\n',
            "the source of a program",
        ),
        (
            "n.ipynb",
            '{"cells": [{"cell_type": "code", "source": ["print(1)"]}], "nbformat": 4}',
            "Jupyter notebook",
        ),
        ("c.json", '{"model": "x", "power_limit_w": 300, "layers": [1, 2, 3]}', "no list of records in it"),
        ("c.yaml", "model: x\nbatch: 3\npower: 300 W\n", "a file of settings"),
        ("c.toml", "[a]\nb = 1\nwatts = 3\n", "a file of settings"),
        (
            "m.csv",
            "Month,kWh\n" + "".join(f"2024-{i:02d},{200 + i}\n" for i in range(1, 13)),
            "one amount a month",
        ),
        (
            "m.csv",
            "Month,kWh\nJan 2024,200\nFeb 2024,211\nMar 2024,190\nApr 2024,200\n",
            "one amount a month",
        ),
    ],
)
def test_files_beside_a_log_are_named_for_what_they_are(tmp_path, name, text, what):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(DataError, match=what):
        open_log(path)


def test_a_database_of_another_program_is_named_with_the_command_that_writes_a_table(tmp_path):
    path = tmp_path / "places.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE places (id INTEGER, url TEXT)")
        connection.commit()
    with pytest.raises(
        DataError, match=r"is an SQLite database of a program.* sqlite3 -header -csv .*places.db"
    ):
        open_log(path)


def test_records_in_yaml_are_read(tmp_path):
    path = tmp_path / "log.yaml"
    path.write_text("".join(f"t: {1700000000 + i}\npower_w: {10 + i % 3}\n---\n" for i in range(20)))
    assert convert(path, tmp_path / "o.power", choices=Choices()).format == "labelled"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "100,NEM13,202501010000,A,B\n250,N,E1,1,E1,,M,E,412,20250101,A,,,512,20250201,A,,,100,kWh,,,\n",
            "ask for NEM12",
        ),
        (
            "2024-03-01 10:00:00.00: BAT {TimeUS : 5000000, Inst : 0, Volt : 12.5, VoltR : 12.6, Curr : 10.0, Temp : 25.0}\n",
            "ArduPilot.*grep ': BAT",
        ),
        ("#d,-,18,194,2301,194,0,0,95,100,194;\n" * 5, "tenths of watts"),
        ("# CHANNEL:CH1\n# CLOCK=20.0uS\n# SIZE=3\n# UNITS:V\n\n-1.5\n0.9\n0.8\n", "one below the other"),
        ("<html><table><tr><td>14.03.2025 09:26</td><td>59,80</td></tr></table></html>", "save that as CSV"),
        (
            "TABLE,Group 1 Metric,ENERGY,3,,\nMetric,Core 0,,,,\nRuntime (RDTSC) [s],10.01,,,,\nEnergy [J],250.5,,,,\nPower [W],25.02,,,,\n",
            "likwid-perfctr -O printed of one stretch",
        ),
        (
            "metric,type,start_time,end_time,value,opt\nBattery Level,int,1710425110000,1710425170000,90,\n",
            "Battery Historian.*dumpsys batterystats",
        ),
        (
            "Time,Energy Usage Level,Display Brightness\n" + "00:00:01.000,5/20,50\n00:00:02.000,6/20,50\n",
            "no column of power",
        ),
        (
            "AppId, UserId, TimeStamp, EnergyLoss, CPUEnergyConsumption\na, S-1, 2025-03-14:09:26:00.0000, 0, 30\n",
            "powercfg /srumutil.*mJ",
        ),
        (
            "com.victronenergy.battery.ttyO0\n/Alarms/Alarm\tARRAY\t[]\t\n/Dc/0/Voltage\tDOUBLE\t53.1\t53.10V\n",
            "Victron device showed at one moment",
        ),
        (
            "03/14/2025 09:26:53\n -InternalBattery-0\t80%; discharging; Time=3:10; -1000mA; Location=0; Voltage=11600\n",
            "pmset -g rawbatt",
        ),
    ],
)
def test_tables_of_other_things_are_named(tmp_path, text, what):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=what):
        open_log(path)


def test_a_voltage_whose_current_is_empty_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("time_s,V_mV,I_mA\n" + "".join(f"{i},5000,\n" for i in range(9)))
    with pytest.raises(DataError, match="'I_mA' hold no number"):
        open_log(path)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\nx,y\nx,y\nz,w\n",
        "GPU0;power\nidle;low\nidle;high\n",
        "a,b\n,\n,\n",
        "power_W,volt_V\nN/A,x\nN/A,x\n",
    ],
)
@pytest.mark.parametrize("period_s", [None, 1.0])
def test_a_table_of_words_holds_no_numbers_at_whatever_rate(tmp_path, text, period_s):
    path = tmp_path / "words.csv"
    path.write_text(text)
    with pytest.raises(DataError, match="holds no numbers"):
        open_log(path, choices=Choices(period_s=period_s))


@pytest.mark.thorough
def test_numbers_further_down_than_is_looked_at_are_read(tmp_path):
    path = tmp_path / "late.csv"
    path.write_text("t_s,power_W\n" + "-,N/A\n" * 11_000 + "".join(f"{i},10\n" for i in range(1_300)))
    with pytest.raises((DataError, ConfigurationError)) as caught:
        open_log(path)
    assert "holds no numbers" not in str(caught.value)


def test_a_job_s_output_with_reports_in_it_is_named(tmp_path):
    path = tmp_path / "job.txt"
    report = (
        "GPU USAGE REPORT\n-----\nReport File: power.csv for ./a.out\nTotalTime(S),TotalEnergy(J),AvgPowerDraw(W)\n{t},{e},9{i}.4\n-----\n"
        "Job ended at: 2025-05-04 16:12:27\nTotal time taken: 0 hour(s)\n>>>>> JOB ENDED >>>>>\n"
    )
    path.write_text("".join(report.format(t=83.1 - i, e=7601.5 - i, i=i) for i in range(3)))
    with pytest.raises(DataError, match="what a program or a job printed with a table in it"):
        open_log(path)


def test_powertop_s_report_is_named_without_its_first_page(tmp_path):
    path = tmp_path / "top.csv"
    path.write_text(
        " *  *  *   Device Power Report   *  *  *\nUsage;Device Name;PW Estimate\n 12.0%;CPU;  3.10 W\n"
    )
    with pytest.raises(DataError, match="PowerTOP's report"):
        open_log(path)
