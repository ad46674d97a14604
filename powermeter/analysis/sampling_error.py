"""How far the sum of readings may be from the integral: what the readings themselves show of it.

A load that is read at intervals τ, at a phase that nobody chose, has a sum τ Σ f whose error's variance is the load's
power spectrum at the multiples of the sampling rate.  The readings show that spectrum up to half their rate.  Two kinds of
load bound what lies beyond: one that forgets itself between two readings (white: the error's variance is τ² a reading), and
one that jumps now and then (each jump J leaves J² τ²/12).  Sums of squared differences show how much of each there is:

    Q₁ = Σ (Δf)² / 2       white w: w       jumps s = Σ J²: s/2
    Q₄ = Σ (Δ⁴f)² / 70     white w: w       jumps: s · 20/70

so that s = (Q₁ − Q₄) / (1/2 − 2/7), w = Q₄ − 2/7 s and the variance is τ² (w + s/12).
`docs/how-energy-is-computed.md` derives this.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.few_readings_carry import bounded_lean
from powermeter.analysis.student_t import student_95
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

PAD = 4
"""Readings of nothing that are put on both ends of a stretch, so that its edges count as jumps."""

JUMP_IN_4 = 20 / 70
_FEW = 8
AT_EDGE = 3  # readings
_LONGER = 40
_ORDINATES = 8
_BANDS = 6
JUMP_APART = 1 / 2 - JUMP_IN_4


@dataclass(frozen=True, slots=True)
class Scatter:
    """What readings show of the error of their sum, in (unit of the readings)², for an interval of 1.

    Attributes:
        white: Σ of the squares that neighbours know nothing of (w).
        jumps: Σ of the squared jumps (s).
        cubes: Σ of the cubes of isolated spikes: the sum's skewness where few readings carry it.
        fourths: Σ of fourth powers of the white part.
        count: Readings looked at.
        doubt: How far jumps are to be trusted to be all there were, 0 (all seen) to 1 (they count as white).
    """

    white: float = 0.0
    jumps: float = 0.0
    cubes: float = 0.0
    fourths: float = 0.0
    count: int = 0
    doubt: float = 0.0

    @property
    def variance(self) -> float:
        """Of the sum, for an interval of 1."""
        return self.white + self.jumps * (1 + 5 * self.doubt) / 12

    @property
    def freedom(self) -> float:
        """Degrees of freedom behind the variance: n − 1 for n normal readings, fewer where few carry it."""
        if self.fourths <= 0 or self.white <= 0:
            return math.inf
        worth = min(max(3 * self.white**2 / self.fourths - 1, 1.0), max(self.count - 1.0, 1.0))
        return worth * (self.variance / self.white) ** 2

    @property
    def lean(self) -> float:
        """Skewness of the sum."""
        lean = self.cubes / self.variance**1.5 if self.variance > 0 else 0.0
        return bounded_lean(lean)

    def scaled(self, times: float) -> Scatter:
        """Return the scatter of `times` as many readings of the kind."""
        return Scatter(
            self.white * times,
            self.jumps * times,
            self.cubes * times,
            self.fourths * times,
            round(self.count * times),
            self.doubt,
        )

    def over(self, interval: float) -> Scatter:
        """Return the scatter of readings so many intervals apart, for an interval of 1."""
        return replace(
            self,
            white=self.white * interval**2,
            jumps=self.jumps * interval**2,
            cubes=self.cubes * interval**3,
            fourths=self.fourths * interval**4,
        )

    def beside(self, other: Scatter) -> Scatter:
        """Return the scatter of a sum and another one."""
        return Scatter(
            self.white + other.white,
            self.jumps + other.jumps,
            self.cubes + other.cubes,
            self.fourths + other.fourths,
            self.count + other.count,
            max(self.doubt, other.doubt),
        )


def padded(values: Floats, counts: Indices) -> tuple[Floats, Indices]:
    """Return stretches (one after the other, of `counts` readings each) with `PAD` zeros between and around them.

    The second array holds where each stretch begins.
    """
    counts = np.asarray(counts, np.int64)
    n = int(counts.sum())
    further = PAD * np.arange(1, counts.size + 1)
    out = np.zeros(n + PAD * (counts.size + 1))
    out[further.repeat(counts) + np.arange(n)] = values
    return out, counts.cumsum() - counts + further


def split(first: float, fourth: float) -> tuple[float, float]:
    """Return (w, s) from Q₁ and Q₄."""
    jumps = max(first - fourth, 0.0) / JUMP_APART
    white = max(fourth - JUMP_IN_4 * jumps, 0.0)
    if white <= 0:
        jumps = max(fourth, 0.0) / JUMP_IN_4
    return white, jumps


def end_jumps(x: Floats, lengths: Indices) -> float:
    """Return Σ J² of the jumps from the level to what stretches begin and end with.

    The mean of three readings lies an interval and a half inside; half of what the next three differ by leads to the edge.
    """
    ends = np.cumsum(lengths)
    first = ends - lengths
    few = np.minimum(lengths, AT_EDGE)
    sums = np.zeros(x.size + 1)
    np.cumsum(x, out=sums[1:])
    begins, leaves = (sums[first + few] - sums[first]) / few, (sums[ends] - sums[ends - few]) / few
    long = lengths >= 2 * AT_EDGE
    if not long.any():
        return float(begins @ begins + leaves @ leaves)
    a, b = first[long], ends[long]
    begins[long] += (2 * sums[a + AT_EDGE] - sums[a] - sums[a + 2 * AT_EDGE]) / (2 * AT_EDGE)
    leaves[long] += (2 * sums[b - AT_EDGE] - sums[b] - sums[b - 2 * AT_EDGE]) / (-2 * AT_EDGE)
    return float(begins @ begins + leaves @ leaves)


def scatter_of_stretches(values: Floats, counts: Indices) -> Scatter:
    """Return the scatter of Σ over stretches outside of which there is nothing."""
    line, _ = padded(values, counts)
    return _of_line(line, int(np.sum(counts)))


def scatter_of_line(values: Floats, weights: Floats | None = None) -> Scatter:
    """Return the scatter of Σ of readings that go on before and after.

    Args:
        values: In order of time.
        weights: The interval of each reading relative to the usual one.
    """
    line = np.concatenate([np.full(PAD, values[0]), values, np.full(PAD, values[-1])])
    if weights is None:
        found = _of_line(line, values.size)
    else:
        found = _of_line(line, values.size, np.concatenate([np.ones(PAD), weights, np.ones(PAD)]))
    found = replace(found, doubt=min(1.0, (_FEW / values.size) ** 2))
    return bounded(found, slow(values), values.size)


def slow(values: Floats) -> float | None:
    """Return the variance a reading of the slower changes of a stretch: an upper limit of what is folded down to zero.

    What a sampled load folds down upon zero frequency is part of the readings' spectrum there, and next to it: no sum of
    readings is off by more than that spectrum states.  Its lower part is cut into bands, of which the quietest counts (the slowest
    changes are the load's own).  Student's t of twice as many degrees of freedom as a band has ordinates is included.  None where
    there are too few readings.
    """
    n = values.size
    if n // 8 < 2:
        return None
    power = np.abs(np.fft.rfft(values - values.mean())[1:]) ** 2 / n
    skip, width, last = slow_bands(n)
    if last - skip < 2 * width:
        used = power[skip:last]
        t = float(student_95(2.0 * used.size)) / COVERAGE_95
        return float(used.mean()) * t * t
    bands = [float(power[k : k + width].mean()) for k in range(skip, last - width + 1, width)]
    t = float(student_95(2.0 * width)) / COVERAGE_95
    return min(bands) * t * t * (1 + 2 / math.sqrt(width))


def slow_bands(readings: int) -> tuple[int, int, int]:
    """Return the first ordinate that counts of so many readings, the width of a band, and the first ordinate that is no slow one."""
    # The slowest one or two hold what a stretch does as a whole: that it begins and ends at rest, for one.
    skip = 2 if readings >= _LONGER else 1
    return skip, max(readings // 32, _ORDINATES), readings // 4


def slow_of(stretches: Sequence[Floats]) -> float | None:
    """Return the same of several stretches together: bands of equal frequency are taken over all of them."""
    sums, counts = np.zeros(_BANDS), np.zeros(_BANDS)
    for values in stretches:
        n = values.size
        power = np.abs(np.fft.rfft(values - values.mean())[1 : n // 4 + 1]) ** 2 / n
        if not power.size:
            continue
        band = (np.arange(power.size) * _BANDS) // power.size
        sums += np.bincount(band, power, _BANDS)
        counts += np.bincount(band, minlength=_BANDS)
    enough = counts >= 8
    if not enough.any():
        found_one = [(one, v.size) for v in stretches if (one := slow(v)) is not None]
        return sum(one * n for one, n in found_one) / sum(n for _, n in found_one) if found_one else None
    t = np.asarray(student_95(2.0 * counts[enough])) / COVERAGE_95
    found = sums[enough] / counts[enough] * t * t * (1 + 2 / np.sqrt(counts[enough]))
    return float(found.min())


def bounded(found: Scatter, slowest: float | None, count: int) -> Scatter:
    """Return a scatter no larger than the slower changes of its readings allow.

    A load that jumps now and then is far below that: one jump leaves J²/2 and more in the lower half of the spectrum.
    """
    if slowest is None or found.variance <= slowest * count:
        return found
    share = slowest * count / found.variance
    return replace(
        found,
        white=found.white * share,
        jumps=found.jumps * share,
        cubes=found.cubes * share**1.5,
        fourths=found.fourths * share**2,
    )


def _of_line(line: Floats, count: int, weights: Floats | None = None) -> Scatter:
    steps = line[1:] - line[:-1]
    one, two = steps, steps[1:] - steps[:-1]
    three = two[1:] - two[:-1]
    four = three[1:] - three[:-1]
    spikes = np.zeros(0)
    if weights is not None:
        one = one * np.maximum(weights[1:], weights[:-1])
        four = four * weights[2:-2]
    white, jumps = split(float(one @ one) / 2, float(four @ four) / 70)
    if white > 0:
        # A value that stands out from both its neighbours: what is left of it by the median of the three.
        rise, fall = steps[:-1], -steps[1:]
        spikes = np.where(rise * fall > 0, np.where(np.abs(rise) < np.abs(fall), rise, fall), 0.0)
        if weights is not None:
            spikes = spikes * weights[1:-1]
    square = four * four / 70
    fourths = float(square @ square) if white > 0 else 0.0
    return Scatter(white, jumps, float((spikes**3).sum()), fourths, count)
