"""What each column of a table is: a time, a device, a quantity of a rail, or nothing that is recorded.

Name, unit and the tool's own facts are read here, before the rows; what an energy is (a counter, or the energy
of each row) is decided with the data, in `kinds.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from shlex import quote

from powermeter.channel import Boundary, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.headers import ELECTRIC, TIME, Heading, of_unit, with_unit, words
from powermeter.importers.layout import Layout, is_datum
from powermeter.importers.log import Choices
from powermeter.importers.not_logs import LENGTH_WORDS, RUN_WORDS, RUNS
from powermeter.importers.signatures import ColumnFact, Signature, key, signature_of
from powermeter.importers.time_columns import TimePlan, choose_time
from powermeter.importers.values import unit_in_cells

MAX_DEVICES = 256

_DEVICE_NAMES = re.compile(
    r"(gpu|device|dev|card|package|pkg|socket|sensor|channel|chan|ch|node|host|hostname|entity_id|entity|outlet|plug|"
    r"meter|rail|domain|zone|index|idx|id|name|uuid|serial|label|component|resource|source|instance)"
    r"([ _.-]?(id|idx|index|name|uuid|no|nr|number))?",
    re.IGNORECASE,
)
_USUAL = {Quantity.VOLTAGE: "V", Quantity.CURRENT: "mA", Quantity.ENERGY: "J", Quantity.CHARGE: "mAh"}


@dataclass(slots=True)
class Planned:
    """One column that is read.

    Attributes:
        index: Its place in the row.
        heading: What its header says.
        rail: Its rail's name, or None for a value that belongs to no rail.
        fact: What the tool's signature knows of it.
        why: For `--explain`.
    """

    index: int
    heading: Heading
    rail: str | None = None
    fact: ColumnFact | None = None
    why: str = ""

    @property
    def quantity(self) -> Quantity:
        """What it measures."""
        assert isinstance(self.heading.quantity, Quantity)
        return self.heading.quantity


@dataclass(slots=True)
class Plan:
    """What a table is understood to be.

    Attributes:
        layout: Where it stands.
        signature: The tool that wrote it, where it is known.
        time: Where its times are.
        columns: What is read.
        device: The columns that tell devices apart, or none.
        aside: (header, why) of the columns that are left out.
        notes: What had to be decided.
    """

    layout: Layout
    signature: Signature | None
    time: TimePlan
    columns: list[Planned]
    device: tuple[int, ...] = ()
    aside: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def needed(self) -> int:
        """The last column that a row must have: the time and the first value."""
        return max([*self.time.indexes, *self.device, min(column.index for column in self.columns)])


def understand(path: Path, found: Layout, choices: Choices) -> Plan:
    """Return what a table is.

    Raises:
        ConfigurationError: Something must be said that the file does not say; one message lists all of it.
        DataError: There is no power in it.
    """
    headings, said = _named(path, found, choices)
    signature = signature_of(headings)
    facts: dict[int, tuple[ColumnFact, re.Match[str]]] = {}
    if signature is not None:
        for i, named in enumerate(headings):
            fact = signature.fact(key(named))
            if fact is None:
                continue
            facts[i] = fact
            unit = fact[0].unit
            if unit and named.quantity is None and i not in said:
                headings[i] = (
                    replace(named, unit="-") if unit == "-" else with_unit(named, unit, signature.title)
                )
    headings = [h if i in said else _from_cells(found, h, i) for i, h in enumerate(headings)]
    _refuse_runs(path, found, headings, choices)
    asks: list[str] = []
    time = choose_time(found, headings, choices, asks)
    planned, aside = _values(found, headings, time, facts)
    _ask_units(path, found, headings, time, planned, choices, asks)
    if asks:
        raise ConfigurationError(f"{path}: the file leaves open " + "; ".join(asks))
    assert time is not None
    if not any(column.rail is not None for column in planned):
        listed = ", ".join(h.text for h in headings[:12])
        hint = (
            "; nvidia-smi logs it with --query-gpu=timestamp,power.draw"
            if any(key(h).startswith(("utilization.gpu", "memory.used")) for h in headings)
            else ""
        )
        raise DataError(
            f"{path}: no column of power, voltage, current, energy or charge in it ({listed}){hint}"
        )
    device = _devices(found, headings, time, planned, signature)
    aside = [entry for entry in aside if entry[0] not in {headings[i].text for i in device}]
    plan = Plan(found, signature, time, planned, device, aside)
    _pair(plan)
    return plan


def _refuse_runs(path: Path, found: Layout, headings: Sequence[Heading], choices: Choices) -> None:
    """Name a table of results, one row per run, for what it is.

    Raises:
        DataError: It is one.
    """
    if choices.period_s is not None or not found.named or any(h.unit == "-" for h in headings):
        return
    found_words = {word for h in headings for word in h.words}
    runs = found_words & RUN_WORDS and (found_words & LENGTH_WORDS or "done" in found_words)
    energies = any(h.quantity is Quantity.ENERGY or h.implied is Quantity.ENERGY for h in headings)
    stamped = any(h.is_time and not set(h.words) & LENGTH_WORDS for h in headings)
    if runs and energies and not stamped:
        raise DataError(f"{path}: {RUNS}")


def _named(path: Path, found: Layout, choices: Choices) -> tuple[list[Heading], set[int]]:
    """Return the headings after `--column` and `--unit`, and the columns that were said."""
    headings = list(found.headings)
    said: set[int] = set()
    for name, unit in choices.columns.items():
        matches = [i for i, h in enumerate(headings) if name in (h.text, h.name)]
        matches = matches or [
            i for i, h in enumerate(headings) if name.lower() in (h.text.lower(), h.name.lower())
        ]
        if not matches and name.isdecimal() and 1 <= int(name) <= len(headings):
            matches = [int(name) - 1]
        if len(matches) != 1:
            have = ", ".join(h.text for h in found.headings[:12])
            raise ConfigurationError(
                f"{path}: --column {name}={unit}: {'several columns are' if matches else 'no column is'} called "
                f"{name!r}; it has {have}. A number counts them from 1"
            )
        at = matches[0]
        said.add(at)
        headings[at] = (
            replace(headings[at], unit="-", quantity=None)
            if unit == "-"
            else with_unit(headings[at], unit, f"--column {name}={unit}")
        )
    if choices.unit is not None:
        asked = of_unit(choices.unit)
        if asked is None:
            raise ConfigurationError(f"--unit {choices.unit!r} is no unit; write for example W, mW, mA, V")
        same = [i for i, h in enumerate(headings) if h.quantity == asked[0] and i not in said]
        bare = [
            i
            for i, h in enumerate(headings)
            if h.unit is None and not h.is_time and i not in said and not h.quantity
        ]
        bare = [i for i in bare if _is_numeric(found, i)]
        fitting = [i for i in bare if headings[i].implied == asked[0] and not headings[i].is_aside]
        fitting = fitting or [
            i for i in bare if headings[i].name.lower() in ("state", "value", "values", "reading")
        ]
        for index in (
            same or fitting or (bare if len(bare) == 1 else [i for i in bare if headings[i].is_electric])
        ):
            headings[index] = with_unit(headings[index], choices.unit, f"--unit {choices.unit}")
            said.add(index)
    return headings, said


def _is_numeric(found: Layout, index: int) -> bool:
    """Return whether most cells of a column are numbers."""
    texts = [row[index] for row in found.rows if len(row) > index and row[index].strip()]
    numbers = sum(bool(re.search(r"\d", text)) and is_datum(text) for text in texts)
    return bool(texts) and numbers * 2 > len(texts)


def _from_cells(found: Layout, named: Heading, index: int) -> Heading:
    """Return a heading with the unit that its cells carry, where the header names none."""
    if named.quantity is not None or named.unit == "-":
        return named
    unit = unit_in_cells([row[index] for row in found.rows if len(row) > index])
    if unit is None or (unit.lower() in ("am", "pm")):
        return named
    whose = of_unit(unit, named.name)
    return (
        named
        if whose is None
        else replace(named, unit=unit, quantity=whose[0], factor=whose[1], why="unit in the cells")
    )


def _values(
    found: Layout,
    headings: Sequence[Heading],
    time: TimePlan | None,
    facts: dict[int, tuple[ColumnFact, re.Match[str]]],
) -> tuple[list[Planned], list[tuple[str, str]]]:
    planned: list[Planned] = []
    aside: list[tuple[str, str]] = []
    at = () if time is None else time.indexes
    for index, named in enumerate(headings):
        if index in at or not named.text.strip():
            continue
        if named.unit == "-":
            aside.append(
                (
                    named.text,
                    "left out as said" if named.why.startswith("said") else "not a value that is recorded",
                )
            )
            continue
        if named.quantity == TIME or named.is_time:
            aside.append((named.text, "another time"))
            continue
        fact = facts.get(index)
        if named.is_aside and fact is None and not named.why.startswith("said"):
            aside.append((named.text, "a limit, a statistic or a power that is not drawn"))
            continue
        if not isinstance(named.quantity, Quantity):
            aside.append((named.text, named.why or "no unit that is recorded"))
            continue
        rail = None
        if named.quantity in ELECTRIC and _is_numeric_or_empty(found, index):
            rail = fact[1].expand(fact[0].rail) if fact is not None and fact[0].rail else named.rail
        if "shunt" in named.words:
            rail = None
        planned.append(Planned(index, named, rail, fact[0] if fact is not None else None, named.why))
    return planned, aside


def _is_numeric_or_empty(found: Layout, index: int) -> bool:
    texts = [row[index] for row in found.rows if len(row) > index and row[index].strip()]
    return not texts or _is_numeric(found, index) or any(is_datum(text) for text in texts)


def _ask_units(
    path: Path,
    found: Layout,
    headings: Sequence[Heading],
    time: TimePlan | None,
    planned: Sequence[Planned],
    choices: Choices,
    asks: list[str],
) -> None:
    """Ask for the units of columns that name a quantity and no unit, or of the only numbers there are."""
    at = () if time is None else time.indexes
    open_ = [i for i, h in enumerate(headings) if h.is_electric and i not in at and _is_numeric(found, i)]
    if not open_ and not any(column.rail is not None for column in planned):
        open_ = [
            i
            for i, h in enumerate(headings)
            if h.unit is None
            and h.quantity is None
            and not h.is_time
            and not h.is_aside
            and i not in at
            and _is_numeric(found, i)
            and not _DEVICE_NAMES.fullmatch(h.name.strip())
            and "sample" not in h.words
            and h.implied in (None, *ELECTRIC)
        ]
        if not open_ and any(h.name.lower() == "state" for h in headings):
            open_ = [i for i, h in enumerate(headings) if h.name.lower() == "state"]
        if not found.named:
            open_ = open_[:8]
    shown = []
    for i in open_[:8]:
        name = headings[i].text if found.named else str(i + 1)
        meant = headings[i].implied
        unit = _USUAL.get(meant, "W") if isinstance(meant, Quantity) else "W"
        shown.append(f"--column {quote(f'{name}={unit}')}")
    if shown:
        whose = ", ".join(repr(headings[i].text) if found.named else f"column {i + 1}" for i in open_[:8])
        rest = f" and {len(open_) - 8} more" if len(open_) > 8 else ""
        alone = " or --unit W" if len(open_) == 1 else ""
        asks.append(
            f"the unit of {whose}{rest}, for example {' '.join(shown)}{alone} (W, mW, mA, V …; =- leaves a column out)"
        )


def _devices(
    found: Layout,
    headings: Sequence[Heading],
    time: TimePlan,
    planned: Sequence[Planned],
    signature: Signature | None,
) -> tuple[int, ...]:
    """Return the column that tells devices apart where rows of several follow each other, or none."""
    taken = {*time.indexes, *(column.index for column in planned)}
    names = {key(h): i for i, h in enumerate(headings)}
    if signature is not None and signature.devices:
        candidates = [names[name] for name in signature.devices if name in names and names[name] not in taken]
    else:
        candidates = [
            i
            for i, h in enumerate(headings)
            if i not in taken and h.name and _DEVICE_NAMES.fullmatch(h.name.strip())
        ]
    rows = [row for row in found.rows if len(row) > max([*time.indexes, *candidates, 0])]
    for index in candidates:
        texts = [row[index].strip() for row in rows]
        distinct = set(texts)
        if not 1 < len(distinct) <= MAX_DEVICES or len(distinct) * 1.5 > len(texts):
            continue
        if signature is not None or _takes_turns(rows, index, time):
            return (index,)
    return ()


def _takes_turns(rows: Sequence[Sequence[str]], index: int, time: TimePlan) -> bool:
    """Return whether rows of different devices come at one time, or in turns throughout."""
    stamps = ["|".join(row[i].strip() for i in time.indexes) for row in rows]
    keys = [row[index].strip() for row in rows]
    if time.indexes:
        together: dict[str, set[str]] = {}
        for stamp, name in zip(stamps, keys, strict=True):
            together.setdefault(stamp, set()).add(name)
        shared = sum(len(names) > 1 for names in together.values())
        if shared * 2 > len(together):
            return True
    changes = sum(a != b for a, b in pairwise(keys))
    return changes * 2 > len(keys)


def _pair(plan: Plan) -> None:
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
                    f"{mate.heading.text!r} and {amp.heading.text!r} were taken as voltage and current of one rail"
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
        plan.notes.append(f"the voltage is {keep.heading.text!r}; {drop.heading.text!r} is kept beside it")
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
    """Give columns of one quantity that ended up on one rail rails of their own."""
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


def rail_of(column: Planned, name: str, covers: str, voltage_v: float | None) -> Rail:
    """Return the rail of a column as far as the column alone tells."""
    fact = column.fact
    boundary = fact.boundary if fact is not None and fact.boundary is not None else Boundary.BOARD
    return Rail(name, fact.parent if fact is not None else None, boundary, covers, voltage_v)
