"""Times made of several columns: the hour of a day, the fraction of a second, the ends of intervals."""

from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from powermeter import Recording, analyse
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices, convert, open_log
from powermeter.importers.time_zones import LogZone

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


def test_a_fraction_that_times_have_already_is_not_added_again(tmp_path):
    rows = [f"2024-03-13 10:00:{i // 2:02d}.{i % 2 * 5},{i % 2 * 500},{10 + i % 2 * 20}" for i in range(20)]
    is_exactly(run(tmp_path, "\n".join(["time,Millisecond,P (W)", *rows]) + "\n"), 190.0, 9.5)


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


def _rows(names, count, row):
    """Return a table of rows that begin every quarter of an hour of 15 January 2025."""
    moment = lambda minutes: f"2025-01-15 {minutes // 60:02d}:{minutes % 60:02d}"
    return names + "\n" + "".join(row(moment, 15 * i, i) + "\n" for i in range(count))


@pytest.mark.parametrize("end", ["End", "END TIME", "period_end"])
def test_amounts_of_rows_with_start_and_end_begin_at_the_first_start(tmp_path, end):
    """They were laid a quarter of an hour early, and falls of an amount were asked about."""
    start = end.replace("End", "Start").replace("END", "START").replace("end", "start")
    text = _rows(f"{start},{end},Wh", 24, lambda at, m, i: f"{at(m)},{at(m + 15)},{50 + 10 * (i % 7)}")
    found = run(tmp_path, text)
    is_exactly(found, 1860 * 3600, 6 * 3600)
    assert open_log(tmp_path / "t.csv").sources[0].ends_ns[0] == 1736899200 * 10**9


def test_the_last_minute_of_an_interval_is_part_of_it(tmp_path):
    text = _rows(
        "DATE,START TIME,END TIME,Wh",
        24,
        lambda at, m, i: f"{at(m)[:10]},{at(m)[11:]},{at(m + 14)[11:]},{50 + 10 * (i % 7)}",
    )
    is_exactly(run(tmp_path, text), 1860 * 3600, 6 * 3600)
    assert open_log(tmp_path / "t.csv").sources[0].ends_ns[0] == 1736899200 * 10**9


@pytest.mark.parametrize("other", ["End", "Duration (min)"])
def test_a_power_of_an_interval_is_its_mean(tmp_path, other):
    """10 to 60 W, a quarter of an hour each: 210 W × 900 s, the first row's included."""
    text = _rows(
        f"Start,{other},W",
        6,
        lambda at, m, i: f"{at(m)},{at(m + 15) if other == 'End' else 15},{10 * i + 10}",
    )
    is_exactly(run(tmp_path, text), 210 * 900, 6 * 900)


def test_pauses_between_rows_are_remarked(tmp_path):
    text = _rows("Start,End,Wh", 24, lambda at, m, i: f"{at(m)},{at(m + 5)},{[1, 3, 2][i % 3]}")
    assert run(tmp_path, text).energy.value == pytest.approx(48 * 3600)
    with Recording.open(tmp_path / "o.power") as recording:
        assert ["pauses-between-rows", "warning"] in recording.metadata["import_codes"]


def test_amounts_of_intervals_that_overlap_are_no_sum(tmp_path):
    text = _rows("Start,End,Wh", 24, lambda at, m, i: f"{at(m)},{at(m + 30)},{[1, 3, 2][i % 3]}")
    with pytest.raises(DataError, match="overlap"):
        run(tmp_path, text)


@pytest.mark.parametrize("names", ["Start,End", "DATE,START TIME,END TIME"])
@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25)])
def test_days_on_which_summer_time_begins_and_ends_are_whole(tmp_path, names, day, hours):
    """The row from 02:45 to the second 02:00 was left out, and a hole of half an hour was in its place."""
    zone = ZoneInfo("Europe/Berlin")
    begin = datetime.combine(day, time(), zone).astimezone(timezone.utc)
    edges = [(begin + timedelta(minutes=15 * k)).astimezone(zone) for k in range(4 * hours + 1)]
    form = (
        "{a:%Y-%m-%d %H:%M},{b:%Y-%m-%d %H:%M}"
        if names == "Start,End"
        else "{a:%Y-%m-%d},{a:%H:%M},{b:%H:%M}"
    )
    amounts = [50 + 10 * (k % 7) for k in range(4 * hours)]
    rows = zip(pairwise(edges), amounts, strict=True)
    text = f"{names},Wh\n" + "".join(f"{form.format(a=a, b=b)},{wh}\n" for (a, b), wh in rows)
    found = run(tmp_path, text, zone=LogZone.parse("Europe/Berlin"))
    is_exactly(found, sum(amounts) * 3600, hours * 3600)
    with Recording.open(tmp_path / "o.power") as recording:
        assert "holes" not in dict(recording.metadata["import_codes"])


def _of_lengths(minutes, lacking=()):
    """Return a table of rows one after the other, so many minutes long each, of 10, 11 and 12 Wh a minute in turns, and their sum."""
    begin, text, amounts = datetime(2025, 1, 15), "Start,End,Wh\n", []
    for k, length in enumerate(minutes):
        end = begin + timedelta(minutes=length)
        amounts.append(length * (10 + k % 3))
        text += "" if k in lacking else f"{begin:%Y-%m-%d %H:%M},{end:%Y-%m-%d %H:%M},{amounts[-1]}\n"
        begin = end
    return text, sum(amounts) * 3600


@pytest.mark.parametrize("minutes", [[10] * 12 + [100] + [10] * 17, [5 + 37 * k % 55 for k in range(30)]])
def test_a_row_of_a_longer_interval_is_no_hole(tmp_path, minutes):
    """4200 Wh of which one row had 1000 in 100 minutes were printed as 9240: 90 minutes were bridged beside that row."""
    text, joules = _of_lengths(minutes)
    is_exactly(run(tmp_path, text, as_={"Wh": "per-row"}), joules, sum(minutes) * 60)
    with Recording.open(tmp_path / "o.power") as recording:
        assert "holes" not in dict(recording.metadata["import_codes"])


@pytest.mark.parametrize("lacking", [(3, 9, 10, 17, 21), (2, 4, 6, 8, 10, 12, 14), (11,)])
def test_rows_that_are_missing_between_stated_intervals_are_holes_however_many(tmp_path, lacking):
    """Five of 24 rows that were missing counted as no draw, without a word: a fifth too little, ± 5 %."""
    text, joules = _of_lengths([60] * 24, lacking)
    found = run(tmp_path, text).energy
    assert found.low < joules < found.high and found.value == pytest.approx(joules, rel=0.05)
    with Recording.open(tmp_path / "o.power") as recording:
        gaps = recording.gaps(recording.sources[0].id)
    assert sum(gap.end_ns - gap.start_ns for gap in gaps) == len(lacking) * 3600 * 10**9


LENGTHS = [10, 10, 100, 10, 30, 10, 10, 60, 10, 10, 45, 10]
WATTS = [100, 50, 10, 80, 20, 100, 90, 5, 60, 70, 33, 100]


def _of_watts(form, names="Start,End"):
    begin, rows = datetime(2025, 1, 15, tzinfo=timezone.utc), []
    for minutes, watts in zip(LENGTHS, WATTS, strict=True):
        end = begin + timedelta(minutes=minutes)
        rows.append(f"{form(begin)},{form(end)},{watts}\n")
        begin = end
    return f"{names},W\n" + "".join(rows)


WALL = "{:%Y-%m-%d %H:%M}".format


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (WALL, "Start,End"),
        (lambda at: f"{at.timestamp():.0f}", "Start,End"),
        (lambda at: f"{at.timestamp() * 1e3:.0f}", "from,to"),
    ],
)
def test_each_mean_counts_for_its_own_interval(tmp_path, form, names):
    """Of 10 to 100 minutes, 593.1 kJ: 900 kJ (430 to 1260) were printed, as if each spoke for ten minutes."""
    is_exactly(run(tmp_path, _of_watts(form, names)), 593_100, 315 * 60)


@pytest.mark.parametrize("hours", [0, 1, -5])
def test_an_end_in_unix_time_beside_a_start_on_the_wall(tmp_path, hours):
    text = _of_watts(WALL).replace("Start,End,W\n", "")
    rows = [row.split(",") for row in text.splitlines()]
    unix = lambda cell: int(datetime.fromisoformat(f"{cell}+00:00").timestamp()) - 3600 * hours
    text = "Start,End,W\n" + "".join(f"{a},{unix(b)},{w}\n" for a, b, w in rows)
    is_exactly(run(tmp_path, text), 593_100, 315 * 60)


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("step", [1, 7])
def test_intervals_by_dates_alone(tmp_path, last, step):
    """The day on which an interval ends is its last one, or the next one's first."""
    day = lambda k: date(2025, 1, 1) + timedelta(days=k)
    rows = "".join(f"{day(step * k)},{day(step * k + step - last)},{[5, 7, 3][k % 3]}\n" for k in range(30))
    is_exactly(run(tmp_path, "Start,End,kWh\n" + rows), 150 * KWH, 30 * step * 86_400)


@pytest.mark.parametrize("last", [0, 1])
def test_months_by_dates_alone(tmp_path, last):
    """A year of 50, 70 and 30 W in turns: the clock seemed to be set ahead in each month of 31 days."""
    firsts = [date(2024 + m // 12, m % 12 + 1, 1) for m in range(13)]
    spans = list(pairwise(firsts))
    watts = [[50, 70, 30][k % 3] for k in range(12)]
    joules = sum((b - a).days * 86_400 * w for (a, b), w in zip(spans, watts, strict=True))
    rows = "".join(f"{a},{b - timedelta(days=last)},{w}\n" for (a, b), w in zip(spans, watts, strict=True))
    is_exactly(run(tmp_path, "Start,End,W\n" + rows), joules, 366 * 86_400)


def test_a_rate_beside_stated_intervals(tmp_path):
    """One that contradicts them is refused: at ten minutes a row 370 kJ ± 46 % were printed."""
    with pytest.raises(ConfigurationError, match=r"lasts 10 min 00 s to 100 min 00 s; import without --rate"):
        run(tmp_path, _of_watts(WALL), period_s=600.0)
    text = _rows("Start,End,W", 6, lambda at, m, i: f"{at(m)},{at(m + 15)},{10 * i + 10}")
    is_exactly(run(tmp_path, text, period_s=900.0), 210 * 900, 6 * 900)


def test_a_power_that_is_missing_among_intervals_of_different_lengths_is_bridged(tmp_path):
    text = _of_watts(WALL).replace(",80\n", ",\n")
    found = run(tmp_path, text).energy
    assert found.low < 593_100 < found.high


def test_a_row_that_begins_before_the_one_above_ends_is_reported(tmp_path):
    """Its start was damaged: 57 days of 100 W were counted as well."""
    rows = [(1736899200, 600, 100), (1736899800, 600, 50), (1736900400, 6000, 10), (1736906400, 600, 100)]
    text = "Start,End,W\n" + "".join(f"{t},{t + s},{w}\n" for t, s, w in rows)
    path = tmp_path / "t.csv"
    for written, is_said in ((text, False), (text.replace("1736906400,", "1731906400,"), True)):
        path.write_text(written)
        assert any(note.code == "rows-overlap" for note in open_log(path).warnings) is is_said


def test_a_power_of_a_stretch_written_in_one_cell_is_its_mean(tmp_path):
    """The stretches' starts were taken for moments: 5 min and a twelfth of the energy were lost."""
    rows = "".join(
        f"6/13/2026 10:{5 * i:02d}:00 AM - 10:{5 * i + 5:02d}:00 AM,{w} Watt\n"
        for i, w in enumerate((100, 200, 300))
    )
    is_exactly(run(tmp_path, f"Date Time,Power\n{rows}"), 600 * 300, 15 * 60)
