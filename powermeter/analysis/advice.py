"""What would narrow an interval, as a code with its parameters and what it promises.

The largest part of an interval names its cause; the cheapest way to make that part smaller is the advice.  What is promised is the interval of
the same measurement after following it, all other parts as they are.  `tests/validation/test_advice.py` follows each in simulation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import (
    BEAT,
    BETWEEN,
    BEYOND,
    CROWDED,
    EQUAL,
    FEW,
    HELD,
    LAG,
    LATE,
    LEAD,
    LOST,
    OFF_MARKS,
    SOME,
    TAIL,
    UNSEEN,
)
from powermeter.analysis.log_clock_set_forward import perhaps_no_time
from powermeter.analysis.next_item import memory_of
from powermeter.analysis.quantiles import median
from powermeter.analysis.regular_or_random import REMEDIES, ChosenBy, chosen_by
from powermeter.analysis.resolution import made_by_others
from powermeter.analysis.sampling_error import scatter_of_line
from powermeter.analysis.student_t import student_95
from powermeter.analysis.uncertainty import step_bias
from powermeter.channel import Kind
from powermeter.recording.event_columns import EventColumns
from powermeter.result import COVERAGE_95, Result
from powermeter.result.bounds_in_print import is_printed_as_bound
from powermeter.signals.kept_readings import consecutive
from powermeter.units import format_duration, format_percent, format_quantity

if TYPE_CHECKING:
    from powermeter.analysis.energy import Analysis
    from powermeter.analysis.label_row import LabelRow
    from powermeter.signals.trace import Trace

TIMES = 4
"""Of what an advice asks for more of, this many times as much: it halves what averages out."""

FINER = 5
"""A calibration is asked to be so many times better than what it replaces."""

SENSOR = 0.01
"""The limit of error of a sensor that stands in for a model."""

_LOOKED = 20_000
_INSIDE = 20  # readings of an event that show what it used
_FASTEST_HZ = 1e6  # that an instrument is asked for where its driver states no rate
_ABOUT = 1.01  # a rate that is over the fastest by no more is that one
_WORTH_IT = 1.5  # sampling faster by less is not a remedy
_RESEMBLE = 0.5  # a memory above it is known too badly to promise what more repeats would bring
_NO_CHANCE = (
    3.0  # over √n: n repeats without order show as much of a memory in 1 of 100 (simulated, 8 to 80 of them)
)
_SPREAD = ", spread over a longer time: neighbouring repeats resemble each other"
_SETTLED = ", once what each uses has settled: it went on changing"
_FOR_SAMPLING = ("longer-events", "sample-faster")
_MANY = 16  # readings that should have fallen into events of which hardly any did: they keep step


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do.

    Attributes:
        code: What it is, lower case with hyphens; stable between versions.
        parameters: How much of it, in SI units.
        text: The same for people, in the imperative.
        promised: The half-width after it, over the value; None where nothing is promised.
        cause: The kind of part that it makes smaller, as in `Result.parts`; empty where no part shows it.
    """

    code: str
    parameters: Mapping[str, float]
    text: str
    promised: float | None = None
    cause: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return {
            "code": self.code,
            "parameters": dict(self.parameters),
            "promised_relative_half_width": self.promised,
            "cause": self.cause or None,
            "text": self.text,
        }

    def __str__(self) -> str:
        if self.promised is None:
            return self.text
        what, mark, beside = self.text.partition("; ")
        return f"{what} (then about ± {format_percent(self.promised)}){mark}{beside}"


TEXTS: Mapping[str, Callable[[Mapping[str, float]], str]] = {
    "more-repeats": lambda p: (
        f"measure {p['events']:,.0f} more repeats"
        f"{_SETTLED if p.get('trend') else _SPREAD if p.get('memory') else ''}"
    ),
    "longer-events": lambda p: f"do {p['times']:,.0f} times as much in each event, counted as so many items",
    "sample-faster": lambda p: f"sample at {format_quantity(p['rate_hz'], 'Hz', 3)}",
    "faster-instrument": lambda p: (
        f"use an instrument that reads at {format_quantity(p['rate_hz'], 'Hz', 3)}; "
        f"this one has new values at {format_quantity(p['fastest_hz'], 'Hz', 3)} at most"
    ),
    "other-moments": lambda p: (
        f"sample at {format_quantity(p['rate_hz'], 'Hz', 4)}, {REMEDIES[int(p.get('chosen', ChosenBy.LOG))]}"
    ),
    "longer-run": lambda p: (
        f"run for {format_duration(p['seconds'])}, or read a display {TIMES} times as fine"
    ),
    "finer-step": lambda p: f"use a display or range with steps of {format_quantity(p['step'], 'W', 2)}",
    "wider-range": lambda p: "use a larger range or a smaller shunt",
    "calibrate": lambda p: (
        f"calibrate against a reference good to {format_percent(p['relative'])}; "
        "comparisons on the same sensor are free of it"
    ),
    "calibrate-zero": lambda p: (
        f"calibrate the zero to {format_quantity(p['watts'], 'W', 2)}; subtracting a baseline cancels it"
    ),
    "align": lambda p: (
        f"align the clocks of meter and program to {format_duration(p['seconds'])} with `powermeter sync`, "
        "or put both on one machine"
    ),
    "multiply-at-once": lambda p: "use a sensor that multiplies voltage and current itself",
    "without-gaps": lambda p: "repeat the run without the gaps",
    "clock-set": lambda p: (
        "look up whether a clock was set in the hole; if so, move the stamps behind it back and import again, "
        "else repeat the run without it"
    ),
    "use-a-sensor": lambda p: f"measure with a sensor good to {format_percent(p['relative'])}",
}
"""Code → the text for people."""


def advise(analysis: Analysis, row: LabelRow | None = None) -> Advice | None:
    """Return what would narrow the number of a label, or of the whole run; None where nothing is known to."""
    result = row.per_item if row is not None else analysis.energy
    trace = analysis.integral.trace
    clipped = trace.saturated_ns
    if clipped is not None and clipped.size:
        return _make("wider-range", {}, None)
    if row is None and perhaps_no_time(analysis.integral, *_edges(analysis)).any():
        return _make("clock-set", {}, None, "gaps")
    seen = _not_seen(analysis, row) if row is not None else None
    if seen is not None and not (seen.code in _FOR_SAMPLING and _by_others(result)):
        return seen
    if result is None or not result.value or not result.parts or not math.isfinite(result.high - result.low):
        return None
    found = _by_part(analysis, row, result)
    if found is None:
        return None
    # What hardly any reading shows leaves ends open that no part holds: they stay, and forbid a promise.
    promised = found.promised if seen is None else None
    return replace(found, promised=promised, cause=found.cause or next(iter(result.by_kind())))


def _by_others(result: Result | None) -> bool:
    """Return whether a number is printed with an interval that neither longer events nor faster sampling make narrower."""
    if result is None or is_printed_as_bound(result):
        return False
    return made_by_others(result)


def _edges(analysis: Analysis) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the starts and ends of all events, ns."""
    events = EventColumns.of(analysis.events)
    return events.start_ns, events.end_ns


def _make(code: str, parameters: Mapping[str, float], promised: float | None, cause: str = "") -> Advice:
    return Advice(code, parameters, TEXTS[code](parameters), promised, cause)


def _by_part(analysis: Analysis, row: LabelRow | None, result: Result) -> Advice | None:
    """Return the advice for the largest part of an interval."""
    trace = analysis.integral.trace
    kinds = result.by_kind()
    whole = sum(size * size for size in kinds.values())
    half = (result.high - result.low) / 2 / abs(result.value)

    def promise(**left: float) -> float:
        """Return the half-width where of some kinds only that much is left."""
        rest = whole - sum((1 - left[name] ** 2) * kinds.get(name, 0.0) ** 2 for name in left)
        return half * math.sqrt(max(rest, 0.0) / whole)

    averaged = sum(kinds.get(name, 0.0) ** 2 for name in ("noise", "repeats"))
    kind = next(iter(kinds), "")
    made = kind in ("noise", "repeats") or (kind == "edges" and trace.kind is Kind.COUNTER and averaged > 0)
    if row is not None and (made or averaged > 0.5 * whole):
        return _for_events(analysis, row, result, whole, averaged)
    if kind == "noise" or (kind == "unseen" and trace.kind is Kind.INSTANT):
        return _sample_faster(analysis, promise)
    if kind == "step":
        seconds = TIMES * analysis.duration.value
        return _make("longer-run", {"seconds": seconds}, promise(step=1 / TIMES, noise=TIMES**-0.5))
    if kind in ("quantisation", "rounding"):
        step = trace.step / TIMES
        left = step_bias(step, trace.noise) / max(step_bias(trace.step, trace.noise), 1e-300)
        return _make("finer-step", {"step": step}, promise(quantisation=left, rounding=1 / TIMES))
    if kind == "gain":
        return _make(
            "calibrate",
            {"relative": kinds["gain"] / abs(result.value) * math.sqrt(3.0) / FINER},
            promise(gain=1 / FINER),
        )
    if kind == "offset":
        seconds = row.seconds / row.items if row is not None and row.items else analysis.duration.value
        return _make(
            "calibrate-zero",
            {"watts": kinds["offset"] / max(seconds, 1e-12) * math.sqrt(3.0) / FINER},
            promise(offset=1 / FINER),
        )
    if kind == "clock":
        return _make("align", {"seconds": trace.clock_ns * 1e-9 / FINER}, promise(clock=1 / FINER))
    if kind in ("refresh", "edges"):
        return _make("longer-events", {"times": TIMES}, promise(refresh=1 / TIMES, edges=1 / TIMES))
    if kind == "skew":
        return _make("multiply-at-once", {}, promise(skew=0.0))
    if kind == "gaps":
        return _make("without-gaps", {}, promise(gaps=0.0))
    if kind == "model":
        left = SENSOR / math.sqrt(3.0) / (kinds["model"] / abs(result.value))
        return _make("use-a-sensor", {"relative": SENSOR}, promise(model=left)) if left < 1 else None
    return None


def _for_events(
    analysis: Analysis, row: LabelRow, result: Result, whole: float, averaged: float
) -> Advice | None:
    """Return what narrows a mean over events: more of them, or longer ones where a counter's step is what makes its noise."""
    trace = analysis.integral.trace
    n = int(row.index[analysis.energies.known[row.index]].size) - row.warmup.count
    items = row.items / row.events if row.items and row.events else 1.0
    stepped = (
        2 * (trace.step / math.sqrt(12.0) / items) ** 2 / max(n, 1) if trace.kind is Kind.COUNTER else 0.0
    )
    half = (result.high - result.low) / 2
    edges = result.by_kind().get("edges", 0.0) ** 2
    if stepped > 0.2 * averaged:
        # The step is also what makes repeats differ.
        left = whole - (averaged + edges) * (1 - 1 / TIMES**2)
        return _make(
            "longer-events", {"times": TIMES}, half * math.sqrt(left / whole) / abs(result.value), "step"
        )
    if n < 2 or edges > averaged:
        narrowed = averaged * (1 - 1 / TIMES) + edges * (1 - 1 / TIMES**2)
        rest = math.sqrt(max(whole - narrowed, 0.0) / whole)
        return _make("longer-events", {"times": TIMES}, half * rest / abs(result.value))
    t_now, t_then = (float(student_95(max(count - 1.0, 1.0))) / COVERAGE_95 for count in (n, TIMES * n))
    spread = result.by_kind().get("repeats", 0.0) > 0
    shrink = (t_then / t_now if spread else 1.0) ** 2
    left = whole - averaged * (1 - shrink / TIMES)
    if spread and row.drift is not None:
        return _make("more-repeats", {"events": (TIMES - 1) * n, "trend": 1.0}, None, "repeats")
    steady = row.index[analysis.energies.known[row.index]][row.warmup.count :]
    memory = memory_of(analysis.energies.value[steady]) if spread else 0.0
    if memory > max(_RESEMBLE, _NO_CHANCE / math.sqrt(n)):
        return _make("more-repeats", {"events": (TIMES - 1) * n, "memory": 1.0}, None, "repeats")
    return _make(
        "more-repeats", {"events": (TIMES - 1) * n}, half * math.sqrt(left / whole) / abs(result.value)
    )


def _sample_faster(analysis: Analysis, promise: Callable[..., float]) -> Advice:
    """Return at which rate the run's sum of readings is twice as sure or better: jumps shrink with the interval, noise with its root.

    An instrument that has no new values so often is read as often as it has, or another is named.
    """
    trace = analysis.integral.trace
    times = float(TIMES)
    rate, fastest = TIMES * 1e9 / max(trace.interval_ns, 1), _fastest_hz(trace)
    if trace.kind is not Kind.INSTANT:
        return _make("longer-run", {"seconds": TIMES * analysis.duration.value}, promise(noise=TIMES**-0.5))
    found = scatter_of_line(trace.values[consecutive(trace.kept, len(trace), _LOOKED)])
    white = found.white / found.variance if found.variance > 0 else 1.0
    possible = rate <= _ABOUT * fastest
    if not possible and fastest * trace.interval_ns * 1e-9 >= _WORTH_IT:
        times, rate, possible = fastest * trace.interval_ns * 1e-9, fastest, True
    left = math.sqrt(white / times + (1 - white) / times**2)
    if not possible:
        return _make(
            "faster-instrument", {"rate_hz": rate, "fastest_hz": fastest}, promise(noise=left, unseen=left)
        )
    return _make("sample-faster", {"rate_hz": rate}, promise(noise=left, unseen=left))


def _fastest_hz(trace: Trace) -> float:
    """Return how often the instrument has a new value, as its driver states it; infinity where it states nothing."""
    return 1e9 / (trace.refresh_ns * math.sqrt(12)) if trace.refresh_ns > 0 else math.inf


def _not_seen(analysis: Analysis, row: LabelRow) -> Advice | None:
    """Return what shows events that hardly any reading shows, which promises no width; None where readings show them."""
    a = analysis
    trace = a.integral.trace
    known = row.index[a.energies.covered[row.index]]
    why = next(
        (g.why for g in (a.energies.groups[i] for i in np.unique(a.energies.group[known])) if g.why), ""
    )
    lengths = a.energies.seconds[known]
    length = median(lengths) if lengths.size else 0.0
    if why == LOST:
        return _make("without-gaps", {}, None, "gaps")
    if why == OFF_MARKS:
        return _make("align", {"seconds": trace.interval_ns * 1e-9}, None, "clock")
    if why in (LAG, LEAD, LATE, HELD, TAIL, SOME, BETWEEN, BEYOND):
        return _make("longer-events", {"times": TIMES}, None, "edges")
    if why == CROWDED and length > 0:
        return _make("longer-events", {"times": math.ceil(2e-9 * trace.interval_ns / length)}, None, "unseen")
    if not why or length <= 0 or trace.kind is not Kind.INSTANT:
        return None
    tau = trace.interval_ns * 1e-9
    if why == BEAT or (why != EQUAL and float(lengths.sum()) / tau > _MANY):
        # 0.382 of an interval apart is as far from any simple ratio as can be.
        apart = 1 / (tau * (1 - 0.382 * min(1.0, length / tau)))
        return _make("other-moments", {"rate_hz": apart, "chosen": float(chosen_by(trace))}, None)
    if why in (FEW, EQUAL, UNSEEN):
        rate, fastest = max(TIMES / tau, _INSIDE / length), _fastest_hz(trace)
        if math.isinf(fastest) and rate > _FASTEST_HZ:
            fastest = 1 / tau
        if rate > _ABOUT * fastest:
            return _make("longer-events", {"times": math.ceil(_INSIDE / (length * fastest))}, None, "unseen")
        return _make("sample-faster", {"rate_hz": rate}, None)
    return None
