"""The grammar of headers: units, quantities, roles and rails, and words that only look like units."""

import pytest

from powermeter import importers
from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.importers.header_words import TIME
from powermeter.importers.headers import heading, words
from powermeter.importers.rail_of_header import rail_name
from powermeter.importers.unit_spellings import of_unit

P, E, V, I, C = Quantity.POWER, Quantity.ENERGY, Quantity.VOLTAGE, Quantity.CURRENT, Quantity.CHARGE


@pytest.mark.parametrize(
    ("text", "quantity", "factor"),
    [
        ("power_watts", P, 1.0),
        ("energy_joules", E, 1.0),
        ("PowerMW", P, 1e-3),
        ("ElapsedSeconds", TIME, 1.0),
        ("Watts", P, 1.0),
        ("Watt", P, 1.0),
        ("mA", I, 1e-3),
        ("BoardPowerWatts", P, 1.0),
        ("TimeStampUs", TIME, 1e-6),
        ("PowerMilliwatts", P, 1e-3),
        ("CURRENT_MA", I, 1e-3),
        ("energy_MWh", E, 3.6e9),
        ("SITE_ENERGY_MWH", E, 3.6),
        ("SHUNT_MV", V, 1e-3),
        ("BUS_V", V, 1.0),
        ("load_voltage_V", V, 1.0),
        ("U1 [V]", V, 1.0),
        ("I1 [A]", I, 1.0),
        ("current_nA", I, 1e-9),
        ("js_power_pW", P, 1e-12),
        ("Power (GW)", P, 1e9),
        ("P/W", P, 1.0),
        ("Leistung (W)", P, 1.0),
        ("Strom (mA)", I, 1e-3),
        ("Spannung [mV]", V, 1e-3),
        ("power_Wh", E, 3600.0),
        ("total_Wh", E, 3600.0),
        ("energy (kWh)", E, 3.6e6),
        ("Charge (mAh)", C, 3.6),
        ("pkg_J", E, 1.0),
        ("time_seconds", TIME, 1.0),
        ("power_milliwatts", P, 1e-3),
        ("PkgWatt", P, 1.0),
        ("\ufeff'Power (W)'", P, 1.0),
        ("# Power [W]:", P, 1.0),
        ("Current(uA)", I, 1e-6),
        ("energy_wh", E, 3600.0),
        ("charge_C", C, 1.0),
        ("Main_1 (kWhs)", E, 3.6e6),
        ("power_consumption(kWTh)", E, 3.6e6),
        ("Volts", V, 1.0),
        ("GPU0_W", P, 1.0),
        ("pW", P, 1e-12),
        ("kV", V, 1e3),
        ("uAh", C, 3.6e-3),
        ("Power [W] CPU", P, 1.0),
        ("Time (days)", TIME, 86_400.0),
        ("uptime_s", TIME, 1.0),
    ],
)
def test_units_stand_in_brackets_behind_a_slash_or_at_the_end(text, quantity, factor):
    found = heading(text)
    assert found.quantity == quantity
    assert found.factor == pytest.approx(factor)


@pytest.mark.parametrize(
    "text",
    [
        "timestamp",
        "Sample",
        "phase_a",
        "Ch A",
        "power_min",
        "VDD_CPU",
        "batch_s",
        "class_a",
        "memory (MiB)",
        "gpu",
        "id",
    ],
)
def test_what_only_looks_like_a_unit_is_none(text):
    assert heading(text).quantity is None


def test_what_trepn_read_has_its_unit_and_what_is_above_a_baseline_is_no_draw():
    """Qualcomm's Trepn writes both beside each other."""
    raw, delta = heading("Battery Power* [uW] (Raw)"), heading("Battery Power* [uW] (Delta)")
    assert (raw.quantity, raw.factor, raw.name) == (P, 1e-6, "Battery Power*")
    assert delta.quantity is None


@pytest.mark.parametrize("text", ["MsBetweenPresents", "msInPresentAPI", "MsUntilDisplayed"])
def test_a_length_of_a_frame_is_no_reading_whose_unit_is_asked_for(text):
    assert (heading(text).unit, heading(text).quantity) == ("ms", None)


@pytest.mark.parametrize(
    "text",
    [
        "power_limit",
        "power.max_limit",
        "Power factor",
        "tdp_power",
        "P set",
        "power_std",
        "peak_count",
        "CO2 emissions",
    ],
)
def test_a_limit_or_a_statistic_is_no_draw(text):
    assert heading(text).is_aside


@pytest.mark.parametrize(
    "text", ["Timestamp", "time", "Unix time", "t", "Date", "Zeit", "last_changed", "Time(D.hh:mm:ss.ms)"]
)
def test_times_are_known_by_name(text):
    assert heading(text).is_time


@pytest.mark.parametrize(
    ("text", "rail"),
    [
        ("GPU0_Power_mW", "GPU0"),
        ("Power (mW)", "input"),
        ("cpu_power_w", "cpu"),
        ("total_power_w", "total"),
        ("Arc Main Current (A)", "Arc Main"),
        ("U1 [V]", "rail 1"),
        ("js_current_pA", "js"),
        ("load_voltage_V", "load"),
        ("power.draw [W]", "input"),
        ("gpu-0[mW]", "gpu-0"),
        ("BoardPowerWatts", "Board"),
    ],
)
def test_what_is_left_names_the_rail(text, rail):
    assert rail_name(heading(text).name) == rail


def test_words_are_split_at_case_digits_and_punctuation():
    assert words("CORE0_ENERGY") == ["core", "0", "energy"]
    assert words("TimeStampUs") == ["time", "stamp", "us"]
    assert words("power.draw.average") == ["power", "draw", "average"]


def test_megawatts_are_meant_where_brackets_say_so():
    assert of_unit("MW") == (P, 1e6)
    assert heading("Power (MW)").factor == 1e6
    assert heading("power_MW").factor == 1e-3


@pytest.mark.parametrize(
    "text",
    [
        "Power dBm",
        "power_dbm",
        "TX power (dBm)",
        "power_percent",
        "VA",
        "kVA",
        "Power (VAR)",
        "apparent_kva",
        "fan_rpm",
    ],
)
def test_a_level_a_share_and_apparent_power_are_no_draw(text):
    found = heading(text)
    assert found.quantity is None and not found.is_electric


@pytest.mark.parametrize("text", ["Power (A)", "Power (C)", "Current (V)", "fW", "MA", "mw"])
def test_a_unit_that_contradicts_its_name_or_is_none_is_asked_for(text):
    assert heading(text).quantity is None


def test_spreadsheet_days_are_offered_as_days(tmp_path):
    from powermeter.errors import ConfigurationError
    from powermeter.importers import Choices, open_log

    path = tmp_path / "t.csv"
    path.write_text("Time,Power (W)\n" + "".join(f"{45_000 + i / 86_400:.8f},10\n" for i in range(11)))
    with pytest.raises(ConfigurationError, match="--column Time=days"):
        open_log(path)
    rows = open_log(path, choices=Choices(columns={"Time": "days"})).sources[0]
    assert (rows.ends_ns[1] - rows.ends_ns[0]) / 1e9 == pytest.approx(10, abs=1e-3)


@pytest.mark.parametrize(("columns", "rest"), [(8, ""), (9, " and 1 more"), (12, " and 4 more")])
def test_eight_columns_without_a_unit_are_asked_for_and_the_rest_counted(tmp_path, columns, rest):
    names = [f"power {i}" for i in range(columns)]
    rows = "".join(f"{t},{','.join(str(t + i) for i in range(columns))}\n" for t in range(8))
    path = tmp_path / "t.csv"
    path.write_text(f"time_s,{','.join(names)}\n{rows}")
    with pytest.raises(ConfigurationError) as caught:
        importers.open_log(path)
    said = str(caught.value)
    assert f"'power 7'{rest}, for example" in said and said.count("--column 'power") == min(columns, 8)
    assert "'power 8'" not in said


@pytest.mark.parametrize(("extra", "kept"), [(",,x", False), (",y,", False), (",,", True), (",y,x", False)])
def test_a_row_with_anything_beyond_the_header_is_left_out(tmp_path, extra, kept):
    rows = [f"{t},{5 + t % 2}" for t in range(60)]
    rows[30] += extra
    path = tmp_path / "t.csv"
    path.write_text("time_s,power_W\n" + "\n".join(rows) + "\n")
    log = importers.open_log(path)
    assert len(log.sources[0].times_ns) == (60 if kept else 59)


@pytest.mark.parametrize(
    ("text", "quantity", "factor", "rail"),
    [
        ("Active energy Wh (A)", E, 3600.0, "A"),
        ("Power W gpu", P, 1.0, "gpu"),
        ("Energy kWh L1", E, 3.6e6, "L1"),
        ("Power kW Phase A", P, 1e3, "Phase A"),
    ],
)
def test_a_unit_between_the_quantity_and_the_rail(text, quantity, factor, rail):
    found = heading(text)
    assert (found.quantity, found.factor, found.rail) == (quantity, factor, rail)


@pytest.mark.parametrize(
    ("text", "meant", "factor"),
    [
        ("PowerMilliWatts", "milliwatts", 1e-3),
        ("power_milli_watts", "milliwatts", 1e-3),
        ("ElapsedMilliSeconds", "milliseconds", 1e-3),
        ("TimeMicroSec", "microsec", 1e-6),
        ("Load kilo-Watts", "kilowatts", 1e3),
        ("FamiliaWatts", "watts", 1.0),
    ],
)
def test_a_prefix_and_its_unit_written_apart(text, meant, factor):
    """`PowerMilliWatts` was a rail Milli in watts, a thousand times too much."""
    assert heading(text).factor == pytest.approx(factor), meant


@pytest.mark.parametrize("text", ["Energy (J per row)", "Energy (J/interval)", "Consumption [kWh/15min]"])
def test_a_unit_of_each_row_is_one(text):
    found = heading(text)
    assert found.quantity is Quantity.ENERGY and found.is_each and found.text == text


def test_min_behind_a_number_is_a_length_and_no_minimum():
    assert not heading("Generation per 30 min (kWh)").is_aside and heading("power min (W)").is_aside


@pytest.mark.parametrize(("text", "factor"), [("kWh used", 3.6e6), ("Wh_consumed", 3600), ("kW drawn", 1e3)])
def test_a_unit_before_the_name(text, factor):
    assert heading(text).factor == factor and heading("kWh price").quantity is None


@pytest.mark.parametrize(("text", "factor"), [("MWh total", 3.6e9), ("mWh_used", 3.6), ("mwh used", 3.6)])
def test_the_prefix_of_a_unit_before_the_name_is_as_it_is_written(text, factor):
    """`MWh total` was read in milliwatt hours."""
    assert heading(text).factor == pytest.approx(factor)


@pytest.mark.parametrize("text", ["MW total", "MWH total", "MAh used"])
def test_an_upper_case_m_before_the_name_that_may_be_milli_is_asked_about(text):
    assert heading(text).quantity is None


@pytest.mark.parametrize(
    ("text", "unit", "name"),
    [
        ("Watt Hours Today", "Wh", "Today"),
        ("Cumulative watt-hours", "Wh", "Cumulative"),
        ("kilowatt hours used", "kWh", "used"),
        ("Energy_Watt_Hours", "Wh", "Energy"),
    ],
)
def test_watt_hours_in_words_wherever_they_stand(text, unit, name):
    found = heading(text)
    assert (found.quantity, found.unit, found.name) == (Quantity.ENERGY, unit, name)


def test_watt_hours_per_something_are_no_energy_and_power_cycles_no_power():
    assert heading("Watt hours per mile").quantity is None
    assert heading("Power Cycle").implied is None and not heading("Power Cycle").is_electric
