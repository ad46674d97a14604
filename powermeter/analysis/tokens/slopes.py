"""Energy per prompt token and per generated token by regression, where nobody reported when the first token was.

Ordinary least squares of a request's energy on its tokens, E = a + p P + g G.  The scatter is not taken for even: the covariance is
the jackknife's (MacKinnon and White, Journal of Econometrics 29, 1985: HC3), with Student's quantile for few requests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.above_baseline import Baseline
from powermeter.analysis.energy import Analysis
from powermeter.analysis.student_t import student_95
from powermeter.analysis.tokens import measures as names
from powermeter.errors import plural
from powermeter.result import COVERAGE_95, Grade, Result, worst

LEAST = 12
"""Requests that a regression needs."""
_WELL_SPREAD = 0.1
"""The least that prompts and answers vary in length, standard deviation over mean, and each apart from the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """What a further token adds to a request.

    Attributes:
        prompt, generated: J per token; None where it cannot be determined.
        fixed: J of a request without tokens.
        why: Why they cannot be determined; empty where they can.
    """

    prompt: Result | None
    generated: Result | None
    fixed: Result | None
    why: str = ""


def slopes(analysis: Analysis, index: NDArray[np.int64], base: Baseline | None) -> Slopes:
    """Return the slopes over the requests at `index`."""
    energies, events = analysis.energies, analysis.events
    rows = []
    for i in index.tolist():
        prompt, made = events[i].measures.get(names.PROMPT), events[i].measures.get(names.GENERATED)
        if isinstance(prompt, (int, float)) and isinstance(made, (int, float)) and energies.known[i]:
            rows.append((i, float(prompt), float(made)))
    if len(rows) < LEAST:
        return _none(f"{plural(len(rows), 'request')} with known tokens; at least {LEAST} are needed")
    which = np.array([r[0] for r in rows], np.int64)
    tokens = np.array([r[1:] for r in rows])
    order = np.argsort(energies.start_ns[which])
    starts, ends = energies.start_ns[which][order], energies.end_ns[which][order]
    if (starts[1:] < np.maximum.accumulate(ends)[:-1]).any():
        return _none("requests ran at the same time")
    spread = tokens.std(axis=0) / np.maximum(tokens.mean(axis=0), 1e-30)
    apart = 1 - np.corrcoef(tokens.T)[0, 1] ** 2 if (spread > 0).all() else 0.0
    if (spread < _WELL_SPREAD).any() or apart < _WELL_SPREAD:
        return _none("prompts and answers must vary in length, each by itself")
    used = energies.value[which]
    design = np.column_stack([np.ones(len(rows)), tokens])
    inverse = np.linalg.inv(design.T @ design)
    found = inverse @ design.T @ used
    rest = used - design @ found
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    scaled = design * (rest / np.maximum(1 - leverage, 1e-3))[:, None]
    covariance = inverse @ (scaled.T @ scaled) @ inverse
    factor = float(student_95(len(rows) - 3.0)) / COVERAGE_95
    total = energies.combine(np.isin(np.arange(len(energies)), which).astype(float), "requests")
    grade = worst((total.grade, Grade.DERIVED))

    def result(k: int, name: str) -> Result:
        value = float(found[k])
        shared = value / total.value if total.value else 0.0
        parts = {
            part: size * shared
            for part, size in total.parts.items()
            if not part.startswith(("noise:", "edges:", "gaps:"))
        }
        parts[f"repeats:{name} {analysis.integral.trace.own}"] = factor * math.sqrt(
            max(float(covariance[k, k]), 0.0)
        )
        return Result.of(value, "J", parts, grade)

    return Slopes(result(1, "prompt token"), result(2, "generated token"), result(0, "request"))


def _none(why: str) -> Slopes:
    return Slopes(None, None, None, why)
