"""Readings by eye: what may be typed, what a display can resolve, the prompts and the source behind them."""

from __future__ import annotations

import io
import math
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

from powermeter import registry
from powermeter.channel import Boundary, Kind, Quantity
from powermeter.errors import ConfigurationError, OpenError
from powermeter.platforms import manual_readings as by_eye
from powermeter.platforms.manual_readings import (
    Display,
    Prompter,
    advice,
    least_run_s,
    parse_reading,
    steps_needed,
)
from powermeter.result import Grade
from powermeter.source import Address, now_ns

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


def terminal(*answers: str) -> tuple[io.StringIO, io.StringIO]:
    return io.StringIO("".join(answer + "\n" for answer in answers)), io.StringIO()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(by_eye, "TAKEN_S", 0.0)


def test_prompts_ask_until_it_is_a_reading(quick):
    keyboard, screen = terminal("six", "6.3", "6.1 W")
    prompter = Prompter(["virtual://", "manual://?unit=W&step=0.1W&name=plug"], (keyboard, screen))
    assert prompter.is_needed and prompter.urls[0] == "virtual://"
    address = Address.parse(prompter.urls[1])
    assert address.location and address.options == {"unit": "W", "step": "0.1W", "name": "plug"}
    prompter.ask("at the start")
    prompter.ask("at the end")
    assert screen.getvalue().count("read plug at the start in W") == 2
    assert "'six' is not a reading" in screen.getvalue()
    source = registry.source(prompter.urls[1])
    source.open()
    block = source.read_block(0)
    assert block is not None and block.codes.tolist() == [[6_300_000], [6_100_000]]
    assert block.times_ns[0] < block.times_ns[1]
    assert "at 6.200 W" in prompter.close()
    assert not Path(address.location).exists()


def test_an_empty_line_leaves_a_reading_out(quick):
    prompter = Prompter(["manual://?unit=kWh&step=0.01kWh"], terminal("", ""))
    prompter.ask("at the start")
    assert "17 steps" in prompter.close()


def test_a_run_without_displays_asks_nothing():
    prompter = Prompter(["virtual://", "manual://readings.txt"], terminal())
    assert not prompter.is_needed
    assert prompter.urls == ["virtual://", "manual://readings.txt"]


def test_a_closed_terminal_is_an_error(quick):
    prompter = Prompter(["manual://"], (io.StringIO(""), io.StringIO()))
    with pytest.raises(ConfigurationError, match="closed"):
        prompter.ask("now")
    prompter.close()


def listed(tmp_path, text: str, query: str = ""):
    path = tmp_path / "readings.txt"
    path.write_text(text)
    source = registry.source(f"manual://{path}?unit=W&step=0.1W{query}")
    source.open()
    return source, path


def test_a_list_with_times_becomes_samples(tmp_path):
    source, _ = listed(tmp_path, "# plug at the wall\n+0s 6.3\n\n+30s 6.4 W\n+60s 6100mW\n")
    block = source.read_block(0)
    assert block is not None
    assert block.codes.ravel().tolist() == [6_300_000, 6_400_000, 6_100_000]
    assert [int(t - block.times_ns[0]) for t in block.times_ns] == [0, 30 * 10**9, 60 * 10**9]


def test_lines_added_while_recording_are_stamped_on_arrival(tmp_path):
    source, path = listed(tmp_path, "")
    assert source.read_block(0) is None
    before = time.monotonic_ns()
    with open(path, "a") as file:
        file.write("6.3\n6.")
        file.flush()
        block = source.read_block(0.01)
        assert block is not None and block.codes.tolist() == [[6_300_000]]
        assert before <= block.times_ns[0] <= time.monotonic_ns()
        file.write("4\n")
        file.flush()
        block = source.read_block(0.01)
    assert block is not None and block.codes.tolist() == [[6_400_000]]


def test_what_cannot_be_read_is_a_gap(tmp_path):
    source, _ = listed(tmp_path, "+10s 6.3\nsix\n+5s 6.4\n+20s 6.5\n")
    block = source.read_block(0)
    assert block is not None
    assert block.codes.ravel().tolist() == [6_300_000, 6_500_000]
    assert [gap.reason for gap in block.gaps] == ["bad data", "bad data"]
    assert "before the last one" in block.gaps[1].detail


def test_only_bad_lines_are_gaps_without_samples(tmp_path):
    source, _ = listed(tmp_path, "six\n")
    block = source.read_block(0)
    assert block is not None and block.codes.shape == (0, 1) and len(block.gaps) == 1


def test_by_hand_is_said_beside_measured(tmp_path):
    source, _ = listed(tmp_path, "", "&accuracy=1%&nominal=230V")
    (channel,) = source.channels
    assert channel.grade is Grade.MEASURED and "by hand" in channel.rail.covers
    assert channel.rail.boundary is Boundary.WALL and channel.rail.nominal_v == 230.0
    assert channel.kind is Kind.INSTANT and channel.quantity is Quantity.POWER
    assert channel.accuracy.step == 0.1 and channel.accuracy.gain == 0.01
    assert source.info()["taken"] == "by hand"


def test_a_total_counts_and_its_moment_of_reading_is_noise(tmp_path):
    path = tmp_path / "r.txt"
    path.write_text("1.23\n")
    source = registry.source(f"manual://{path}?unit=kWh&step=0.01kWh&at=board&around=5W")
    source.open()
    (channel,) = source.channels
    assert channel.kind is Kind.COUNTER and channel.accuracy.step == 36_000
    assert channel.accuracy.noise == pytest.approx(2.5)  # half a second at 5 W
    assert channel.rail.boundary is Boundary.BOARD


def test_without_a_terminal_or_a_list_it_says_what_to_do(tmp_path):
    with pytest.raises(OpenError, match="file of readings"):
        registry.source("manual://").open()
    with pytest.raises(OpenError, match="no such file"):
        registry.source(f"manual://{tmp_path}/none.txt").open()
    with pytest.raises(ConfigurationError):
        registry.source("manual://?at=moon")
    with pytest.raises(ConfigurationError):
        registry.source("manual://?accuracy=200%")
