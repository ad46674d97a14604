"""Times made of several columns: the hour of a day, the fraction of a second, the ends of intervals."""

import pytest

from powermeter import Recording, analyse
from powermeter.importers import Choices, convert

KWH = 3.6e6


def run(tmp_path, text, **stated):
    path = tmp_path / "t.csv"
    path.write_text(text)
    convert(path, tmp_path / "o.power", choices=Choices(**stated), force=True)
    return analyse(tmp_path / "o.power")


def is_exactly(found, joules, seconds):
    assert found.energy.value == pytest.approx(joules)
    assert found.energy.low > 0.9 * joules
    assert found.duration.value == pytest.approx(seconds)


AMOUNTS = [0.1, 0.3, 0.2, 0.5, 0.1, 0.4] * 8  # 48 hours, 12.8 kWh


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("header", ["CUPS;Fecha;Hora;Consumo_kWh", "Meter;Day;Hour;kWh"])
def test_hours_of_a_day_whether_the_first_is_0_or_1(tmp_path, header, first):
    rows = "".join(
        f"X1;{1 + i // 24:02d}/03/2024;{i % 24 + first};{f'{v:.3f}'.replace('.', ',')}\n"
        for i, v in enumerate(AMOUNTS)
    )
    is_exactly(run(tmp_path, f"{header}\n{rows}", dates="dmy"), 12.8 * KWH, 48 * 3600)


def test_24_o_clock_is_the_next_midnight(tmp_path):
    rows = "".join(f"2024-03-{1 + i // 24:02d} {i % 24 + 1:02d}:00,{v}\n" for i, v in enumerate(AMOUNTS))
    is_exactly(run(tmp_path, "time,kWh\n" + rows), 12.8 * KWH, 48 * 3600)


@pytest.mark.parametrize("header", ["Datum;Von;Bis;Verbrauch (kWh)", "Date;Start;End;kWh"])
def test_intervals_with_both_ends_on_the_clock(tmp_path, header):
    """15 minutes each, the last of the first day ends at 00:00 of that day's date."""
    rows = "".join(
        f"0{1 + i // 96}.03.2024;{i % 96 // 4:02d}:{i % 4 * 15:02d};{(i + 1) % 96 // 4:02d}:{(i + 1) % 4 * 15:02d};0,{10 + i % 2 * 10}\n"
        for i in range(120)
    )
    is_exactly(run(tmp_path, f"{header}\n{rows}"), 120 * 0.15 * KWH, 120 * 900)


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("clock,ns,value", 1e9),
        ("itemid,clock,value,ns", 1e9),
        ("sec,usec,power_W", 1e6),
        ("time,Millisecond,P (W)", 1e3),
    ],
)
def test_the_fraction_of_a_second_in_a_column_of_its_own(tmp_path, header, unit):
    """Half a second a row, 10 W and 30 W in turns: 20 W over 9.5 s."""
    names = header.split(",")
    lines = []
    for i in range(20):
        own = {"itemid": 23296, "ns": 0, names[1 if names[0] == "itemid" else 0]: 1709287200 + i // 2}
        own |= {name: int(i % 2 * unit / 2) for name in names if name in ("ns", "usec", "Millisecond")}
        lines.append(",".join(str(own.get(name, 10 + i % 2 * 20)) for name in names))
    stated = {"columns": {"value": "W"}} if "value" in names else {}
    is_exactly(run(tmp_path, "\n".join([header, *lines]) + "\n", **stated), 190.0, 9.5)


def _quarter(i):
    return f"{i // 4:02d}:{i % 4 * 15:02d}"


@pytest.mark.parametrize("part", ["", "n/a"])
@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("timestamp,ms,power_W", lambda i, part: f"2024-03-13 10:00:{i // 2:02d},{part(i % 2 * 500)},10"),
        ("date,hour,power_W", lambda i, part: f"2024-03-{13 + i // 24},{part(i % 24)},10"),
        (
            "date,from,to,kWh",
            lambda i, part: f"2024-03-13,{_quarter(i)},{part(_quarter(i + 1))},{AMOUNTS[i]}",
        ),
    ],
)
def test_a_row_half_of_whose_time_cannot_be_read_has_none(tmp_path, header, row, part):
    lines = [row(i, lambda whole, i=i: part if i == 25 else whole) for i in range(48)]
    run(tmp_path, "\n".join([header, *lines]) + "\n", interleaved=1)
    with Recording.open(tmp_path / "o.power") as recording:
        notes = recording.metadata["import_warnings"]
    assert "1 of 48 rows have no usable time and were left out (line 27)" in notes
