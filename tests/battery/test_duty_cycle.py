"""Schedules of states: mean power, shares, life, what-if."""

from __future__ import annotations

import pytest

from powermeter.battery.battery import Battery
from powermeter.battery.duty_cycle import Entry, Schedule, State, of_link, of_lora, parse_rate, read_schedule
from powermeter.battery.lora import Node
from powermeter.battery.radio_link import Link
from powermeter.errors import ConfigurationError
from powermeter.result import Grade, Result

SLEEP = State.of_power("sleep", 1e-3)
INFER = State("infer", Result.of(0.5, "J", {"gain:m": 0.005}), 0.25, "measured")


def schedule(per_day: float = 8640) -> Schedule:
    return Schedule((Entry(INFER, per_day),), SLEEP)


def test_mean_power() -> None:
    """Every 10 s: 0.5 J of inference and 9.75 s of 1 mW."""
    mean = schedule().mean_power
    assert mean.value == pytest.approx((0.5 + 9.75e-3) / 10)
    assert mean.parts["gain:m"] == pytest.approx(0.0005)
    assert mean.grade is Grade.ASSUMED


def test_shares_add_up() -> None:
    rows = schedule().shares()
    assert [row[0] for row in rows] == ["infer", "sleep"]
    assert sum(row[1] for row in rows) == pytest.approx(1)
    assert sum(row[3] for row in rows) == pytest.approx(1)


def test_life_of_a_battery() -> None:
    hours = schedule().life(Battery("3Ah@3.6V"))
    assert hours.value == pytest.approx(10.8 / schedule().mean_power.value)


def test_what_if() -> None:
    half = schedule().with_rate("infer", 4320)
    assert half.mean_power.value < schedule().mean_power.value
    better = schedule().with_state(State("infer", Result.of(0.1, "J", {}), 0.1, "other recording"))
    assert better.mean_power.value == pytest.approx((0.1 + 9.9e-3) / 10)
    with pytest.raises(ConfigurationError, match="no state 'train'"):
        schedule().with_rate("train", 1)
    awake = schedule().with_state(State.of_power("sleep", 2e-3))
    assert awake.mean_power.value > schedule().mean_power.value


def test_over_a_hundred_percent_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="200% of the day; infer alone"):
        schedule(8 * 86400)
    with pytest.raises(ConfigurationError, match="twice"):
        Schedule((Entry(INFER, 1), Entry(INFER, 1)), SLEEP)
    with pytest.raises(ConfigurationError, match="-1 times"):
        schedule(-1)


@pytest.mark.parametrize(
    ("text", "per_day"), [("24/d", 24), ("1/h", 24), ("2/min", 2880), ("every 10m", 144), ("every 1h30m", 16)]
)
def test_rates(text: str, per_day: float) -> None:
    assert parse_rate(text) == pytest.approx(per_day)


@pytest.mark.parametrize("text", ["24", "every 0s", "-1/d", "x/h", "1/fortnight"])
def test_bad_rates(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_rate(text)


def test_schedule_from_a_file() -> None:
    data = {
        "rest": {"name": "sleep", "power": "1mW"},
        "state": [
            {"name": "sense", "rate": "every 1m", "power": "50mW", "duration": "200ms"},
            {"event": "infer", "rate": "every 10s"},
            {"name": "send", "rate": "6/h", "energy": "80mJ", "duration": "2s"},
        ],
    }
    found = read_schedule(data, {"infer": INFER})
    assert [entry.state.name for entry in found.entries] == ["sense", "infer", "send"]
    assert found.entries[1].state.energy is INFER.energy


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, r"no \[rest\]"),
        ({"rest": {"power": "1mW"}}, "no \\[\\[state"),
        ({"rest": {"power": "1mW"}, "state": [{"name": "x", "power": "1W"}]}, "no rate"),
        ({"rest": {"power": "1mW"}, "state": [{"name": "x", "rate": "1/h"}]}, "power, energy or event"),
        ({"rest": {"power": "1mW"}, "state": [{"event": "y", "rate": "1/h"}]}, "no measured event 'y'"),
        ({"rest": {"power": "1"}, "state": [{"name": "x", "rate": "1/h", "power": "1W"}]}, "has no unit"),
    ],
)
def test_unusable_schedules(data: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_schedule(data, {})


def test_radio_states() -> None:
    message = of_lora(Node(20, 9, 600), 3.3)
    assert 0.05 < message.energy.value < 0.5
    assert message.energy.grade is Grade.ASSUMED
    whole = Schedule((Entry(message, 144), Entry(INFER, 1440)), SLEEP)
    assert {row[0] for row in whole.shares()} == {"transmit", "infer", "sleep"}
    sent = of_link(Link.typical("ble"), 20)
    assert sent.energy.value == pytest.approx(3.0e-3 * 7.1 * (1.4e-3 + 160 / 423e3 + 0.5e-3))


def test_listening_classes_cost_between_messages() -> None:
    """Class C listens at 38.1 mA instead of sleeping at 0.045 mA."""
    a, c = (of_lora(Node(20, 9, 600, kind), 3.3).energy.value for kind in "AC")
    idle = 600 - sum(step.duration_ms for step in Node(20, 9, 600).cycle()) / 1000
    assert c - a == pytest.approx((38.1 - 0.045) * 1e-3 * idle * 3.3)


def test_radios_in_a_schedule_file() -> None:
    data = {
        "rest": {"power": "1mW"},
        "state": [
            {"name": "uplink", "rate": "every 10m", "lora": {"payload": 20, "sf": 9}},
            {"name": "beacon", "rate": "every 1s", "radio": {"kind": "ble", "payload": 20}},
        ],
    }
    found = read_schedule(data, {})
    assert found.entries[0].state.energy.value == pytest.approx(of_lora(Node(20, 9, 600), 3.3).energy.value)
    assert found.entries[1].state.name == "beacon"
    with pytest.raises(ConfigurationError, match="lora takes"):
        read_schedule({**data, "state": [{"name": "u", "rate": "1/h", "lora": {"power": 14}}]}, {})


def test_a_measured_message_takes_the_place_of_cited_states() -> None:
    measured = Link.measured("wifi", Result.of(0.4, "J", {"gain:m": 0.004}))
    assert measured.message(1e6).value == 0.4
    assert of_link(measured, 10).source == "measured"
    with pytest.raises(ConfigurationError, match="not W"):
        Link.measured("wifi", Result.of(0.4, "W"))


def test_states_must_last_and_cost_joules() -> None:
    with pytest.raises(ConfigurationError):
        State("x", Result.of(1.0, "J"), 0.0)
    with pytest.raises(ConfigurationError):
        State("x", Result.of(1.0, "W"), 1.0)
    with pytest.raises(ConfigurationError):
        State.of_power("x", -1.0)


def test_lines_for_people() -> None:
    text = "\n".join(schedule().lines(Battery("3Ah@3.6V")))
    assert "mean power" in text and "of the energy" in text and "energy of the cells" in text
