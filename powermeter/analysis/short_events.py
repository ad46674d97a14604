"""Rows of events that one sample of a slow meter cannot resolve get their numbers from a regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from powermeter.analysis.labels import LabelRow
from powermeter.analysis.regression import regress
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind
from powermeter.errors import DataError
from powermeter.units import format_duration


def needs_regression(row: LabelRow, energies: Windows) -> bool:
    """Tell whether a meter that averages over longer than an event leaves no other way."""
    trace = energies.integral.trace
    averages = trace.kind is not Kind.INSTANT or trace.window_ns is not None
    return averages and not row.verdict.resolved and row.events > 1 and row.energy is not None


def settle(rows: Sequence[LabelRow], energies: Windows, charges: Windows | None) -> list[LabelRow]:
    """Return the rows with those that need it replaced; `method` is `regression` then.

    A row whose power cannot be separated keeps its smeared numbers with their wide interval, and its
    verdict says why.
    """
    if not any(needs_regression(row, energies) for row in rows):
        return list(rows)
    names = [row.title for row in rows]
    try:
        power = regress(energies.integral, energies.start_ns, energies.end_ns, energies.group, names)
    except DataError as error:
        return [_unsettled(row, str(error)) if needs_regression(row, energies) else row for row in rows]
    charge = None
    if charges is not None:
        try:
            charge = regress(charges.integral, charges.start_ns, charges.end_ns, charges.group, names)
        except DataError:
            charge = None
    settled = []
    for g, row in enumerate(rows):
        if not needs_regression(row, energies):
            settled.append(row)
            continue
        energy, mean = power.energy[g], power.power[g]
        if energy is None or mean is None:
            settled.append(_unsettled(row, power.refused[g]))
            continue
        per_event = row.items / row.events if row.events else 1.0
        trace = energies.integral.trace
        q = charge.energy[g] if charge is not None else None
        text = (
            f"one event lasts {format_duration(row.seconds / row.events)} and a sample comes each "
            f"{format_duration(trace.interval_ns * 1e-9)}: its energy is told by regression of power on activity"
        )
        settled.append(
            replace(
                row,
                energy=energy.scaled(row.events),
                energy_per_item=energy.scaled(1 / per_event) if per_event else None,
                energy_median=None,
                energy_p95=None,
                spread_j=None,
                expected_per_item=energy.scaled(1 / per_event) if per_event else None,
                charge=q.scaled(row.events) if q is not None else None,
                charge_per_item=q.scaled(1 / per_event) if q is not None and per_event else None,
                power=mean,
                method="regression",
                verdict=replace(row.verdict, repeats_needed=_more(energy.relative, row.events), text=text),
            )
        )
    return settled


def _more(relative: float | None, events: int) -> int | None:
    """Return how many more events would bring ±5 %: the interval shrinks with the root of their number."""
    if relative is None:
        return None
    return max(0, int(np.ceil(events * (relative / 0.05) ** 2)) - events)


def _unsettled(row: LabelRow, reason: str) -> LabelRow:
    text = f"{row.verdict.text.partition(': too short')[0]}: too short to resolve, and {reason}"
    return replace(row, verdict=replace(row.verdict, repeats_needed=None, text=text))
