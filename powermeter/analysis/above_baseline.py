"""What the device draws when it does nothing, to be subtracted: an idle event, a window or a constant."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.student_t import student_95
from powermeter.analysis.uncertainty import Shape, beyond, budget, limit_names
from powermeter.channel import Kind
from powermeter.errors import ConfigurationError
from powermeter.events import Event
from powermeter.result import COVERAGE_95, Grade, Result, worst
from powermeter.result.notes import Note
from powermeter.signals.trace import CommonError
from powermeter.signals.zero_below import energy_below
from powermeter.units import format_short, parse_quantity

Floats = NDArray[np.floating[Any]]

HOLDS_WORK = "baseline-holds-work"
UNLIKE_PAUSES = "baseline-unlike-pauses"
_FEW_SCALES = 1.25
_GROUPS = 8
_ENOUGH = 16
_STRETCHES = 4
_CLEAR = 0.25  # of an interval, from marks of events
_LOOKED = 5000  # events beside which pauses are looked for
_ROUNDED = 1e-9
_MOSTLY = 0.9  # of what is marked, from which on what was recorded of it stands for it
_REACH = 1.5  # as of other deviations that are found: the interval reaches 1.3 of it


@dataclass(frozen=True, slots=True)
class Baseline:
    """A power to subtract.

    Attributes:
        power: In W.
        origin: In words: `the event idle (3 times, 30 s)`, `10 s to 20 s`, `given`.
        measured: Whether it comes from the same trace, so that the sensor's common errors cancel.
        contradicted_w: By how much, in W, pauses of the run make a power that was measured elsewhere less sure; 0 where they do not.
    """

    power: Result
    origin: str
    measured: bool
    contradicted_w: float = 0.0

    @property
    def text(self) -> str:
        """What it is, in words: `a baseline of 1.70 W (the event 'idle' (1 times, 2 s))`."""
        return f"a baseline of {self.power} ({self.origin})"

    def above(self, energy: Result, seconds: float, errors: Sequence[CommonError]) -> Result:
        """Return energy − baseline × duration in J.

        A measured baseline takes the sensor's offset along: it cancels, and the gain acts on the
        difference only.

        Args:
            energy: Over `seconds`.
            errors: The common errors of the trace that the energy comes from.
        """
        parts = dict(energy.parts)
        for name, part in self.power.parts.items():
            parts[name] = parts.get(name, 0.0) - part * seconds
        value = energy.value - self.power.value * seconds
        plain = budget(energy.value, energy.unit, energy.parts, limits=limit_names(errors))
        shape = Shape(
            below=beyond(energy.value - energy.low, plain.value - plain.low),
            above=beyond(energy.high - energy.value, plain.high - plain.value),
        )
        return budget(
            value,
            energy.unit,
            parts,
            grade=worst((energy.grade, self.power.grade)),
            limits=limit_names(errors),
            shape=shape,
        )


BaselineSpec = float | str | Result | Baseline | tuple[int, int] | None
"""Watts; an event's name or a power as text (`idle`, `2.1W`); a result; a window in ns; nothing."""


def find(spec: BaselineSpec, integral: Integral, events: Sequence[Event]) -> Baseline | None:
    """Return the baseline that was asked for.

    Raises:
        ConfigurationError: No such event, a window outside the recording, a number below zero.
    """
    if spec is None or isinstance(spec, Baseline):
        return spec
    if isinstance(spec, Result):
        return _of_another_recording(spec, integral, events)
    if isinstance(spec, (int, float)):
        return _constant(float(spec))
    if isinstance(spec, tuple):
        start, end = spec
        origin = f"{format_short((end - start) * 1e-9, 4)} s of the recording"
        return _measured(integral, [(int(start), int(end))], origin, events)
    found = [(e.start_ns, e.end_ns) for e in events if e.name == spec and e.end_ns is not None]
    if found:
        spans = [(a, b) for a, b in found if b > a]
        length = sum(b - a for a, b in spans) * 1e-9
        return _measured(
            integral, spans, f"the event {spec!r} ({len(spans)} times, {format_short(length, 4)} s)", events
        )
    try:
        return _constant(parse_quantity(spec, "W"))
    except ConfigurationError:
        names = ", ".join(sorted({e.name for e in events})[:8]) or "no events"
        raise ConfigurationError(
            f"baseline {spec!r} is neither a power like 2.1W nor an event of this recording ({names})"
        ) from None


def holds_work(spec: BaselineSpec, events: Sequence[Event]) -> list[Note]:
    """Return a warning where other events run inside the event that is subtracted: then their own work is subtracted from them."""
    if not isinstance(spec, str):
        return []
    spans = sorted((e.start_ns, e.end_ns) for e in events if e.name == spec and e.end_ns is not None)
    if not spans:
        return []
    starts = [start for start, _ in spans]
    inside: dict[str, None] = {}
    for e in events:
        i = bisect_right(starts, e.start_ns) - 1
        if e.name != spec and e.end_ns is not None and i >= 0 and e.start_ns < e.end_ns <= spans[i][1]:
            inside[e.name] = None
    if not inside:
        return []
    listed = ", ".join(map(repr, list(inside)[:4])) + ", …" * (len(inside) > 4)
    text = (
        f"the baseline {spec!r} holds events of {listed}, so that what they use is subtracted from them: what is left is not energy above idle; "
        "name an event in which nothing else runs, or a power"
    )
    return [Note.warning(HOLDS_WORK, text)]


def contradicted(baseline: Baseline | None) -> list[Note]:
    """Return a warning where a baseline measured elsewhere is not what this run's pauses draw."""
    if baseline is None or not baseline.contradicted_w:
        return []
    text = (
        f"the baseline of {baseline.power} was measured in another recording, and beside the events of this one the device draws something else: "
        "the interval of what is above it holds the difference; mark an idle event in this recording and name it as the baseline"
    )
    return [Note.warning(UNLIKE_PAUSES, text)]


def _constant(watts: float) -> Baseline:
    if not math.isfinite(watts) or watts < 0:
        raise ConfigurationError(f"a baseline of {watts} W is not usable")
    return Baseline(Result.of(watts, "W", grade=Grade.ASSUMED), "given", False)


def _of_another_recording(power: Result, integral: Integral, events: Sequence[Event]) -> Baseline:
    """Return a power measured elsewhere, less sure by as much as this run's own pauses contradict it."""
    busy = [(e.start_ns, e.end_ns) for e in events if e.end_ns is not None]
    away = _pauses(integral, [], busy, power.value)[0] if busy else 0.0
    if away <= max(power.standard_uncertainty, _ROUNDED * power.value):
        return Baseline(power, "given", False)
    parts = {**power.parts, f"baseline:{integral.trace.own}": away}
    return Baseline(Result.of(power.value, power.unit, parts, power.grade), "given", False, away)


def _measured(
    integral: Integral, spans: Sequence[tuple[int, int]], origin: str, events: Sequence[Event]
) -> Baseline:
    marked = spans
    spans = _recorded(integral, spans)
    starts = np.array([a for a, _ in spans], np.int64)
    ends = np.array([b for _, b in spans], np.int64)
    windows = measure(integral, starts, ends)
    seconds = float(windows.seconds[windows.known].sum())
    if seconds <= 0:
        raise ConfigurationError(f"the baseline, {origin}, lies outside the recorded samples")
    if list(spans) != list(marked):
        origin = f"{origin}, of which {format_short(seconds, 4)} s were recorded"
    mean = windows.combine(np.ones(len(windows)), "baseline", per_second=seconds)
    own = {name: part for name, part in mean.parts.items() if name.endswith(" baseline")}
    parts = {name: part for name, part in mean.parts.items() if name not in own}
    wander = _wander(integral, spans, [(e.start_ns, e.end_ns) for e in events if e.end_ns is not None])
    # Where a meter reads 0, the power is anything up to its threshold.
    open_w = float(energy_below(integral.trace, starts, ends).sum()) / seconds / COVERAGE_95
    parts[f"baseline:{integral.trace.own}"] = math.sqrt(
        sum(p * p for p in own.values()) + wander**2 + open_w**2
    )
    return Baseline(Result.of(mean.value, mean.unit, parts, mean.grade), origin, True)


def _recorded(integral: Integral, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans without what lies before the first or behind the last reading, where that is little of them."""
    found = []
    for a, b in spans:
        first, last = max(a, integral.start_ns), min(b, integral.end_ns)
        found.append((first, last) if last - first >= _MOSTLY * (b - a) else (a, b))
    return found


def _wander(integral: Integral, spans: Sequence[tuple[int, int]], busy: Sequence[tuple[int, int]]) -> float:
    """Return how far the idle power beneath events may be from the baseline's mean, a standard uncertainty in W.

    Idle that wanders (temperature, other programs) does so on all time scales: the deviation of neighbouring means from each other
    hardly depends on their length (Allan, Proc. IEEE 54, 1966: flicker).  So the baseline is cut in halves, quarters and eighths;
    the largest such deviation beyond what shorter ones explain by averaging stands for its distance from the idle power elsewhere.  Pauses between
    events are looked at too; where there are enough of them, they alone count.
    """
    trace = integral.trace
    deviations: list[float] = []
    for pieces in (2, 4, 8, 16):
        jumps: list[float] = []
        for a, b in spans:
            if (b - a) / pieces < 4 * trace.interval_ns:
                continue
            cuts = np.linspace(a, b, pieces + 1).astype(np.int64)
            means = integral.between(cuts[:-1], cuts[1:]) / ((cuts[1:] - cuts[:-1]) * 1e-9)
            jumps += np.diff(means).tolist()
        if len(jumps) >= 3:
            deviations.append(math.sqrt(float(np.mean(np.square(jumps))) / 2))
    flicker = 0.0
    if len(deviations) >= 2:
        finest, coarser = deviations[-1], deviations[0]
        white = finest / math.sqrt(2 ** (len(deviations) - 1))
        flicker = math.sqrt(max(max(deviations) ** 2 - white**2, 0.0)) if coarser > 1.5 * white else 0.0
    means = np.array(
        [float(integral.between(np.array([a]), np.array([b]))[0]) / ((b - a) * 1e-9) for a, b in spans]
    )
    between = float(np.std(means, ddof=1)) if means.size > 2 else 0.0
    length = sum(b - a for a, b in spans)
    run = max(integral.end_ns - integral.start_ns, length)
    # A flicker's mean over a window lies from that over a longer time by σ √(ln of the lengths' ratio / ln 2).
    spread = flicker * math.sqrt(max(math.log(run / max(length, 1)) / math.log(2), 1.0))
    own = _FEW_SCALES * max(spread, between)
    level = float(sum(integral.between(np.array([a]), np.array([b]))[0] for a, b in spans)) / (length * 1e-9)
    beside, stretches = _pauses(integral, spans, busy, level)
    # Where pauses show what idle power did between the events, nothing has to be predicted from the baseline's own wandering.
    return beside if stretches >= _ENOUGH else math.hypot(own, beside)


def _pauses(
    integral: Integral, spans: Sequence[tuple[int, int]], busy: Sequence[tuple[int, int]], level: float
) -> tuple[float, int]:
    """Return how far the mean idle power beneath events may be from the baseline's `level`, W, as stretches beside events show it; and their number.

    Of a baseline in another recording (no `spans`) the whole distance counts, found or not: nothing binds the two.

    Their mean lies D from the baseline's, which is a deviation that was found (D/1.5).  Means of successive groups of stretches differ by
    what idle power does in the course of the run: events average that as groups do.
    """
    least = 3 * integral.trace.interval_ns
    longest = max((sum(b - a for a, b in spans) or integral.end_ns - integral.start_ns) // 4, least)
    latest = integral.start_ns
    lows: list[int] = []
    highs: list[int] = []
    looked = sorted({*sorted(busy)[:_LOOKED], *spans})
    if len(busy) <= _LOOKED:
        looked.append((integral.end_ns, integral.end_ns))
    for a, b in looked:
        low, high = latest + least // 3, a - least // 3
        while high - low >= least:
            lows.append(low)
            highs.append(min(low + longest, high))
            low += longest
        latest = max(latest, b)
    events = sorted(set(busy) - set(spans))
    among: list[int] = []
    if events:  # those among the events show them, where there are enough
        first, last = events[0][0] - longest, max(b for _, b in events) + longest
        among = [k for k in range(len(lows)) if lows[k] >= first and highs[k] <= last]
        if len(among) >= _GROUPS:
            lows, highs = [lows[k] for k in among], [highs[k] for k in among]
    start, end = np.array(lows, np.int64), np.array(highs, np.int64)
    joules, seconds, pauses = integral.between(start, end), (end - start) * 1e-9, len(lows)
    if events and len(among) < _GROUPS:
        single = _readings_in_pauses(integral, looked, events)
        if single[2] >= (_GROUPS if pauses >= _STRETCHES else _STRETCHES):
            joules, seconds, pauses = single
    if pauses < _STRETCHES:
        return 0.0, 0
    parts = [
        (float(e.sum()), float(s.sum()))
        for e, s in zip(*(np.array_split(x, min(_GROUPS, x.size)) for x in (joules, seconds)), strict=True)
    ]
    means = np.array([e / s for e, s in parts])
    groups = means.size
    # What white noise leaves of each mean is in the energies' own uncertainty already.
    white = _white(integral, spans or list(zip(lows, highs, strict=True)) or busy)
    total, base = float(seconds.sum()), sum(b - a for a, b in spans) * 1e-9
    chance = white * (1 / total + (1 / base if base else 0.0))
    scatter, expected = float(np.var(means, ddof=1)), white * groups / total
    course = (
        (scatter - expected) * (1 / min(max(len(events), 1), groups) + 1 / groups)
        if scatter > 2 * expected
        else 0.0
    )
    t95 = float(student_95(groups - 1.0)) / COVERAGE_95
    away = (float(joules.sum()) / total - level) ** 2
    if spans:
        away = (away - chance if away > COVERAGE_95**2 * chance else 0.0) / _REACH**2
    return math.sqrt(away + course * t95**2), pauses


def _readings_in_pauses(
    integral: Integral, looked: Sequence[tuple[int, int]], events: Sequence[tuple[int, int]]
) -> tuple[Floats, Floats, int]:
    """Return what single readings in pauses among events stand for, J and s, and in how many pauses they lie: of pauses that no stretch of three intervals fits into."""
    trace = integral.trace
    starts = np.array([a for a, _ in looked], np.int64)
    latest = np.maximum.accumulate(np.array([integral.start_ns, *(b for _, b in looked)], np.int64))
    t, tau = trace.times_ns, trace.interval_ns
    following = np.searchsorted(starts, t, side="left")
    until = np.append(starts, integral.end_ns)[following]
    own = 0 if trace.kind is Kind.INSTANT else tau  # what of it lies before its stamp
    clear = (t - own - latest[following] >= (_CLEAR * tau if own else tau)) & (until - t >= _CLEAR * tau)
    clear[0] = False
    clear &= (t > events[0][0]) & (t < max(b for _, b in events))
    index = np.flatnonzero(clear)[: _LOOKED * _STRETCHES]
    seconds = np.full(index.size, tau * 1e-9)
    return integral.rates(index) * seconds, seconds, np.unique(following[index]).size


def _white(integral: Integral, spans: Sequence[tuple[int, int]]) -> float:
    """Return the variance of the mean of a second that readings leave which know nothing of their neighbours, W²."""
    noise, squares = integral.trace.noise**2, []
    for a, b in spans[:16]:
        first, last = np.searchsorted(integral.trace.times_ns, [a, b])
        index = np.arange(max(int(first), 1), min(int(last), int(first) + 4096))
        if index.size > 2 and integral.trace.kept is None:
            squares.append(float(np.mean(np.diff(integral.rates(index)) ** 2)) / 2)
    return max(noise, float(np.mean(squares)) if squares else 0.0) * integral.trace.interval_ns * 1e-9
