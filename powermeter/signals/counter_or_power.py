"""Which of a rail's quantities its energy and its charge come from: a counter before power, power before voltage × current."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity, Rail
from powermeter.result import Grade
from powermeter.signals.meter_refresh import fresh_readings, refresh_found
from powermeter.signals.trace import CommonError, Trace
from powermeter.signals.trace_arithmetic import multiply, scaled, work

Traces = Mapping[Quantity, Trace]

NOMINAL_TOLERANCE = 0.05
"""A supply is assumed to hold its nominal voltage to ±5 % (USB 2.0, 7.2.2: 4.75 V to 5.25 V at a port)."""


def power_of(have: Traces, rail: Rail, key: str) -> Trace | None:
    """Return what a rail's energy comes from.

    In this order: the energy counter (J), the power channel (W), voltage × current (W), the voltage over the
    counted charge (derived), current (or charge) × nominal voltage (derived).  None where none of them is there.

    Args:
        have: The quantities that channels measure.
        rail: The rail.
        key: Names it in the error of its nominal voltage.
    """
    for quantity in (Quantity.ENERGY, Quantity.POWER):
        if quantity in have:
            return have[quantity]
    current, voltage = have.get(Quantity.CURRENT), have.get(Quantity.VOLTAGE)
    if current is not None and voltage is not None:
        product = multiply(voltage, current, rail=rail)
        found = refresh_found(product)
        if len(product):
            return fresh_readings(product, found) if found else product
    if current is not None and rail.nominal_v:
        return scaled(current_at_refreshes(current), rail.nominal_v, Quantity.POWER, _nominal_error(key))
    if Quantity.CHARGE in have and voltage is not None and len(voltage):
        return work(have[Quantity.CHARGE], voltage)
    if Quantity.CHARGE in have and rail.nominal_v:
        return scaled(have[Quantity.CHARGE], rail.nominal_v, Quantity.ENERGY, _nominal_error(key))
    return None


def current_of(have: Traces, power: Trace | None, rail: Rail, key: str) -> Trace | None:
    """Return what a rail's charge comes from.

    In this order: the charge counter (C), the current channel (A), power / measured voltage
    (A, derived), power / nominal voltage (A, derived).  None where none of them is there.

    Args:
        have, rail, key: As for `power_of`.
        power: What `power_of` found.
    """
    if Quantity.CHARGE in have:
        return have[Quantity.CHARGE]
    if Quantity.CURRENT in have:
        return current_at_refreshes(have[Quantity.CURRENT])
    if power is None:
        return None
    voltage = have.get(Quantity.VOLTAGE)
    if voltage is not None and len(voltage) and power.kind is not Kind.COUNTER:
        volts = np.interp(power.times_ns, voltage.times_ns, voltage.values)
        if (volts > 0).all():
            return _divided(power, voltage, volts)
    volts_mean = voltage.mean() if voltage is not None and len(voltage) else None
    nominal = rail.nominal_v or volts_mean
    if not nominal or nominal <= 0:
        return None
    quantity = Quantity.CHARGE if power.quantity is Quantity.ENERGY else Quantity.CURRENT
    return scaled(power, 1 / nominal, quantity, _nominal_error(key))


def current_at_refreshes(current: Trace) -> Trace:
    """Return one reading for each refresh of the instrument, where it shows one.

    A channel of current keeps its rows, since voltage × current needs both at one moment; a charge has no use for rows that repeat.
    """
    found = refresh_found(current) if current.kind is not Kind.COUNTER and not current.repeats else 0
    return fresh_readings(current, found) if found else current


def _nominal_error(key: str) -> CommonError:
    return CommonError(f"model:nominal voltage {key}", relative=NOMINAL_TOLERANCE / 3**0.5)


def _divided(power: Trace, voltage: Trace, volts: NDArray[np.float64]) -> Trace:
    mean_v, mean_p = float(np.mean(volts)), float(np.mean(power.values))
    errors = [replace(e, absolute=e.absolute / mean_v) for e in power.errors]
    errors += [replace(e, relative=-e.relative - e.absolute / mean_v, absolute=0.0) for e in voltage.errors]
    by_key: dict[str, CommonError] = {}
    for e in errors:
        old = by_key.get(e.key, CommonError(e.key, limit=e.limit))
        by_key[e.key] = replace(old, relative=old.relative + e.relative, absolute=old.absolute + e.absolute)
    noise = ((power.noise / mean_v) ** 2 + (voltage.noise * mean_p / mean_v**2) ** 2) ** 0.5
    return replace(
        power,
        values=power.values / volts,
        quantity=Quantity.CURRENT,
        errors=tuple(by_key.values()),
        noise=noise,
        step=power.step / mean_v,
        channels=(*power.channels, *(c for c in voltage.channels if c not in power.channels)),
        grade=max(power.grade, Grade.DERIVED, key=lambda g: g.rank),
    )
