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
