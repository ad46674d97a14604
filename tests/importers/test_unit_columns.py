"""Units beside the values, row by row, and the units that messages offer."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices, convert, open_log
from powermeter.importers.headers import heading


def load(tmp_path, text, **said):
    path = tmp_path / "t.csv"
    path.write_text(text)
    return convert(path, tmp_path / "o.power", choices=Choices(**said), force=True)


def energy(path):
    convert(path, path.parent / "o.power", force=True)
    return analyse(path.parent / "o.power").energy.value


def charge(tmp_path):
    return analyse(tmp_path / "o.power").charge.value


def test_a_multimeter_that_changes_its_range_has_the_unit_of_each_row(tmp_path):
    cells = ["0,5;A", "500,0;mA", "500000,0;µA"]
    text = "Nr.;Datum;Uhrzeit;Wert;Einheit\n" + "".join(
        f"{i + 1};05.03.2024;14:00:{i:02d};{cells[i % 3]}\n" for i in range(13)
    )
    load(tmp_path, text, voltage_v=2.0)
    assert charge(tmp_path) == pytest.approx(6.0)


def test_a_range_that_changes_after_the_first_rows_is_not_missed(tmp_path):
    text = "Time (s),Value,Unit\n" + "".join(
        f"{i},{500 if i < 600 else 0.5},{'mA' if i < 600 else 'A'}\n" for i in range(1001)
    )
    load(tmp_path, text, voltage_v=2.0)
    assert charge(tmp_path) == pytest.approx(500.0)


def test_values_and_units_without_a_header(tmp_path):
    load(tmp_path, "".join(f"{i * 0.5}, s, {20 + i % 2 * 2}, mA\n" for i in range(21)), voltage_v=2.0)
    assert charge(tmp_path) == pytest.approx(0.21)


@pytest.mark.parametrize("cell", ["0,36A", "0,36 A", "360 mA"])
def test_the_unit_in_a_cell_counts_whatever_is_typed(tmp_path, cell):
    text = "Zeit;Spannung;Strom\n" + "".join(f"{i},5;5,00V;{cell}\n" for i in range(11))
    load(tmp_path, text, columns={"Zeit": "s", "Strom": "mA"})
    assert charge(tmp_path) == pytest.approx(3.6)


@pytest.mark.parametrize(
    ("row", "offered"),
    [
        ("230.1,0.45,79", "voltage=V --column current=A --column power=W"),
        ("5.01,362.5,1816.1", "voltage=V --column current=mA --column power=mW"),
        ("5010,362.5,1.8161", "voltage=mV --column current=mA"),
    ],
)
def test_the_units_that_are_offered_fit_each_other(tmp_path, row, offered):
    text = "time_s,voltage,current,power\n" + "".join(f"{i},{row}\n" for i in range(8))
    with pytest.raises(ConfigurationError, match=f"for example --column {offered}"):
        load(tmp_path, text)


def test_times_that_count_in_large_steps_are_offered_in_milliseconds(tmp_path):
    with pytest.raises(ConfigurationError, match="--column time=ms"):
        load(tmp_path, "time,power_W\n" + "".join(f"{i * 500},5\n" for i in range(8)))


def test_the_one_column_of_units_is_that_of_every_statistic_before_it(tmp_path):
    text = "Reading;Sample;Duration;Max;Average;Min;Unit\n" + "".join(
        f"{i + 1};14.09.2025 10:00:{i:02d};0:00:01;401;400;399;mA DC\n" for i in range(11)
    )
    load(tmp_path, text, voltage_v=5.0)
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(5 * 0.4 * 11)


def test_a_current_of_hundreds_of_thousands_is_offered_in_microamperes(tmp_path):
    with pytest.raises(ConfigurationError, match="--column current=uA --column voltage=mV"):
        load(tmp_path, "time_s,current,voltage\n" + "".join(f"{i},412{i}00,4012\n" for i in range(8)))


def test_the_number_of_a_row_is_offered_no_unit(tmp_path):
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, "Reading,time_s,x\n" + "".join(f"{i + 1},{i},40.5\n" for i in range(8)))
    assert "Reading" not in str(raised.value) and "x=W" in str(raised.value)


KERNEL = {
    "time_s,voltage_now,current_now\n{i},11400000,1500{i}\n": "voltage_now=uV --column current_now=uA",
    "time_s,power_now,energy_now\n{i},2135000,50000{i}\n": "power_now=uW --column energy_now=uWh",
    "time_s,voltage_now,current_now\n{i},11.4,1.5{i}\n": "voltage_now=V --column current_now=A",
}


@pytest.mark.parametrize("text", KERNEL)
def test_units_of_the_kernels_batteries_are_offered_as_it_counts(tmp_path, text):
    head, row = text.split("\n")[:2]
    path = tmp_path / "battery.csv"
    path.write_text(f"{head}\n" + "".join(f"{row}\n".format(i=i) for i in range(10, 30)))
    with pytest.raises(ConfigurationError, match=KERNEL[text]):
        open_log(path)


@pytest.mark.parametrize(("name", "unit"), [("kw", "kW"), ("KWH", "kWh"), ("mah", "mAh")])
def test_a_unit_alone_is_the_unit_in_any_case(name, unit):
    assert heading(name).unit == unit


@pytest.mark.parametrize("name", ["power_BTU_per_h", "gpu_power_ratio", "power_share"])
def test_what_is_no_power_in_watts_is_not_asked_about(tmp_path, name):
    path = tmp_path / "t.csv"
    path.write_text(f"time_s,{name}\n" + "".join(f"{i},0.{i}\n" for i in range(10, 30)))
    with pytest.raises(DataError, match="no column of power"):
        open_log(path)


def test_a_counter_behind_unix_times_without_a_header_is_asked_about(tmp_path):
    """50 W for 9 s, from /sys/class/powercap."""
    text = "".join(f"{1709287200 + i}.5 {261643328850 + i * 50_000_000}\n" for i in range(10))
    with pytest.raises(ConfigurationError, match="the unit of column 2, for example --column 2=uJ"):
        load(tmp_path, text)
    load(tmp_path, text, columns={"2": "uJ"})
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(450.0)


def test_a_total_that_hardly_rises_is_offered_kilowatt_hours(tmp_path):
    text = "time_s,register_1\n" + "".join(f"{i * 60},{1234.5 + i * 0.001}\n" for i in range(10))
    with pytest.raises(ConfigurationError, match="--column register_1=kWh"):
        load(tmp_path, text)


def test_the_unit_above_a_table_is_the_one_to_offer(tmp_path):
    """W was offered under a title that states kWh: 2000 times too little."""
    path = tmp_path / "t.csv"
    path.write_text(
        "Half-hourly consumption (kWh)\nDate/Time,Usage\n"
        + "".join(f"14/03/2025 {i // 2:02d}:{i % 2 * 30:02d},0.{2 + i % 3}\n" for i in range(30))
    )
    with pytest.raises(ConfigurationError, match="--column Usage=kWh"):
        open_log(path)


def test_whole_numbers_of_a_size_that_only_microwatts_have(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("".join(f"{1741944413 + i} {59_800_000 + i * 7 % 5}\n" for i in range(20)))
    with pytest.raises(ConfigurationError, match="--column 2=uW"):
        open_log(path)


def test_a_unit_in_lines_above_the_table_is_that_of_its_only_column(tmp_path):
    path = tmp_path / "linky.csv"
    rows = "".join(f"2025-01-01T{h:02d}:30:00+01:00;300\n" for h in range(1, 12))
    path.write_text("Etape metier;Unite;Pas en minutes\nComptage Brut;W;30\nHorodate;Valeur\n" + rows)
    assert energy(path) == pytest.approx(300 * 36_000)


def test_a_unit_behind_each_time_is_believed(tmp_path):
    path = tmp_path / "power"
    path.write_text("".join(f"200 W {1415381393437 + 100_000 * i} us\n" for i in range(31)))
    assert energy(path) == pytest.approx(200 * 3.0)


def test_each_input_has_its_own_unit_and_a_second_time_has_none(tmp_path):
    path = tmp_path / "scope.csv"
    rows = "".join(f"{i / 100:.4e},4.0,,{i / 100:.4e},0.5\n" for i in range(11))
    path.write_text(
        "Model,MDO\nHorizontal Units,S,,S,\nRecord Length,11,,11,\nVertical Units,V,,A,\nTIME,CH1,,TIME,CH2\n"
        + rows
    )
    assert energy(path) == pytest.approx(4.0 * 0.5 * 0.1)


def test_a_last_column_that_rises_evenly_is_offered_as_the_time(tmp_path):
    path = tmp_path / "plot.csv"
    path.write_text(
        "".join(
            f"{13 + i % 3}.5,{11 - i % 2}.2,0,{0.05 * i + 0.05 + 1e-4 * (i % 2):.6f}\n" for i in range(20)
        )
    )
    with pytest.raises(ConfigurationError, match=r"--column 4=s \(or ms, us\).* --column 3=UNIT") as caught:
        open_log(path)
    assert "--column 4=kWh" not in str(caught.value)


def test_unix_times_without_a_header_may_fall_once_and_are_not_asked_about(tmp_path):
    path = tmp_path / "battery.csv"
    stamps = [1317150226 + 7 * i - (9 if i == 8 else 0) for i in range(20)]
    path.write_text("".join(f"{stamp},100,4.16{i % 9},TRUE\n" for i, stamp in enumerate(stamps)))
    with pytest.raises(ConfigurationError) as caught:
        open_log(path)
    assert "--column 1=" not in str(caught.value) and "--rate" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "Maalepunkt;Fra;Mængde;Måleenhed;Type",
            "571313174000000000;2024-03-01 {h:02d}:00;0,{v};KWH;Forbrug",
        ),
        (
            "Tunnus;Resoluutio;Yksikkötyyppi;Alkuaika;Määrä",
            "643007572000000000;PT60MIN;kWh;2024-03-01T{h:02d}:00:00Z;0,{v}",
        ),
        (
            "Målepunkt-ID;Fra;Til;KWH 60 Forbruk",
            "707057500000000000;01.03.2024 {h:02d}:00;01.03.2024 {h:02d}:59;0,{v}",
        ),
    ],
)
def test_exports_of_nordic_data_hubs_state_their_unit(tmp_path, header, row):
    """The hub's number of a meter was offered as microwatts, and the kilowatt hours as watts."""
    path = tmp_path / "hub.csv"
    path.write_text(header + "\n" + "".join(row.format(h=h, v=5 + h % 3) + "\n" for h in range(24)))
    convert(path, tmp_path / "o.power", choices=Choices(as_={"": "per-row"}))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(24 * 0.6 * 3.6e6)


@pytest.mark.parametrize(("energy", "offered"), [("{}", "Wh"), ("1.{}", "kWh")])
@pytest.mark.parametrize("volts", ["voltage", "Voltage (V)"])
def test_the_unit_offered_for_an_energy_on_the_mains_is_a_meter_s(tmp_path, energy, offered, volts):
    """A PZEM-004T's registers hold whole watt-hours; J were offered where the volts stated their unit."""
    log = tmp_path / "t.csv"
    rows = "".join(f"2025-03-14 10:{m:02d}:00,230.1,{energy.format(1020 + m * 19)}\n" for m in range(9))
    log.write_text(f"timestamp,{volts},energy\n" + rows)
    with pytest.raises(ConfigurationError, match=f"--column energy={offered}( |$)"):
        open_log(log)


def test_a_unit_in_the_words_of_each_row_is_offered_and_taken(tmp_path):
    """W was offered beside `(kW)`, and neither unit was accepted for a column called `Read Value`."""
    rows = "".join(
        f"10306268587,{v},Active Import Interval (kW),13-06-2026 1{i}:00\n"
        for i, v in enumerate((1.5, 2.5, 2.0))
    )
    log = tmp_path / "t.csv"
    log.write_text(f"MPRN,Read Value,Read Type,Read Date and End Time\n{rows}")
    with pytest.raises(ConfigurationError, match=r"--column 'Read Value=kW' or --unit kW"):
        open_log(log)
    convert(log, tmp_path / "o.power", choices=Choices(unit="kW"))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(4.25 * 3.6e6)  # 2 kWh + 2.25 kWh


def test_a_draw_is_a_power_and_a_share_of_it_is_not_added(tmp_path):
    """The draw of the card was left out, and shares of both draws were added up with them."""
    rows = "".join(f"{t},60,42,180,162\n" for t in range(11))
    header = "t_s,rapl_power_draw_absolute,rapl_estimated_attributable_power_draw,nvidia_draw_absolute,nvidia_estimated_attributable_power_draw"
    log = tmp_path / "t.csv"
    log.write_text(f"{header}\n{rows}")
    with pytest.raises(
        ConfigurationError, match=r"unit of 'rapl_power_draw_absolute', 'nvidia_draw_absolute', for"
    ):
        open_log(log)
    units = {"rapl_power_draw_absolute": "W", "nvidia_draw_absolute": "W"}
    convert(log, tmp_path / "o.power", choices=Choices(columns=units, add_up=True))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(2400)  # 240 W for 10 s


@pytest.mark.parametrize("within", ["", "data."])
def test_the_total_of_a_device_is_kept_beside_its_power(tmp_path, within):
    """Its megajoules were counted as joules in the power's place: 10 mJ for 10 kJ."""
    rows = "".join(f"{t},{g},100,{0.01 + 0.0001 * t:.4f}\n" for t in range(11) for g in (0, 1))
    log = tmp_path / "t.csv"
    names = f"{within}gpu_power_usage", f"{within}energy_consumption"
    log.write_text(f"t_s,gpu_index,{','.join(names)}\n{rows}")
    convert(log, tmp_path / "o.power", choices=Choices(columns=dict(zip(names, "WJ", strict=True))))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(2000)  # two of 100 W for 10 s


def test_columns_that_differ_in_a_number_are_offered_one_unit(tmp_path):
    text = "time_s,Volt0,Curr0,Volt1,Curr1,Volt2,Curr2\n" + "".join(
        f"{t},5.01,0.25,5.02,0.26,5.03,{40 + t / 10}\n" for t in range(9)
    )
    with pytest.raises(ConfigurationError, match=r"Curr0=A .*Curr1=A .*Curr2=A"):
        load(tmp_path, text)
