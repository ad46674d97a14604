"""What each layer of a network uses: from many passes, by regression on how long each layer ran within each reading.

A layer lasts less than a reading of most meters, so that no reading shows it alone.  But readings cut the passes at ever
other places, and least squares separate the layers:

    a window's energy = Σ (seconds of the window inside layer l) × p_l + between × … + outside × …

An instant reading has one layer at its moment; then this is the mean of the readings in each layer.  A layer longer than half
a window is cut into parts, and each part may draw more in one half than in the other, so that its shape does not leak into
its neighbours.  What the uncertainty of the clocks moves from one layer to the next is paid for; readings that come visibly late are
refused.

The parts of a pass add up to the pass as it was measured whole (`analyse`): the regression's difference to it is divided by
its covariance.  Layers whose own energy the readings leave open are merged with a neighbour until the sum is known.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.inner_events import with_events
from powermeter.analysis.layer_design import LayerDesign
from powermeter.analysis.layer_energies import Layer, Layers
from powermeter.analysis.means_at_edges import MOVED
from powermeter.analysis.regression import LeastSquares, least_squares
from powermeter.analysis.uncertainty import budget, common_parts, limit_names
from powermeter.channel import Kind
from powermeter.errors import DataError, quoted
from powermeter.events import Event
from powermeter.recording import Recording
from powermeter.recording.protocol import RecordingLike
from powermeter.result import ROUNDING, Grade, Result, worst
from powermeter.result.notes import Note
from powermeter.units import format_short

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

BETWEEN = "(between layers)"
LEAST_PASSES = 30
_NEGLIGIBLE = 1e-4
_TOO_OPEN = 0.5
_MOST_WINDOWS = 200_000
_LATE, _PLAIN_TO_SEE = 0.2, 25.0
_SHIFTS = (0.15, 0.3, 0.5, 0.75, 1.0, 1.5)
_RIDGE = 1e-12
_LISTED = 5


def layers(
    recording: RecordingLike | str | os.PathLike[str], label: str | None = None, *, rail: str | None = None
) -> Layers:
    """Return what each layer of a network uses in one pass, with intervals; they add up to the pass.

    ::

        print(powermeter.layers("run.power"))

    Layers are far shorter than readings: many passes and regression separate them, and those that the readings cannot
    separate are merged.

    Args:
        recording: A path or an open recording, made with `powermeter.watch(model, layers=True)`, or with an event for each
            pass and events for its layers inside.
        label: The passes' label; the one whose events hold most others where None.
        rail: The rail to count, as for `analyse`.

    Raises:
        DataError: It cannot be read, has no such events or too few passes, passes or layers run at the same time, or its
            readings come late against the events.
        ConfigurationError: No such rail.
    """
    if isinstance(recording, (str, os.PathLike)):
        with Recording.open(Path(recording)) as opened:
            return layers(opened, label, rail=rail)
    events = [e for e in recording.events() if e.end_ns is not None and e.end_ns > e.start_ns]
    label = _label(events) if label is None else label
    passes = [e for e in events if e.name == label]
    if not passes:
        known = ", ".join(dict.fromkeys(e.name for e in events)) or "none"
        raise DataError(f"no event {quoted(label)} in the recording; it has {known}")
    analysis = analyse(with_events(recording, passes), rail=rail)
    if any(note.code == MOVED for note in analysis.integral.trace.notes):
        # A pass is not level: its first and last layers may look like stamps elsewhere.  Their own edges are asked.
        inside = {(e.process, e.uid) for e in passes if e.uid}
        own = [e for e in events if e.name == label or (e.process, e.parent) in inside]
        analysis = analyse(with_events(recording, own), rail=rail)
    row = next(row for row in analysis.rows if row.label == label)
    energies = analysis.energies
    index = row.index[energies.known[row.index] & (energies.seconds[row.index] > 0)]
    index = index[np.argsort(energies.start_ns[index], kind="stable")][row.warmup.count :]
    if index.size < LEAST_PASSES:
        raise DataError(
            f"{index.size} passes of {label!r} are too few to distinguish layers; at least {LEAST_PASSES} are needed"
        )
    design = LayerDesign.of(analysis, events, index)
    fit, shift = _solve(analysis, design)
    weights = np.zeros(len(energies))
    weights[index] = 1 / index.size
    whole = energies.combine(weights, f"{label} passes")
    return _result(analysis, design, fit, whole, shift)


def _label(events: Sequence[Event]) -> str:
    names = {(e.process, e.uid): e.name for e in events if e.uid}
    held: dict[str, int] = {}
    for e in events:
        around = names.get((e.process, e.parent)) if e.parent else None
        if around is not None:
            held[around] = held.get(around, 0) + 1
    if not held:
        raise DataError(
            "no event lies inside of another; mark the layers with: model = powermeter.watch(model, layers=True)"
        )
    return max(held, key=lambda name: held[name])


def _solve(analysis: Analysis, design: LayerDesign) -> tuple[LeastSquares, Floats]:
    """Return the powers of all stretches, and how far the clocks' uncertainty moves each."""
    integral = analysis.integral
    trace = integral.trace
    is_instant = trace.kind is Kind.INSTANT
    t = trace.times_ns
    y = (
        trace.values.astype(np.float64)
        if is_instant
        else np.diff(integral.running, prepend=integral.running[0])
    )
    margin = 2 * trace.interval_ns
    first, last = np.searchsorted(t, [design.start_ns[0] - margin, design.end_ns[-1] + margin])
    last = min(int(last), int(first) + _MOST_WINDOWS)
    blind = np.zeros(t.size, bool)
    blind[integral.hole + 1] = True
    if first == 0:
        blind[0] = not is_instant
    good = ~blind[first:last]
    t, y = t[first:last], y[first:last]
    x = design.columns(t, 0, is_instant)
    inside = design.inside(x)
    near = good & (inside + x[:, design.behind] > 0)
    power = float(y[near] @ inside[near]) / max(float(inside[near] @ inside[near]), 1e-30)
    prior = design.prior(x.shape[1], abs(power))
    fit = least_squares(x[near], y[near], prior)
    # How the energies move where all stamps are late, and how late the readings themselves make them.
    step = max(trace.interval_ns // 16, 1)
    moved = design.columns(t, step, is_instant) - design.columns(t, -step, is_instant)
    drift = (moved[near] @ fit.beta) / (2e-9 * step)
    late_s, sure = _lateness(design, t, y, near, is_instant, drift)
    if abs(late_s) > max(_LATE * trace.interval_ns, 4 * trace.clock_ns) * 1e-9 and abs(late_s) > 4 * sure:
        raise DataError(
            f"the readings seem to come {format_short(abs(late_s) * 1e3, 2)} ms {'late' if late_s > 0 else 'early'} against the events, which puts "
            "one layer's energy on another; align the meter first (powermeter align)"
        )
    apart_s = abs(late_s) if abs(late_s) > 2 * sure else 0.0
    return fit, fit.influence.T @ drift * max(trace.clock_ns * 1e-9, apart_s)


def _lateness(
    design: LayerDesign, t: Times, y: Floats, near: NDArray[np.bool_], is_instant: bool, drift: Floats
) -> tuple[float, float]:
    """Return by how much the readings seem to come late, in s, and its standard uncertainty.

    Layers of different power show it: the shift under which they explain the readings best.  A shape that all layers have
    in common passes for a small one.
    """
    interval = float(np.median(np.diff(t)))
    columns = design.behind + 2
    found: list[tuple[float, float]] = []
    for shift in (0.0, *(sign * share for share in _SHIFTS for sign in (1, -1))):
        x = design.columns(t, round(shift * interval), is_instant)[near][:, :columns]
        beta = np.linalg.lstsq(
            x.T @ x + _RIDGE * np.eye(columns) * np.trace(x.T @ x), x.T @ y[near], rcond=None
        )[0]
        found.append((float(np.sum((y[near] - x @ beta) ** 2)), shift))
    least, best = min(found)
    rows = int(near.sum())
    if best and found[0][0] - least > _PLAIN_TO_SEE * least / max(rows - columns, 1):
        return best * interval * 1e-9, 0.0
    x = design.columns(t, 0, is_instant)[near][:, :columns]
    check = least_squares(np.column_stack([x, drift]), y[near])
    return float(check.beta[-1]), math.sqrt(max(float(check.covariance[-1, -1]), 0.0))


def _result(
    analysis: Analysis, design: LayerDesign, fit: LeastSquares, whole: Result, shift: Floats
) -> Layers:
    passes = design.start_ns.size
    sizes = [len(spans) for spans in design.spans]
    total = len(design.names) + 1
    # From powers of parts to energies of layers in one pass.
    into: Floats = np.zeros((total, fit.beta.size))
    seconds: Floats = np.zeros(total)
    column = 0
    for i, spans in enumerate(design.spans):
        for a, b in spans:
            length = float((b - a).sum()) * 1e-9 / passes
            into[i, column] = length
            seconds[i] += length
            column += 1
    seconds[-1] = max(
        float((design.end_ns - design.start_ns).sum()) * 1e-9 / passes - seconds[:-1].sum(), 0.0
    )
    has_between = bool(seconds[-1] > _NEGLIGIBLE * float(seconds.sum()))
    into[-1, column] = seconds[-1] if has_between else 0.0
    assert column == sum(sizes)
    value: Floats = into @ fit.beta
    late = into @ shift
    covariance: Floats = into @ fit.covariance @ into.T + np.outer(late, late)
    kinds = ("gain:", "offset:", ROUNDING)
    own = math.sqrt(sum(p * p for name, p in whole.parts.items() if not name.startswith(kinds)))
    sum_u = math.sqrt(max(float(covariance.sum()), 0.0))
    apart = abs(whole.value - float(value.sum())) / max(math.hypot(own, sum_u), 1e-30)
    if own <= sum_u:
        value, covariance = _adding_up(value, covariance, whole.value, own)
    else:  # knowing which layer each reading saw, their sum is known better than the passes as they stand
        every = (value, covariance, seconds, fit.freedom(into.sum(axis=0)[None, :]).repeat(total))
        whole = _layer(analysis, design, tuple(range(total)), every, whole).energy
    mean_w = whole.value / max(float(seconds.sum()), 1e-30)
    groups = _merged(design.names, seconds, covariance, mean_w)
    freedom = fit.freedom(into)
    made = [_layer(analysis, design, group, (value, covariance, seconds, freedom), whole) for group in groups]
    notes = list(analysis.warnings)
    merged = [one for one in made if len(one.names) > 1]
    if merged:
        text = (
            f"{sum(len(one.names) for one in merged)} of {len(design.names)} layers cannot be distinguished by these readings and are merged: "
            f"{'; '.join(', '.join(one.names) for one in merged)}. More passes, or a faster meter, would distinguish them"
        )
        notes.append(Note.info("layers-merged", text))
    rare = [(name, ran) for name, ran in zip(design.names, design.ran, strict=True) if ran < passes]
    if rare:
        listed = ", ".join(f"{name} in {ran:,}" for name, ran in rare[:_LISTED])
        more = f" and {len(rare) - _LISTED} more in fewer than all" if len(rare) > _LISTED else ""
        text = (
            f"of {passes:,} passes these layers ran in only some: {listed}{more}; their energy, time and share are means of all passes, "
            "those without them included"
        )
        notes.append(Note.info("layers-in-some-passes", text))
    if apart > 4:
        text = (
            "the layers and the whole pass, measured apart, differ by more than chance: power changes within layers or outside of "
            "the passes in a way that the model does not capture"
        )
        notes.append(Note.warning("layers-and-whole-differ", text))
    between = None
    if has_between:
        between = _layer(analysis, design, (total - 1,), (value, covariance, seconds, freedom), whole)
    return Layers(design.label, passes, whole, tuple(made), between, tuple(notes))


def _adding_up(value: Floats, covariance: Floats, whole: float, own: float) -> tuple[Floats, Floats]:
    """Return energies that add up to a whole that is known apart to `own`, with their covariance."""
    pull = covariance.sum(axis=1)
    variance = float(pull.sum())
    if variance <= 1e-24 * whole * whole:
        factor = whole / float(value.sum()) if value.sum() else 1.0
        return value * factor, covariance * factor**2
    share = pull / variance
    adjusted = covariance - np.outer(pull, pull) / variance + np.outer(share, share) * own**2
    return value + share * (whole - float(value.sum())), adjusted


def _merged(
    names: Sequence[str], seconds: Floats, covariance: Floats, mean_w: float
) -> list[tuple[int, ...]]:
    """Return groups of neighbours, each known to half of what it would use at the pass's mean power.

    What is compared with does not depend on a layer's own estimate, so that choosing makes no layer look surer than it is.
    """
    groups: list[tuple[int, ...]] = [(i,) for i in range(len(names))]

    def openness(group: tuple[int, ...]) -> float:
        index = list(group)
        sd = math.sqrt(max(float(covariance[np.ix_(index, index)].sum()), 0.0))
        return 2 * sd / max(mean_w * float(seconds[index].sum()), 1e-30)

    while len(groups) > 1:
        worst_one = max(range(len(groups)), key=lambda i: openness(groups[i]))
        if openness(groups[worst_one]) <= _TOO_OPEN:
            break
        beside = [i for i in (worst_one - 1, worst_one) if 0 <= i < len(groups) - 1]
        at = min(beside, key=lambda i: openness(groups[i] + groups[i + 1]))
        groups[at : at + 2] = [groups[at] + groups[at + 1]]
    return groups


def _layer(
    analysis: Analysis,
    design: LayerDesign,
    group: tuple[int, ...],
    found: tuple[Floats, Floats, Floats, Floats],
    whole: Result,
) -> Layer:
    value, covariance, seconds, freedom = found
    trace = analysis.integral.trace
    index = list(group)
    energy = float(value[index].sum())
    lasting = float(seconds[index].sum())
    names = tuple(design.names[i] for i in group if i < len(design.names)) or (BETWEEN,)
    origin = f"{trace.own} {design.label}/{names[0]}"
    noise = f"noise:{origin}"
    parts = common_parts(trace.errors, energy, lasting)
    parts[noise] = math.sqrt(max(float(covariance[np.ix_(index, index)].sum()), 0.0))
    result = budget(
        energy,
        "J",
        parts,
        grade=worst((trace.grade, whole.grade, Grade.DERIVED)),
        limits=limit_names(trace.errors),
        counted={noise: float(freedom[index].min())},
        origin=origin,
    )
    calls = sum(design.calls[i] for i in group if i < len(design.calls)) / design.start_ns.size
    return Layer(names, result, lasting, calls, energy / whole.value if whole.value else 0.0)
