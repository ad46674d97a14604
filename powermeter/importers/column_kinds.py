"""What the numbers of a column are: instant or mean power, energy of each row, a counter, or a state that holds.

The name, the unit and the data decide together; where they leave two meanings open, it is asked for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from shlex import quote

from powermeter.channel import Kind, Quantity
from powermeter.errors import ConfigurationError, plural
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.header_words import EACH, PIECES, TIME
from powermeter.importers.layout import Layout
from powermeter.importers.table_plan import Planned
from powermeter.importers.tables_of_runs import LENGTH_WORDS
from powermeter.importers.time_parts import is_end, is_start
from powermeter.recording.counter_wraps_and_resets import reset_note, was_set_back
from powermeter.result.notes import Note

KINDS = {
    "power": Kind.INSTANT,
    "mean": Kind.MEAN,
    "counter": Kind.COUNTER,
    "per-row": Kind.COUNTER,
    "level": Kind.COUNTER,
    "held": Kind.HELD,
}
"""What `--as` takes → how the recorded channel relates to time; the energies of rows are added up."""

BY_DATA = "counter-by-data"
"""The code of the note on a total that only its rows show to be one."""

STATED = "stated: --as"
"""Why a column is what it is, where the user stated it."""

TOTALS = (Quantity.ENERGY, Quantity.CHARGE)

FLOWS = (Quantity.POWER, Quantity.CURRENT)
"""Quantities with a direction."""

ROUNDS = frozenset(("epoch", "epochs", "round", "iteration", "iter", "batch", "fold"))
"""Columns that number what was done, each row an amount of its own as likely as a running total."""

_ROUND = re.compile(r"(?:(?:epoch|round|iteration|iter|batch|fold|step)\W{0,3})?\d{1,8}", re.IGNORECASE)
_LENGTHS = LENGTH_WORDS - {"total"}
_NEAR = 20  # largest steps
_AS_LONG = 1.5  # times the shortest row

_ENOUGH = 4  # rows that must rise for a total to be distinguished from amounts that happen to rise: 1 in 4! by chance
_KERNELS = re.compile(r"(?<![a-z])energy_uj\Z")
_HALF_A_RANGE_UJ = 3.2e10  # the smallest range of the kernel's counter, 65.5 kJ
_RUN = 2  # steps up for each fall, which a counter that is set back often shows and amounts seldom do
_SELDOM = 4  # amounts fall at half of their steps; a list that falls at one in so many is left open
_BAND = 0.5
_SMALL_STEP = 0.5  # a counter's steps are small against what it has counted


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the numbers of a column are, and why.

    Attributes:
        as_: A key of `KINDS`.
        why: For `--explain`.
        note: What a reader of the recording should know; None for nothing.
    """

    as_: str
    why: str
    note: Note | None = None

    @property
    def kind(self) -> Kind:
        """How the recorded channel relates to time."""
        return KINDS[self.as_]


class OpenKind(ConfigurationError):
    """Two meanings of a column are open.

    Attributes:
        column: Its header, or its number from 1.
        as_: The meaning that is offered first.
    """

    def __init__(self, text: str, column: Planned, as_: str) -> None:
        super().__init__(text)
        self.column, self.as_ = column.heading.text or str(column.index + 1), as_


BESIDE = Meaning("counter", "a running total beside readings of the same rail, which count")
"""What a total is taken for where it is only kept."""


def typed_for(column: Planned, typed: Mapping[str, str]) -> str | None:
    """Return what `--as` states of a column: its own entry, or the one for all."""
    own = {name.lower(): as_ for name, as_ in typed.items() if name}
    for name in (column.heading.text, column.heading.name, column.rail or "", str(column.index + 1)):
        if name.lower() in own:
            return own[name.lower()]
    return typed.get("")


def in_rounds(found: Layout) -> bool:
    """Return whether a column numbers the rows as epochs, rounds or iterations: small whole numbers, not Unix times."""
    for index, named in enumerate(found.headings):
        if not ROUNDS & {*named.words}:
            continue
        cells = [row[index].strip() for row in found.rows if len(row) > index and row[index].strip()]
        if cells and all(_ROUND.fullmatch(cell) for cell in cells):
            return True
    return False


def _have_ends(found: Layout) -> bool:
    """Return whether columns name where each row began and where it ended."""
    return any(map(is_start, found.headings)) and any(map(is_end, found.headings))


def _have_lengths(found: Layout) -> bool:
    """Return whether columns name how long each row took, about as long in all of them, or where it began and ended."""
    if _have_ends(found):
        return True
    for index, named in enumerate(found.headings):
        if not _LENGTHS & {*named.words} or named.quantity not in (None, TIME):
            continue
        lengths = [float_or_nan(row[index]) for row in found.rows if len(row) > index]
        if len(lengths) > 1 and 0 < max(lengths) < _AS_LONG * min(lengths):
            return True
    return False


def meaning_of(
    column: Planned,
    seen: Statistics,
    typed: Mapping[str, str],
    where: str,
    found: Layout | None = None,
    *,
    beside_totals: bool = False,
    asked_above: float = math.inf,
    ends: bool = False,
) -> Meaning:
    """Return what a column's numbers are; a table whose rows are numbered as rounds leaves more open.

    Args:
        column, seen, typed: The column, what was seen of it, and what `--as` states.
        where: The file, for messages.
        found: The table.
        beside_totals: Whether other columns of its unit only rise: then one that stands still is a register that counted nothing.
        asked_above: Of more rows than this, a total that only they show to be one is asked about.
        ends: Whether each row states when its interval began, and its time is where it ended.

    Raises:
        OpenKind: Two meanings are open.
        ConfigurationError: What was stated does not fit the quantity.
    """
    own = typed_for(column, typed)
    total = column.quantity in TOTALS
    if own is not None and column.rail is not None and total == (own in ("counter", "per-row", "level")):
        return Meaning(own, STATED, _resets(column, seen) if own == "counter" else None)
    if own is not None and column.rail is not None and any(name for name in typed):
        fitting = "counter, per-row or level" if total else "power, mean or held"
        raise ConfigurationError(
            f"{where}: --as {own} does not fit column {column.heading.text!r}, which holds {column.quantity.value}; "
            f"{fitting} do"
        )
    if (
        column.fact is not None
        and column.fact.as_
        and total == (column.fact.as_ in ("counter", "per-row", "level"))
    ):
        note = _resets(column, seen) if column.fact.as_ == "counter" else None
        return Meaning(column.fact.as_, "the tool writes it so", note)
    if not total:
        if column.heading.is_mean:
            return Meaning("mean", "a mean by its name: over the interval that its row ends")
        if ends and column.quantity is not Quantity.VOLTAGE:
            return Meaning("mean", "a mean: each row states where its interval began and ended")
        return Meaning("power", "instant values")
    lengths = False
    of_pieces = bool({*column.heading.words} & PIECES)
    amounts = (
        found is not None
        and (of_pieces or in_rounds(found) or (lengths := _have_lengths(found)))
        and not column.heading.is_counter
        and not column.heading.is_level
    )
    if amounts and not seen.falls and seen.rises and (lengths or seen.largest < 2 * seen.first):
        listed = (
            "rises, in rows that name their own length or their end"
            if lengths
            else "rises by less than its first value, and its name is that of one piece of work"
            if of_pieces
            else "rises by less than its first value, in rows that are numbered as rounds"
        )
        raise _question(column.heading.text, column, where, listed)
    if beside_totals and not (seen.rises or seen.falls):
        return Meaning("counter", "a running total that stands still, beside others that rise")
    meant = _total(column, seen, where, found)
    by_data = meant.note is not None and meant.note.code == BY_DATA and not seen.falls
    if by_data and seen.count > asked_above:
        raise _question(column.heading.text, column, where, "rises, from little above its steps")
    return meant


def rows_asked_above(columns: Sequence[Planned], *, on_calendar: bool) -> float:
    """Return of how many rows and more a total that only they show to be one is asked about.

    Args:
        columns: Of the table: where one holds a power or a current, it shows what a total beside it is.
        on_calendar: Whether rows are five minutes and more apart, as a meter exports amounts.
    """
    if any(c.rail and c.quantity in (Quantity.POWER, Quantity.CURRENT) for c in columns):
        return math.inf
    return 0 if on_calendar else 2 * _ENOUGH


def rising_totals(columns: Sequence[Planned], seen_of: Sequence[Statistics]) -> set[str]:
    """Return the units of columns of energies or charges that only rise, in rows enough to show it."""
    return {
        column.heading.unit or ""
        for column, seen in zip(columns, seen_of, strict=True)
        if column.quantity in TOTALS and seen.rises > 2 * _ENOUGH and not seen.falls
    }


def refuse_unused(meanings: Sequence[Meaning], typed: Mapping[str, str], where: str) -> None:
    """Refuse a meaning stated for the whole table that fits none of its columns.

    Raises:
        ConfigurationError: It fits none.
    """
    if "" in typed and not any(meaning.why == STATED for meaning in meanings):
        own = typed[""]
        held = (
            "an energy or a charge"
            if own in ("counter", "per-row", "level")
            else "a power, a current or a voltage"
        )
        raise ConfigurationError(
            f"{where}: --as {own} is of {held}, and no column that is used holds one; import without it, or see what each "
            "column is taken for with: powermeter import --explain"
        )


def marks_of(meaning: Meaning, seen: Statistics, quantity: Quantity) -> tuple[float, ...]:
    """Return the values of a column that stand for none: marks, and the zeros that a running total dips to."""
    marks = tuple(seen.sentinel(quantity))
    return (*marks, 0.0) if meaning.as_ == "counter" and (seen.dips or seen.starts_at_none) else marks


def _total(column: Planned, seen: Statistics, where: str, found: Layout | None) -> Meaning:
    named = column.heading
    name = named.text
    steps = seen.falls + seen.rises
    counts = {*named.words} & EACH == {"used"} and seen.rises > 2 * _ENOUGH and not seen.falls
    if named.is_each and not named.is_counter and not counts:
        return Meaning("per-row", "an amount of each row by its name")
    if seen.count < 2:
        if found is not None and len(found.rows) == 1 and not (_have_ends(found) or _have_lengths(found)):
            raise OpenKind(
                f"{where}: column {name!r} has one row, and no columns name its start and end: a running total has counted nothing in it. Is it the "
                f"amount of a second before its time (--as {_as(column, 'per-row')})?",
                column,
                "per-row",
            )
        return Meaning("per-row", "one row holds the amount of its own interval")
    if not steps:
        if named.is_level:
            return Meaning("level", "what is left in a battery; it stands still")
        if named.is_counter or seen.largest == 0:
            return Meaning("counter", "a running total that stands still")
        raise OpenKind(
            f"{where}: column {name!r} is the same in all rows: is it the amount of each row (--as {_as(column, 'per-row')})? "
            "A running total that never moves has counted nothing",
            column,
            "per-row",
        )
    falls, to_zero = seen.falls - seen.dips, seen.to_zero - seen.dips
    if not falls:
        return _rising(column, seen, where)
    if not seen.rises and (named.is_level or seen.falls >= _ENOUGH):
        if named.is_level:
            return Meaning("level", "what is left in a battery: it only falls")
        raise OpenKind(
            f"{where}: column {name!r} only falls: is it what is left in a battery (--as {_as(column, 'level')}), or the "
            f"amount of each row (--as {_as(column, 'per-row')})?",
            column,
            "level",
        )
    if named.is_level and not (named.is_counter and _counts_up(column, seen)):
        return Meaning("level", "what is left in a battery")
    if was_set_back(steps, seen.rises, falls, to_zero):
        return Meaning(
            "counter",
            "a running total that was set back",
            _resets(column, seen),
        )
    if (
        column.heading.unit in ("uJ", "µJ")
        and _KERNELS.search(name.lower())
        and seen.largest > _HALF_A_RANGE_UJ
    ):
        raise ConfigurationError(
            f"{where}: {name!r} falls in {falls} of {plural(steps, 'step')}: the kernel's counter of that name begins anew at 262 kJ, of some "
            "processors at 66 kJ, and how often it did between two rows is not known. Log it more often, each 60 s for example; "
            f"where each row holds an amount of its own, --as {_as(column, 'per-row')}"
        )
    if seen.rises >= _RUN * falls and 0 <= seen.fallen_to <= seen.largest_rise:
        raise _question(
            name, column, where, f"rises and falls {plural(falls, 'time')}, to no more than a step up"
        )
    often = falls * _SELDOM >= steps or _never_near_none(seen, falls)
    if often or (found is not None and _have_ends(found) and falls > 1 >= to_zero):
        return Meaning(
            "per-row",
            "it rises and falls: the amount of each row, no running total",
            Note.info(
                "amount-per-row",
                f"{name!r} rises and falls, so each row holds the amount of its own interval (the first row's lies before its "
                f"stamp); if it is a counter that is reset, --as {_as(column, 'counter')}",
            ),
        )
    raise _question(name, column, where, f"falls {seen.falls} times")


def _counts_up(column: Planned, seen: Statistics) -> bool:
    """Return whether an `energy_counter` or a `charge_counter`, which may be Android's of what is left, is a running total that is reset."""
    return bool(seen.to_zero) or (column.quantity is Quantity.ENERGY and seen.rises >= seen.falls)


def _never_near_none(seen: Statistics, falls: int) -> bool:
    """Return whether a column falls again and again by half of its range and more, and yet never to half of its largest number.

    A total that is reset begins near none, and one that jitters falls by little.
    """
    down = max((a - b for a, b in pairwise(seen.head)), default=0.0)
    span = seen.largest - seen.smallest
    return falls > 1 and seen.smallest >= _BAND * seen.largest > 0 and down >= _BAND * span


def _resets(column: Planned, seen: Statistics) -> Note | None:
    return reset_note(column.heading.text, seen.falls - seen.dips, seen.to_zero - seen.dips)


def _rising(column: Planned, seen: Statistics, where: str) -> Meaning:
    named = column.heading
    small = seen.first > 0 and seen.largest_step <= _SMALL_STEP * max(seen.first, seen.largest)
    if (
        named.is_counter
        or seen.first == 0
        or (seen.rises >= _ENOUGH - 1 and (small or seen.rises > 2 * _ENOUGH))
    ):
        return Meaning("counter", "a running total: it never falls", _by_data(column, seen))
    if seen.count >= _ENOUGH and (seen.rises >= _ENOUGH - 1 or seen.count > _ENOUGH + 1):
        return Meaning("counter", "a running total: it never falls", _by_data(column, seen))
    raise _question(named.text, column, where, f"has only {plural(seen.count, 'row')}, which rise")


def _by_data(column: Planned, seen: Statistics) -> Note | None:
    """Return a note on a total that only its rows show to be one, where its first value is not far above its steps."""
    in_hours = (
        (column.heading.unit or "").lower().endswith("wh")
    )  # of meters, which export amounts as often as registers
    if not in_hours or column.heading.is_counter or not 0 < seen.first <= _NEAR * seen.largest_step:
        return None
    return Note.info(
        BY_DATA,
        f"{column.heading.text!r} never falls and was taken for a running total; if each row holds an amount of its own: "
        f"--as {_as(column, 'per-row')}",
    )


def _as(column: Planned, meaning: str) -> str:
    return quote(f"{column.heading.text}={meaning}") if column.heading.text else meaning


def _question(name: str, column: Planned, where: str, what: str) -> OpenKind:
    return OpenKind(
        f"{where}: column {name!r} {what}: is it a running total (--as {_as(column, 'counter')}), or the amount of each "
        f"row (--as {_as(column, 'per-row')})?",
        column,
        "counter",
    )
