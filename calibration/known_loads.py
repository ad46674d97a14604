"""Known loads as a person types them: `0.5A`, `0.5A±1mA`, `10s-20s=0.5A`; each becomes an event of the recording."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence

from powermeter.errors import ConfigurationError
from powermeter.events import Event, now_ns
from powermeter.recording import Recording
from powermeter.units import NS, parse_duration, parse_quantity, unit_factor

from .channels import LOAD

UNITS = ("A", "V", "W")

_TYPED = re.compile(
    r"\s*([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)\s*([^\d\s±+-]+)\s*(?:(?:±|\+-|\+/-)\s*(.+?))?\s*\Z"
)


def parse(text: str, *, known: bool) -> dict[str, object]:
    """Return the attributes of a load's event: its true value, standard uncertainty and unit (SI).

    The last digit typed counts as a resolution (step/√12), what follows `±` as a limit (/√3).

    Args:
        known: Whether the reference's accuracy was given apart, so that `±` may be left out.

    Raises:
        ConfigurationError: It is not a value with a unit, or its accuracy is not stated.
    """
    match = _TYPED.match(text)
    found = unit_factor(match[2]) if match else None
    if match is None or found is None or found[0] not in UNITS:
        raise ConfigurationError(f"{text!r} is not a load; write for example 0.5A, 250mA or 0.5A±1mA")
    unit, factor = found
    value = float(match[1]) * factor
    if match[3] is None and not known:
        raise ConfigurationError(
            f"how sure is {text!r}? Write 0.5A±1mA, or use --accuracy 0.1% for all loads"
        )
    limit = parse_quantity(match[3], unit, bare=False) if match[3] else 0.0
    if limit < 0:
        raise ConfigurationError(f"{text!r}: what follows ± must not be below zero")
    digits, _, exponent = match[1].lower().partition("e")
    step = 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2])) * factor
    return {
        "true": value,
        "uncertainty": math.hypot(limit / math.sqrt(3), step / math.sqrt(12)),
        "unit": unit,
    }


def windows(texts: Sequence[str], start_ns: int, *, known: bool) -> list[Event]:
    """Return the events of loads typed as `10s-20s=0.5A`, times from the recording's first sample.

    Raises:
        ConfigurationError: One of them is not to be understood.
    """
    events = []
    for text in texts:
        span, equals, load = text.partition("=")
        first, dash, last = span.partition("-")
        if not equals or not dash:
            raise ConfigurationError(f"{text!r}: write when and what, for example 10s-20s=0.5A")
        begin, end = parse_duration(first), parse_duration(last)
        if end <= begin:
            raise ConfigurationError(f"{text!r} ends before it begins")
        times = start_ns + round(begin * NS), start_ns + round(end * NS)
        events.append(Event(LOAD, *times, attributes=parse(load, known=known)))
    return events


def loads_of(recording: Recording, texts: Sequence[str], *, known: bool) -> list[Event]:
    """Return the events of the loads that are typed, else those that the recording holds.

    Raises:
        ConfigurationError: One of them is not to be understood.
    """
    if not texts:
        return [event for event in recording.events() if event.name == LOAD]
    starts = [span[0] for s in recording.sources if (span := recording.span_ns(s.id)) is not None]
    return windows(texts, min(starts, default=0), known=known)


def held(attributes: Mapping[str, object], hold_s: float, number: int) -> Event:
    """Wait while a load is held; return its event, the recording's `number`th."""
    start = now_ns()
    time.sleep(hold_s)
    return Event(LOAD, start, now_ns(), uid=number, attributes=attributes)
