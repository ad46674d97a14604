"""Where a table stands in a text: preambles, units under the names, decimal commas, repeated headers."""

import pytest

from powermeter import analyse
from powermeter.importers import Choices, convert
from powermeter.importers.files import Peek
from powermeter.importers.layout import layout

ROWS = "0,1.5\n1,1.75\n2,1.5\n3,1.25\n"


def look(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text)
    return layout(Peek.at(path))


@pytest.mark.parametrize(
    ("before", "skip"),
    [
        ("", 1),
        ("# made by x\n", 2),
        ("Log of a bench\nFirmware,2.1\n\n", 4),
        ("Record Length,5\nModel,x\nScale,0.1\n", 4),
        ("a line of prose\nanother one\n\n\n", 5),
    ],
)
def test_a_preamble_is_passed_over(tmp_path, before, skip):
    found = look(tmp_path, before + "time (s),power (W)\n" + ROWS)
    assert (found.skip, [h.text for h in found.headings]) == (skip, ["time (s)", "power (W)"])


@pytest.mark.parametrize("word", ["N/A", "[Not Supported]", "unavailable", "nan", "--"])
def test_words_for_no_value_are_data_and_no_second_header(tmp_path, word):
    rows = "".join(f"{at},{word},{word}\n" for at in range(6))
    found = look(tmp_path, "time (s),power (W),fan (W)\n" + rows + "6,1.5,2\n7,1.75,2\n")
    assert (found.skip, [h.text for h in found.headings]) == (1, ["time (s)", "power (W)", "fan (W)"])


def test_a_row_of_units_stands_under_the_names(tmp_path):
    found = look(tmp_path, "time,voltage,current\ns,V,mA\n0,5,1\n1,5,2\n2,5,3\n")
    assert [(h.text, h.unit) for h in found.headings] == [("time", "s"), ("voltage", "V"), ("current", "mA")]
    assert found.skip == 2


@pytest.mark.parametrize(
    ("mark", "text"), [(",", "0,1.5"), (";", "0;1.5"), ("\t", "0\t1.5"), (" ", "0   1.5"), ("|", "0|1.5")]
)
def test_the_delimiter_is_the_one_that_makes_rows(tmp_path, mark, text):
    head = "time_s power_W".replace(" ", mark)
    assert look(tmp_path, head + "\n" + (text + "\n") * 5).delimiter == mark


def test_decimal_commas(tmp_path):
    assert look(tmp_path, "Zeit (s);Leistung (W)\n0;1,5\n1;2,5\n").decimal_comma
    assert not look(tmp_path, "time (s);power (W)\n0;1.5\n1;2.5\n").decimal_comma
    assert look(tmp_path, 'time (s),power (W)\n"0,5","1,5"\n"1,0","2,5"\n').decimal_comma


def test_a_header_behind_a_hash_and_the_same_header_again(tmp_path):
    found = look(tmp_path, "#time (s),power (W)\n0,1\n1,2\n#time (s),power (W)\n2,3\n")
    assert [h.name for h in found.headings] == ["time", "power"]
    assert found.is_again(["time (s)", "power (W)"])
    assert not found.is_again(["0", "1"])


def test_without_a_header_columns_are_numbered(tmp_path):
    found = look(tmp_path, ROWS)
    assert not found.named and [h.text for h in found.headings] == ["1", "2"] and found.skip == 0


def test_facts_before_the_header_are_kept(tmp_path):
    assert look(tmp_path, "Device: x1\ntime (s),power (W)\n" + ROWS).preamble == {"Device": "x1"}


def test_tabs_divide_where_blanks_stand_inside_cells(tmp_path):
    rows = "".join(f"2026-03-05 14:00:0{i}\t00000000:01:00.0\t6{i}.10\n" for i in range(6))
    found = look(tmp_path, "timestamp\tpci.bus_id\tpower.draw [W]\n" + rows)
    assert found.delimiter == "\t" and len(found.headings) == 3


def test_an_oscilloscopes_units_stand_among_its_facts(tmp_path):
    facts = "Model,MSO24\nHorizontal Units,s\nVertical Units,V,A\nRecord Length,5\nTIME,CH1,CH2\n"
    found = look(tmp_path, facts + "".join(f"{i * 0.1:.1f},5.0,0.{i}\n" for i in range(9)))
    assert [h.unit for h in found.headings] == ["s", "V", "A"]


def test_a_labview_file_states_its_units_above_the_table(tmp_path):
    text = (
        "LabVIEW Measurement\t\nSeparator\tTab\n***End_of_Header***\t\n\t\nChannels\t2\t\t\nSamples\t3\t3\t\nY_Unit_Label\tVolts\tAmps\t\n"
        "X_Dimension\tTime\tTime\t\n***End_of_Header***\t\t\t\nX_Value\tVoltage\tCurrent\tComment\n"
        "0.0\t5.0\t0.1\t\n1.0\t5.0\t0.2\t\n2.0\t5.0\t0.3\t\n"
    )
    found = look(tmp_path, text)
    assert [h.unit for h in found.headings[:3]] == ["s", "Volts", "Amps"]


def test_a_row_of_facts_that_is_wider_than_the_table_is_not_its_first(tmp_path):
    text = "PRM;Type de donnees;Date de debut;Date de fin\n123;Courbe de charge;2025-09-14;2025-09-15\nHorodate;Valeur\n"
    found = look(tmp_path, text + "".join(f"2025-09-14T10:{i:02d}:00+02:00;{1200 + i}\n" for i in range(8)))
    assert found.header == ("Horodate", "Valeur") and len(found.rows) == 8


@pytest.mark.parametrize(
    "head",
    [
        "Datum und Uhrzeit;Energie | Symo;Total\n[dd.MM.yyyy HH:mm];[Wh];[Wh]\n",
        ";Energie | Symo;Total\n;Counter;Analog\ndd.MM.yyyy HH:mm;Wh;Wh\n",
    ],
)
def test_a_row_of_units_that_names_the_form_of_a_date_stands_under_the_names(tmp_path, head):
    found = look(tmp_path, head + "".join(f"04.03.2025 10:0{i};1{i},69;2{i},69\n" for i in range(9)))
    assert [h.unit for h in found.headings[1:]] == ["Wh", "Wh"]
    assert [h.text for h in found.headings[1:]] == ["Energie | Symo", "Total"]


def test_old_programs_letters_of_one_byte_are_read(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(("Zeit (s);Leistung (µW)\n" + ROWS.replace(",", ";")).encode("latin-1"))
    assert [h.unit for h in layout(Peek.at(path)).headings] == ["s", "µW"]


@pytest.mark.parametrize("kind", ["DC", "AC"])
def test_a_meters_kind_of_current_behind_the_unit_is_no_other_unit(tmp_path, kind):
    found = look(tmp_path, "t (s),Sample\n" + "".join(f"{i},1.2{i} A {kind}\n" for i in range(9)))
    assert len(found.rows) == 9


def test_units_apart_from_their_numbers_under_a_header_of_names(tmp_path):
    """Two cards of 100 and 200 W, ten rows a second apart: 300 W over 9 s."""
    rows = "".join(
        f"{1709287200 + i}    {d}  {100 * d + 100} W  34 °C   0 %\n" for i in range(10) for d in (0, 1)
    )
    path = tmp_path / "m.txt"
    path.write_text("TIMESTAMP  GPU  POWER  GPU_T  GFX%\n" + rows, encoding="utf-8")
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(2700.0)


def test_the_delimiter_that_the_first_line_declares(tmp_path):
    """Quarters of an hour of 0.1 kWh; the day stands in the header."""
    head = "sep=;\nDatum/Uhrzeit;Energie;Einheit;Energie in Euro;Einheit;Ansicht:;24-Stunden;Datum;01.03.2024 10:00\n"
    rows = "".join(
        f"{i // 4:02d}:{i % 4 * 15:02d} - {(i + 1) // 4:02d}:{(i + 1) % 4 * 15:02d};0,{1 + i % 2};kWh;0,00;Euro;;;;\n"
        for i in range(20)
    )
    path = tmp_path / "f.csv"
    path.write_text(head + rows, encoding="utf-8")
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(20 * 0.15 * 3.6e6)


def test_a_buffer_of_a_bench_multimeter_whose_rows_are_mostly_words(tmp_path):
    """0.2 A for 1.9 s."""
    head = "Model:,DMM6500\nSerial:,04412345\n\nIndex,Reading,Unit,Range Digits,Math,Start Group,Limit1 High,Terminal,Origin,Date,Time,Fractional Seconds\n"
    rows = "".join(
        f"{i + 1},0.2,Amp DC,6,F,F,F,Front,Main,03/01/2024,10:00:0{i // 10},0.{i % 10}00123\n"
        for i in range(20)
    )
    path = tmp_path / "k.csv"
    path.write_text(head + rows, encoding="utf-8")
    convert(path, tmp_path / "o.power", choices=Choices(dates="mdy", voltage_v=1.0))
    assert analyse(tmp_path / "o.power").charge.value == pytest.approx(0.38)


@pytest.mark.parametrize("row", ["x", "7"])
def test_a_header_without_a_name_for_its_first_column_is_of_tabs(tmp_path, row):
    """Blanks stand inside of stamps and units: cells that tabs part are three in each row, and in the line above them."""
    rows = "".join(f"{row}\t2026-03-05 14:00:0{i}\t5.{i}\n" for i in range(9))
    found = look(tmp_path, "My bench log\n\tdate time\tpower draw [W]\n" + rows)
    assert (found.delimiter, found.skip) == ("\t", 2)
    assert [h.text for h in found.headings] == ["", "date time", "power draw [W]"]


def test_a_header_in_one_pair_of_quotes_has_its_names(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text('"time, power, level"\n' + "".join(f"{i},{2 + i}.5,1\n" for i in range(6)))
    assert [h.text for h in layout(Peek.at(path)).headings] == ["time", "power", "level"]


def test_a_decimal_comma_before_an_exponent(tmp_path):
    """EC-Lab's `1,5000000E+02` was no number, and nothing in the message was the way on."""
    (tmp_path / "cell.mpt").write_text(
        "time/s\tP/W\n" + "".join(f"{t},0E+00\t1,5000000E+02\n" for t in range(10))
    )
    convert(tmp_path / "cell.mpt", tmp_path / "o.power", choices=Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(1350)  # 150 W for 9 s


def test_the_data_set_of_a_column_is_no_set_point(tmp_path):
    header = "Data Set 1:Time(s),Data Set 1:Potential(V),Data Set 1:Current(A),Data Set 1:Power(W)"
    (tmp_path / "t.csv").write_text(f"{header}\n" + "".join(f"{t},3,2,6\n" for t in range(11)))
    convert(tmp_path / "t.csv", tmp_path / "o.power", choices=Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(60)


@pytest.mark.parametrize("before", ["", "Bench 3\n", "Bench 3\nof the second floor\n\n"])
def test_what_stands_above_the_names_is_the_title(tmp_path, before):
    found = look(tmp_path, before + "time (s),power (W)\n" + ROWS)
    above = tuple(before.splitlines())
    assert found.title == "\n".join(above) and found.above == above
