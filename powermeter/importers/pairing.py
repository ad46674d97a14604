"""Puts voltage, current and power of one line on one rail, whatever their columns are called."""

from __future__ import annotations

import re
from collections.abc import Sequence

from powermeter.channel import Quantity
from powermeter.errors import DataError
from powermeter.importers.headers import words
from powermeter.importers.plan import Plan, Planned
from powermeter.result.notes import Note


def pair(plan: Plan) -> None:
    """Put voltage, current and power of one line on one rail, whatever their columns are called."""
    by: dict[Quantity, list[Planned]] = {}
    for column in plan.columns:
        if column.rail is not None:
            by.setdefault(column.quantity, []).append(column)
    volts, amps = by.get(Quantity.VOLTAGE, []), by.get(Quantity.CURRENT, [])
    powers = by.get(Quantity.POWER, []) + by.get(Quantity.ENERGY, []) + by.get(Quantity.CHARGE, [])
    rails = list(dict.fromkeys(column.rail for column in powers))
    if len(amps) == 1 and len(rails) <= 1:
        amps[0].rail = rails[0] if rails and _is_plain(amps[0], powers) else amps[0].rail
    for amp in amps:
        mate = _voltage_of(amp, volts, len(amps))
        if mate is not None:
            if mate.rail != amp.rail:
                plan.notes.append(
                    Note.info(
                        "columns-paired",
                        f"{mate.heading.text!r} and {amp.heading.text!r} were taken as voltage and current of one rail",
                    )
                )
            if len(amps) == 1 and not rails and mate.rail != amp.rail:
                amp.rail = mate.rail = "input"
            else:
                mate.rail = amp.rail
    used = {column.rail for column in (*amps, *powers)}
    best: dict[str, Planned] = {}
    for volt in volts:
        if volt.rail not in used and len(rails) == 1 and len(volts) == 1:
            volt.rail = rails[0]
        if volt.rail not in used:
            if amps or powers:
                volt.rail = None
            continue
        other = best.get(volt.rail or "")
        if other is None:
            best[volt.rail or ""] = volt
            continue
        keep, drop = sorted((other, volt), key=_voltage_rank)
        best[volt.rail or ""], drop.rail = keep, None
        plan.notes.append(
            Note.info(
                "voltage-chosen",
                f"the voltage is {keep.heading.text!r}; {drop.heading.text!r} is kept beside it",
            )
        )
    if plan.signature is None:
        only = {column.rail for column in plan.columns if column.rail is not None}
        if len(only) == 1 and re.fullmatch(r"rail \d+", next(iter(only))):
            for column in plan.columns:
                column.rail = "input" if column.rail is not None else None
        _apart(plan)
    if not amps and not powers:
        raise DataError(
            f"only voltages in it ({', '.join(volt.heading.text for volt in volts)}); a power needs a current beside them"
        )


def _apart(plan: Plan) -> None:
    """Assign rails of their own to columns of one quantity that ended up on one rail."""
    for column in plan.columns:
        if column.rail is None or not column.heading.is_mean:
            continue
        others = [c for c in plan.columns if c.rail == column.rail and c.quantity == column.quantity]
        if any(not other.heading.is_mean for other in others):
            plan.notes.append(
                Note.info(
                    "kept-beside",
                    f"{column.heading.text!r} is a mean of what stands beside it, kept beside {column.rail}",
                )
            )
            column.rail = None
    taken: dict[tuple[str, Quantity], int] = {}
    for column in plan.columns:
        if column.rail is None:
            continue
        number = taken[column.rail, column.quantity] = taken.get((column.rail, column.quantity), 0) + 1
        if number > 1:
            column.rail = f"{column.rail}#{number}"


def _is_plain(amp: Planned, powers: Sequence[Planned]) -> bool:
    """Return whether a lone current may belong to the lone power: one of them has no name of its own."""
    rail = powers[0].rail or ""
    return (
        amp.rail == rail
        or amp.rail == "input"
        or rail == "input"
        or not set(words(amp.rail or "")).isdisjoint(words(rail))
    )


def _voltage_of(amp: Planned, volts: Sequence[Planned], currents: int) -> Planned | None:
    named = sorted((volt for volt in volts if volt.rail == amp.rail), key=_voltage_rank)
    if named:
        return named[0]
    number = re.search(r"\d+", amp.heading.name)
    if number is not None and currents > 1:
        same = [
            volt
            for volt in volts
            if re.findall(r"\d+", volt.heading.name) == re.findall(r"\d+", amp.heading.name)
        ]
        if len(same) == 1:
            return same[0]
    if currents == 1:
        ranked = sorted(volts, key=_voltage_rank)
        return ranked[0] if ranked else None
    return None


def _voltage_rank(column: Planned) -> tuple[int, int]:
    """Return how likely a voltage is the supply's at the load: load, then bus or plain, then the rest."""
    found = set(column.heading.words)
    if "load" in found or "out" in found or "vout" in found:
        return 0, column.index
    return (1 if found & {"bus", "vbus", "supply", "in", "input"} or len(found) <= 2 else 2), column.index
