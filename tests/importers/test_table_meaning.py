"""What the numbers of a table are, with the data: counters, amounts, states, spikes, blanks, devices."""

from types import SimpleNamespace

import numpy as np
import pytest

from powermeter import analyse, importers
from powermeter.analysis.integral import Integral
from powermeter.channel import Boundary, Kind
from powermeter.cli import run
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices, convert
from powermeter.importers.pairing import is_plain
from powermeter.importers.time_zones import LogZone
from powermeter.recording import Recording
from powermeter.result import Grade
from powermeter.signals.headline_rail import choose, whole
from powermeter.signals.rails import lines


def load(tmp_path, text, **said):
    path = tmp_path / "t.csv"
    path.write_text(text)
    log = importers.convert(path, tmp_path / "o.power", choices=importers.Choices(**said), force=True)
    with Recording.open(tmp_path / "o.power") as recording:
        found = lines(recording)
        line = choose(found)
        running = Integral.of(line.power()).running
        return log, float(running[-1]), line.rail.name, {entry.rail.name for entry in (*found, *whole(found))}


def column(head, values, step=1):
    return f"time_s,{head}\n" + "".join(f"{i * step},{value}\n" for i, value in enumerate(values))


def test_joules_of_each_row_are_added_up(tmp_path):
    log, energy, *_ = load(tmp_path, column("pkg_J", [10.2, 12.4, 9.1, 11.3, 12.0, 9.6, 10.8], 5))
    assert energy == pytest.approx(75.4)
    assert log.sources[0].channels[0].kind is Kind.COUNTER
    assert any("rises and falls" in note for note in log.warnings)


@pytest.mark.parametrize(
    "values", [[4000, 4100, 5, 105, 205], [10, 20, 0.4, 10.4, 20.4], [1, 2, 3, 1, 2, 3, 1, 2, 3]]
)
def test_what_falls_as_a_counter_that_is_set_back_falls_is_asked_about(tmp_path, values):
    """A plug's total that was reset once and is read five times was 23 times too much as amounts."""
    with pytest.raises(ConfigurationError, match=r"--as pkg_Wh=counter.*--as pkg_Wh=per-row"):
        load(tmp_path, column("pkg_Wh", values, 3600))


@pytest.mark.parametrize("values", [[5, 0.2, 6, 0.1, 4, 0.3], [3.2, 3.3, 3.1, 3.4, 3.5], [9, 8, 9, 7, 9]])
def test_amounts_that_no_counter_would_show_are_added_up(tmp_path, values):
    _, energy, *_ = load(tmp_path, column("pkg_Wh", values, 3600))
    assert energy == pytest.approx(3600 * sum(values))


def test_a_total_that_is_the_same_in_all_rows_is_asked_about(tmp_path):
    text = column("pkg_J", [10] * 8)
    with pytest.raises(ConfigurationError, match=r"--as pkg_J=per-row.*has counted nothing"):
        load(tmp_path, text)
    assert load(tmp_path, text, as_={"pkg_J": "per-row"})[1] == pytest.approx(80.0)


def test_two_rising_rows_are_asked_about_unless_the_name_tells(tmp_path):
    with pytest.raises(ConfigurationError, match="only 3 rows, which rise"):
        load(tmp_path, column("pkg_J", [1, 2, 3]))
    assert load(tmp_path, column("total_J", [1, 2, 3]))[1] == pytest.approx(2.0)
    assert load(tmp_path, column("pkg_J", [1, 2, 3]), as_={"": "counter"})[1] == pytest.approx(2.0)


def test_a_counter_that_is_reset_says_so_and_never_runs_back(tmp_path):
    values = [*range(100, 120), *range(20)]
    log, energy, *_ = load(tmp_path, column("total_J", values))
    assert energy == pytest.approx(39, abs=1.5)
    assert any("was reset 1 time" in note for note in log.warnings)


def test_what_is_left_in_a_battery_is_used_when_it_falls(tmp_path):
    _log, energy, *_ = load(tmp_path, column("energy_now_J", [100, 98, 95, 93, 90, 88]))
    assert energy == pytest.approx(12.0)
    with pytest.raises(ConfigurationError, match="--as 'X \\(J\\)=level'"):
        load(tmp_path, column("X (J)", [100, 98, 95, 93, 90, 88]))


def test_a_state_holds_until_the_next(tmp_path):
    text = "entity_id,state,last_changed\n" + "".join(
        f"sensor.plug_power,{v},2026-01-02T0{h}:{m:02d}:00.000Z\n"
        for v, h, m in ((2.5, 3, 0), (1400, 4, 0), (2.5, 4, 5), (3, 5, 0))
    )
    log, energy, *_ = load(tmp_path, text, unit="W")
    assert energy == pytest.approx(437_250.0)
    assert log.sources[0].channels[0].kind is Kind.HELD


def test_spikes_marks_and_words_are_missing_counted_and_their_lines_named(tmp_path):
    values = [5 + (i % 7) * 0.1 for i in range(60)]
    values[10], values[20], values[30], values[40] = 9.3e8, -1, "[N/A]", "unavailable"
    log, energy, *_ = load(tmp_path, column("power_W", values))
    assert energy == pytest.approx(5.3 * 59, rel=0.01)
    notes = " | ".join(log.warnings)
    assert "1 implausible reading" in notes and "line 12" in notes
    assert '1 × -1 stand for "none"' in notes and "line 22" in notes
    assert "2 of 60 rows hold no number (1 × [N/A], 1 × unavailable; lines 32, 42)" in notes


def test_a_bad_column_does_not_hide_a_good_one(tmp_path):
    text = "time_s,cpu_power_w,total_power_w\n" + "".join(f"{i},nan,{10 + i % 3}\n" for i in range(12))
    log, energy, rail, _ = load(tmp_path, text)
    assert rail == "total" and energy == pytest.approx(120.5, rel=0.02)
    assert any("'cpu_power_w' holds no number" in note for note in log.warnings)


def test_devices_in_one_column_are_told_apart_and_added(tmp_path):
    text = "time_s,package,power_W\n" + "".join(f"{i},{d},{3 + d}\n" for i in range(10) for d in (0, 1))
    _log, energy, rail, names = load(tmp_path, text)
    assert energy == pytest.approx(9 * 7.0) and {"package0", "package1"} <= names and rail == "all devices"


def test_devices_whose_rows_lie_apart_share_a_round(tmp_path):
    rows = "".join(
        f"2026-01-01 00:00:{s:02d}.{ms:03d},{d},{10 + d}\n" for s in range(20) for d, ms in ((0, 1), (1, 4))
    )
    log, energy, *_ = load(tmp_path, "timestamp,gpu,power_W\n" + rows)
    assert energy == pytest.approx(19 * 21.0)
    assert any("up to 3 ms apart" in note for note in log.warnings)


def test_rounds_without_a_name_are_asked_about_and_the_advice_works(tmp_path):
    rng = np.random.default_rng(2)
    rows = "".join(
        f"2026-01-01 00:00:{s:02d}.{ms:03d},{level + rng.normal(0, 1):.2f}\n"
        for s in range(30)
        for level, ms in ((60, 0), (90, 3))
    )
    text = "timestamp,power_W\n" + rows
    with pytest.raises(ConfigurationError, match=r"--interleaved 2 .*--interleaved 1"):
        load(tmp_path, text)
    assert load(tmp_path, text, interleaved=2)[1] == pytest.approx(29 * 150, rel=0.01)
    assert load(tmp_path, text, interleaved=1)[1] == pytest.approx(29 * 75, rel=0.02)


def test_four_readings_of_one_device_to_a_stamp_are_not_devices(tmp_path):
    values = [30 + 20 * np.sin(i * 0.7) for i in range(40)]
    text = "timestamp,power_W\n" + "".join(
        f"2026-01-01 00:00:{i // 4:02d},{v:.3f}\n" for i, v in enumerate(values)
    )
    assert load(tmp_path, text)[1] == pytest.approx(30 * 10, rel=0.1)


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("BUS_V,CURRENT_MA", "5.0,200"),
        ("Vbus (V),Ibus (A)", "5.0,0.2"),
        ("U1 [V],I1 [A]", "5.0,0.2"),
        ("load_voltage_V,current_mA", "5,200"),
        ("CH1 (V),CH3 (A)", "5.0,0.2"),
        ("Spannung (V),Strom (mA)", "5.0,200"),
    ],
)
def test_voltage_and_current_meet_whatever_they_are_called(tmp_path, head, row):
    text = f"time_s,{head}\n" + "".join(f"{i},{row}\n" for i in range(6))
    assert load(tmp_path, text)[1] == pytest.approx(5.0)


def test_two_pairs_are_told_apart_by_number(tmp_path):
    text = "time_s,V1 (V),I1 (A),V2 (V),I2 (A)\n" + "".join(f"{i},5,1,12,2\n" for i in range(6))
    with pytest.raises(ConfigurationError, match="--rail"):
        load(tmp_path, text)
    _log, energy, *_ = load(tmp_path, text, add_up=True)
    assert energy == pytest.approx(5 * 29.0)


def test_a_shunt_voltage_is_no_supply(tmp_path):
    text = "time_s,shunt_voltage_mV,bus_voltage_V,current_mA\n" + "".join(f"{i},20,5,200\n" for i in range(6))
    assert load(tmp_path, text)[1] == pytest.approx(5.0)


def test_only_voltages_say_what_is_lacking(tmp_path):
    with pytest.raises(DataError, match="only voltages in it"):
        load(tmp_path, column("voltage_V", [5] * 6))


def test_the_grade_is_assumed_until_it_is_said(tmp_path):
    text = column("power_W", [5] * 6)
    grade = lambda **said: load(tmp_path, text, **said)[0].sources[0].channels[0].grade
    assert grade() is Grade.ASSUMED
    assert grade(accuracy=0.01) is Grade.MEASURED
    assert grade(grade=Grade.ESTIMATED) is Grade.ESTIMATED


def test_a_tool_decides_the_grade(tmp_path):
    text = "Date,CPU Utilization,Total Power,CPU Power,GPU Power\n" + "".join(
        f"2026-06-10 1:25:{i},0.1,5,5,0\n" for i in range(6)
    )
    log, _, rail, _ = load(tmp_path, text)
    assert {c.grade for c in log.sources[0].channels} == {Grade.ESTIMATED} and rail == "total"
    assert log.sources[0].channels[0].rail.boundary is Boundary.MODEL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,power\n" + "".join(f"{i},2\n" for i in range(6)), {"columns": {"time": "s", "power": "W"}}),
        ("a,b\n" + "".join(f"{i},2\n" for i in range(6)), {"period_s": 1.0, "columns": {"a": "-", "b": "W"}}),
        ("11/10/2025 3:58:01;5\n", None),
        (
            "when,power_W\n" + "".join(f"11/10/2025 3:58:0{i},2\n" for i in range(6)),
            {"columns": {"when": "s"}},
        ),
    ],
)
def test_the_next_thing_typed_from_a_message_works_or_says_more(tmp_path, text, said):
    path = tmp_path / "m.csv"
    path.write_text(text)
    if said is None:
        assert run(["import", str(path), "-o", str(tmp_path / "m.power")]) == 2
        return
    try:
        importers.convert(path, tmp_path / "m.power", choices=importers.Choices(**said))
    except ConfigurationError as error:
        assert "--" in str(error)


def test_a_named_zone_reads_a_night_of_three_hours(tmp_path):
    minutes = [f"2026-10-25 0{h}:{m:02d}:00" for h, m in [(1, 30), (2, 0), (2, 30), (2, 0), (2, 30), (3, 0)]]
    _log, energy, *_ = load(
        tmp_path,
        "time,power_W\n" + "".join(f"{t},10\n" for t in minutes),
        zone=LogZone.parse("Europe/Berlin"),
    )
    assert energy == pytest.approx(10 * 2.5 * 3600)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "cell", ["1e300", "inf", "-inf", "nan", "9" * 30, "9" * 400, "1e999", "65535", "4611686018427387904"]
)
@pytest.mark.parametrize("where", [0, 30, 59])
def test_rubbish_in_a_cell_is_no_power(tmp_path, cell, where):
    values = [5 + (i % 7) * 0.1 for i in range(60)]
    values[where] = cell
    log, energy, *_ = load(tmp_path, column("power_W", values))
    assert energy == pytest.approx(5.3 * 59, rel=0.03)
    assert any("lines" in note or "(line" in note for note in log.warnings)


@pytest.mark.thorough
@pytest.mark.parametrize("cell", ["1e300", "inf", "nan", "9" * 30, "9" * 400, "-5e9", "1e6", "x", ""])
@pytest.mark.parametrize("where", [0, 30, 59])
def test_rubbish_in_a_time_is_no_energy(tmp_path, cell, where):
    rows = [[str(i), f"{5 + (i % 7) * 0.1:.1f}"] for i in range(60)]
    rows[where][0] = cell
    log, energy, *_ = load(tmp_path, "time_s,power_W\n" + "".join(f"{a},{b}\n" for a, b in rows))
    assert energy == pytest.approx(5.3 * 59, rel=0.04)
    assert any("left out" in note or "clock was set" in note for note in log.warnings)


def test_devices_of_one_stamp_may_come_in_any_order(tmp_path):
    rows = "".join(f"{i},{d},{3 + d}\n" for i in range(10) for d in ((0, 1) if i % 3 else (1, 0)))
    _, energy, *_ = load(tmp_path, "time_s,package,power_W\n" + rows)
    assert energy == pytest.approx(9 * 7.0)


def test_a_round_that_lacks_a_device_is_said(tmp_path):
    rows = "".join(f"{i},{d},{3 + d}\n" for i in range(10) for d in (0, 1) if (i, d) != (9, 1))
    log, *_ = load(tmp_path, "time_s,package,power_W\n" + rows)
    assert any("1 of 10 rounds lack a device" in note for note in log.warnings)


@pytest.mark.parametrize(
    ("head", "charges", "volts", "wanted"),
    [
        (
            "charge_counter_uAh,voltage_mV",
            [3_000_000 - 100 * i for i in range(61)],
            [4012 - i for i in range(61)],
            86.0112,
        ),
        ("charge_mAh,voltage_V", list(range(61)), [5 + 0.1 * (i % 2) for i in range(61)], 1090.8),
    ],
)
def test_a_counted_charge_beside_a_voltage_is_an_energy(tmp_path, head, charges, volts, wanted):
    rows = "".join(f"{i},{q},{v}\n" for i, (q, v) in enumerate(zip(charges, volts, strict=True)))
    _, energy, *_ = load(tmp_path, f"time_s,{head}\n{rows}")
    assert energy == pytest.approx(wanted)


def test_a_counter_that_never_moves_is_not_no_energy(tmp_path):
    rows = "".join(f"{i},0,4012\n" for i in range(60))
    with pytest.raises(DataError, match=r"never moves: nothing was counted.*not 0 J"):
        load(tmp_path, f"time_s,charge_counter_uAh,voltage_mV\n{rows}")
    log, energy, rail, _ = load(
        tmp_path, "time_s,dram_J,pkg_J\n" + "".join(f"{i},0,{i * 10}\n" for i in range(60))
    )
    assert (energy, rail) == (pytest.approx(590), "pkg")
    assert any("'dram_J' never moves" in note for note in log.warnings)


def test_rows_with_more_fields_than_the_header_are_refused(tmp_path):
    rows = "".join(f"{i},{5 + i % 3},5\n" for i in range(20))
    with pytest.raises(DataError, match="header has 2 fields and its rows have 3"):
        load(tmp_path, "time_s,power_W\n" + rows)
    _, energy, *_ = load(tmp_path, "time_s,power_W,\n" + "".join(f"{i},5,\n" for i in range(11)))
    assert energy == pytest.approx(50)


@pytest.mark.parametrize("cell", ["5 500", "5'50"])
def test_marks_between_thousands_are_named(tmp_path, cell):
    rows = "".join(f'{i};"{cell}"\n' for i in range(20))
    with pytest.raises(DataError, match="which is not a number; write numbers without marks"):
        load(tmp_path, "time_s;power_mW\n" + rows)


def test_commas_between_thousands_before_a_decimal_point_are_read(tmp_path):
    rows = "".join(f'{i},"5,500.5"\n' for i in range(11))
    assert load(tmp_path, "time_s,power_mW\n" + rows)[1] == pytest.approx(55.005)


def test_points_between_thousands_before_a_decimal_comma_are_read(tmp_path):
    _, energy, *_ = load(tmp_path, "time_s;power_mW\n" + "".join(f"{i};5.500,5\n" for i in range(11)))
    assert energy == pytest.approx(55.005)


def test_codes_with_all_bits_set_are_no_readings_even_where_they_are_many(tmp_path):
    log, energy, *_ = load(tmp_path, column("power_W", [65535 if i % 10 == 0 else 7 for i in range(60)]))
    assert energy < 420 and any("implausible readings" in note for note in log.warnings)


def test_nothing_but_zeros_is_said(tmp_path):
    log, energy, *_ = load(tmp_path, column("power_W", [0] * 20))
    assert energy == 0 and any("is 0 in all 20 rows" in note for note in log.warnings)


@pytest.mark.parametrize(
    ("current", "power", "may"),
    [
        ("cpu", "cpu", True),
        ("input", "cpu", True),
        ("cpu", "input", True),
        ("cpu fan", "cpu core", True),
        ("gpu", "cpu", False),
    ],
)
def test_a_lone_current_belongs_to_a_lone_power_unless_both_have_names_of_their_own(current, power, may):
    assert is_plain(SimpleNamespace(rail=current), [SimpleNamespace(rail=power)]) is may


@pytest.mark.parametrize(
    ("unit", "value", "small"),
    [
        ("mA", 0.002, False),  # a sensor that sleeps
        ("mA", 0.0005, True),
        ("mW", 25, False),
        ("mW", 15, True),
        ("mV", 350, False),
        ("mV", 250, True),
    ],
)
def test_what_a_device_s_supply_hardly_has_is_doubted(tmp_path, unit, value, small):
    """1 µA, 20 mW and 0.3 V are the least of a supply that is on: below, the unit may be without its milli."""
    beside = {"mA": "voltage_V", "mV": "current_A", "mW": ""}[unit]
    name = {"mA": "current", "mV": "voltage", "mW": "power"}[unit]
    head = f"time_s,{name}_{unit}" + (f",{beside}" if beside else "")
    rows = [f"{t},{value * (1 + t % 2 / 10):.4g}" + (",3" if beside else "") for t in range(40)]
    path = tmp_path / "t.csv"
    path.write_text(head + "\n" + "\n".join(rows) + "\n")
    log = importers.open_log(path)
    assert any("implausibly small" in text for text in log.warnings) is small


def test_energies_that_rise_over_epochs_are_asked_about(tmp_path):
    """5000 J, 5010 J … an epoch are 55 kJ, or 100 J if they are a total; beside a Unix time they are a total."""
    path = tmp_path / "t.csv"
    path.write_text("epoch,time_s,energy_J\n" + "".join(f"{i},{60 * i},{5000 + 10 * i}\n" for i in range(11)))
    with pytest.raises(ConfigurationError, match="per-row"):
        convert(path, tmp_path / "o.power", choices=Choices())
    path.write_text("epoch,energy_J\n" + "".join(f"{1_700_000_000 + i},{5000 + 10 * i}\n" for i in range(11)))
    convert(path, tmp_path / "o.power", choices=Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(100)


@pytest.mark.parametrize(
    ("head", "row", "joules"),
    [
        ("Vin (V),Iin (A),Vout (V),Iout (A)", "12,0.5,5,1", 30.0),
        ("in-volts_mV,ch1-volts_mV,ch1-ampere_mA", "15000,5000,1000", 25.0),
        ("cell1_V,cell2_V,pack_V,pack_current_A", "4,4.1,8.1,1", 40.5),
    ],
)
def test_a_current_meets_the_voltage_of_its_own_side(tmp_path, head, row, joules):
    text = f"time_s,{head}\n" + "".join(f"{i},{row}\n" for i in range(6))
    assert load(tmp_path, text)[1] == pytest.approx(joules)


def test_a_current_between_two_voltages_is_asked_about_and_the_advice_works(tmp_path):
    text = "time_s,battery_V,usb_V,current_mA\n" + "".join(f"{i},4,5,1000\n" for i in range(6))
    with pytest.raises(ConfigurationError, match="--column usb_V=-"):
        load(tmp_path, text)
    assert load(tmp_path, text, columns={"usb_V": "-"})[1] == pytest.approx(20.0)


def test_a_total_energy_beside_a_power_is_its_own_counter_and_no_whole_of_its_own(tmp_path):
    text = "time_s,Active Power (W),Computed Power (W),Total Energy (Wh),Resettable Energy (Wh)\n"
    text += "".join(f"{i},50,69,{1000 + i // 3},{i // 3}\n" for i in range(7))
    _log, energy, rail, _ = load(tmp_path, text)
    assert (energy, rail) == (pytest.approx(300.0), "input")


@pytest.mark.parametrize("elapsed", ["ms", "us"])
def test_a_date_under_any_name_counts_before_a_clock_that_does_not_keep_up(tmp_path, elapsed):
    text = f"UTC,power_W,elapsed_{elapsed}\n"
    text += "".join(f"2025-01-01T10:00:{i:02d}Z,10,{100 * i}\n" for i in range(20))
    log, energy, *_ = load(tmp_path, text)
    assert energy == pytest.approx(190.0)
    assert "times-disagree" in {note.code for note in log.warnings}
    log, energy, *_ = load(tmp_path, text, columns={"UTC": "-"})
    assert energy == pytest.approx(19.0 if elapsed == "ms" else 0.019)


def test_a_battery_at_exactly_minus_one_ampere_is_read_aloud_and_a_power_of_nothing_but_minus_one_is_none(
    tmp_path,
):
    path = tmp_path / "b.csv"
    path.write_text(
        "time_s,voltage_V,current_A\n" + "".join(f"{i},12.0,{-1.0 if i % 2 else 0.5}\n" for i in range(10))
    )
    log = importers.open_log(path)
    assert any("kept as readings, as of a battery" in note for note in log.warnings)
    path.write_text("time_s,power_W\n" + "".join(f"{i},-1\n" for i in range(10)))
    with pytest.raises(DataError, match=r"power_W is -1 in all rows.*nothing was measured"):
        importers.open_log(path)
