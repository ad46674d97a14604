"""Brings readings of different kinds under one rule, so that they can be added: counters, instants and held states as means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from powermeter.channel import Kind, Quantity
from powermeter.errors import DataError
from powermeter.result import Grade, worst
from powermeter.signals.trace import Trace, median_interval_ns


def alike(traces: Sequence[Trace]) -> list[Trace]:
    """Return traces that may be added: as they are where all follow one rule, else as mean powers over their steps.

    Raises:
        DataError: One of them is of a run too long to be held.
    """
    if len({(trace.quantity, trace.kind) for trace in traces}) < 2:
        return list(traces)
    return [mean_power(trace) for trace in traces]


def mean_power(trace: Trace) -> Trace:
    """Return the mean power of each step of a trace of power or energy, in W; its whole energy stays what it was.

    Raises:
        DataError: It is of a run too long to be held, or has no two times.
    """
    if trace.quantity is Quantity.POWER and trace.kind is Kind.MEAN:
        return trace
    name = "a rail" if trace.rail is None else trace.rail.name
    if trace.kept is not None:
        raise DataError(
            f"{name} holds another kind of reading than the rails it is added to, and the run is too long to bring them under one "
            "rule; count one of them: --rail"
        )
    last = np.flatnonzero(np.append(np.diff(trace.times_ns) > 0, True))
    times = trace.times_ns[last]
    seconds = np.diff(times) / 1e9
    if not seconds.size:
        raise DataError(f"{name} has no two readings at different times")
    usual = float(np.median(seconds))
    if trace.kind is Kind.COUNTER:
        values, per = np.diff(trace.values[last]) / seconds, 1 / usual
    elif trace.kind is Kind.HELD:
        values, per = trace.values[last][:-1], 1.0
    else:
        first = np.concatenate(([0], last[:-1] + 1)) if last.size < trace.values.size else last
        after = (
            trace.values[np.minimum(first[1:], last[1:])]
            if last.size < trace.values.size
            else trace.values[last][1:]
        )
        values, per = (trace.values[last][:-1] + after) / 2, 1.0
    span = float(seconds.sum())
    errors = tuple(
        replace(error, absolute=error.absolute / span) if trace.kind is Kind.COUNTER else error
        for error in trace.errors
    )
    return replace(
        trace,
        times_ns=times[1:],
        values=values,
        quantity=Quantity.POWER,
        kind=Kind.MEAN,
        interval_ns=median_interval_ns(times),
        errors=errors,
        noise=trace.noise * per,
        step=trace.step * per,
        code=trace.code * per,
        grade=worst((trace.grade, Grade.DERIVED)),
    )
