"""A schedule read from a TOML table: its rest, its states, and how often each happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from powermeter.battery.duty_cycle import DAY_S, Entry, Schedule, State, of_link, of_lora
from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.result import Grade, Result
from powermeter.units import parse_duration, parse_quantity


def parse_rate(text: str) -> float:
    """Return occurrences a day from `24/d`, `every 10m`, `1/h`, `2/min`.

    Raises:
        ConfigurationError: It is none of these.
    """
    text = text.strip()
    if text.startswith("every "):
        interval = parse_duration(text.removeprefix("every "))
        if interval <= 0:
            raise ConfigurationError(f"rate {text!r}: an interval must be above zero")
        return DAY_S / interval
    count, slash, per = text.partition("/")
    seconds = {"d": DAY_S, "day": DAY_S, "h": 3600.0, "hour": 3600.0, "min": 60.0, "m": 60.0, "s": 1.0}.get(
        per.strip()
    )
    if not slash or seconds is None:
        raise ConfigurationError(f"rate {text!r}: write for example 24/d, 6/h or 'every 10m'")
    number = parse_quantity(count, "1")
    if number < 0:
        raise ConfigurationError(f"rate {text!r}: cannot be negative")
    return number * DAY_S / seconds


def read_schedule(
    data: Mapping[str, Any], measured: Mapping[str, State], where: str = "schedule"
) -> Schedule:
    """Return the schedule of a TOML table: `[rest]` and a list `[[state]]`.

    A state has `name` and `rate`, and one of: `power` with `duration`, `energy` with `duration`, `event` (the
    label of a measured event), `lora`, `radio`.  The rest lasts as long as nothing else does: its `power` needs no
    duration.

    Raises:
        ConfigurationError: An entry cannot be used, or holds a key that nothing reads; names it.
    """
    _known(data, ("rest", "state"), where)
    rest = data.get("rest")
    if not isinstance(rest, Mapping):
        raise ConfigurationError(f"{where}: no [rest]; what does the device do otherwise?")
    otherwise = _state(rest, measured, f"{where}, rest", name="sleep")
    entries = data.get("state")
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise ConfigurationError(f"{where}: no [[state]]")
    found = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping) or "rate" not in entry:
            raise ConfigurationError(f'{where}, state {number}: no rate, for example rate = "every 10m"')
        found.append(
            Entry(_state(entry, measured, f"{where}, state {number}"), parse_rate(str(entry["rate"])))
        )
    return Schedule(tuple(found), otherwise)


_TYPED = ("power", "energy")

_RESTING = (*_TYPED, "event")

_SCHEDULED = (*_RESTING, "lora", "radio")
"""What states how much an entry of a schedule's file uses."""


def _known(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    """Refuse a key that nothing reads: a mistyped one would silently count as not stated."""
    for key in table:
        if key not in keys:
            raise ConfigurationError(f"{where}: no key {key!r}; {nearest(key, keys)}")


def _state(entry: Mapping[str, Any], measured: Mapping[str, State], where: str, name: str = "") -> State:
    scheduled = not name
    name = str(entry.get("name") or entry.get("event") or name)
    _known(entry, ("name", *(("rate", *_SCHEDULED) if scheduled else _RESTING), "duration"), where)
    if not name:
        raise ConfigurationError(f"{where}: no name")
    stated = [key for key in _SCHEDULED if key in entry]
    if len(stated) > 1:
        raise ConfigurationError(f"{where}, {name}: {' and '.join(stated)} contradict each other; state one")
    if "duration" in entry and stated and stated[0] not in _TYPED:
        raise ConfigurationError(
            f"{where}, {name}: {stated[0]!r} has a duration of its own; leave duration out"
        )
    if "event" in entry:
        label = str(entry["event"])
        if label not in measured:
            known = ", ".join(measured) or "none: name a recording"
            raise ConfigurationError(f"{where}: no measured event {label!r}; there is {known}")
        return replace(measured[label], name=name)
    if stated and stated[0] in _TYPED and "duration" not in entry and (scheduled or "energy" in entry):
        raise ConfigurationError(
            f'{where}: how long does {name!r} last each time? State it, for example duration = "10s"'
        )
    duration = parse_duration(str(entry.get("duration", "1s")))  # a power at rest lasts as long as the rest
    if "power" in entry:
        return State.of_power(name, parse_quantity(str(entry["power"]), "W", bare=False), duration)
    if "energy" in entry:
        energy = parse_quantity(str(entry["energy"]), "J", bare=False)
        return State(name, Result.of(energy, "J", {}, Grade.ASSUMED), duration)
    for kind, make in (("lora", _lora_state), ("radio", _radio_state)):
        if isinstance(entry.get(kind), Mapping):
            return replace(make(entry[kind], parse_rate(str(entry["rate"])), where), name=name)
    raise ConfigurationError(f"{where}, {name}: state power, energy or event (or lora, radio)")


def _lora_state(fields: Mapping[str, Any], per_day: float, where: str) -> State:
    from powermeter.battery.lora import LoraNode

    known = {"payload": 0, "sf": 9, "class": "A", "acknowledged": False, "voltage": "3.3V"}
    unknown = sorted(set(fields) - set(known))
    if unknown or per_day <= 0:
        raise ConfigurationError(f"{where}: lora takes {', '.join(known)} and a rate above zero")
    given = {**known, **fields}
    try:
        node = LoraNode(
            int(given["payload"]),
            int(given["sf"]),
            DAY_S / per_day,
            str(given["class"]),
            bool(given["acknowledged"]),
        )
    except TypeError as error:
        raise ConfigurationError(f"{where}: {error}") from error
    return of_lora(node, parse_quantity(str(given["voltage"]), "V", bare=False))


def _radio_state(fields: Mapping[str, Any], per_day: float, where: str) -> State:
    from powermeter.battery.radio_link import RadioLink

    changes = {key: float(value) for key, value in fields.items() if key not in ("kind", "payload")}
    return of_link(RadioLink.typical(str(fields.get("kind", "")), **changes), float(fields.get("payload", 0)))
