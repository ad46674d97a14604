"""Results as reports print them, through the one formatter of `powermeter.result.formatting`; nothing is computed here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from powermeter.comparison.verdict import Verdict
from powermeter.footprint.text import shown
from powermeter.result import Grade, Result, worst
from powermeter.result.bounds_in_print import is_printed_as_bound
from powermeter.result.formatting import DASH, UNKNOWN, Shown
from powermeter.units import format_duration, format_percent, format_quantity, unit_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from powermeter.analysis.energy import Analysis
    from powermeter.analysis.label_row import LabelRow
    from powermeter.comparison.contrast import Contrast

MARKS = {
    Grade.MEASURED: "●",
    Grade.DERIVED: "◐",
    Grade.ESTIMATED: "○",
    Grade.ASSUMED: "◌",
    Grade.SIMULATED: "△",
}
"""How a grade is drawn where a word does not fit."""

GRADE_TEXT = {
    Grade.MEASURED: "an instrument senses it",
    Grade.DERIVED: "computed from what is measured by a fixed rule",
    Grade.ESTIMATED: "a model in place of an instrument",
    Grade.ASSUMED: "typed in or taken from a table",
    Grade.SIMULATED: "a program made it; no device drew it",
}


def show(result: Result | None, unit: str | None = None, factor: float = 1.0, *, plus: bool = False) -> Shown:
    """Return a result in print.

    Args:
        result: None where it is not known.
        unit: The unit to print after multiplying by `factor`; the result's own otherwise.
        factor: For example 1/3600 for C to Ah.
        plus: Whether a value above 0 wears its sign.
    """
    if result is None:
        return UNKNOWN
    return result.scaled(factor, unit).show(plus=plus)


def drawn_in(result: Result) -> tuple[float, str]:
    """Return the size and the name of the unit that figures of a quantity are drawn in: the one that its number is printed in."""
    unit = show(result).unit
    found = unit_factor(unit) if unit else None
    return (found[1], unit) if found is not None else (1.0, result.unit)


def meter_part(row: LabelRow) -> str:
    """Return `± 0.5 mJ`: what the meter alone leaves open of a label's energy; a dash where only a bound of that is known."""
    one, half_width_j = row.per_item, row.meter_half_width
    if one is None or half_width_j is None or is_printed_as_bound(one):
        return DASH
    return f"± {format_quantity(half_width_j, 'J', 2)}"


def seconds(value: float | None) -> str:
    """Return a latency: `12.3 ms`, `1.25 s`, `3 min 20 s`."""
    if value is None:
        return DASH
    return format_duration(value) if value >= 100 else format_quantity(value, "s", 3)


def items_counted(row: LabelRow) -> float | None:
    """Return how many items were counted; None too where no event has an energy, so that none was."""
    return row.items if row.events > row.unseen else None


def has_items(rows: Sequence[LabelRow]) -> bool:
    """Return whether items are printed beside events: where any event counts none, or several."""
    return any(row.items != row.events for row in rows if row.events > row.unseen)


def time_head(rows: Sequence[LabelRow]) -> str:
    """Return the heading of a mean time; where an event holds several items it names the event, since energies beside it are per item."""
    several = any(row.items_per_event not in (None, 1.0) for row in rows)
    return "mean time of an event" if several else "mean time"


def peak(analysis: Analysis) -> str:
    """Return `peak 16.0 W`, with as many digits as the mean deserves, three at most.

    It is `at least` that where readings were at the range's end, and of a counter, which knows means only.
    """
    clipped = analysis.power_trace.saturated_ns
    watts = highest_w(analysis)
    if (clipped is not None and clipped.size) or _is_counted(analysis):
        return f"peak {show(Result(watts, 'W', watts, math.inf)).bare}"
    return f"peak {format_quantity(watts, 'W', _digits(analysis.power))}"


def highest_w(analysis: Analysis) -> float:
    """Return the highest power in W: of a counter, whose refreshes hide it, no less than a label's mean is sure to be."""
    means = [row.power.low for row in analysis.rows if row.power is not None] if _is_counted(analysis) else []
    return max([analysis.peak_w, *means])


def _is_counted(analysis: Analysis) -> bool:
    return analysis.power_trace.quantity.unit == "J"


def _digits(power: Result) -> int:
    """Return 2 for a mean power known to ± 10 % or worse, else 3: a peak of 8.16 W stood below a mean of 8.2 W."""
    return 3 if power.value and 0.1 * abs(power.value) > power.high - power.value else 2


def as_sentence(note: str) -> str:
    """Return a note with a full stop and a capital letter; one whose first word holds more than letters may begin with a name."""
    first = note.partition(" ")[0]
    return f"{note[:1].upper() if first.isalpha() else note[:1]}{note[1:].rstrip('.')}."


def grade_of(rows: Sequence[LabelRow], run: Grade) -> Grade:
    """Return the worst grade of the energies of labels; the run's where none is known."""
    known = [row.energy.grade for row in rows if row.energy is not None]
    return worst(known) if known else run


FEWEST = 5
"""Events below which no number is called good."""

TAILS = {
    20: "p95 needs at least 20 events and p99 at least 100, so that one lies beyond it; of fewer it is a dash.",
    100: "p99 needs at least 100 events, so that one lies beyond it; of fewer it is a dash.",
}
"""What stands under a table of labels, one of which has fewer events than the key: a quantile q needs 1 / (1 - q) of them."""


def spread(result: Result) -> str:
    """Return how far an interval reaches, relative to its value: `± 1.2 %`, `-72 % to +33 %` where that is not centred.

    It is what a reader computes from the printed half-width and value.
    """
    size, shown = abs(result.value), show(result)
    if shown.half:
        half, value = (float(text.replace(",", "")) for text in (shown.half, shown.value))
        return f"± {percent(half / abs(value) if value else math.inf)}"
    if not shown.span or not size:
        return f"± {percent((result.high - result.low) / 2 / size if size else math.inf)}"
    shares = ((end - result.value) / size for end in (result.low, result.high))
    return " to ".join(f"{'-' if share < 0 else '+'}{percent(abs(share))}" for share in shares)


OF_ALL = (
    "{} events: energy per item with its median, p95 and std dev, charge per item and the count per charge leave the warm-up "
    "out; times, power and totals are of all."
)
"""What stands under a table of labels, one of which has a warm-up."""


def per_charge(item: str) -> str:
    """Return what the number of items that one charge holds is called: `inferences per charge`."""
    if item.startswith("item of "):
        return f"items of {item.removeprefix('item of ')} per charge"
    plurals = {
        "inference": "inferences",
        "query": "queries",
        "item": "items",
        "further token": "further tokens",
    }
    return f"{plurals.get(item, f'times {item}')} per charge"


def left_out(row: LabelRow) -> int:
    """Return how many first events, a warm-up, are not in the energy per item, its median, p95 and standard deviation."""
    return row.warmup.count if row.expected_per_item is not None else 0


def counted(row: LabelRow) -> int:
    """Return how many events stand behind the energy per item: those with an energy, without the warm-up."""
    return row.events - row.unseen - left_out(row)


def events(row: LabelRow) -> str:
    """Return `40`, or `20 of 40` where a warm-up is left out."""
    return f"{counted(row):,} of {row.events:,}" if left_out(row) else f"{row.events:,}"


def times(row: LabelRow) -> list[str]:
    """Return mean, median, p95 and p99 of how long one event lasts, in print."""
    return [seconds(end) for end in (row.latency_mean, row.latency_p50, row.latency_p95, row.latency_p99)]


def remarks(rows: Sequence[LabelRow]) -> list[str]:
    """Return what a reader of a table of labels must know of its columns, a sentence each."""
    warm = [row for row in rows if left_out(row)]
    fewest = min((counted(row) for row in rows if row.events), default=max(TAILS))
    few = [text for least, text in TAILS.items() if fewest < least]
    return [*(OF_ALL.format(events(row)) for row in warm[:1]), *few[:1]]


def size(value: int | None) -> str:
    """Return a size in memory: `123 MB`."""
    return format_quantity(None if value is None else float(value), "B", 3)


def percent(share: float | None, digits: int = 2) -> str:
    """Return a ratio in percent."""
    return DASH if share is None else format_percent(share, digits)


ACCOUNTS = (
    ("carbon", "carbon"),
    ("water", "water consumed"),
    ("water_withdrawal", "water withdrawn"),
    ("adpe", "minerals (ADPe)"),
)
"""Account of a footprint → what it is called; withdrawal stands beside consumption where the cooling systems are given."""


def footprint_amount(result: Result | None, digits: int = 2) -> Shown:
    """Return carbon, water or minerals in g CO2e, L or g Sb eq: low to high, few digits."""
    return UNKNOWN if result is None else shown(result, digits)


def verdict_text(r: Contrast) -> str:
    """Return the verdict as it stands in a table: `less`, `same within 2 %`, `runs: less`."""
    text = str(r.found)
    if r.found is Verdict.SAME and r.within is not None:
        text = f"same within {format_percent(r.margin or r.within)}"
    return text if r.these_runs in (None, Verdict.CANNOT_TELL) else f"runs: {text}"
