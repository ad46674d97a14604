"""A device as states on a schedule: mean power, the share of each state, the life of a battery.

    P_mean = Σ rate_i E_i + P_rest (1 - Σ rate_i t_i)

States are measured events (energy and duration each), cited ones or typed ones.  What is not on the
schedule is the rest state, usually sleep.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from powermeter.battery.battery import Battery
from powermeter.errors import ConfigurationError, quoted
from powermeter.result import Grade, Result, combine
from powermeter.units import format_percent

if TYPE_CHECKING:
    from powermeter.analysis.energy import Analysis
    from powermeter.analysis.label_row import LabelRow
    from powermeter.battery.lora import LoraNode
    from powermeter.battery.radio_link import RadioLink

DAY_S = 86400.0


@dataclass(frozen=True)
class State:
    """What the device does for a while.

    Attributes:
        name: `sleep`, `sense`, `infer`, `train`, `transmit`, …
        energy: Of one occurrence, in J.
        duration_s: Of one occurrence.
        source: Where the numbers come from.
    """

    name: str
    energy: Result
    duration_s: float
    source: str = "typed in"

    def __post_init__(self) -> None:
        if self.energy.unit != "J":
            raise ConfigurationError(
                f"state {self.name}: energy in J, not {self.energy.unit or 'a bare number'}"
            )
        if not self.duration_s > 0:
            raise ConfigurationError(
                f"state {self.name}: lasts {self.duration_s:g} s; it must last some time"
            )

    @classmethod
    def of_power(
        cls, name: str, power: Result | float, duration_s: float = 1.0, source: str = "typed in"
    ) -> State:
        """Return a state of constant power in W."""
        if not isinstance(power, Result):
            power = Result.of(float(power), "W", {}, Grade.ASSUMED)
        if power.unit != "W" or power.value < 0:
            raise ConfigurationError(f"state {name}: the power in W must not be negative")
        return cls(name, power.scaled(duration_s, "J"), duration_s, source)

    @property
    def power(self) -> Result:
        """Mean power while it lasts, in W."""
        return self.energy.scaled(1 / self.duration_s, "W")


@dataclass(frozen=True)
class Entry:
    """A state and how often it happens."""

    state: State
    per_day: float

    @property
    def busy(self) -> float:
        """Share of the time."""
        return self.per_day * self.state.duration_s / DAY_S


@dataclass(frozen=True)
class Schedule:
    """Scheduled states over a rest state.

    Attributes:
        entries: What happens, and how often.
        rest: What the device does otherwise.
    """

    entries: tuple[Entry, ...]
    rest: State

    def __post_init__(self) -> None:
        for entry in self.entries:
            if entry.per_day < 0:
                raise ConfigurationError(f"state {entry.state.name}: {entry.per_day:g} times a day")
        names = [entry.state.name for entry in self.entries] + [self.rest.name]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigurationError(f"state {twice[0]!r} is scheduled twice; add the rates up")
        if self.busy > 1 + 1e-9:
            largest = max(self.entries, key=lambda entry: entry.busy)
            raise ConfigurationError(
                f"the schedule fills {format_percent(self.busy, 3)} of the day; {largest.state.name} alone takes {format_percent(largest.busy, 3)}"
            )

    @property
    def busy(self) -> float:
        """Share of the time that is scheduled."""
        return sum(entry.busy for entry in self.entries)

    @property
    def mean_power(self) -> Result:
        """In W, shared errors of one meter kept."""
        terms = [(entry.per_day / DAY_S, _joule(entry.state.energy)) for entry in self.entries]
        terms.append(((1 - min(self.busy, 1.0)) / self.rest.duration_s, _joule(self.rest.energy)))
        return replace(combine(terms), unit="W")

    def shares(self) -> list[tuple[str, float, Result, float]]:
        """Return (name, share of time, power contributed in W, share of energy) of each state, largest first."""
        mean = self.mean_power.value
        found = []
        for entry in self.entries:
            power = entry.state.energy.scaled(entry.per_day / DAY_S, "W")
            found.append((entry.state.name, entry.busy, power, power.value / mean if mean else 0.0))
        idle = max(0.0, 1 - self.busy)
        power = self.rest.energy.scaled(idle / self.rest.duration_s, "W")
        found.append((self.rest.name, idle, power, power.value / mean if mean else 0.0))
        return sorted(found, key=lambda row: -row[3])

    @property
    def taken_as_exact(self) -> list[tuple[str, float]]:
        """Return (name, share of energy) of each state that counts and has no uncertainty of its own, largest first."""
        states = [self.rest, *(entry.state for entry in self.entries)]
        exact = {state.name for state in states if state.energy.low == state.energy.high}
        return [(name, share) for name, _, _, share in self.shares() if name in exact and share >= 0.01]

    def life(self, battery: Battery, rail_voltage_v: float | None = None) -> Result | None:
        """Return the hours a battery lasts, in h; None where its cells cannot deliver a state's power."""
        return None if self.overload(battery) else battery.hours(self.mean_power, rail_voltage_v)

    def overload(self, battery: Battery) -> str:
        """Return which state the cells cannot deliver, and why; empty where they can."""
        states = [self.rest, *(entry.state for entry in self.entries if entry.per_day > 0)]
        highest = max(states, key=lambda state: state.power.value)
        why = battery.overload(highest.power.value)
        return f"{highest.name}: {why}" if why else ""

    def with_rate(self, name: str, per_day: float) -> Schedule:
        """Return the schedule with one state's rate changed.

        Raises:
            ConfigurationError: No such state, or the schedule is then over 100 %.
        """
        self._check(name)
        return replace(
            self,
            entries=tuple(
                replace(entry, per_day=per_day) if entry.state.name == name else entry
                for entry in self.entries
            ),
        )

    def with_state(self, state: State) -> Schedule:
        """Return the schedule with a state replaced by one of the same name, for example from another recording."""
        if state.name == self.rest.name:
            return replace(self, rest=state)
        self._check(state.name)
        return replace(
            self,
            entries=tuple(
                replace(entry, state=state) if entry.state.name == state.name else entry
                for entry in self.entries
            ),
        )

    def _check(self, name: str) -> None:
        known = [entry.state.name for entry in self.entries]
        if name not in known:
            raise ConfigurationError(
                f"no state {name!r} on the schedule; it has {', '.join(known) or 'none'}"
            )

    def lines(self, battery: Battery | None = None, rail_voltage_v: float | None = None) -> list[str]:
        """Return the schedule for people."""
        mean = self.mean_power
        text = [f"mean power: {mean}, {mean.grade.value}"]
        for name, busy, power, share in self.shares():
            text.append(
                f"  {name}: {format_percent(busy, 3)} of the time, {power}, {format_percent(share, 3)} of the energy"
            )
        if self.taken_as_exact:
            listed = ", ".join(
                f"{name} ({format_percent(share)} of the energy)" for name, share in self.taken_as_exact
            )
            text.append(f"  not in the interval: {listed}: typed in, and taken as exact")
        if battery is not None:
            hours = self.life(battery, rail_voltage_v)
            lasts = (
                f"– ({self.overload(battery)})"
                if hours is None
                else f"{hours} = {hours:d}, {hours.grade.value}"
            )
            text.append(f"battery {battery.described}: {lasts}")
        return text


def _joule(result: Result) -> Result:
    """Keep an interval that has no parts as one part, so that sums keep it."""
    if result.parts or result.high <= result.low:
        return result
    return replace(result, parts={f"state:{id(result)}": result.standard_uncertainty})


def states_of(analysis: Analysis, labels: Iterable[str] | None = None) -> dict[str, State]:
    """Return the measured events of an analysed recording as states, by label, each with what a coming event uses.

    Args:
        analysis: Its rows hold the energies and seconds of a label's events.
        labels: Those wanted, all when None.

    Raises:
        ConfigurationError: A label is not in the recording.
    """
    found = {}
    for row in analysis.rows:
        if row.energy is None or not row.events or row.seconds <= 0:
            continue
        found[row.title] = State(row.title, _coming_event(row), row.seconds / row.events, "measured")
    for label in labels or ():
        if label not in found:
            raise ConfigurationError(
                f"no event {quoted(label)} in the recording; it has {', '.join(found) or 'none'}"
            )
    return {label: found[label] for label in labels} if labels is not None else found


def _coming_event(row: LabelRow) -> Result:
    """Return what a further event of a label uses, in J: with the spread between its items, as `per_item`; of a label without a count, what one used."""
    assert row.energy is not None  # of a row without one there is no state
    if row.per_item is None or row.items_per_event is None:
        return row.energy.scaled(1 / row.events)
    return row.per_item.scaled(row.items_per_event)


def of_lora(node: LoraNode, voltage_v: float) -> State:
    """Return one LoRaWAN message of a node as a state; what it draws asleep is the rest state's.

    What class B or C listens between two messages is counted with the message.

    Args:
        node: Class, payload, spreading factor, interval.
        voltage_v: Supply of the node.
    """
    steps = node.cycle()
    duration = sum(step.duration_ms for step in steps) / 1000
    asleep_mas = node.sleep_ma * (node.interval_s - duration)
    energy = (node.mean_current_ma() * node.interval_s - asleep_mas) * 1e-3 * voltage_v
    return State(
        "transmit", Result(energy, "J", energy / 2, energy * 2, Grade.ASSUMED), duration, "Casals et al. 2017"
    )


def of_link(link: RadioLink, payload_b: float) -> State:
    """Return one message of a radio as a state."""
    message = link.message(payload_b).result()
    if "rate" in link.states:
        seconds = (link.states["setup_ms"].central + link.states["tail_ms"].central) / 1000
        seconds += 8 * payload_b / link.states["rate"].central
    else:
        seconds = 1.0
    return State(
        "transmit", message, seconds, f"{link.kind}, cited states" if "rate" in link.states else "measured"
    )
