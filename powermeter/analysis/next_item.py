"""What further items of a label will use on average: the events after the warm-up, and how much they differ."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.extreme_powers import extreme_powers
from powermeter.analysis.few_readings_carry import bounded_lean
from powermeter.analysis.quantiles import median
from powermeter.analysis.trend import Trend, trend_of
from powermeter.analysis.uncertainty import Shape, beyond, budget, limit_names
from powermeter.analysis.windows import Windows
from powermeter.result import Result

Floats = NDArray[np.floating[Any]]

_MOST_AT_ONCE = 16
_ROUNDING = 1e-9  # events that differ by less are equal: what is left has no memory
_MEMORY = 8  # so many repeats show whether neighbours resemble each other, and whether few carry much
_MOST_MEMORY = 0.95
_UNSHOWN_MEMORY = 0.3
_UNSHOWN_SKEWNESS = 1.0
_FEW_SHOW_LESS = 6.0  # the skewness that n repeats show is too small by about this over n, in share
_ORDINATES = 3
_ORDINATES_OF = 16
_BY_TURNS = 0.145
_EQUAL_COUNTS = 0.999
_LOOKED = 20_000
MANY_LABELS = 100
_STEP = 1.02
"""Of more labels than `MANY_LABELS`, lengths that differ by less share the extreme powers of the run."""


def trend_in(energy: Windows, rest: NDArray[np.int64], counts: Floats, warmup: int = 0) -> Trend | None:
    """Return how what an item uses goes on changing over the events after the warm-up; None where it does not, or nothing shows it.

    Where readings nearly keep step with events, or only bound them, a slow change may be the beat's.
    """
    if rest.size < 2 or not counts.sum():
        return None
    if any(f.beat > 0 or f.why or f.alike for f in energy.groups_at(rest)):
        return None
    mean = float(energy.value[rest].sum() / counts.sum())
    return trend_of((energy.value[rest] - mean * counts) / float(counts.mean()), mean, warmup)


def expected(
    energy: Windows, rest: NDArray[np.int64], counts: Floats, origin: str, trend: Trend | None = None
) -> Result | None:
    """Return what a further item would use on average: the events after the warm-up, and the spread between them.

    The spread is that of the terms of Σ energy / Σ items (Cochran, Sampling Techniques, 1977, 6.4); neighbours that resemble each
    other count for less.  It is never taken for less than what the meter leaves open of the same events, and that adds to it
    where levels of all events stand for part of each one.  What goes on rising or falling may go back to where it began, or on for as long again.

    Args:
        trend: What `trend_in` found of them.
    """
    if rest.size < 2 or not counts.sum() or not energy.seconds[rest].any():
        return None
    mean = energy.combine_of(np.sort(rest), np.full(rest.size, 1 / float(counts.sum())), origin)
    terms: Floats = (energy.value[rest] - mean.value * counts) / float(counts.mean())
    n = rest.size
    spread, share = _spread_of_ratio(energy.value[rest], counts)
    if trend is not None:
        spread *= float(np.std(trend.rests) / np.std(terms))
        terms = trend.rests
    worth = float(n) * share
    if n < _MEMORY:  # what they cannot show is taken to be there
        spread *= math.sqrt((1 + _UNSHOWN_MEMORY) / (1 - _UNSHOWN_MEMORY))
    elif spread > _ROUNDING * abs(mean.value):
        rho = _memory(terms)
        alike = max((1 - rho) / (1 + rho), 2.0 / n)
        spread /= math.sqrt(alike)
        worth = max(worth * alike, 2.0)
        if _by_turns(terms, share, trend):
            spread *= math.sqrt(_slow(terms))
            worth = 2.0 * _ORDINATES + 1.0
    together = _alike_by_overlap(terms, energy.start_ns[rest], energy.end_ns[rest])
    spread *= math.sqrt(together)
    worth = max(worth / together, 2.0)
    apart = ("noise:", "gaps:")
    parts = {name: part for name, part in mean.parts.items() if not name.startswith((*apart, "unseen:"))}
    noise = math.sqrt(sum(p * p for key, p in mean.parts.items() if key.startswith(apart)))
    own = energy.integral.trace.within(origin)
    name = f"repeats:{own}" if spread > noise or trend is not None else f"noise:{own}"
    parts[name] = math.hypot(spread, noise) if levelled(energy, rest) else max(spread, noise)
    lean = _lean(terms, worth) if spread > noise else 0.0
    plain = budget(
        mean.value, mean.unit, {k: p for k, p in mean.parts.items() if not k.startswith("unseen:")}
    )
    half = plain.high - plain.value
    least, most = _possible(energy, rest, counts)
    back, on = (0.0, 0.0) if trend is None else (abs(trend.change) / 2, abs(trend.change))
    lower, upper = (back, on) if trend is None or trend.change > 0 else (on, back)
    least, most = min(least, mean.value - lower), max(most, mean.value + upper)
    shape = Shape(
        leaning=name,
        lean=lean,
        below=math.hypot(beyond(mean.value - mean.low, half), lower),
        above=math.hypot(beyond(mean.high - mean.value, half), upper),
        # Not below or above what the meter alone leaves open of these.
        floor=max(min(least, mean.low), -math.inf if energy.floor is None else energy.floor),
        ceiling=max(min(most, math.inf if energy.ceiling is None else energy.ceiling), mean.high),
    )
    found = budget(
        mean.value,
        mean.unit,
        parts,
        grade=mean.grade,
        limits=limit_names(energy.integral.trace.errors),
        counted={name: worth - 1.0},
        shape=shape,
        origin=origin,
    )
    return found if trend is None else _of_repeats(found, mean, f"unseen:{origin}", f"repeats:trend {own}")


def _of_repeats(found: Result, mean: Result, unseen: str, trend: str) -> Result:
    """Return a result in which what a trend leaves open is the repeats' part, and what the meter does not see is as large as of these."""
    kept = dict(found.parts)
    whole = kept.pop(unseen, 0.0)
    meter = min(math.sqrt(sum(p * p for name, p in mean.parts.items() if name.startswith("unseen:"))), whole)
    if meter:
        kept[unseen] = meter
    if whole > meter:
        kept[trend] = math.sqrt(whole * whole - meter * meter)
    return replace(found, parts=kept)


def is_of_this_mix(energy: Windows, rest: NDArray[np.int64], counts: Floats, trend: Trend | None) -> bool:
    """Return whether unlike items come by turns, so that `expected` is known better than their spread suggests: for the same turns."""
    if rest.size < _MEMORY or not counts.sum():
        return False
    terms = (energy.value[rest] - energy.value[rest].sum() / counts.sum() * counts) / float(counts.mean())
    spread, share = _spread_of_ratio(energy.value[rest], counts)
    return spread > _ROUNDING * abs(float(energy.value[rest].mean())) and _by_turns(terms, share, trend)


def _by_turns(terms: Floats, share: float, trend: Trend | None) -> bool:
    return trend is None and share > _EQUAL_COUNTS and not _memory(terms) and _slow(terms) < _BY_TURNS


def levelled(energy: Windows, index: NDArray[np.int64]) -> bool:
    """Return whether events differ by less than they did: the variance is that of their estimates and what those leave open, together."""
    return any(found.levelled for found in energy.groups_at(index))


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
    return math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum())), share


def memory_of(values: Floats) -> float:
    """Return how far repeats in order resemble the ones before them, 0 to 0.95; 0 for fewer than can show it."""
    terms = values - values.mean() if values.size >= _MEMORY else values[:0]
    return _memory(terms) if terms.any() else 0.0


def _memory(terms: Floats) -> float:
    """Return how far terms resemble the ones before them (a first-order memory ρ), 0 where they do not.

    Terms count as (1 − ρ)/(1 + ρ) of them.  Of n terms, the correlation that is found is too small by (1 + 3ρ)/n on average (Marriott and
    Pope, Biometrika 41, 1954): that is put back, and half a standard error besides, since it is where repeats are few that a
    memory goes unnoticed.
    """
    n = terms.size
    found = float(terms[1:] @ terms[:-1] / (terms @ terms))
    rho = min((n * found + 1) / (n - 3), _MOST_MEMORY)
    if rho <= 1 / math.sqrt(n):
        return 0.0
    return min(rho + 0.5 * math.sqrt((1 - rho * rho) / n), _MOST_MEMORY)


def _slow(terms: Floats) -> float:
    """Return the power of the three slowest swings of terms over what it is of terms without order; 1 where there are too few.

    The mean of n terms has the variance S(0)/n, and S(0) is that of swings slower than any seen. Terms that come by turns (a long
    item behind each short one) swing fast and hardly slowly, so that their mean is known better than their spread suggests.
    """
    if terms.size < _ORDINATES_OF:
        return 1.0
    power = np.abs(np.fft.rfft(terms - terms.mean()))[1:] ** 2
    white = float(np.sum((terms - terms.mean()) ** 2)) * terms.size / (terms.size - 1)
    return float(power[:_ORDINATES].mean()) / white if white > 0 else 1.0


def _possible(energy: Windows, rest: NDArray[np.int64], counts: Floats) -> tuple[float, float]:
    """Return the least and the most that an item can be taken to use, J: the powers of the trace over an item's length.

    The lowest for the shortest item, the highest for the longest.  Of n repeats the extremes lie within those of all that may come: the
    span is widened by (n + 1)/(n − 1), as for an even distribution.
    """
    n = rest.size
    some = counts > 0
    each = energy.value[rest][some] / counts[some]
    lasting = energy.seconds[rest][some] / counts[some]
    length = max(round(median(lasting) * 1e9), 1)
    own = energy.own_powers.get((int(rest[0]), n, length))
    own = extreme_powers(energy, energy.start_ns[rest], length) if own is None else own
    many = len(energy.groups) > MANY_LABELS
    # Shorter windows differ more, so that their extremes hold those of the length itself.
    usual = max(round(_STEP ** math.floor(math.log(length, _STEP))), 1) if many else length
    run = energy.powers.get(usual)
    if run is None:
        times = energy.integral.trace.times_ns
        run = extreme_powers(energy, times[energy.integral.fair_index(_LOOKED)], usual)
        if many:
            energy.powers[usual] = run
    low, high = min(own[0], run[0]), max(own[1], run[1])
    least = min(low * float(lasting.min()), float(each.min()))
    most = max(high * float(lasting.max()), float(each.max()))
    beyond_seen = (most - least) / (n - 1)
    return least - beyond_seen, most + beyond_seen


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
    """Return the skewness of a mean of so many independent terms.

    A sample shows less skewness than there is, since its largest term stands for all that are larger.  Fewer than eight terms
    show none: they are taken to be skewed as work is, of which some items now and then cost more.
    """
    if terms.size < _MEMORY:
        return _UNSHOWN_SKEWNESS / math.sqrt(worth)
    rest = terms - terms.mean()
    variance = float(np.mean(rest**2))
    if variance <= 0:
        return 0.0
    shown = float(np.mean(rest**3)) / variance**1.5
    return bounded_lean(shown * (1 + _FEW_SHOW_LESS / terms.size) / math.sqrt(worth))
