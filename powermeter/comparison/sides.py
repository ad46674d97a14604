"""From analysed recordings to the sides of a comparison: which repeats there are, and which errors they share.

Several recordings on a side: each is one repeat, since what changes from run to run (temperature,
other programs) changes all its events.  One recording: its events are the repeats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.energy import Analysis
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.uncertainty import limit_names
from powermeter.comparison.pairs_and_turns import IN_SPREAD, OF_A_SIDE, Side, without
from powermeter.comparison.runs import AnalysedRun
from powermeter.errors import DataError
from powermeter.recording.error_origins import of_any
from powermeter.result import Result, combine

Floats = NDArray[np.floating[Any]]

UNITS: Mapping[str, str] = {"energy": "J", "power": "W", "time": "s"}
"""What can be compared: energy per item, mean power, time per item."""

_OF_THE_INSTRUMENT = ("gain", "offset", "rounding", "model", "quantisation")
"""Kinds of parts that belong to the instrument; a display that rounds equal values rounds them all the same way."""

_OF_ITS_KIND = "refresh:"
"""What readings do during a refresh, all instruments of a kind do, in each recording: no number of recordings averages it out."""

_LIKE_THE_OTHERS = ("clock:", "skew:", "edges:", "unseen:")
"""Parts that come out alike in each recording of one program by one meter: late stamps are late each time, a tail is divided one way."""


def of_row(run: AnalysedRun, row: LabelRow, of: str, name: str, block: str | None, warmup: bool) -> Side:
    """Return the side that one recording's events make.

    The values are the terms of Σ energy / Σ items: their mean is that ratio and their spread its own
    (Cochran, Sampling Techniques, 6.4), also where events have different counts.

    Raises:
        DataError: Nothing is known of them, or no event has the attribute `block`.
    """
    a = run.analysis
    if row.method == "regression" and of != "time":
        return _unresolved(run, row, of, name)
    known = a.energies.known if of != "time" else np.ones(len(a.energies), bool)
    index = row.index[known[row.index]]
    index = index[np.argsort(a.energies.start_ns[index], kind="stable")]
    seconds = a.energies.seconds[index]
    counts = a.events.counts_at(index)
    if np.isnan(counts).any():
        counts = np.ones(counts.size)  # not known how many: energies are per event
    base = seconds if of == "power" else counts
    energies = a.divided if of == "energy" else a.energies.value
    amount = seconds if of == "time" else energies[index]
    if of != "time" and a.baseline is not None:
        whole = 1.0 if a.shares is None or of != "energy" else a.shares.whole[index]
        amount = amount - a.baseline.power.value * seconds * whole
    usable = base > 0
    if not usable.any():
        why = row.verdict.text or "no event of it lasts and counts"
        raise DataError(f"{name}: nothing is known of {row.title!r}: {why}")
    index, amount, base = index[usable], amount[usable], base[usable]
    first = row.warmup.count if warmup and index.size > row.warmup.count else 0
    ratio = float(amount[first:].sum() / base[first:].sum())
    values = amount / base if block else ratio + (amount - ratio * base) / float(base[first:].mean())
    page = _page(a, row, of)
    if page is not None and row.warmup.count and not first:
        page = _with_warmup(page, _of_all(a, row, of) or page, row.title, values)
    elif first and of == "power" and page is not None and page.parts and page.value:
        page = _after_warmup(page, ratio, index.size / (index.size - first))
    side = Side(
        name=name,
        values=values,
        unit=UNITS[of],
        mean=None if page is None else keyed(page, run),
        instrument=run.instrument,
        grade=a.energy.grade if page is None else page.grade,
        keys=_keys(run, row, index, name, block) if block else (),
        times_s=(a.energies.start_ns[index] + a.energies.end_ns[index]) * 0.5e-9,
        limits=_limits(a, run, page),
        resolved=of == "time" or row.method == "integral",
    )
    return without(side, first)


def _keys(
    run: AnalysedRun, row: LabelRow, index: NDArray[np.int64], name: str, block: str
) -> tuple[str, ...]:
    events = [run.analysis.events[i] for i in index.tolist()]
    if not any(block in event.attributes for event in events):
        raise DataError(f"{name}: no event {row.title!r} has the attribute {block!r}")
    return tuple(str(event.attributes.get(block)) for event in events)


def _with_warmup(page: Result, every: Result, title: str, values: Floats) -> Result:
    """Return the mean of all events, where the printed one leaves out a warm-up.

    Args:
        every: What one of all of them used.
    """
    scatter = float(values.std(ddof=1)) / math.sqrt(values.size) if values.size > 1 else 0.0
    parts = {name: part for name, part in every.parts.items() if not name.startswith(IN_SPREAD)}
    return Result.of(float(values.mean()), page.unit, {**parts, f"repeats:{title}": scatter}, page.grade)


def _after_warmup(page: Result, watts: float, more: float) -> Result:
    """Return the mean power behind a warm-up, where the printed one is that of all events.

    Args:
        watts: The mean power of the events that are left.
        more: All events over those left: what is not a gain weighs at most that much more in fewer events.
    """
    parts = {
        name: part * (abs(watts / page.value) if name.startswith("gain") else more)
        for name, part in page.parts.items()
    }
    return Result.of(watts, page.unit, parts, page.grade)


def _of_all(a: Analysis, row: LabelRow, of: str) -> Result | None:
    """Return what an item of all events used, its warm-up's too; None for a power, whose printed mean is that of all."""
    if of == "power":
        return None
    return row.these_per_item if a.baseline is None else row.above_per_item


def _unresolved(run: AnalysedRun, row: LabelRow, of: str, name: str) -> Side:
    """Return the side of a label whose events are too short for the meter: only their mean is known."""
    page = _page(run.analysis, row, of)
    if page is None:
        raise DataError(f"{name}: nothing is known of {row.title!r}: {row.verdict.text}")
    return Side(
        name,
        np.full(row.events, page.value),
        UNITS[of],
        keyed(page, run),
        run.instrument,
        page.grade,
        limits=_limits(run.analysis, run, page),
        resolved=False,
    )


def _page(a: Analysis, row: LabelRow, of: str) -> Result | None:
    """Return a label's mean as every report prints it; None for times, whose errors of measurement do not count."""
    if of == "time":
        return None
    if a.baseline is not None and row.method != "regression":
        return row.per_item_above if of == "energy" else row.above_power
    if of == "power":
        return row.power
    per_event = row.total.scaled(1 / row.events) if row.total and row.items is None else None
    return row.per_item or per_event


def of_whole(run: AnalysedRun, of: str) -> Result:
    """Return energy (J) or duration (s), per item where the user counts them, or mean power (W) of a whole recording."""
    a = run.analysis
    if a.run_items and of != "power":
        return a.duration.scaled(1 / a.run_items) if of == "time" else a.run_per_item or a.energy
    if of == "time":
        return a.duration
    if a.baseline is not None and a.above is not None:
        return a.above if of == "energy" else a.above.scaled(1 / a.duration.value, "W")
    return a.energy if of == "energy" else a.power


def of_runs(runs: Sequence[AnalysedRun], results: Sequence[Result | None], name: str, of: str) -> Side:
    """Return the side that several recordings make, one repeat each; None where a label is not in one."""
    kept = [(run, result) for run, result in zip(runs, results, strict=True) if result is not None]
    if not kept:
        raise DataError(f"{name}: nothing is known of it")
    mean = combine([(1 / len(kept), keyed(result, run, several=True)) for run, result in kept])
    known = all(run.started_s is not None for run in runs)
    limits = [limit for run, result in kept for limit in _limits(run.analysis, run, result, several=True)]
    return Side(
        name=name,
        values=np.array([math.nan if result is None else result.value for result in results]),
        unit=UNITS[of],
        mean=mean if mean.parts else None,
        instrument=" + ".join(sorted({run.instrument for run in runs})),
        grade=mean.grade,
        times_s=np.array([run.started_s or 0.0 for run in runs]) if known else None,
        separate=True,
        limits=tuple(dict.fromkeys(limits)),
    )


def mean_of(run: AnalysedRun, row: LabelRow, of: str, warmup: bool) -> Result:
    """Return what one recording states of a label, its first events left out where they are a warm-up."""
    side = of_row(run, row, of, run.name, None, warmup)
    if side.mean is not None and of == "energy":
        return side.mean
    value = float(side.known.mean())
    return Result.of(value, UNITS[of]) if side.mean is None else replace(side.mean, value=value)


def keyed(result: Result, run: AnalysedRun, several: bool = False) -> Result:
    """Return a result whose parts are named after the instrument or the recording that they belong to.

    Args:
        several: Whether it is one of several recordings of a side, which have some of them in common.
    """
    return replace(result, parts={_key(name, run, several): part for name, part in result.parts.items()})


def _key(name: str, run: AnalysedRun, several: bool) -> str:
    if name.startswith(_OF_ITS_KIND):
        return of_any(name).partition(" @ ")[0]
    kind, _, origin = name.partition(":")
    if several and name.startswith(_LIKE_THE_OTHERS) and not (kind == "clock" and "/" in origin):
        return f"{of_any(name).partition(' @ ')[0]}{OF_A_SIDE}"
    if " @ " in name:
        return name
    # `clock:1` is how far the stamps of one recording are shifted; `clock:ina219/power` a meter's own time base.
    of_instrument = kind in _OF_THE_INSTRUMENT or (kind == "clock" and "/" in origin)
    return f"{of_any(name)} @ {run.instrument if of_instrument else run.recording}"


def _limits(a: Analysis, run: AnalysedRun, result: Result | None, several: bool = False) -> tuple[str, ...]:
    if result is None:
        return ()
    names = (of_any(name).partition(" @ ")[0] for name in result.parts)
    limited = {of_any(name) for name in limit_names(a.integral.trace.errors)}
    return tuple(_key(name, run, several) for name in names if name in limited)
