"""What each kind of event used: a row per label, or per label and attributes (`by=("model", "batch")`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.baseline import Baseline
from powermeter.analysis.resolution import Resolution, verdict
from powermeter.analysis.uncertainty import Shape, beyond, budget, limit_names
from powermeter.analysis.warmup import WarmUp, WarmUpReason, warm_up
from powermeter.analysis.windows import Windows
from powermeter.events import Event
from powermeter.result import Grade, Result

Floats = NDArray[np.floating[Any]]
_MOST_LEAN = 2.0  # as of readings: a count of a quarter
_MOST_AT_ONCE = 16
_ROUNDING = 1e-9  # events that differ by less are equal: what is left has no memory
_MEMORY = 8  # so many repeats show whether neighbours resemble each other, and whether few carry much
_FEW_SHOW_LESS = 6.0  # the skewness that n repeats show is too small by about this over n, in share
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label of an analysis.  Results are None where they cannot be known; never 0 instead.

    Attributes:
        label: The events' name.
        group: Attribute → value for the attributes asked for with `by`; empty else.
        events: How many events of it lie inside the recording.
        outside: How many more do not, or never ended.
        unseen: How many of `events` no reading tells of, so that their energy is not known.
        items: Sum of their counts (inferences); None where one of them is not known, and then nothing is per item.
        seconds: Sum of their durations.
        energy: Total in J.
        energy_per_item: Mean per item in J: what these events used, measurement errors only.
        energy_median, energy_p95: Of the energy per item, over events, in J.
        spread_j: Standard deviation of the energy per item between events, in J; None for one event.
        expected_per_item: What a further item would use on average, in J: of the events after the warm-up, with
            the spread between events (part `repeats:`); None for one event.
        charge, charge_per_item: In C.
        power: Mean power during the events, in W.
        above, above_per_item, above_power: Energy total, per item, and mean power above the baseline.
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
        warmup: How many of its first events are not counted in `expected_per_item`, and why.
        verdict: Whether one event is resolved.
        tail: What follows each event and belongs to none, in J; None where nothing was found to.
        index: Positions of its events in the analysis' arrays.
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
    charge: Result | None
    charge_per_item: Result | None
    power: Result | None
    above: Result | None
    above_per_item: Result | None
    above_power: Result | None
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
    warmup: WarmUp
    verdict: Resolution
    tail: Result | None
    index: NDArray[np.int64] = field(repr=False, compare=False)

    def __repr__(self) -> str:
        each = "no energy" if self.energy_per_item is None else f"{self.energy_per_item} per item"
        return f"<LabelRow {self.title}: {each}, {self.items} items in {self.events} events>"

    @property
    def per_item(self) -> Result | None:
        """The number to quote: what the next item will use; what these used where one event is all there is."""
        return self.expected_per_item or self.energy_per_item

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
        """The label with its group: `infer (model=a, batch=8)`."""
        inside = ", ".join(f"{k}={v}" for k, v in self.group.items())
        return f"{self.label} ({inside})" if inside else self.label


def row(
    label: str,
    group: Mapping[str, Any],
    index: NDArray[np.int64],
    events: Sequence[Event],
    energy: Windows,
    charge: Windows | None,
    baseline: Baseline | None,
    shares: Floats | None = None,
) -> LabelRow:
    """Return the row of the events at `index` (positions in `events` and in the windows' arrays).

    Args:
        shares: What part of the energy during each event is its own (`sharing.shares`); None where nothing overlaps.
    """
    known = index[energy.known[index]]
    covered = index[energy.covered[index]]
    counts = np.array([events[i].count for i in known.tolist()], np.float64)
    seconds = energy.seconds[known]
    span = float(seconds.sum())
    items = None if np.isnan(counts).any() else _plain(float(counts.sum()))
    weights = np.zeros(len(energy))
    weights[known] = 1.0
    origin = "/".join([label, *map(str, group.values())])
    spans = bool(span > 0) and known.size > 0
    total = energy.combine(weights, origin) if spans else None
    per_item = total.scaled(1 / items) if total and items else None
    each = np.divide(energy.value[known], counts, out=np.full(known.size, np.nan), where=counts > 0)
    each = each if items is not None else each[:0]
    above = baseline.above(total, span, energy.integral.trace.errors) if baseline and total else None
    q = charge.combine(weights, origin) if charge is not None and spans else None
    means = energy.sample_mean()[known]
    rows = energy.samples[known]
    inside = energy.samples_inside()[known]
    seen = np.isfinite(means)
    sample_power = float(np.average(means[seen], weights=inside[seen])) if seen.any() else None
    unseen = bool(((rows < 1) & (energy.value[known] != energy.plain[known])).any())
    found = [energy.groups[g] for g in np.unique(energy.group[known]).tolist()]
    tail = next((f.tail for f in found if f.tail is not None), None)
    alike = any(f.alike for f in found)
    order = np.argsort(energy.start_ns[known], kind="stable")
    lasted = np.divide(seconds, counts, out=np.full(known.size, np.nan), where=counts > 0)
    warmup = warm_up(each[order], lasted[order]) if each.size else WarmUp(0, WarmUpReason.FEW)
    rest = known[order][warmup.count :]
    own = None if shares is None else _own_share(shares, energy, known)
    # Events that only least squares tell of have one energy for all.
    counted = np.flatnonzero(counts > 0) if items is not None and not alike else np.empty(0, np.int64)
    single = each[counted]
    spread = float(np.std(single, ddof=1)) if single.size > 1 and spans else None
    latency = energy.seconds[covered]
    latency = latency if latency.sum() > 0 else np.empty(0)
    memory = [m for m in (events[i].peak_memory for i in index.tolist()) if m is not None]
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
        energy_median=_quantile(energy, known[counted], single, counts[counted], 0.5, per_item),
        energy_p95=_quantile(energy, known[counted], single, counts[counted], 0.95, per_item),
        spread_j=None if per_item is not None and math.isinf(per_item.high) else spread,
        expected_per_item=_expected(energy, rest, counts[order][warmup.count :], origin)
        if each.size
        else None,
        charge=q,
        charge_per_item=q.scaled(1 / items) if q and items else None,
        power=total.scaled(1 / span, "W") if total else None,
        above=above,
        above_per_item=above.scaled(1 / items) if above and items else None,
        above_power=above.scaled(1 / span, "W") if above else None,
        latency_mean=_statistic(latency, np.mean),
        latency_p50=_percentile(latency, 50),
        latency_p95=_percentile(latency, 95),
        latency_p99=_percentile(latency, 99),
        peak_memory=max(memory, default=None),
        sample_power=sample_power,
        sample_energy=None if sample_power is None or not spans else sample_power * span,
        plain_energy=float(energy.plain[known].sum()) if spans else None,
        gap_s=float(energy.gap_s[known].sum()),
        method="regression" if alike else "samples" if unseen else "integral",
        overlapping=_overlapping(energy.start_ns[known], energy.end_ns[known]),
        shared=total.scaled(own) if total is not None and own is not None else None,
        warmup=warmup,
        verdict=verdict(energy, known, total, covered),
        tail=None
        if tail is None
        else Result.of(tail[0], energy.unit, {f"edges:tail {origin}": tail[1]}, Grade.ESTIMATED),
        index=index,
    )


def _plain(number: float) -> float:
    """Return a whole number as an int."""
    return int(number) if number.is_integer() else number


def _own_share(shares: Floats, energy: Windows, known: NDArray[np.int64]) -> float | None:
    """Return a label's own part of the energy during its events, or None where it shares nothing."""
    if not (shares[known] < 1 - 1e-9).any():
        return None
    plain = energy.plain[known]
    return float(shares[known] @ plain) / float(plain.sum()) if plain.sum() else None


def _statistic(values: Floats, of: Any) -> float | None:
    return float(of(values)) if values.size else None


def _percentile(values: Floats, percent: float) -> float | None:
    return float(np.percentile(values, percent)) if values.size else None


def _overlapping(start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]) -> bool:
    order = np.argsort(start_ns, kind="stable")
    latest = np.maximum.accumulate(end_ns[order])
    return bool((start_ns[order][1:] < latest[:-1]).any())


def _quantile(
    energy: Windows, known: NDArray[np.int64], each: Floats, counts: Floats, share: float, mean: Result | None
) -> Result | None:
    """Return a quantile over events with the common errors of the mean, scaled to its size.

    Its own noise: that of one event, over the square root of how many events lie within it of the
    quantile, since any of those may be the one that really stands there.
    """
    if mean is None or not each.size:
        return None
    value = float(np.quantile(each, share))
    if math.isinf(mean.high):  # readings at the end of the range: each event is known from below only
        return Result.at_least(value, mean.unit, mean.grade)
    factor = value / mean.value if mean.value else 1.0
    own = ("noise:", "edges:", "gaps:")
    parts = {name: part * factor for name, part in mean.parts.items() if not name.startswith(own)}
    single = np.sqrt(energy.noise[known] ** 2 + energy.gaps[known] ** 2) / counts
    near = np.argsort(np.abs(each - value))[: max(2, each.size // 10)]
    size = float(np.sqrt(np.mean(single[near] ** 2)))
    crowd = int(np.count_nonzero(np.abs(each - value) <= 1.25 * size))
    between = 2 if (each.size - 1) * share % 1 else 1
    name = next((n for n in mean.parts if n.startswith("noise:")), "noise:event")
    parts[f"{name} q{share:g}"] = size / math.sqrt(max(between, crowd * 2 / math.pi))
    limits = limit_names(energy.integral.trace.errors)
    shape = Shape(floor=energy.floor, ceiling=energy.ceiling)
    return budget(value, mean.unit, parts, grade=mean.grade, limits=limits, shape=shape)


def _spread_of_ratio(values: Floats, counts: Floats) -> tuple[float, float]:
    """Return the standard error of Σ values / Σ counts by the jackknife, and as what share of them so unequal ones count.

    With equal counts that is the standard error of the mean, and 1.  With unequal ones the terms of the ratio alone are too small:
    those that weigh much have pulled it towards themselves.  They are few, too: their variance is known as of (Σc²)²/Σc⁴ events
    (Satterthwaite, Biometrics Bulletin 2, 1946).
    """
    n = values.size
    left = counts.sum() - counts
    if (left <= 0).any():
        return float(np.std(values - values.sum() / counts.sum() * counts, ddof=1)) / float(
            counts.mean()
        ) / math.sqrt(n), 1.0
    without = (values.sum() - values) / left
    squares = counts**2
    share = float(squares.sum() ** 2 / (n * (squares**2).sum()))
    return math.sqrt((n - 1) / n * float(np.sum((without - without.mean()) ** 2))), share


def _expected(energy: Windows, rest: NDArray[np.int64], counts: Floats, origin: str) -> Result | None:
    """Return what a further item would use on average: the events after the warm-up, and the spread between them.

    The spread is that of the terms of Σ energy / Σ items (Cochran, Sampling Techniques, 1977, 6.4); neighbours that resemble each
    other count for less.  It is never taken for less than what the meter leaves open of the same events.
    """
    if rest.size < 2 or not counts.sum() or not energy.seconds[rest].any():
        return None
    weights = np.zeros(len(energy))
    weights[rest] = 1 / float(counts.sum())
    mean = energy.combine(weights, origin)
    terms = (energy.value[rest] - mean.value * counts) / float(counts.mean())
    n = rest.size
    spread, share = _spread_of_ratio(energy.value[rest], counts)
    worth = float(n) * share
    if n >= _MEMORY and spread > _ROUNDING * abs(mean.value):
        alike = max(_independent_share(terms), 2.0 / n)
        spread /= math.sqrt(alike)
        worth = max(worth * alike, 2.0)
    together = _alike_by_overlap(terms, energy.start_ns[rest], energy.end_ns[rest])
    spread *= math.sqrt(together)
    worth = max(worth / together, 2.0)
    own = ("noise:", "gaps:")
    parts = {name: part for name, part in mean.parts.items() if not name.startswith((*own, "unseen:"))}
    noise = math.sqrt(sum(p * p for key, p in mean.parts.items() if key.startswith(own)))
    name = f"repeats:{origin}" if spread > noise else f"noise:{origin}"
    parts[name] = max(spread, noise)
    lean = _lean(terms, worth) if spread > noise else 0.0
    plain = budget(
        mean.value, mean.unit, {k: p for k, p in mean.parts.items() if not k.startswith("unseen:")}
    )
    half = plain.high - plain.value
    shape = Shape(
        leaning=name,
        lean=lean,
        below=beyond(mean.value - mean.low, half),
        above=beyond(mean.high - mean.value, half),
        floor=energy.floor,
        ceiling=None if energy.floor is None else energy.ceiling,
    )
    return budget(
        mean.value,
        mean.unit,
        parts,
        grade=mean.grade,
        limits=limit_names(energy.integral.trace.errors),
        counted={name: worth - 1.0},
        shape=shape,
        origin=origin,
    )


def _independent_share(terms: Floats) -> float:
    """Return as what share of them terms count whose neighbours resemble each other: (1 − ρ)/(1 + ρ), 1 where they do not.

    Of n terms, the correlation that is found is too small by (1 + 3ρ)/n on average (Marriott and Pope, Biometrika 41, 1954): that is put
    back, since it is where repeats are few that a memory goes unnoticed.
    """
    n = terms.size
    found = float(terms[1:] @ terms[:-1] / (terms @ terms))
    rho = min((n * found + 1) / (n - 3), 0.99)
    return (1 - rho) / (1 + rho) if rho > 1 / math.sqrt(n) else 1.0


def _alike_by_overlap(terms: Floats, start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]) -> float:
    """Return by how much the variance of a sum of terms grows where events overlap: both hold what they have in common.

    Args:
        start_ns, end_ns: Of each event, sorted by start.
    """
    own = float(terms @ terms)
    shared = 0.0
    for lag in range(1, min(terms.size, _MOST_AT_ONCE)):
        both = start_ns[lag:] < end_ns[:-lag]
        if not both.any():
            break
        shared += 2 * float(np.sum((terms[lag:] * terms[:-lag])[both]))
    return 1 + max(shared, 0.0) / own if own > 0 else 1.0


def _lean(terms: Floats, worth: float) -> float:
    """Return the skewness of a mean of so many independent terms; 0 where they are too few to show any.

    A sample shows less skewness than there is, since its largest term stands for all that are larger.
    """
    if terms.size < _MEMORY:
        return 0.0
    rest = terms - terms.mean()
    variance = float(np.mean(rest**2))
    if variance <= 0:
        return 0.0
    shown = float(np.mean(rest**3)) / variance**1.5
    lean: float = shown * (1 + _FEW_SHOW_LESS / terms.size) / math.sqrt(worth)
    return max(-_MOST_LEAN, min(_MOST_LEAN, lean))
