"""What a reader takes away: one sentence, one word of quality with its cause and remedy, and energy as power × time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from powermeter.analysis.advice import Advice, advise
from powermeter.analysis.item_count import CONTRADICTED
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.resolution import WANTED_PRECISION
from powermeter.analysis.uncertainty import WORDS
from powermeter.analysis.unrecorded_time import unrecorded
from powermeter.analysis.warmup import WarmUpReason
from powermeter.errors import plural
from powermeter.result import Grade, Result
from powermeter.result.bounds_in_print import is_printed_as_bound
from powermeter.result.formatting import printed_step
from powermeter.result.notes import having
from powermeter.units import format_duration, format_percent, format_quantity

from .html_elements import harmless
from .recording_notes import MOSTLY_OTHERS, own_share
from .report_data import ReportData
from .wording import FEWEST, counted, left_out, show, spread

NOT_RESOLVED = 0.5
"""A half-width above this share of the value resolves nothing."""


MOST_ATTRIBUTES = 4
"""Attributes that a title has room for."""

MOSTLY = 0.6
"""Of the variance: a cause below it does not make most of an interval alone."""

_DIGITS = range(4, 9)
"""Significant digits of power and time: as few as their product needs to be the printed energy."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the number is.

    Attributes:
        word: `good`, `rough` or `not resolved`.
        cause: What makes most of the interval, or what is wrong.
        remedy: What to do about it; empty where nothing is known.
    """

    word: str
    cause: str
    remedy: str

    @property
    def text(self) -> str:
        """`Good: ± 1.2 %, mostly the sensor's gain. To narrow it: calibrate …`."""
        rest = f" To narrow it: {self.remedy}." if self.remedy else ""
        return f"{self.word.capitalize()}: {self.cause}.{rest}"


def quoted(data: ReportData) -> Result | None:
    """Return the number a report is about: the mean of further items, or the run's energy where nothing is marked."""
    if data.headline is not None:
        return data.headline.per_item
    return data.analysis.run_per_item or data.analysis.energy


def sure(result: Result | None) -> str:
    """Return `200 mJ, 95 % sure 196–204`, a bound as a bound, or a dash."""
    shown = show(result)
    if shown.ends is None:
        return shown.text
    low, high = shown.ends
    between = f"{low} to {high}" if low.startswith("-") else f"{low}\u2013{high}"
    return f"{shown.bare}, 95 % sure {between}"


def attribute_words(data: ReportData) -> list[str]:
    """Return `model P` for each attribute of the run."""
    return [harmless(f"{name} {value}", 80) for name, value in data.noted("attributes").items()]


def titled(data: ReportData) -> list[str]:
    """Return the attributes that stand beside the title, by which runs of one program differ; none beside one that was typed in."""
    return [] if data.given_title else attribute_words(data)[:MOST_ATTRIBUTES]


def sentence(data: ReportData) -> str:
    """Return the sentence to remember, and the one without which it would be misread."""
    return " ".join((_answer(data), *_cautions(data)))


def _cautions(data: ReportData) -> list[str]:
    """Return what the number is of, where most readers would take it for something else."""
    found = []
    share = own_share(data.rails, data.analysis.line.rail.boundary)
    if share is not None and share < MOSTLY_OTHERS:
        found.append(
            f"That is the whole {data.analysis.line.rail.name}: the program's own part is about {format_percent(share, 1)}."
        )
    if having(data.warnings, CONTRADICTED):
        found.append("It is counted as --items states, which contradicts the recording.")
    return found


def _answer(data: ReportData) -> str:
    row, a = data.headline, data.analysis
    made = " (simulated)" if a.energy.grade is Grade.SIMULATED else ""
    if row is None and a.run_per_item is not None:
        whole = a.energy if a.above is None else a.above
        of = (
            f"One {data.item}'s share of the whole run"
            if _is_a_label(data, data.item)
            else f"One {data.item}"
        )
        return f"{of}{made}, on average: {sure(a.run_per_item)}; {show(whole).bare} of the whole run over {a.run_items:,.12g}."
    if row is None or row.per_item is None:
        how = {Grade.ESTIMATED: " (estimated)", Grade.SIMULATED: " (simulated)"}.get(a.energy.grade, "")
        return f"The run{how}: {sure(a.energy)}, in {format_duration(a.duration.value)}."
    group = ", ".join(f"{name} {value}" for name, value in row.group.items() if value is not None)
    which = f" ({group})" if group else ""
    mean = ", on average" if row.events > 1 else ""
    alone = ": what this event used, not what further ones will" if row.events == 1 else ""
    part = f"'s {row.label}" if data.item != row.label and _is_a_label(data, data.item) else ""
    return f"One {data.item}{part}{which}{made}{mean}: {sure(row.per_item)}; {events_text(row)}{alone}."


def _is_a_label(data: ReportData, name: str) -> bool:
    """Return whether a label of that name has an energy of its own, which is not that of the headline."""
    return bool(data.analysis.item_name) and any(row.label == name for row in data.analysis.rows)


def events_text(row: LabelRow) -> str:
    """Return `64 of 72 events, the first 8 left out as warm-up; counting them, as for a run this short: 218 mJ, 95 % sure 217–219`."""
    of = f"{counted(row):,} of " if counted(row) < row.events - row.unseen else ""
    text = f"{of}{plural(row.events, 'event')}"
    if row.items is not None and row.items != row.events:
        text += f" ({plural(row.items, 'item')} in all)"
    if row.of_this_mix and row.expected_per_item is not None:
        text += ", for this mix of them"
    if warmup := left_out(row):
        first, them = ("the first", "it") if warmup == 1 else (f"the first {warmup:,}", "them")
        text += f", {first} left out as warm-up; counting {them}, as for a run this short: {sure(row.these_per_item)}"
    if row.unseen:
        text += f"; {row.unseen:,} of them without an energy"
    if row.outside:
        text += f"; {row.outside:,} more lie outside the recording or never ended"
    return text


def only_bound(result: Result) -> str:
    """Return why the parts of an interval are not listed: its number is printed as a bound; empty where it is not."""
    if not (math.isfinite(result.low) and math.isfinite(result.high)):
        return "Only a bound is known: an interval with an open end has no parts to list."
    if is_printed_as_bound(result):
        return f"Only a bound is known, {show(result).bare}: its parts are not listed."
    return ""


def product(data: ReportData) -> str:
    """Return energy as mean power × time, of the events that are counted; empty where either is not known."""
    row, a = data.headline, data.analysis
    energy = quoted(data)
    if energy is None or (not show(energy).half and not show(energy).span):
        return ""
    if (
        row is not None and row.share is not None
    ):  # it ran beside others, for longer than its part of the power
        return ""
    if row is None:
        seconds, items = a.duration.value, a.run_items or 1.0
    else:
        order = row.index[np.argsort(a.energies.start_ns[row.index], kind="stable")]
        steady = order[left_out(row) :]
        counts = a.events.counts_at(steady)
        if np.isnan(counts).any():
            return ""
        items = float(counts.sum())
        seconds = float(a.energies.seconds[steady].sum())
    if not (seconds > 0 and items > 0):
        return ""
    each = seconds / items
    watts, step = energy.value / each, printed_step(energy.value, energy.low, energy.high, "J")
    digits = next((n for n in _DIGITS if _comes_out(energy.value, watts, each, n, step)), _DIGITS[-1])
    return (
        f"{show(energy).bare} = {format_quantity(watts, 'W', digits)} × {format_quantity(each, 's', digits)}"
    )


def _comes_out(joules: float, watts: float, seconds: float, digits: int, step: float) -> bool:
    """Return whether power × time, each in that many digits, is an energy as it is printed, in multiples of a step."""
    product = float(f"{watts:.{digits - 1}e}") * float(f"{seconds:.{digits - 1}e}")
    return round(product / step) == round(joules / step)


def _causes(kinds: Mapping[str, float], what: str, is_largest: bool) -> str:
    """Return what makes most of an interval; of two that share it, both.

    Args:
        kinds: Kind of error → its standard uncertainty, the largest first.
        what: What is blamed, in words; empty where nothing is.
        is_largest: Whether that is the largest kind.
    """
    if not what or not is_largest:
        return f", mostly {what}" if what else ""
    total = sum(part * part for part in kinds.values())
    shares = [part * part / total if total else 0.0 for part in kinds.values()]
    if shares[0] >= MOSTLY or len(shares) < 2:
        return f", mostly {what} ({format_percent(shares[0])} of the variance)"
    second = list(kinds)[1]
    return f", from {what} ({format_percent(shares[0])} of the variance) and {WORDS.get(second, (second, ''))[0]} ({format_percent(shares[1])})"


def advice_of(data: ReportData) -> Advice | None:
    """Return what would narrow the quoted number."""
    return advise(data.analysis, data.headline)


def quality(data: ReportData) -> Quality:
    """Return how good the quoted number is, with the largest cause and its remedy."""
    row, result = data.headline, quoted(data)
    if result is None:
        return Quality("not resolved", "no energy can be stated", row.verdict.text if row else "")
    half = (result.high - result.low) / 2
    relative = half / abs(result.value) if result.value else math.inf
    kinds = result.by_kind()
    kind = next(iter(kinds), "")
    advice = advice_of(data)
    blamed = advice.cause if advice is not None and advice.cause not in ("", *kinds) else kind
    what, remedy = WORDS.get(blamed, (blamed, ""))
    remedy = str(advice) if advice is not None else remedy
    saturated = data.analysis.power_trace.saturated_ns
    if saturated is not None and saturated.size:
        cause = f"{plural(saturated.size, 'reading')} at the end of the meter's range: the energy is at least what is printed"
        return Quality("not resolved", cause, "use a larger range or a smaller shunt")
    missing = unrecorded(data.analysis)
    is_bound = not math.isfinite(relative) or is_printed_as_bound(result)
    if is_bound or relative > NOT_RESOLVED:
        size = "only a bound is known" if is_bound else spread(result)
        why = f"{size}{_causes(kinds, what, False)}"
        why += f"; {missing.text}" if missing is not None else ""
        return Quality("not resolved", why, remedy)
    wide = spread(result)
    if missing is not None:
        of = f"{wide} of the first {format_duration(missing.seen_s)}"
        return Quality("rough", f"{of}; {missing.text}", "look at the meter and its cable, and record again")
    mostly = _causes(kinds, what, blamed == kind)
    if row is not None and counted(row) < FEWEST:
        few = f"from only {plural(counted(row), 'event')}, {wide}{mostly}"
        return Quality("rough", few, remedy)
    if row is not None and row.warmup.reason is WarmUpReason.UNSETTLED:
        return Quality("rough", f"{wide}, and the energy had not settled", "run for longer, until it does")
    if result.grade in (Grade.ESTIMATED, Grade.ASSUMED):
        return Quality("rough", f"{result.grade.value}, {wide}{mostly}", remedy)
    return Quality("good" if relative <= WANTED_PRECISION else "rough", f"{wide}{mostly}", remedy)
