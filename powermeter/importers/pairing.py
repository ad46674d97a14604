"""Puts voltage, current and power of one line on one rail, whatever their columns are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from shlex import quote

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.header_words import QUANTITY_WORDS
from powermeter.importers.headers import words
from powermeter.importers.table_plan import Planned, TablePlan
from powermeter.importers.two_directions import one_direction
from powermeter.result.notes import Note


def pair(plan: TablePlan, where: str) -> None:
    """Put voltage, current and power of one line on one rail, whatever their columns are called.

    Raises:
        ConfigurationError: A current may belong to several voltages.
        DataError: There are only voltages.
    """
    _running_totals(plan)
    plan.notes += one_direction(plan.columns) if plan.signature is None else []
    by: dict[Quantity, list[Planned]] = {}
    for column in plan.columns:
        if column.rail is not None:
            by.setdefault(column.quantity, []).append(column)
    volts, amps = by.get(Quantity.VOLTAGE, []), by.get(Quantity.CURRENT, [])
    energies = by.get(Quantity.POWER, []) + by.get(Quantity.ENERGY, [])
    powers = energies + by.get(Quantity.CHARGE, [])
    rails = list(dict.fromkeys(column.rail for column in powers))
    if len(amps) == 1 and len(rails) <= 1:
        amps[0].rail = rails[0] if rails and is_plain(amps[0], powers) else amps[0].rail
    for amp in amps:
        own = [volt for volt in volts if not _is_of_a_sensor(volt, amp)]
        mate = _voltage_of(amp, own, len(amps), where if not energies and plan.signature is None else None)
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
    if len(amps) == 1 and not powers:
        for volt in volts:
            if _is_of_a_sensor(volt, amps[0]):
                plan.notes.append(_of_a_sensor(volt))
                volt.rail = None
        volts = [volt for volt in volts if not _is_of_a_sensor(volt, amps[0])]
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
            f"{where}: only voltages in it ({', '.join(volt.heading.text for volt in volts)}); a power needs a current beside them"
        )


def _apart(plan: TablePlan) -> None:
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
    read = {column.rail for column in plan.columns if column.quantity is Quantity.POWER}
    taken: dict[tuple[str, Quantity], int] = {}
    for column in plan.columns:
        if column.rail is None:
            continue
        number = taken[column.rail, column.quantity] = taken.get((column.rail, column.quantity), 0) + 1
        if number > 1 and column.quantity in _COUNTED and column.rail in read:
            column.rail = None
        elif number > 1:
            column.rail = f"{column.rail}#{number}"


def is_plain(amp: Planned, powers: Sequence[Planned]) -> bool:
    """Return whether a lone current may belong to the lone power: one of them has no name of its own."""
    rail = powers[0].rail or ""
    return (
        amp.rail == rail
        or amp.rail == "input"
        or rail == "input"
        or not set(words(amp.rail or "")).isdisjoint(words(rail))
    )


def _voltage_of(amp: Planned, volts: Sequence[Planned], currents: int, where: str | None) -> Planned | None:
    """Return the voltage of a current's rail, or None; `where` is the file whose energy depends on it.

    Raises:
        ConfigurationError: Several voltages may be, and an energy depends on which.
    """
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
    if currents > 1:
        return None
    fitting = [volt for volt in volts if not _on_other_sides(volt, amp)]
    ranked = sorted(fitting, key=lambda volt: (-_shared(volt, amp), _voltage_rank(volt)))
    if where is not None and len(ranked) > 1 and _are_alike(ranked[0], ranked[1], amp):
        names = [volt.heading.text for volt in ranked]
        rest = " ".join(f"--column {quote(f'{name}=-')}" for name in names[1:9])
        raise ConfigurationError(
            f"{where}: {amp.heading.text!r} may belong to any of the voltages {', '.join(map(repr, names[:9]))}; leave the others out: {rest}"
        )
    return ranked[0] if ranked else None


_SENSOR = frozenset(("sensor", "adc", "hall"))


def _is_of_a_sensor(volt: Planned, amp: Planned) -> bool:
    """Return whether a voltage is by its name what a sensor puts out for a converter, beside a current that no such word names."""
    return not volt.heading.is_stated and bool(_SENSOR & {*volt.heading.words} - {*amp.heading.words})


def _of_a_sensor(volt: Planned) -> Note:
    text = volt.heading.text
    return Note.warning(
        "voltage-of-sensor",
        f"{text!r} is by its name what a sensor puts out, not the voltage of the supply: left out; where it is the supply's, --column "
        f"{quote(f'{text}={volt.heading.unit}')}",
    )


_SIDES = (frozenset(("in", "input", "vin", "iin")), frozenset(("out", "output", "vout", "iout")))


def _on_other_sides(one: Planned, other: Planned) -> bool:
    """Return whether one of two columns is of a converter's input and the other of its output."""
    first, second = set(one.heading.words), set(other.heading.words)
    return any(a & first and b & second and not a & second for a, b in (_SIDES, _SIDES[::-1]))


def _shared(volt: Planned, amp: Planned) -> int:
    """Return how many words beside the quantity two columns share."""
    return len({*volt.heading.words} & {*amp.heading.words} - QUANTITY_WORDS.keys())


def _are_alike(best: Planned, second: Planned, amp: Planned) -> bool:
    return (
        _shared(best, amp) == _shared(second, amp)
        and _voltage_rank(best)[0] == _voltage_rank(second)[0]
        and not best.heading.is_mean
        and not second.heading.is_mean
    )


def _running_totals(plan: TablePlan) -> None:
    """Put energies called only a total on the rail whose readings stand beside them: they count it, they hold no other."""
    readings = [c.rail for c in plan.columns if c.rail is not None and c.quantity not in _COUNTED]
    rails = list(dict.fromkeys(readings))
    if plan.signature is not None or not rails or "total" in rails:
        return
    beside = rails[0] if len(rails) == 1 else "input" if "input" in rails else None
    for column in plan.columns:
        if column.rail == "total" and column.quantity in _COUNTED and beside is not None:
            column.rail = beside
        elif (
            plan.device and len(rails) == 1 and column.quantity in _COUNTED and _names_less(column, rails[0])
        ):
            column.rail = rails[0]


def _names_less(column: Planned, rail: str) -> bool:
    """Return whether a total of a device names nothing that the one reading beside it does not name."""
    return column.rail == "input" or set(words(column.rail or "")) < set(words(rail))


_COUNTED = (Quantity.ENERGY, Quantity.CHARGE)


def _voltage_rank(column: Planned) -> tuple[int, int]:
    """Return how likely a voltage is the supply's at the load: load, then bus or plain, then the rest."""
    found = set(column.heading.words)
    if "load" in found or "out" in found or "vout" in found:
        return 0, column.index
    return (1 if found & {"bus", "vbus", "supply", "in", "input"} or len(found) <= 2 else 2), column.index
