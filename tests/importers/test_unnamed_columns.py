"""Of columns without a header only those units are offered that their numbers hold."""

import re

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log

AMPERES = [0.194, 0.215, 0.235, 0.238, 0.254, 0.201, 0.222, 0.247, 0.199, 0.231, 0.209]
STEP_S = 10


def _joules(volts):
    return volts * STEP_S * (sum(AMPERES) - (AMPERES[0] + AMPERES[-1]) / 2)


def options_of(text):
    return dict(re.findall(r"--column (\S+?)=(\w+)", text))


def energy(path, columns):
    convert(path, path.parent / "o.power", choices=Choices(columns=columns), force=True)
    return analyse(path.parent / "o.power").energy.value


def _asked(path):
    with pytest.raises(ConfigurationError) as caught:
        open_log(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("row", "volts"),
    [
        ("{t},INA219,5.1,{ma:.2f},{w:.4f}", 5.1),
        ("{t},{ma:.2f},5.02,{mw:.3f}", 5.02),
        ("{t},{a:.3f},5020,{w:.5f}", 5.02),
        ("{t};{a:.3f};230.5;{w:.4f}", 230.5),
    ],
)
def test_the_product_of_two_columns_is_a_power(tmp_path, row, volts):
    path = tmp_path / "log.csv"
    lines = [
        row.format(t=1736935200 + STEP_S * i, a=a, ma=1e3 * a, w=volts * a, mw=1e3 * volts * a)
        for i, a in enumerate(AMPERES)
    ]
    path.write_text("\n".join(lines) + "\n")
    asked = _asked(path).partition(", or ")[0]
    assert energy(path, columns=options_of(asked)) == pytest.approx(_joules(volts), rel=0.002)


def test_both_sizes_are_named_where_the_product_leaves_them_open(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("".join(f"{1736935200 + i},3.3,{5 + i}.25,{3.3 * (5.25 + i):.4f}\n" for i in range(8)))
    asked = _asked(path)
    assert "--column 3=A --column 4=W" in asked and "--column 3=mA --column 4=mW" in asked


def test_a_date_and_a_clock_without_a_header_are_the_time(tmp_path):
    path = tmp_path / "log.csv"
    rows = [f"2025-01-15,10:0{i}:00,{1e3 * a:.2f},5.02,{5020 * a:.2f}" for i, a in enumerate(AMPERES[:9])]
    path.write_text("\n".join(rows) + "\n")
    assert "--column 2=" not in _asked(path)


def test_a_length_of_rows_that_multiplies_a_power_is_no_voltage(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("".join(f"{1736935200 + 5 * i},5,{50 + i},{5 * (50 + i)}\n" for i in range(8)))
    asked = _asked(path)
    assert "=V" not in asked and "=UNIT" in asked


def test_linux_current_and_voltage_are_offered_beside_a_battery_s_state(tmp_path):
    path = tmp_path / "log.txt"
    rows = [f"{1736935200 + STEP_S * i} {-1e6 * a:.0f} 4012000 Discharging" for i, a in enumerate(AMPERES)]
    path.write_text("\n".join(rows) + "\n")
    assert energy(path, columns=options_of(_asked(path))) == pytest.approx(_joules(4.012), rel=0.002)


def test_numbers_that_show_nothing_are_offered_no_unit(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("".join(f"{1317150226 + 7 * i},{100 - i},4.16{i},TRUE,1\n" for i in range(9)))
    asked = _asked(path)
    assert not re.search(r"=(W|kWh|uJ)\b", asked)
    assert "--column 2=UNIT --column 3=UNIT" in asked


def test_numbers_beyond_any_reading_are_asked_about_as_others_are(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(
        "".join(f"{1736935200 + i},{3.3 + i / 9},{5 + i}.25,{9 + i % 2}.5\n" for i in range(8))
        + "1736935208,1e300,1e300,-1e300\n"
    )
    assert "--column 2=UNIT" in _asked(path)


@pytest.mark.parametrize("names", [("field1", "field2"), ("Channel 0", "Channel 1"), ("AIN0", "ain1")])
def test_names_that_are_numbers_are_offered_no_unit(tmp_path, names):
    path = tmp_path / "log.csv"
    rows = "".join(f"2024-03-14 14:05:{10 + i} UTC,{i},{5 + i % 3},{i / 7:.2f}\n" for i in range(9))
    path.write_text(f"created_at,entry_id,{','.join(names)}\n" + rows)
    asked = _asked(path)
    assert asked.count("=UNIT") == 2 and "=W" not in asked
