"""The power between the requests of a language model, with the model loaded: what net figures are less by."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from powermeter.analysis.above_baseline import Baseline
from powermeter.analysis.integral import Integral
from powermeter.analysis.steady_wave import wave_of_run
from powermeter.analysis.student_t import student_95
from powermeter.analysis.whole_run import measure_run
from powermeter.result import COVERAGE_95, Grade, Result, combine, worst
from powermeter.units import format_duration

LEAST_S = 1.0
LEAST_READINGS = 10
MARGIN_S = 0.2
_MOST = 200
_PIECES = 4


def stretches(
    busy: Sequence[tuple[int, int]], start_ns: int, end_ns: int, interval_ns: int
) -> list[tuple[int, int]]:
    """Return the stretches in which nothing ran, less a margin on either side; none where they are too short together.

    Args:
        busy: Start and end of everything that ran, in any order.
        start_ns: When the model was loaded.
    """
    margin = max(round(MARGIN_S * 1e9), 3 * interval_ns)
    found: list[tuple[int, int]] = []
    latest = start_ns
    for start, end in [*sorted(busy), (end_ns, end_ns)]:
        low, high = latest + margin, start - margin // 2
        if high - low >= 3 * interval_ns:
            found.append((low, high))
        latest = max(latest, end)
    total = sum(b - a for a, b in found)
    return found if total >= max(LEAST_S * 1e9, LEAST_READINGS * interval_ns) else []


def power_of(integral: Integral, spans: Sequence[tuple[int, int]]) -> Baseline:
    """Return the mean power over stretches; how much they differ from each other is part of its interval."""
    kept = sorted(spans, key=lambda span: span[0] - span[1])[:_MOST]
    pieces = max(1, math.ceil(_PIECES / len(kept)))
    total = sum(b - a for a, b in kept) * 1e-9
    results: list[tuple[float, Result]] = []
    means, weights = [], []
    wave_of = functools.cache(wave_of_run)
    for i, (a, b) in enumerate(kept):
        found = measure_run(integral, a, b, origin=f"idle {i}", wave_of=wave_of)
        results.append((1 / total, found.energy))
        edges = np.linspace(a, b, pieces + 1).astype(np.int64)
        joules = integral.between(edges[:-1], edges[1:])
        means += (joules / (np.diff(edges) * 1e-9)).tolist()
        weights += (np.diff(edges) * 1e-9).tolist()
    whole = combine(results)
    mean, weight = np.array(means), np.array(weights)
    n = mean.size
    away = weight * (mean - whole.value)
    spread = math.sqrt(float(np.sum(away**2)) * n / max(n - 1, 1)) / float(weight.sum())
    spread *= float(student_95(max(n - 1.0, 1.0))) / COVERAGE_95
    own = ("noise:", "gaps:")
    noise = math.sqrt(sum(p * p for name, p in whole.parts.items() if name.startswith(own)))
    parts = {name: part for name, part in whole.parts.items() if not name.startswith(own)}
    parts[f"baseline:{integral.trace.own}"] = max(spread, noise)
    grade = worst((whole.grade, Grade.MEASURED))
    many = f"{len(spans)} stretches" if len(spans) > 1 else "one stretch"
    seconds = sum(b - a for a, b in spans) * 1e-9
    return Baseline(
        Result.of(whole.value, "W", parts, grade),
        f"between requests, {many}, {format_duration(seconds)}",
        True,
    )
