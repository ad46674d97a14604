"""Two logs in one file: the rows of the first, of which nothing is read, are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.importers import open_log

COMMAS = "time_s,V,A\n" + "".join(f"{i},5,0.2\n" for i in range(11))
QUOTED = ' "time_s" , "power_W" \n' + "".join(f' "{i}" , "5,5" \n' for i in range(11))
FACTS = "Model,MDO3024\nRecord Length,5\nSample Interval,0.01\n"
SEMICOLONS = "Uhrzeit;Leistung\n;[W]\n" + "".join(f"10:0{i // 6}:{i % 6}0;10{i % 7},50\n" for i in range(30))
TABLE = "Time,Power (W)\n" + "".join(f"2024-03-01T10:00:{i}Z,10{i}.5\n" for i in range(10, 40))
ESP = "".join(
    f"[14:03:{i}][D][sensor:094]: 'Power': Sending state {i}.00000 W with 2 decimals of accuracy\n"
    for i in range(10, 20)
)
FISH = "".join(
    f"Date: Thu, 27 Nov 2025 10:00:{i} GMT\n"
    f'{{"@odata.type":"#Power.v1_5_0.Power","PowerControl":[{{"PowerConsumedWatts":10{i}}}]}}\n'
    for i in range(10, 20)
)
PERF = "".join(f"     {i}.000093221              40.{i} Joules power/energy-pkg/\n" for i in range(1, 20))


def said(folder: Path, text: str) -> list[str]:
    log = folder / "two.csv"
    log.write_text(text)
    return [note.text for note in open_log(log).warnings if "of another table" in note.text]


@pytest.mark.parametrize("above", [COMMAS, QUOTED])
@pytest.mark.parametrize("below", [SEMICOLONS, TABLE, ESP, FISH, PERF])
def test_rows_of_another_table_above_a_log_are_counted(tmp_path: Path, above: str, below: str) -> None:
    (note,) = said(tmp_path, above + below)
    assert note.startswith("11 rows of numbers ") and "one by one" in note


@pytest.mark.parametrize("log", [SEMICOLONS, TABLE, ESP, FISH, PERF, FACTS + TABLE])
def test_a_log_alone_has_no_such_note(tmp_path: Path, log: str) -> None:
    assert said(tmp_path, log) == []


RUNS = "id,name,start_time,duration(s),power(kWh)\n" + "".join(
    f"a{i},p,2025-01-15 10:0{i}:00,60.5,0.0025\n" for i in range(2)
)
PLUG = "".join(
    f'10:00:{i}.1 MQT: tele/SENSOR = {{"ENERGY": {{"Power": {i}, "Voltage": 230}}}}\n' for i in range(10, 13)
)
CRAY = "".join(f"2{i} W 17092872{i}0123456 us 10{i}000 J 17092872{i}0123456 us\n" for i in range(10, 20))
SCOPE = "Model,MDO3024\nVertical Scale,0.5,0.5\nHorizontal Scale,0.5,0.5\nNotes 1,x\nNotes 2,x\nNotes 3,x\n"


@pytest.mark.parametrize("above", [RUNS, PLUG, CRAY])
@pytest.mark.parametrize("below", [SEMICOLONS, TABLE])
def test_readings_of_any_shape_above_a_header_are_counted(tmp_path: Path, above: str, below: str) -> None:
    """Rows with words in them, records behind text, fields divided by blanks: none of them is a preamble."""
    (note,) = said(tmp_path, above + below)
    assert note.startswith(
        f"{above.count('2025') or above.count('SENSOR') or 10} rows of numbers above the header"
    )


def test_facts_of_three_words_are_a_preamble(tmp_path: Path) -> None:
    assert said(tmp_path, SCOPE + TABLE) == []


@pytest.mark.parametrize("above", [RUNS + RUNS[RUNS.index("a1") :], PLUG, CRAY])
@pytest.mark.parametrize("below", [ESP, PERF])
def test_a_log_above_one_of_another_tool_is_reported(tmp_path: Path, above: str, below: str) -> None:
    log = tmp_path / "two.txt"
    log.write_text(above + below)
    first = above.count("\n")
    (note,) = (note.text for note in open_log(log).warnings if note.code == "two-logs")
    assert f" to {first} and lines {first + 1} to " in note
    log.write_text(below)
    assert not [note for note in open_log(log).warnings if note.code == "two-logs"]


def test_two_rows_under_a_header_of_their_own_are_a_log(tmp_path: Path) -> None:
    (note,) = said(tmp_path, "t_s,p_W\n0,42.0\n5,58.0\n" + COMMAS)
    assert note.startswith("2 rows of numbers above the header")


def test_a_table_above_one_report_is_named(tmp_path: Path) -> None:
    """Its rows hold words, and the report's lines are each of their own shape."""
    rows = "".join(f"10:{i} - 10:{i + 1};0,012;kWh;0,01;Euro\n" for i in range(10, 30))
    report = " Performance counter stats for 'x':\n\n   9.50 Joules power/energy-pkg/\n\n   2.5 seconds time elapsed\n"
    (note,) = said(tmp_path, "Uhrzeit;Energie;Einheit;Kosten;Einheit\n" + rows + report)
    assert note.startswith("20 rows of numbers are of another table")
    assert said(tmp_path, report) == []


def test_fields_of_perf_are_no_header(tmp_path: Path) -> None:
    assert (
        said(
            tmp_path, "".join(f"{i}.00{i},14.{i},Joules,power/energy-pkg/,1,100.00,,\n" for i in range(1, 9))
        )
        == []
    )
