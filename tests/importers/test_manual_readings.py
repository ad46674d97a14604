"""Readings by eye: what may be typed, what a display can resolve, the prompts and the source behind them."""

from __future__ import annotations

import math
from datetime import datetime, timezone

import pytest

from powermeter.errors import ConfigurationError
from powermeter.events import now_ns
from powermeter.importers.manual_readings import (
    Display,
    advice,
    least_run_s,
    parse_reading,
    steps_needed,
)

WATTS = Display.of("W", "0.1W")
KWH = Display.of("kWh", "0.01kWh")
MAH = Display.of("mAh", "1mAh")


@pytest.mark.parametrize(
    ("text", "display", "value"),
    [
        ("6.3", WATTS, 6.3),
        (" 6.3 W ", WATTS, 6.3),
        ("6300mW", WATTS, 6.3),
        ("0.42", KWH, 0.42 * 3.6e6),
        ("420 Wh", KWH, 0.42 * 3.6e6),
        ("118", MAH, 424.8),
        ("-0.5", WATTS, -0.5),
    ],
)
def test_values_in_the_displays_unit_or_their_own(text, display, value):
    assert parse_reading(text, display, 0).value == pytest.approx(value)


def test_times_may_be_typed():
    start = now_ns()
    assert parse_reading("+30s 6.3", WATTS, start).at_ns == start + 30 * 10**9
    assert parse_reading("+1m30s 6.3 W", WATTS, start).at_ns == start + 90 * 10**9
    assert parse_reading("@123456789 6.3", WATTS, start).at_ns == 123456789
    assert parse_reading("6.3", WATTS, start).at_ns is None
    moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    at_ns = parse_reading(f"{moment} 6.3 W", WATTS, start).at_ns
    assert at_ns is not None and abs(at_ns - now_ns()) < 2e9
    clock = datetime.now().strftime("%H:%M:%S")
    at_ns = parse_reading(f"{clock} 6.3", WATTS, start).at_ns
    assert at_ns is not None and (abs(at_ns - now_ns()) < 3e9 or clock.startswith(("00:00:0", "23:59:5")))


@pytest.mark.parametrize(
    "text",
    ["", "six", "6.3 V", "6.3 kg", "6.3.1", "1e999", "6,3", "25:99 6.3", "+soon 6.3", "6.3 W W", "x" * 500],
)
def test_what_is_no_reading_is_refused(text):
    with pytest.raises(ConfigurationError):
        parse_reading(text, WATTS, 0)


@pytest.mark.parametrize(
    ("unit", "step"), [("kg", "1kg"), ("W", "0.1"), ("W", "0W"), ("W", "1mAh"), ("%", "1%")]
)
def test_what_is_no_display_is_refused(unit, step):
    with pytest.raises(ConfigurationError):
        Display.of(unit, step)


def test_a_total_must_advance_by_sixteen_steps():
    """Two readings, each uniform within a step: 1.96 × √(2/12) / 0.05 = 16.0."""
    assert steps_needed() == math.ceil(1.959964 * math.sqrt(2 / 12) / 0.05) == 17


def test_how_long_a_run_must_be():
    # 5 W on a display of 0.01 kWh: 16 steps are 0.16 kWh, 32 h; the moment of reading is nothing beside it.
    assert least_run_s(KWH, 5.0) == pytest.approx(16.003 * 36000 / 5.0, rel=1e-3)
    # 0.1 A on a display of 1 mAh: 16 mAh, 576 s.
    assert least_run_s(MAH, 0.1) == pytest.approx(576.4, rel=1e-2)
    # 6.3 W on 0.1 W: the step is ±0.9 %, what is left is the moment of reading at both ends.
    assert 27 < least_run_s(WATTS, 6.3) < 29
    # 0.5 W on 0.1 W: the step alone is ±11 %.
    assert math.isinf(least_run_s(WATTS, 0.5))
    assert math.isinf(least_run_s(WATTS, 0.0))


def test_advice_is_in_words():
    assert "17 steps of 0.01000 kWh" in advice(KWH)
    assert "cannot be distinguished" in advice(WATTS)
    assert "a longer run does not help" in advice(WATTS, 0.5)
    assert "needs a run of 32 h" in advice(KWH, 5.0)
