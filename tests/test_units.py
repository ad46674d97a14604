"""Numbers with units, in and out."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermeter.errors import ConfigurationError
from powermeter.units import (
    coulomb_to_mah,
    format_duration,
    format_number,
    format_percent,
    format_quantity,
    format_short,
    parse_duration,
    parse_period,
    parse_quantity,
    parse_share,
    unit_factor,
)

NUMBERS = st.floats(1e-6, 1e9, allow_nan=False)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("4Ah", "C", 14400.0),
        ("4000 mAh", "C", 14400.0),
        ("1Wh", "J", 3600.0),
        ("2.5kWh", "J", 9e6),
        ("0.1ohm", "ohm", 0.1),
        ("5m", "ohm", 0.005),
        ("5mΩ", "ohm", 0.005),
        ("2mR", "ohm", 0.002),
        ("100 mA", "A", 0.1),
        ("250uA", "A", 250e-6),
        ("250µA", "A", 250e-6),
        ("250μA", "A", 250e-6),
        ("99%", "1", 0.99),
        ("50ppm", "1", 50e-6),
        ("3.3", "V", 3.3),
        ("-5V", "V", -5.0),
        ("+1e3 W", "W", 1000.0),
        (".5V", "V", 0.5),
        ("1kHz", "Hz", 1000.0),
        ("128SPS", "Hz", 128.0),
        ("90s", "s", 90.0),
    ],
)
def test_quantities_are_read(text, unit, value):
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("4Ah", "J"),
        ("4Wh", "C"),
        ("5V", "A"),
        ("five", "V"),
        ("", "V"),
        ("V", "V"),
        ("1 2V", "V"),
        ("1,5V", "V"),
        ("nan", "V"),
        ("inf", "V"),
        ("1e999", "V"),
        ("0x10", "V"),
        ("5 VV", "V"),
        ("5mm", "ohm"),
        ("٣V", "A"),
        ("--5V", "V"),
        ("5%", "V"),
    ],
)
def test_what_is_no_such_quantity_is_refused_in_one_line(text, unit):
    with pytest.raises(ConfigurationError) as caught:
        parse_quantity(text, unit)
    assert "\n" not in str(caught.value) and repr(text) in str(caught.value)


def test_a_bare_number_can_be_refused():
    with pytest.raises(ConfigurationError, match=r"write for example 5V"):
        parse_quantity("5", "V", bare=False)
    assert parse_quantity("5", "1", bare=False) == 5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("90s", 90),
        ("5m", 300),
        ("5min", 300),
        ("1h30m", 5400),
        ("1h 30m 5s", 5405),
        ("2d", 172800),
        ("90", 90),
        ("1.5", 1.5),
        ("0", 0),
        ("100us", 1e-4),
        ("100µs", 1e-4),
        ("7ns", 7e-9),
        ("1y", 31_557_600),
        ("1e3", 1000),
    ],
)
def test_durations_are_read(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["", "m", "1h30", "-5s", "-5", "5 parsecs", "5m5", "nan", "inf", "1e999", "1:30", "h1"]
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ConfigurationError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("100Hz", 0.01), ("1kHz", 0.001), ("10ms", 0.01), ("0.5", 0.5), ("128SPS", 1 / 128)]
)
def test_periods_are_read_from_rates_and_intervals(text, seconds):
    assert parse_period(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["0", "0Hz", "-1Hz", "0s", "fast", "", "1V"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ConfigurationError):
        parse_period(text)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_a_configuration_error(text):
    for read in (
        parse_duration,
        parse_period,
        lambda t: parse_quantity(t, "V"),
        lambda t: parse_quantity(t, "1"),
    ):
        try:
            assert math.isfinite(read(text))
        except ConfigurationError:
            pass


def test_a_long_line_of_digits_takes_no_time():
    for text in ("1" * 20_000 + "x", "1ms" * 5_000 + "!", "1." * 5_000):
        with pytest.raises(ConfigurationError):
            parse_duration(text)


@given(NUMBERS, st.sampled_from(["V", "A", "W", "J", "Hz", "ohm"]))
def test_what_is_printed_reads_back_to_its_digits(value, unit):
    shown = format_quantity(value, unit, 6).replace(",", "")
    assert parse_quantity(shown, unit) == pytest.approx(value, rel=1e-5, abs=1e-9)


@given(st.floats(-1e12, 1e12, allow_nan=False), st.integers(1, 8))
def test_no_more_significant_digits_than_asked_for(value, digits):
    shown = format_number(value, digits)
    mantissa = re.sub(r"e.*|[-,.]", "", shown).lstrip("0")
    assert len(mantissa.rstrip("0")) <= digits
    assert float(shown.replace(",", "")) == pytest.approx(value, rel=0.6 * 10 ** (1 - digits), abs=1e-300)
    if abs(value) >= 1:
        assert "e" not in shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "J", "–"),
        (math.nan, "J", "–"),
        (math.inf, "J", "–"),
        (0, "J", "0 J"),
        (0.0032, "J", "3.200 mJ"),
        (1234.5, "W", "1.234 kW"),
        (-0.5, "A", "-500.0 mA"),
        (0.99999, "W", "1.000 W"),
        (999.99, "W", "1.000 kW"),
        (12, "gCO2", "12.00 gCO2"),
        (2e-12, "A", "2.000 pA"),
        (5, "1", "5.000 1"),
        (14400, "s", "4 h 00 min"),
    ],
)
def test_quantities_are_printed(value, unit, shown):
    assert format_quantity(value, unit) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.25, "250.0 ms"),
        (12.5, "12.50 s"),
        (99.99, "99.99 s"),
        (100, "1 min 40 s"),
        (119.7, "2 min 00 s"),
        (200, "3 min 20 s"),
        (7199.9, "2 h 00 min"),
        (7200, "2 h 00 min"),
        (7500, "2 h 05 min"),
        (86400 * 4, "4.0 d"),
        (-0.5, "-500.0 ms"),
        (-250, "-4 min 10 s"),
        (31_557_600 * 5, "5.0 y"),
    ],
)
def test_durations_are_printed(seconds, shown):
    assert format_duration(seconds) == shown


@given(st.floats(-1e12, 1e12, allow_nan=False))
def test_every_duration_is_printed_with_parts_in_range(seconds):
    shown = format_duration(seconds)
    found = re.search(r"(\d+) min (\d+) s", shown)
    assert found is None or int(found[2]) < 60
    found = re.search(r"(\d+) h (\d+) min", shown)
    assert found is None or int(found[2]) < 60


def test_units_as_they_are_written():
    assert unit_factor("mAh") == ("C", pytest.approx(3.6))
    assert unit_factor("furlong") is None


def test_a_coulomb_is_an_ampere_for_a_second() -> None:
    """1 mAh is 0.001 A for 3600 s."""
    assert coulomb_to_mah(3.6) == pytest.approx(1.0)
    assert coulomb_to_mah(14_400.0) == pytest.approx(4000.0)


@pytest.mark.parametrize("text", ["1e308Hz", "2GHz", "1e-308Hz", "1e-10", "2y"])
def test_an_interval_below_a_nanosecond_or_above_a_year_is_refused(text):
    with pytest.raises(ConfigurationError, match="not a usable rate or interval"):
        parse_period(text)


@pytest.mark.parametrize(
    ("text", "share"), [("5%", 0.05), ("0.05", 0.05), ("500ppm", 5e-4), ("200%", 2.0), ("0", 0.0)]
)
def test_a_share_is_a_ratio(text: str, share: float) -> None:
    assert parse_share(text) == pytest.approx(share, rel=1e-15)


@pytest.mark.parametrize("text", ["1", "2", "5.0", "-3", "1e0"])
def test_a_bare_number_from_one_on_is_no_share(text: str) -> None:
    with pytest.raises(ConfigurationError, match="has no unit; write"):
        parse_share(text)


def test_a_duration_without_a_unit_is_refused_where_years_are_usual() -> None:
    assert parse_duration("4") == 4
    assert parse_duration("0", bare=False) == 0
    with pytest.raises(ConfigurationError, match="write for example 4h or 4y"):
        parse_duration("4", bare=False)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("4,5Ah", "write a decimal point, 4.5Ah"),
        ("0,500Ah", "write a decimal point, 0.500Ah"),
        ("4,000mAh", "write 4000mAh, or 4.000mAh where the comma is a decimal one"),
        ("1,234,567mAh", "write 1234567mAh"),
        ("4,000.5mAh", "write 4000.5mAh"),
        ("1.234,5mAh", "',5mAh' is not a unit of charge (C, Ah, mAh)"),
        ("4,Ah", "',Ah' is not a unit of charge (C, Ah, mAh)"),
    ],
)
def test_a_comma_is_answered_with_what_to_type(typed, answer):
    """4,000 mAh typed for four thousand was answered with 4.000mAh alone, a thousandth of it."""
    with pytest.raises(ConfigurationError) as refused:
        parse_quantity(typed, "C")
    assert str(refused.value) == f"{typed!r}: {answer}"


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.07, 2, "7.0 %"),
        (0.115, 3, "11.5 %"),
        (1.01, 3, "101 %"),
        (0.0, 2, "0 %"),
        (math.inf, 2, "–"),
        (math.nan, 2, "–"),
    ],
)
def test_a_share_has_a_blank_before_its_sign(share: float, digits: int, text: str) -> None:
    assert format_percent(share, digits) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (2.0, 3, "2"),
        (1234.5, 3, "1,230"),
        (0.2504, 3, "0.25"),
        (1e6, 2, "1,000,000"),
        (1e-5, 2, "0.00001"),
        (-99.96, 3, "-100"),
        (0.0, 2, "0"),
        (math.inf, 3, "inf"),
        (1.5e16, 2, "1.5e+16"),
    ],
)
def test_a_number_in_a_sentence_has_no_zeros_behind_it_and_no_exponent(value, digits, text):
    assert format_short(value, digits) == text


def test_a_change_has_its_sign():
    assert format_short(120.0, 2, plus=True) == "+120" and format_short(-3.21, 2, plus=True) == "-3.2"
