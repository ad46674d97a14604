"""What each kind of event used: a row per label, or per label and attributes (`by=("model", "batch")`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.above_baseline import Baseline
from powermeter.analysis.above_of_next import above_of_next
from powermeter.analysis.integral import highest_power
from powermeter.analysis.latencies import latencies
from powermeter.analysis.next_event import next_event
from powermeter.analysis.next_item import expected, is_of_this_mix, trend_in
from powermeter.analysis.resolution import Resolution, is_one_by_one, verdict
from powermeter.analysis.shares_of_overlapping import Shares
from powermeter.analysis.single_events import SingleEvents
from powermeter.analysis.warmup import WarmUp
from powermeter.analysis.warmups_of_labels import EventsInOrder
from powermeter.analysis.windows import Windows
from powermeter.channel import MISSING
from powermeter.errors import plural
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns
from powermeter.result import Grade, Result, worst
from powermeter.result.formatting import DASH, prints_bound

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label of an analysis.  Results are None where they cannot be known; never 0 instead.

    Attributes:
        label: The events' name.
        group: Attribute → value for the attributes asked for with `by`; otherwise empty.
        events: How many events of it lie inside the recording.
        outside: How many more do not, or never ended.
        unseen: How many of `events` no reading shows, so that their energy is not known.
        items: Sum of their counts (inferences); None where one of them is not known, and then nothing is per item.
        seconds: Sum of their durations.
        energy: Total in J.
        energy_per_item: Mean per item in J: what these events used, measurement errors only.
        energy_median, energy_p95: Of the energy per item, over the events that `per_item` is of, in J; shared where `share` is not None.
            None where the sampling resolves no single one of several, as are the next two.
        spread_j: Standard deviation of the same between these events, in J; None for one event.
        expected_per_item: What a further item would use on average, in J: of the events after the warm-up, with
            the spread between events (part `repeats:`); None for one event.
        next_event_per_item: Between which energies, in J, 95 % of single coming events lie, around the mean of them all and counted as
            `per_item` is; None for one event, and where events are only known together.
        charge, charge_per_item: In C.
        power: Mean power during the events, in W; None where all that is known is a bound above every reading of the run.
        above, above_per_item, above_power: Energy total, per item (shared as `per_item`), and mean power above the baseline: the meter's errors only.
        expected_above_per_item: What a further item would use above the baseline, shared as `per_item`, with the spread between events.
        latency_mean, latency_p50, latency_p95, latency_p99: Of one event, in s.
        peak_memory: Largest peak resident memory in byte, or None.
        sample_power: Mean of the samples strictly inside the events in W (the MLPerf rule), or None.
        sample_energy: That mean × `seconds`, in J, or None.
        plain_energy: The trapezoid (or its like) with interpolated edges and nothing else, in J.
        gap_s: Seconds of gaps inside the events, bridged.
        method: `integral`, `samples` (some events hold no sample and got their label's mean power) or
            `regression`.
        overlapping: Whether some of its own events overlap, so that its total counts energy twice.
        shared: The part of `energy` that is its own where events overlap, each instant's power divided among those active:
            the shares of all labels and what lies beside them add up to the run.  None where nothing overlaps.
        share: What part of `energy` is its and its parts', the power divided among what ran at the same time; None where
            nothing else did.
        warmup: How many of its first events are not counted in `expected_per_item`, and why.
        verdict: Whether one event is resolved.
        tail: What follows each event and belongs to none, in J; None where nothing was found to.
        index: Positions of its events in the analysis' arrays.
        of_this_mix: Whether unlike items came by turns, so that `expected_per_item` holds for the same turns only: its interval is
            narrower than their spread over the root of their number.
        drift: By what share of its mean an item goes on changing from the first to the last event after the warm-up; None where it does not.
    """

    label: str
    group: Mapping[str, Any]
    events: int
    outside: int
    unseen: int
    items: float | None
    seconds: float
    energy: Result | None
    energy_per_item: Result | None
    energy_median: Result | None
    energy_p95: Result | None
    spread_j: float | None
    expected_per_item: Result | None
    next_event_per_item: Result | None
    charge: Result | None
    charge_per_item: Result | None
    power: Result | None
    above: Result | None
    above_per_item: Result | None
    above_power: Result | None
    expected_above_per_item: Result | None
    latency_mean: float | None
    latency_p50: float | None
    latency_p95: float | None
    latency_p99: float | None
    peak_memory: int | None
    sample_power: float | None
    sample_energy: float | None
    plain_energy: float | None
    gap_s: float
    method: str
    overlapping: bool
    shared: Result | None
    share: float | None
    warmup: WarmUp
    verdict: Resolution
    tail: Result | None
    index: NDArray[np.int64] = field(repr=False, compare=False)
    drift: float | None = None
    of_this_mix: bool = False

    def __repr__(self) -> str:
        each = "no energy" if self.energy_per_item is None else f"{self.energy_per_item} per item"
        return (
            f"<LabelRow {self.title}: {each}, {plural(self.items, 'item')} in {plural(self.events, 'event')}>"
        )

    @property
    def per_item(self) -> Result | None:
        """The number to quote: what further items will use on average; what these used where one event is all there is.

        Where events ran at the same time, its part of what was drawn.
        """
        return self._part(self.expected_per_item or self.energy_per_item)

    @property
    def per_item_above(self) -> Result | None:
        """`per_item` above the baseline."""
        return self.expected_above_per_item or self.above_per_item

    @property
    def items_per_event(self) -> float | None:
        """How many items an event is, on average; None where they are not known."""
        known = self.events - self.unseen
        return self.items / known if self.items and known else None

    @property
    def these_per_item(self) -> Result | None:
        """What these events used per item, in J, as `per_item` is counted."""
        return self._part(self.energy_per_item)

    @property
    def total(self) -> Result | None:
        """What these events used in all, in J, as `per_item` is counted."""
        return self._part(self.energy)

    def _part(self, whole: Result | None) -> Result | None:
        return _in_share(whole, self.share)

    @property
    def meter_half_width(self) -> float | None:
        """Half of the 95 % interval that the meter alone leaves `per_item`, in J: its relative one of these events."""
        quoted, mean = self.per_item, self.energy_per_item
        if quoted is None or mean is None or mean.value <= 0 or quoted.value <= 0:
            return None
        half = (mean.high - mean.low) / 2 * quoted.value / mean.value
        return min(half, (quoted.high - quoted.low) / 2)

    @property
    def shared_per_item(self) -> Result | None:
        """`shared` per item, in J."""
        return self.shared.scaled(1 / self.items) if self.shared is not None and self.items else None

    @property
    def title(self) -> str:
        """The label with its group: `infer (model=a, batch=8)`; a dash where its events lack the attribute."""
        return RowName(self.label, self.group).title


def _in_share(whole: Result | None, share: float | None) -> Result | None:
    if whole is None or share is None:
        return whole
    return replace(whole.scaled(share), grade=worst((whole.grade, Grade.DERIVED)))


class RowName(NamedTuple):
    """What a row is called.

    Attributes:
        label: The events' name.
        group: Attribute → value where labels are split; otherwise empty.
    """

    label: str
    group: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The label with its group, as `LabelRow.title`."""
        inside = ", ".join(f"{k}={DASH if v is None else v}" for k, v in self.group.items())
        return f"{self.label} ({inside})" if inside else self.label

    @property
    def origin(self) -> str:
        """What the parts are named by that are its results' own."""
        return "/".join([self.label, *map(str, self.group.values())])


def row(
    named: RowName,
    index: NDArray[np.int64],
    events: Sequence[Event],
    energy: Windows,
    charge: Windows | None,
    baseline: Baseline | None,
    shares: Shares | None = None,
    warmup: WarmUp | None = None,
) -> LabelRow:
    """Return the row of the events at `index` (positions in `events` and in the windows' arrays).

    Args:
        warmup: How many of its first events are one; None where it is the only row of its label.
        shares: What part of the energy during each event is its (`shares_of_overlapping.shares`); None where nothing overlaps.
    """
    label, group = named
    known = index[energy.known[index]]
    covered = index[energy.covered[index]]
    columns = EventColumns.of(events)
    counts = columns.counts_at(known)
    seconds = energy.seconds[known]
    span = float(seconds.sum())
    uncounted = bool(np.isnan(columns.counts_at(known if known.size else index)).any())
    items = None if uncounted else _plain(float(counts.sum()))
    one_each = np.ones(known.size)
    origin = named.origin
    spans = bool(span > 0) and known.size > 0
    total = energy.combine_of(known, one_each, origin) if spans else None
    per_item = total.scaled(1 / items) if total and items else None
    each = np.divide(energy.value[known], counts, out=np.full(known.size, np.nan), where=counts > 0)
    each = each if items is not None else each[:0]
    above = baseline.above(total, span, energy.integral.trace.errors) if baseline and total else None
    q = _charge(charge, known, origin) if charge is not None and spans else None
    rows = energy.samples[known]
    sample_power = energy.strictly_inside(known).average
    unseen = bool(((rows < 1) & (energy.value[known] != energy.plain[known])).any())
    found = energy.groups_at(known)
    tail = next((f.tail for f in found if f.tail is not None), None)
    alike = any(f.alike for f in found)
    order = np.argsort(energy.start_ns[known], kind="stable")
    warmup = EventsInOrder.of(events, energy, index).warm_up() if warmup is None else warmup
    rest = known[order][warmup.count :]
    own = None if shares is None else _part_of(shares.own, energy, known)
    share = None if shares is None else _part_of(shares.whole, energy, known)
    trend = trend_in(energy, rest, counts[order][warmup.count :], warmup.count) if each.size else None
    further = expected(energy, rest, counts[order][warmup.count :], origin, trend) if each.size else None
    beyond_idle = above_of_next(energy, rest, counts[order][warmup.count :], baseline, further, per_item)
    # Events that only least squares resolve have one energy for all.
    quoted = counts > 0
    if further is not None:
        quoted[order[: warmup.count]] = False
    counted = np.flatnonzero(quoted) if items is not None and not alike else np.empty(0, np.int64)
    parts = np.ones(known.size) if shares is None or share is None else shares.whole[known]
    single = each[counted] * parts[counted]
    whole = counts[counted] / np.maximum(parts[counted], 1e-12)
    mean = per_item if per_item is None or share is None else per_item.scaled(share)
    one_by_one = SingleEvents.of(energy, known, known[counted], single, whole, mean)
    latency = latencies(energy.seconds[covered])
    memory = int(columns.numbers["peak_memory"][index].max(initial=MISSING))
    return LabelRow(
        label=label,
        group=dict(group),
        events=int(covered.size),
        outside=int(index.size - covered.size),
        unseen=int(covered.size - known.size),
        items=items,
        seconds=span,
        energy=total,
        energy_per_item=per_item,
        energy_median=one_by_one.median,
        energy_p95=one_by_one.p95,
        spread_j=one_by_one.spread_j,
        expected_per_item=further,
        next_event_per_item=next_event(
            energy, known[counted], _in_share(further, share), single, whole, trend
        )
        if is_one_by_one(energy, known)
        else None,
        charge=q,
        charge_per_item=q.scaled(1 / items) if q and items else None,
        power=_seen_power(energy, total.scaled(1 / span, "W")) if total else None,
        above=above,
        above_per_item=above.scaled((1.0 if share is None else share) / items) if above and items else None,
        above_power=above.scaled(1 / span, "W") if above else None,
        expected_above_per_item=_in_share(beyond_idle, share),
        latency_mean=latency.mean,
        latency_p50=latency.p50,
        latency_p95=latency.p95,
        latency_p99=latency.p99,
        peak_memory=None if memory == MISSING else memory,
        sample_power=sample_power,
        sample_energy=None if sample_power is None or not spans else sample_power * span,
        plain_energy=float(energy.plain[known].sum()) if spans else None,
        gap_s=float(energy.gap_s[known].sum()),
        method="regression" if alike else "samples" if unseen else "integral",
        overlapping=_overlapping(energy.start_ns[known], energy.end_ns[known]),
        shared=total.scaled(own) if total is not None and own is not None else None,
        share=share,
        warmup=warmup,
        verdict=verdict(energy, known, total, covered),
        tail=None
        if tail is None
        else Result.of(
            tail[0],
            energy.unit,
            {f"edges:tail {energy.integral.trace.within(origin)}": tail[1]},
            Grade.ESTIMATED,
        ),
        index=index,
        drift=None if trend is None else trend.share,
        of_this_mix=bool(each.size) and is_of_this_mix(energy, rest, counts[order][warmup.count :], trend),
    )


def _charge(charge: Windows, known: NDArray[np.int64], origin: str) -> Result:
    """Return what some events drew, C."""
    index = known[charge.known[known]]
    return charge.combine_of(index, np.ones(index.size), origin)


def _seen_power(energy: Windows, power: Result) -> Result | None:
    """Return a mean power; None for an upper bound that no reading of the whole run reached: it informs nobody."""
    if not math.isfinite(power.high) or not prints_bound(power.value, power.low, power.high, power.unit):
        return power
    return None if power.high > highest_power(energy.integral) else power


def _plain(number: float) -> float:
    """Return a whole number as an int."""
    return int(number) if number.is_integer() else number


def _part_of(shares: Floats, energy: Windows, known: NDArray[np.int64]) -> float | None:
    """Return a label's part of the energy during its events, or None where it shares nothing."""
    if not (shares[known] < 1 - 1e-9).any():
        return None
    plain = energy.plain[known]
    return float(shares[known] @ plain) / float(plain.sum()) if plain.sum() else None


def _overlapping(start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]) -> bool:
    if start_ns.size < 2:
        return False
    order = np.argsort(start_ns, kind="stable")
    latest = np.maximum.accumulate(end_ns[order])
    return bool((start_ns[order][1:] < latest[:-1]).any())
