"""What the readings of many events scatter by, those of as many readings at once: the rows of a table, each as `sampling_error.py` finds it of one.

Every number is that of `Scatter` to the last bit: sums run along rows as they do along one event, and powers are Python's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis import sampling_error as one
from powermeter.analysis.few_readings_carry import MOST_LEAN
from powermeter.analysis.student_t import student_95
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class ScatterOfRows:
    """`Scatter` of each row, arrays of shape (rows,); `count` and `doubt` are those of all."""

    white: Floats
    jumps: Floats
    cubes: Floats
    fourths: Floats
    count: int
    doubt: float = 0.0

    @classmethod
    def of(cls, x: Floats) -> ScatterOfRows:
        """Return that of stretches outside of which there is nothing, as far as their slower changes allow, with the jumps at their ends.

        Args:
            x: What readings are above their event's level, each times its interval; shape (events, readings).
        """
        whole = cls._of_stretches(x)
        found = whole._bounded(slow_of_rows(x))
        return replace(found, jumps=np.maximum(found.jumps, np.minimum(whole.jumps, _end_jumps(x))))

    @classmethod
    def _of_stretches(cls, x: Floats) -> ScatterOfRows:
        count = x.shape[1]
        line = np.zeros((x.shape[0], count + 2 * one.PAD))
        line[:, one.PAD : one.PAD + count] = x
        steps = line[:, 1:] - line[:, :-1]
        two = steps[:, 1:] - steps[:, :-1]
        three = two[:, 1:] - two[:, :-1]
        four = three[:, 1:] - three[:, :-1]
        white, jumps = _split(_squared(steps) / 2, _squared(four) / 70)
        rise, fall = steps[:, :-1], -steps[:, 1:]
        spikes = np.where(rise * fall > 0, np.where(np.abs(rise) < np.abs(fall), rise, fall), 0.0)
        some = white > 0
        cubes = np.where(some, (spikes**3).sum(axis=1), 0.0)
        return cls(white, jumps, cubes, np.where(some, _squared(four * four / 70), 0.0), count)

    @property
    def variance(self) -> Floats:
        """Of each sum, for an interval of 1."""
        return self.white + self.jumps * (1 + 5 * self.doubt) / 12

    @property
    def freedom(self) -> Floats:
        """Degrees of freedom behind each variance."""
        most = max(self.count - 1.0, 1.0)
        found = [
            math.inf
            if fourth <= 0 or white <= 0
            else min(max(3 * white**2 / fourth - 1, 1.0), most) * (variance / white) ** 2
            for white, fourth, variance in zip(
                self.white.tolist(), self.fourths.tolist(), self.variance.tolist(), strict=True
            )
        ]
        return np.array(found)

    @property
    def lean(self) -> Floats:
        """Skewness of each sum."""
        variance = self.variance
        some = variance > 0
        found = np.divide(
            self.cubes, power(np.where(some, variance, 1.0), 1.5), out=np.zeros(some.size), where=some
        )
        return np.maximum(-MOST_LEAN, np.minimum(MOST_LEAN, found))

    def scaled(self, times: float) -> ScatterOfRows:
        """Return the scatter of `times` as many readings of the kind."""
        return ScatterOfRows(
            self.white * times,
            self.jumps * times,
            self.cubes * times,
            self.fourths * times,
            round(self.count * times),
            self.doubt,
        )

    def with_jumps(self, further: float, doubt: float) -> ScatterOfRows:
        """Return the same with further jumps, so far to be trusted."""
        return replace(self, jumps=self.jumps + further, doubt=doubt)

    def _bounded(self, slowest: Floats | None) -> ScatterOfRows:
        if slowest is None:
            return self
        most, variance = slowest * self.count, self.variance
        less = variance > most
        share = np.divide(most, variance, out=np.ones(less.size), where=less)
        return replace(
            self,
            white=self.white * share,
            jumps=self.jumps * share,
            cubes=self.cubes * power(share, 1.5),
            fourths=self.fourths * power(share, 2),
        )


def power(values: Floats, exponent: float) -> Floats:
    """Return powers as Python finds them of one number: numpy's of an array may differ in the last bit."""
    return np.array([value**exponent for value in values.tolist()], np.float64)


def _squared(rows: Floats) -> Floats:
    """Return the sum of squares of each row, as `row @ row` is."""
    found: Floats = np.matmul(rows[:, None, :], rows[:, :, None])[:, 0, 0]
    return found


def _split(first: Floats, fourth: Floats) -> tuple[Floats, Floats]:
    jumps = np.maximum(first - fourth, 0.0) / one.JUMP_APART
    white = np.maximum(fourth - one.JUMP_IN_4 * jumps, 0.0)
    return white, np.where(white <= 0, np.maximum(fourth, 0.0) / one.JUMP_IN_4, jumps)


def _end_jumps(x: Floats) -> Floats:
    count, near = x.shape[1], one.AT_EDGE
    sums = np.zeros((x.shape[0], count + 1))
    np.cumsum(x, axis=1, out=sums[:, 1:])
    few = min(count, near)
    begins, leaves = (sums[:, few] - sums[:, 0]) / few, (sums[:, count] - sums[:, count - few]) / few
    if count >= 2 * near:
        begins += (2 * sums[:, near] - sums[:, 0] - sums[:, 2 * near]) / (2 * near)
        leaves += (2 * sums[:, count - near] - sums[:, count] - sums[:, count - 2 * near]) / (-2 * near)
    found: Floats = begins * begins + leaves * leaves
    return found


def slow_of_rows(values: Floats) -> Floats | None:
    """Return the variance a reading of the slower changes of each row, as `slow_of` finds it of one; None where there are too few readings."""
    n = values.shape[1]
    if n // 8 < 2:
        return None
    power = np.abs(np.fft.rfft(values - values.mean(axis=1, keepdims=True))[:, 1:]) ** 2 / n
    skip, width, last = one.slow_bands(n)
    found: Floats
    if last - skip < 2 * width:
        used = np.ascontiguousarray(power[:, skip:last])
        t = float(student_95(2.0 * used.shape[1])) / COVERAGE_95
        found = used.mean(axis=1) * t * t * n / n
        return found
    bands = [power[:, k : k + width].mean(axis=1) for k in range(skip, last - width + 1, width)]
    t = float(student_95(2.0 * width)) / COVERAGE_95
    found = np.min(bands, axis=0) * t * t * (1 + 2 / math.sqrt(width)) * n / n
    return found
