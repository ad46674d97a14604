"""Schedules of states: mean power, shares, life, what-if."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from powermeter.battery.battery import Battery
from powermeter.battery.duty_cycle import Entry, Schedule, State, of_link, of_lora, states_of
from powermeter.battery.lora import LoraNode
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.battery.radio_link import RadioLink
from powermeter.battery.schedule_file import parse_rate, read_schedule
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


def test_what_is_typed_in_is_named_beside_the_interval() -> None:
    """10 times a day, 0.5 J with its gain beside 86 J typed in without one: the interval is of the smaller part."""
    lines = schedule(10).lines()
    assert "  not in the interval: sleep (95 % of the energy): typed in, and taken as exact" in lines
    # 0.00975 of 0.50975 J are 1.9 %; at 18 144 a day 0.0009475 of 0.10595 W are 0.9 %, which count for nothing.
    assert (
        "  not in the interval: sleep (1.9 % of the energy): typed in, and taken as exact"
        in schedule().lines()
    )
    assert not schedule(18144).taken_as_exact
    known = State("sleep", Result.of(1e-3, "J", {"offset:m": 1e-5}), 1.0, "measured")
    assert not any("not in the interval" in line for line in Schedule((Entry(INFER, 10),), known).lines())


def test_the_capacity_of_a_battery_is_named_once() -> None:
    last = schedule().lines(Battery("10Wh@3V"))[-1]
    assert last.startswith("battery 10 Wh at 3 V, energy of the cells: ")
    assert (
        schedule()
        .lines(Battery("10Wh@3V", title="a cell"))[-1]
        .startswith("battery a cell (10 Wh at 3 V, energy")
    )


def test_shares_add_up() -> None:
    rows = schedule().shares()
    assert [row[0] for row in rows] == ["infer", "sleep"]
    assert sum(row[1] for row in rows) == pytest.approx(1)
    assert sum(row[3] for row in rows) == pytest.approx(1)


def test_life_of_a_battery() -> None:
    hours = schedule().life(Battery("3Ah@3.6V"))
    assert hours is not None and hours.value == pytest.approx(10.8 / schedule().mean_power.value)


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
    with pytest.raises(ConfigurationError, match="200 % of the day; infer alone"):
        schedule(8 * 86400)
    with pytest.raises(ConfigurationError, match="twice"):
        Schedule((Entry(INFER, 1), Entry(INFER, 1)), SLEEP)
    with pytest.raises(ConfigurationError, match="-1 times"):
        schedule(-1)


@pytest.mark.parametrize(
    ("text", "per_day"),
    [
        ("24/d", 24),
        ("1/h", 24),
        ("2/min", 2880),
        ("every 10m", 144),
        ("every 1h30m", 16),
        ("1/s", 86_400),
        ("3/day", 3),
    ],
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


REST = {"power": "5mW"}
WORK = {"name": "work", "rate": "20/h", "power": "2W"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"rest": REST, "state": [{**WORK, "duraton": "10s"}]}, "no key 'duraton'; did you mean duration"),
        ({"rest": REST, "state": [{**WORK, "duration": "1s", "for": "10s"}]}, "state 1: no key 'for'"),
        ({"rest": REST, "state": [WORK]}, "how long does 'work' last"),
        ({"rest": REST, "state": [{"name": "w", "rate": "1/h", "energy": "2J"}]}, "how long does 'w' last"),
        ({"rest": {"energy": "1J"}, "state": [{**WORK, "duration": "1s"}]}, "how long does 'sleep' last"),
        ({"rest": {"power": "1W", "rate": "1/h"}, "state": [WORK]}, "rest: no key 'rate'"),
        ({"rest": REST, "states": [WORK], "state": [WORK]}, "no key 'states'; did you mean state"),
        ({"rest": REST, "state": [{**WORK, "energy": "2J"}]}, "power and energy contradict"),
        (
            {"rest": REST, "state": [{"event": "infer", "rate": "1/h", "duration": "9s"}]},
            "a duration of its own",
        ),
    ],
)
def test_nothing_in_a_schedule_is_read_past(data: dict[str, object], said: str) -> None:
    """A state of 2 W whose duration is mistyped is not one of 1 s."""
    with pytest.raises(ConfigurationError, match=said):
        read_schedule(data, {"infer": INFER})


def test_radio_states() -> None:
    message = of_lora(LoraNode(20, 9, 600), 3.3)
    assert 0.05 < message.energy.value < 0.5
    assert message.energy.grade is Grade.ASSUMED
    whole = Schedule((Entry(message, 144), Entry(INFER, 1440)), SLEEP)
    assert {row[0] for row in whole.shares()} == {"transmit", "infer", "sleep"}
    sent = of_link(RadioLink.typical("ble"), 20)
    assert sent.energy.value == pytest.approx(3.0e-3 * 7.1 * (1.4e-3 + 160 / 423e3 + 0.5e-3))
    assert sent.duration_s == pytest.approx(1.4e-3 + 160 / 423e3 + 0.5e-3)


def test_listening_classes_cost_between_messages() -> None:
    """Class C listens at 38.1 mA instead of sleeping at 0.045 mA."""
    a, c = (of_lora(LoraNode(20, 9, 600, kind), 3.3).energy.value for kind in "AC")
    idle = 600 - sum(step.duration_ms for step in LoraNode(20, 9, 600).cycle()) / 1000
    assert c - a == pytest.approx((38.1 - 0.045) * 1e-3 * idle * 3.3)


def test_radios_in_a_schedule_file() -> None:
    data = {
        "rest": {"power": "1mW"},
        "state": [
            {"name": "uplink", "rate": "every 10m", "lora": {"payload": 20, "sf": 9}},
            {"name": "beacon", "rate": "every 1s", "radio": {"kind": "ble", "payload": 20}},
            {"name": "listening", "rate": "every 5m", "lora": {"sf": 9, "class": "C", "voltage": "3V"}},
        ],
    }
    found = read_schedule(data, {})
    assert found.entries[0].state.energy.value == pytest.approx(
        of_lora(LoraNode(20, 9, 600), 3.3).energy.value
    )
    assert found.entries[1].state.name == "beacon"
    assert found.entries[2].state.energy.value == pytest.approx(
        of_lora(LoraNode(0, 9, 300, "C"), 3.0).energy.value
    )
    with pytest.raises(ConfigurationError, match="lora takes"):
        read_schedule({**data, "state": [{"name": "u", "rate": "1/h", "lora": {"power": 14}}]}, {})


def test_a_measured_message_takes_the_place_of_cited_states() -> None:
    measured = RadioLink.measured("wifi", Result.of(0.4, "J", {"gain:m": 0.004}))
    assert measured.message(1e6).value == 0.4
    assert of_link(measured, 10).source == "measured"
    with pytest.raises(ConfigurationError, match="not W"):
        RadioLink.measured("wifi", Result.of(0.4, "W"))


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


def row(title="infer", energy=10.0, events=4, seconds=2.0):
    result = None if energy is None else Result.of(energy, "J", {"gain:m": 0.1})
    return SimpleNamespace(
        title=title, energy=result, events=events, seconds=seconds, per_item=None, items_per_event=None
    )


def test_a_measured_state_is_one_event_of_a_label() -> None:
    """10 J in four events of 2 s together: 2.5 J and 0.5 s each."""
    analysis = SimpleNamespace(
        rows=[row(), row("unknown", None), row("none", events=0), row("instant", seconds=0.0)]
    )
    found = states_of(analysis)
    assert list(found) == ["infer"]
    state = found["infer"]
    assert (state.energy.value, state.duration_s, state.source) == (2.5, 0.5, "measured")
    assert state.energy.parts["gain:m"] == pytest.approx(0.025)
    assert state.power.value == pytest.approx(5.0) and state.power.unit == "W"
    assert list(states_of(analysis, ["infer"])) == ["infer"] and states_of(analysis, []) == {}
    with pytest.raises(ConfigurationError, match="no event 'train' in the recording; it has infer"):
        states_of(analysis, ["train"])
    with pytest.raises(ConfigurationError, match="it has none"):
        states_of(SimpleNamespace(rows=[]), ["train"])


def test_a_state_is_the_coming_event_with_the_spread_between_repeats() -> None:
    """Four batches of 8 items, a further item 0.3 J with 0.03 J of spread: 2.4 J an event with 0.24 J, not 2.5 J with the meter's part."""
    batches = row()
    batches.items_per_event, batches.per_item = 8.0, Result.of(0.3, "J", {"repeats:m": 0.03})
    found = states_of(SimpleNamespace(rows=[batches]))["infer"].energy
    assert found.value == pytest.approx(2.4) and found.parts == {"repeats:m": pytest.approx(0.24)}


def test_a_schedule_that_fills_the_day_leaves_no_rest() -> None:
    """One event of 0.25 s each 0.25 s: 2 W, and the rest state has no time."""
    full = schedule(4 * 86_400)
    assert full.busy == pytest.approx(1.0) and full.mean_power.value == pytest.approx(2.0)
    assert [(name, round(share, 9)) for name, _, _, share in full.shares()] == [
        ("infer", 1.0),
        ("sleep", 0.0),
    ]
    with pytest.raises(ConfigurationError, match=r"fills 101 % of the day; infer alone takes 101 %"):
        schedule(4.04 * 86_400)


def test_shares_are_of_time_and_of_energy_largest_first() -> None:
    """1 W for a tenth of the day over 0.5 W: 0.1 W and 0.45 W of 0.55 W."""
    made = Schedule((Entry(State.of_power("work", 1.0, 8640.0), 1.0),), State.of_power("sleep", 0.5, 60.0))
    (rest, work) = made.shares()
    assert (rest[0], rest[1], rest[2].value, rest[3]) == (
        "sleep",
        0.9,
        pytest.approx(0.45),
        pytest.approx(9 / 11),
    )
    assert (work[0], work[1], work[2].value, work[3]) == (
        "work",
        0.1,
        pytest.approx(0.1),
        pytest.approx(2 / 11),
    )
    assert work[2].unit == rest[2].unit == "W"


def test_a_state_of_energy_and_one_of_power_from_a_file() -> None:
    made = read_schedule(
        {
            "rest": {"power": "1mW"},
            "state": [
                {"name": "a", "power": "2W", "duration": "500ms", "rate": "2/min"},
                {"name": "b", "energy": "3J", "duration": "2s", "rate": "every 12h"},
                {"event": "infer", "rate": "1/h"},
            ],
        },
        {"infer": INFER},
    )
    a, b, c = made.entries
    assert (a.state.energy.value, a.state.duration_s, a.per_day) == (1.0, 0.5, 2880.0)
    assert (b.state.energy.value, b.state.duration_s, b.per_day) == (3.0, 2.0, 2.0)
    assert (c.state.name, c.state.energy.value, c.per_day) == ("infer", 0.5, 24.0)
    assert (made.rest.name, made.rest.power.value) == ("sleep", 1e-3)
    assert a.state.energy.grade is b.state.energy.grade is Grade.ASSUMED
    assert a.busy == pytest.approx(2880 * 0.5 / 86_400)


@pytest.mark.parametrize("interval_s", [60.0, 3600.0])
def test_a_lora_message_is_the_charge_of_its_steps_at_the_supplys_voltage(interval_s: float) -> None:
    """Class A sleeps between messages, which is the rest state's: Σ I t × 3.3 V, however far apart messages are; half to twice of it."""
    node = LoraNode(20, 9, interval_s)
    state = of_lora(node, 3.3)
    steps = node.cycle()
    joules = sum(step.current_ma * step.duration_ms for step in steps) * 1e-6 * 3.3
    assert state.energy.value == pytest.approx(joules, rel=1e-9)
    assert (state.energy.low, state.energy.high) == pytest.approx((joules / 2, joules * 2))
    assert state.duration_s == pytest.approx(sum(step.duration_ms for step in steps) / 1000)
    assert state.name == "transmit" and state.energy.grade is Grade.ASSUMED


def test_a_class_c_message_holds_what_is_listened_until_the_next() -> None:
    """It listens instead of sleeping: the difference of both currents over the time between two messages comes on top."""
    a, c = (of_lora(LoraNode(20, 9, 600.0, device), 3.0) for device in "AC")
    node = LoraNode(20, 9, 600.0)
    idle_s = 600.0 - sum(step.duration_ms for step in node.cycle()) / 1000
    more = (node.receive_ma - node.sleep_ma) * 1e-3 * idle_s * 3.0
    assert c.energy.value - a.energy.value == pytest.approx(more, rel=1e-6)


def test_a_state_that_the_cells_cannot_deliver_leaves_no_life() -> None:
    """2.86 W for a moment each hour: the mean is small, the pulse is not."""
    pulses = Schedule((Entry(State.of_power("infer", 2.86, 0.16), 24.0),), State.of_power("sleep", 0.0005))
    cell = parse_battery("cr2032")
    assert pulses.life(cell) is None
    assert "infer: 2.86 W cannot be drawn from CR2032" in "\n".join(pulses.lines(cell))
    assert pulses.life(parse_battery("18650")) is not None
