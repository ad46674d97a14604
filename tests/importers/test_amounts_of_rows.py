"""Amounts of rows that rise are not taken for a running total where the rows name their length."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log


def energy(tmp_path, text, name="t.csv", **stated):
    path = tmp_path / name
    path.write_text(text)
    convert(path, tmp_path / "o.power", choices=Choices(**stated), force=True)
    return analyse(tmp_path / "o.power").energy.value


AMOUNTS = [50 + 2 * i for i in range(25)]


def test_rows_that_name_their_length_are_asked_about(tmp_path):
    """25 s of 50 to 98 J each were read as 48 J."""
    text = "timestamp,duration_s,energy_J\n" + "".join(
        f"{1741944413 + i}.0,1.0,{v}\n" for i, v in enumerate(AMOUNTS)
    )
    with pytest.raises(ConfigurationError, match="per-row"):
        energy(tmp_path, text)
    assert energy(tmp_path, text, as_={"energy_J": "per-row"}) == pytest.approx(sum(AMOUNTS))


def test_rows_that_name_start_and_end_are_asked_about(tmp_path):
    text = "Start,End,Wh\n" + "".join(
        f"2025-03-14 {h:02d}:00,2025-03-14 {h + 1:02d}:00,{5 + h}\n" for h in range(12)
    )
    with pytest.raises(ConfigurationError, match="name their own length or their end"):
        energy(tmp_path, text)


def test_rounds_that_are_named_in_words(tmp_path):
    text = "epoch,start_time,energy(kWh)\n" + "".join(
        f"epoch: {i},2025-03-14 09:{i:02d}:00,{0.003 + i / 1e5:.5f}\n" for i in range(20)
    )
    with pytest.raises(ConfigurationError, match="numbered as rounds"):
        energy(tmp_path, text)


def test_an_amount_of_each_interval_by_its_german_name(tmp_path):
    text = "Zeitstempel;Ertrag pro Intervall (kWh)\n" + "".join(
        f"14.03.2025 {h:02d}:00;0,{h:03d}\n" for h in range(10)
    )
    assert energy(tmp_path, text) == pytest.approx(0.045 * 3.6e6)


def test_a_total_that_only_its_rows_show_is_asked_about(tmp_path):
    """20 rows of 10 to 29 Wh: 19 Wh counted, or 390 Wh."""
    text = "time_s,Energy (Wh)\n" + "".join(f"{60 * i},{10 + i}\n" for i in range(20))
    with pytest.raises(ConfigurationError, match=r"--as 'Energy \(Wh\)=counter'.*=per-row'"):
        energy(tmp_path, text)
    assert energy(tmp_path, text, as_={"": "counter"}) == pytest.approx(19 * 3600)
    assert energy(tmp_path, text, as_={"": "per-row"}) == pytest.approx(390 * 3600)


def test_a_total_beside_a_power_is_remarked(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,P1 (W),Energy (Wh)\n" + "".join(f"{60 * i},60,{10 + i}\n" for i in range(20)))
    log = convert(path, tmp_path / "o.power")
    assert "counter-by-data" in {note.code for note in log.warnings}


def test_a_clock_called_by_its_form(tmp_path):
    text = "hh:mm:ss,W\n" + "".join(f"23:59:{s},60\n" for s in range(50, 60)) + "00:00:00,60\n"
    assert energy(tmp_path, text) == pytest.approx(600.0)


def day(cell, head="time,energy_Wh\n", of=("",)):
    """Return a day of hourly amounts of 5, 7 and 3 Wh in turns, 120 Wh in all."""
    return head + "".join(
        f"2025-01-15 {h:02d}:00,{device}{text}\n"
        for h in range(24)
        for device in of
        if (text := cell(h)) is not None
    )


@pytest.mark.parametrize("lacking", [None, ""])
def test_a_hole_among_amounts_is_no_time_without_a_draw(tmp_path, lacking):
    """Three hours without rows: 105 Wh were printed for the day, surely less than 110, where 120 were used."""
    path = tmp_path / "t.csv"
    path.write_text(day(lambda h: lacking if h in (8, 9, 10) else str([5, 7, 3][h % 3])))
    log = convert(path, tmp_path / "o.power")
    (note,) = [str(note) for note in log.warnings if note.code == "holes"]
    assert note.startswith("1 hole without readings, together 10800 s")
    found = analyse(tmp_path / "o.power").energy
    assert found.value == pytest.approx(120 * 3600)
    assert found.low < 0.95 * found.value and found.high > 1.05 * found.value
    assert energy(tmp_path, day(lambda h: str([5, 7, 3][h % 3]))) == pytest.approx(120 * 3600)


def test_holes_of_several_devices_and_of_several_times(tmp_path):
    text = day(
        lambda h: None if h in (8, 9, 10, 15, 16, 17, 18) else str([5, 7, 3][h % 3]),
        "time,device,energy_Wh\n",
        ("gpu0,", "gpu1,"),
    )
    assert energy(tmp_path, text) == pytest.approx(2 * 120 * 3600, rel=0.05)


def test_a_hole_across_blocks_of_rows(tmp_path, monkeypatch):
    from powermeter.importers import table_rows

    whole = day(lambda h: None if h in (8, 9, 10) else str([5, 7, 3][h % 3]))
    for size in (3, 8, 9):
        monkeypatch.setattr(table_rows, "BLOCK", size)
        assert energy(tmp_path, whole) == pytest.approx(120 * 3600)


def test_blank_amounts_beside_those_of_another_column_are_reported(tmp_path):
    """Whether a device used nothing in them, or nobody looked, is not in the file."""
    path = tmp_path / "t.csv"
    path.write_text(
        day(lambda h: f"{'' if h in (8, 9, 10) else [5, 7, 3][h % 3]},{[5, 7, 3][h % 3]}", "time,a_Wh,b_Wh\n")
    )
    log = convert(path, tmp_path / "o.power", choices=Choices(add_up=True))
    notes = [str(note) for note in log.warnings if note.code == "missing-values"]
    assert any(note.startswith("a: 3 rows without an amount") for note in notes), notes
    assert not any(note.startswith("b:") for note in notes)


def test_one_row_of_an_energy_is_asked_about(tmp_path):
    """A plug's counter after all other rows were lost: 1122.6 Wh were 4 MW for an invented second."""
    log = tmp_path / "plug.csv"
    log.write_text("time_s,energy_Wh\n240,1122.6\n")
    with pytest.raises(ConfigurationError, match=r"has one row.*--as energy_Wh=per-row"):
        open_log(log)
    log.write_text("start,end,energy_Wh\n2024-03-01 10:00,2024-03-01 11:00,500\n")
    assert open_log(log).sources[0].ends_ns[1] - open_log(log).sources[0].ends_ns[0] == 3600 * 10**9
