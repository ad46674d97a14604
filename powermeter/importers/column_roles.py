"""What each column of a table is: a time, a device, a quantity of a rail, or nothing that is recorded.

Name, unit and the tool's own facts are read here, before the rows; what an energy is (a counter, or the energy
of each row) is decided with the data, in `column_kinds.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from shlex import quote

from powermeter.channel import Boundary, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.battery_percent import history_of_charge, is_battery_percent
from powermeter.importers.cells import unit_in_cells
from powermeter.importers.columns_of_drives import of_drives
from powermeter.importers.columns_of_states import without_states
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.device_column import DEVICE_NAMES, device_columns_of
from powermeter.importers.factor_column import ask_factor
from powermeter.importers.figures_of_merit import of_other_things
from powermeter.importers.header_words import ELECTRIC, TIME
from powermeter.importers.headers import Heading, words
from powermeter.importers.home_assistant_history import rows_of
from powermeter.importers.known_tools import key, signature_of
from powermeter.importers.layout import Layout, is_datum
from powermeter.importers.log import Choices
from powermeter.importers.mega_or_milli import ask_mega
from powermeter.importers.no_readings import is_of_other_things
from powermeter.importers.not_electric import without_other_powers
from powermeter.importers.nothing_electric import is_numeric, nothing_electric
from powermeter.importers.open_questions import OpenQuestions
from powermeter.importers.other_clocks import disagreements
from powermeter.importers.pairing import pair
from powermeter.importers.quantities_in_rows import rows_of_quantity
from powermeter.importers.rail_names import SOCKET
from powermeter.importers.rapl_domains import domains
from powermeter.importers.running_sums import without_running_sums
from powermeter.importers.second_key import with_second_key
from powermeter.importers.single_letters import without_letters
from powermeter.importers.stamp_reader import TimePlan
from powermeter.importers.stamps import time_of_day_ns, wall
from powermeter.importers.stated_unit import with_unit
from powermeter.importers.table_notes import rows_above
from powermeter.importers.table_plan import Planned, TablePlan
from powermeter.importers.tables_of_runs import refuse_runs, refuse_unnamed_runs
from powermeter.importers.time_axis import turn_round
from powermeter.importers.time_columns import (
    choose_time,
    counts_up,
    is_newest_first,
    refuse_other_lengths,
    rising_evenly,
    stands_still,
    step_s,
    with_lag,
)
from powermeter.importers.time_units import EPOCHS
from powermeter.importers.tool_table import ColumnFact
from powermeter.importers.unit_columns import likely_units, unit_above, unit_beside, unit_columns
from powermeter.importers.unit_spellings import of_unit
from powermeter.importers.unnamed_columns import (
    names_nothing,
    question_of_names,
    question_of_units,
    without_indices,
)
from powermeter.result.notes import Note

_ROW_NUMBER = frozenset(("nr", "no", "num", "number", "row", "record", "序号", "n°", "lfd", "lfd. nr", "seq"))

ANOTHER_TIME = "another time"
"""Why a column is left out that nobody misses."""


def understand(path: Path, found: Layout, choices: Choices) -> TablePlan:
    """Return what a table is.

    Raises:
        ConfigurationError: Something must be stated that the file does not state; one message lists all of it.
        DataError: There is no power in it.
    """
    found = replace(found, decimal=choices.decimal)
    headings, stated = _named(path, found, choices)
    found, of_quantity = rows_of_quantity(found, headings, choices.rail, str(path))
    signature = signature_of(headings)
    facts: dict[int, tuple[ColumnFact, re.Match[str]]] = {}
    if signature is not None:
        for i, named in enumerate(headings):
            fact = signature.fact(key(named))
            if fact is None:
                continue
            facts[i] = fact
            unit = fact[0].unit
            if unit and (named.quantity is None or unit == "-") and i not in stated:
                headings[i] = with_unit(named, unit, signature.title)
    headings = [h if i in stated else _from_cells(found, h, i) for i, h in enumerate(headings)]
    unit_of = unit_columns(found, headings)
    for i, at in unit_of.items():
        if i not in stated:
            headings[i] = unit_beside(found, headings[i], at)
    if not unit_of and not any(h.quantity in ELECTRIC or (h.is_stated and h.unit != "-") for h in headings):
        headings = unit_above(found, headings)
    refuse_runs(path, found, headings, choices)
    asks: list[str] = []
    either = ask_mega(found, headings, stated | facts.keys(), asks)
    summed: list[Note] = []
    added: set[int] = set()
    if signature is None:
        headings, summed, added = without_running_sums(found, headings, stated)
    factors = {} if signature is not None else ask_factor(found, headings, stated, asks)
    time = choose_time(found, headings, choices, asks)
    refuse_unnamed_runs(path, found, choices, timed=time is not None and not stands_still(found, time))
    planned, aside = _values(found, headings, time, facts)
    planned = [replace(column, unit_at=unit_of.get(column.index)) for column in planned]
    offered = _ask_units(found, headings, time, planned, asks)
    if asks and time is not None and is_newest_first(found, time):
        asks.append(turn_round(str(path)))
    if asks and (instead := history_of_charge(path)):
        raise DataError(f"{path}: {instead}")
    nothing = not (offered or any(column.rail is not None for column in planned))
    if asks and not nothing:
        text = f"{path}: the file leaves open " + "; ".join(asks)
        period_s = choices.period_s or (None if time is not None else 1.0)
        typed = replace(
            choices, columns={**choices.columns, **either, **factors, **offered}, period_s=period_s
        )
        units = ", ".join(dict.fromkeys(unit for unit in {**either, **offered}.values() if unit != "-"))
        raise OpenQuestions(text, typed, f"in {units}" if units else "a rate")
    if nothing:
        raise DataError(f"{path}: {nothing_electric(path, found, headings)}")
    assert time is not None
    if signature is not None and signature.lag:
        lag = next((i for i, h in enumerate(headings) if key(h) == signature.lag), None)
        if lag is not None and time.indexes:
            refuse_other_lengths(str(path), time, found, lag)
            time = with_lag(time, found, lag)
    only = of_quantity or rows_of(path, found, headings, choices.rail)
    device: tuple[int, ...] = ()
    perhaps = False
    if not only or of_quantity:  # the rows of one quantity may be of several devices
        split = choices.add_up or choices.rail is not None
        device, perhaps = device_columns_of(path, found, headings, time, planned, signature, split)
        if not perhaps:
            device, stated_rows = with_second_key(path, found, headings, time, planned, device, choices)
            only = (*only, *stated_rows)
        device = tuple(i for i in device if i not in dict(only))
    aside = [entry for entry in aside if perhaps or entry[0] not in {headings[i].text for i in device}]
    plan = TablePlan(found, signature, time, planned, device, aside, only=only, perhaps_devices=perhaps)
    plan.added = frozenset(added)
    plan.notes += [*disagreements(found, headings, time, choices), *rows_above(found), *summed]
    pair(plan, str(path))
    return plan


def _named(path: Path, found: Layout, choices: Choices) -> tuple[list[Heading], set[int]]:
    """Return the headings after `--column` and `--unit`, and the columns that were stated."""
    headings = of_other_things(of_drives(without_states(found, found.headings)))
    headings = without_other_powers(without_letters(found, headings))
    stated: set[int] = set()
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
        stated.add(at)
        headings[at] = with_unit(headings[at], unit, f"--column {name}={unit}")
    if choices.unit is not None:
        asked = of_unit(choices.unit)
        if asked is None:
            raise ConfigurationError(f"--unit {choices.unit!r} is not a unit; write for example W, mW, mA, V")
        same = [i for i, h in enumerate(headings) if h.quantity == asked[0] and i not in stated]
        bare = [
            i
            for i, h in enumerate(headings)
            if h.unit is None and not h.is_time and i not in stated and not h.quantity
        ]
        bare = [i for i in bare if is_numeric(found, i)]
        fitting = [i for i in bare if headings[i].implied == asked[0] and not headings[i].is_aside]
        fitting = fitting or domains(headings, bare) or [i for i in bare if headings[i].words[-1:] in _VALUES]
        named = [i for i in bare if headings[i].is_electric and len(headings[i].name) > 1]
        for index in same or fitting or (bare if len(bare) == 1 else named):
            headings[index] = with_unit(headings[index], choices.unit, f"--unit {choices.unit}")
            stated.add(index)
    return headings, stated


def _from_cells(found: Layout, named: Heading, index: int) -> Heading:
    """Return a heading with the unit that its cells carry, where the header names none."""
    by_a_letter = named.at_end and named.unit in ("A", "V", "W", "J")
    if (named.quantity is not None and not by_a_letter) or named.unit == "-":
        return named
    unit = unit_in_cells([row[index] for row in found.rows if len(row) > index])
    if unit is None or (unit.lower() in ("am", "pm")):
        return named
    whose = of_unit(unit, named.name)
    if by_a_letter and whose is not None and whose[0] != named.quantity:
        named = replace(named, name=named.text)  # `rack A` in kW
    elif by_a_letter:
        return named
    return (
        named
        if whose is None
        else replace(
            named, unit=unit, quantity=whose[0], factor=whose[1], why="unit in the cells", of_rows=True
        )
    )


def _values(
    found: Layout,
    headings: Sequence[Heading],
    time: TimePlan | None,
    facts: dict[int, tuple[ColumnFact, re.Match[str]]],
) -> tuple[list[Planned], list[tuple[str, str]]]:
    planned: list[Planned] = []
    aside: list[tuple[str, str]] = []
    at = () if time is None else time.columns
    for index, named in enumerate(headings):
        if index in at or not named.text.strip():
            continue
        if named.unit == "-":
            aside.append(
                (
                    named.text,
                    "left out as stated" if named.is_stated else "not a value that is recorded",
                )
            )
            continue
        if named.quantity == TIME or named.is_time:
            aside.append((named.text, ANOTHER_TIME))
            continue
        fact = facts.get(index)
        if named.is_aside and fact is None and not named.is_stated:
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
    return not texts or is_numeric(found, index) or any(is_datum(text) for text in texts)


def _ask_units(
    found: Layout,
    headings: Sequence[Heading],
    time: TimePlan | None,
    planned: Sequence[Planned],
    asks: list[str],
) -> dict[str, str]:
    """Ask for the units of columns that name a quantity and no unit, or of the only numbers there are; return what is offered."""
    at = () if time is None else time.indexes
    if time is None and counts_up(found):
        at = (0,)
    elif time is None and (even := rising_evenly(found)) is not None:
        at = (even,)
    open_ = [i for i, h in enumerate(headings) if h.is_electric and i not in at and is_numeric(found, i)]
    if not open_ and not any(column.rail is not None for column in planned):
        open_ = [
            i
            for i, h in enumerate(headings)
            if h.unit is None
            and h.quantity is None
            and not h.is_time
            and not h.is_aside
            and not is_battery_percent(h)
            and i not in at
            and is_numeric(found, i)
            and not DEVICE_NAMES.fullmatch(h.name.strip())
            and not is_of_other_things(h.text, h.words)
            and h.name.lower().strip(" .#:") not in _ROW_NUMBER
            and h.implied in (None, *ELECTRIC)
            and (h.text.strip() or not found.named)
            and not _counts_rows(found, i)
            and not _is_calendar(found, i)
            and not _is_unix(found, i)
            and not _is_label(found, i)
        ]
        if found.named and len(open_) > _FEW_UNKNOWN:
            open_ = []  # a table of something else: nothing in it names a power
        if not open_ and any(h.name.lower() == "state" for h in headings):
            open_ = [i for i, h in enumerate(headings) if h.name.lower() == "state"]
        if not found.named:
            open_ = (without_indices(found, open_) or open_)[:8]
    if len(open_) > 1 and not found.named:
        question = question_of_units(found, open_, step_s(found, time))
        asks.append(question.text)
        return question.offered
    if len(open_) > 1 and all(names_nothing(headings[i].text) for i in open_):
        question = question_of_names([headings[i].text for i in open_])
        asks.append(question.text)
        return question.offered
    likely = likely_units(found, headings, open_)
    offered = {headings[i].text if found.named else str(i + 1): likely[i] for i in open_}
    shown = [f"--column {quote(f'{name}={unit}')}" for name, unit in islice(offered.items(), 8)]
    if shown:
        whose = ", ".join(repr(headings[i].text) if found.named else f"column {i + 1}" for i in open_[:8])
        rest = f" and {len(open_) - 8} more" if len(open_) > 8 else ""
        alone = f" or --unit {likely[open_[0]]}" if len(open_) == 1 else ""
        asks.append(
            f"the unit of {whose}{rest}, for example {' '.join(shown)}{alone} (W, mW, mA, V …; =- leaves a column out)"
        )
    return offered


_FEW_UNKNOWN = 6
_VALUES = (["state"], ["value"], ["values"], ["val"], ["reading"])


def _is_label(found: Layout, index: int) -> bool:
    """Return whether a column holds one long whole number in all rows, as the number of a meter."""
    texts = {row[index].strip() for row in found.rows if len(row) > index}
    return len(texts) == 1 and (text := next(iter(texts))).isdecimal() and len(text) >= _LONG_NUMBER


_LONG_NUMBER = 10


def _counts_rows(found: Layout, index: int) -> bool:
    """Return whether a column of a table with a header numbers its rows, from 0 or 1 on, or holds lengths of time."""
    texts = [row[index].strip() for row in found.rows if len(row) > index]
    numbers = [int(text) for text in texts if text.isdecimal() and len(text) < 10]
    counted = len(numbers) == len(texts) > 2 and numbers == [*range(numbers[0], numbers[0] + len(numbers))]
    return found.named and (
        (counted and numbers[0] in (0, 1)) or all(time_of_day_ns(text) is not None for text in texts)
    )


def _is_calendar(found: Layout, index: int) -> bool:
    """Return whether most cells of a column are dates."""
    texts = [row[index] for row in found.rows if len(row) > index and row[index].strip()]
    return sum(wall(text, "dmy") is not None or wall(text, "mdy") is not None for text in texts) * 2 > len(
        texts
    )


def _is_unix(found: Layout, index: int) -> bool:
    """Return whether a column counts up in Unix times: seconds, milliseconds or finer since 2001."""
    cells = [row[index].strip() for row in found.rows if len(row) > index and row[index].strip()]
    values = [float_or_nan(cell) for cell in cells]
    sized = bool(values) and any(low <= values[0] < 2.1 * low for low, _ in EPOCHS)
    return len(values) > 1 and all(a < b for a, b in pairwise(values)) and sized


def rail_of(column: Planned, name: str, covers: str, voltage_v: float | None) -> Rail:
    """Return the rail of a column as far as the column alone shows."""
    fact = column.fact
    boundary = fact.boundary if fact is not None else None
    if boundary is None:
        boundary = Boundary.WALL if {*words(name)} & {*SOCKET, "plug", "outlet"} else Boundary.BOARD
    return Rail(name, fact.parent if fact is not None else None, boundary, covers, voltage_v)
