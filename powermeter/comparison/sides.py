"""From recordings to the sides of a comparison: which repeats there are, and which errors they share.

Several recordings on a side: each is one repeat, since what changes from run to run (temperature,
other programs) changes all its events.  One recording: its events are the repeats.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.baseline import BaselineSpec
from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.labels import LabelRow
from powermeter.analysis.uncertainty import limit_names
from powermeter.comparison.designs import Side, warmed
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import Recording
from powermeter.recording.protocol import RecordingLike
from powermeter.result import COVERAGE_95, Result, combine
from powermeter.signals.rails import facts

Floats = NDArray[np.floating[Any]]

WHOLE = "*"
"""The label of the whole recording, whatever its events are."""

UNITS: Mapping[str, str] = {"energy": "J", "power": "W", "time": "s"}
"""What can be compared: energy per item, mean power, time per item."""

_OWN = ("noise", "repeats", "edges", "gaps", "quantisation", "baseline")
_FILTER = re.compile(r"(?P<label>[^\[\]]*)\[(?P<inside>[^\[\]]+)\]\Z")


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One recording, analysed.

    Attributes:
        name: For people.
        analysis: What it says.
        instrument: Names what measured it; equal names are one instrument.
        recording: Names the recording: within it, offsets of clocks and baselines are common too.
        started_s: UTC of its first sample in s, or None where no wall clock is known.
    """

    name: str
    analysis: Analysis
    instrument: str
    recording: str
    started_s: float | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """A label, and the attributes its events must have; no label is every label."""

    label: str | None = None
    group: Mapping[str, str] | None = None

    @classmethod
    def of(cls, text: str) -> Pick:
        """Read `infer` or `infer[model=small,batch=8]`.

        Raises:
            ConfigurationError: What stands in the brackets is not NAME=VALUE.
        """
        found = _FILTER.match(text)
        if found is None:
            return cls(text or None)
        pairs = [part.partition("=") for part in found["inside"].split(",")]
        if not found["label"] or not all(name.strip() and equals for name, equals, _ in pairs):
            raise ConfigurationError(f"{text!r}: write a label and attributes as infer[model=small,batch=8]")
        return cls(found["label"], {name.strip(): value.strip() for name, _, value in pairs})

    @property
    def title(self) -> str:
        """As typed: `infer[model=small]`."""
        inside = ",".join(f"{k}={v}" for k, v in (self.group or {}).items())
        return (self.label or "") + (f"[{inside}]" if inside else "")

    def rows(self, analysis: Analysis) -> list[LabelRow]:
        """Return the rows of an analysis that are meant."""
        return [
            r
            for r in analysis.rows
            if self.label in (None, r.label)
            and all(str(r.group.get(k)) == v for k, v in (self.group or {}).items())
        ]


def read(
    what: Any,
    *,
    rail: str | None = None,
    baseline: BaselineSpec = None,
    by: Sequence[str] = (),
    name: str = "",
) -> Run:
    """Analyse one recording.

    Args:
        what: A path, an open recording, or an `Analysis` (which keeps its own rail, baseline and groups).

    Raises:
        DataError: It cannot be read, or holds no power.
    """
    if isinstance(what, (str, Path)):
        with Recording.open(what) as opened:
            return read(opened, rail=rail, baseline=baseline, by=by, name=name or Path(what).name)
    if isinstance(what, Analysis):
        return Run(name or what.line.key, what, what.line.key, f"analysis {id(what)}")
    analysis = analyse(what, rail=rail, baseline=baseline, by=by)
    path = getattr(what, "path", None)
    pairs = what.clock_pairs()
    started = None
    if pairs:
        monotonic, utc = min(pairs, key=lambda pair: abs(pair[0] - analysis.start_ns))
        started = (utc + analysis.start_ns - monotonic) * 1e-9
    name = name or (Path(path).name if path else "recording")
    where = f"{name} {_short(str(Path(path).resolve()))}" if path else f"recording {id(what)}"
    return Run(name, analysis, instrument(what, analysis), where, started)


def instrument(recording: RecordingLike, analysis: Analysis) -> str:
    """Name the instrument and its calibration, so that two recordings of one are known for it.

    By its serial number; without one, by its URL on the machine it hung on.  A meter read by eye is
    known by what its display shows.  An imported log without a serial number is like no other.
    """
    source = next((s for s in recording.sources if str(s.id) == analysis.line.source), None)
    if source is None:
        return f"recording {id(recording)}"
    info = getattr(source, "info", None) or {}
    serial = info.get("serial") or info.get("serial_number")
    metadata = getattr(recording, "metadata", None) or {}
    host = metadata.get("host") or {}
    machine = [host.get(k) for k in ("name", "board", "cpu")] if isinstance(host, Mapping) else [host]
    scheme = source.url.partition("://")[0]
    if serial:
        known: list[Any] = [source.driver, str(serial)]
    elif scheme == "import":
        known = [source.url, str(getattr(recording, "path", id(recording)))]
    elif scheme == "manual":
        known = [scheme, source.url.partition("?")[2], *machine]
    else:
        known = [source.url.partition("?")[0], *machine]
    notes = facts(recording, "calibration")
    if notes:
        known.append(_short(json.dumps(notes, sort_keys=True, default=str)))
    return "|".join(map(str, [*known, analysis.line.rail.name]))


def _short(text: str) -> str:
    """Return a short name that differs where the text does."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def of_row(run: Run, row: LabelRow, of: str, name: str, block: str | None, warmup: bool) -> Side:
    """Return the side that one recording's events make.

    The values are the terms of Σ energy / Σ items: their mean is that ratio and their spread its own
    (Cochran, Sampling Techniques, 6.4), also where events have different counts.

    Raises:
        DataError: Nothing is known of them, or no event has the attribute `block`.
    """
    a = run.analysis
    if row.method == "regression" and of != "time":
        return _told(run, row, of, name)
    known = a.energies.known if of != "time" else np.ones(len(a.energies), bool)
    index = row.index[known[row.index]]
    events = [a.events[i] for i in index.tolist()]
    seconds = a.energies.seconds[index]
    counts = np.array([e.count for e in events], float)
    base = seconds if of == "power" else counts
    amount = seconds if of == "time" else a.energies.value[index]
    if of != "time" and a.baseline is not None:
        amount = amount - a.baseline.power.value * seconds
    usable = base > 0
    if not usable.any():
        raise DataError(f"{name}: {row.title!r} has no event that lasts and counts")
    index, amount, base = index[usable], amount[usable], base[usable]
    ratio = float(amount.sum() / base.sum())
    values = ratio + (amount - ratio * base) / float(base.mean())
    blocks: tuple[str, ...] = ()
    if block:
        chosen = [e for e, use in zip(events, usable.tolist(), strict=True) if use]
        if not any(block in e.attributes for e in chosen):
            raise DataError(f"{name}: no event {row.title!r} has the attribute {block!r}")
        blocks = tuple(str(e.attributes.get(block)) for e in chosen)
        values = amount / base
    mean = _row_result(a, row, of)
    return Side(
        name=name,
        values=values,
        unit=UNITS[of],
        mean=None if mean is None else keyed(mean, run),
        instrument=run.instrument,
        grade=a.energy.grade if mean is None else mean.grade,
        blocks=blocks,
        times_s=(a.energies.start_ns[index] + a.energies.end_ns[index]) * 0.5e-9,
        warmup=warmup,
        limits=_limits(a, run, mean),
    )


def _told(run: Run, row: LabelRow, of: str, name: str) -> Side:
    mean = _row_result(run.analysis, row, of)
    if mean is None:
        raise DataError(f"{name}: nothing is known of {row.title!r}: {row.verdict.text}")
    # Its t is known, not its degrees of freedom; the first term of Abramowitz & Stegun 26.7.5 turns back.
    t = (mean.high - mean.low) / 2 / mean.standard_uncertainty if mean.standard_uncertainty else COVERAGE_95
    freedom = (COVERAGE_95**3 + COVERAGE_95) / 4 / max(t - COVERAGE_95, 1e-4)
    values = np.full(row.events, mean.value)
    return Side(
        name,
        values,
        UNITS[of],
        keyed(mean, run),
        run.instrument,
        mean.grade,
        limits=_limits(run.analysis, run, mean),
        told=freedom,
    )


def _row_result(a: Analysis, row: LabelRow, of: str) -> Result | None:
    """Return a row's mean with its errors of measurement; None for times, which have next to none."""
    if of == "time":
        return None
    if a.baseline is not None and row.method != "regression":
        return row.above_per_item if of == "energy" else row.above_power
    return row.energy_per_item if of == "energy" else row.power


def of_whole(run: Run, of: str) -> Result:
    """Return energy (J), mean power (W) or duration (s) of a whole recording."""
    a = run.analysis
    if of == "time":
        return a.duration
    if a.baseline is not None and a.above is not None:
        return a.above if of == "energy" else a.above.scaled(1 / a.duration.value, "W")
    return a.energy if of == "energy" else a.power


def of_runs(runs: Sequence[Run], results: Sequence[Result | None], name: str, of: str) -> Side:
    """Return the side that several recordings make, one repeat each; None where a label is not in one."""
    kept = [(run, result) for run, result in zip(runs, results, strict=True) if result is not None]
    if not kept:
        raise DataError(f"{name}: nothing is known of it")
    mean = combine([(1 / len(kept), keyed(result, run)) for run, result in kept])
    known = all(run.started_s is not None for run in runs)
    limits = [limit for run, result in kept for limit in _limits(run.analysis, run, result)]
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


def mean_of(run: Run, row: LabelRow, of: str, warmup: bool) -> Result | None:
    """Return what one recording says of a label, its first events left out where they are a warm-up."""
    side = of_row(run, row, of, run.name, None, warmup)
    if side.told is not None:
        return _row_result(run.analysis, row, of)
    values = side.values[np.isfinite(side.values)]
    value = float(values[warmed(values) if warmup else 0 :].mean())
    whole = _row_result(run.analysis, row, of)
    return Result.of(value, UNITS[of]) if whole is None else replace(whole, value=value)


def keyed(result: Result, run: Run) -> Result:
    """Return a result whose parts are named after the instrument or the recording that they belong to."""
    return replace(result, parts={_key(name, run): part for name, part in result.parts.items()})


def _key(name: str, run: Run) -> str:
    kind, _, origin = name.partition(":")
    # `clock:1` is how far the stamps of one recording are shifted; `clock:ina219/power` a meter's own time base.
    of_recording = kind in _OWN or (kind == "clock" and "/" not in origin)
    return f"{name} @ {run.recording if of_recording else run.instrument}"


def _limits(a: Analysis, run: Run, result: Result | None) -> tuple[str, ...]:
    if result is None:
        return ()
    return tuple(_key(name, run) for name in limit_names(a.integral.trace.errors) if name in result.parts)


def alternating(left: Side, right: Side, least: int = 5) -> tuple[Side, Side] | None:
    """Return both sides with blocks of neighbours in time (A B, B A …); None where they did not take turns.

    Repeats are put in order of time.  Each stretch of one side with another on both ends is cut in
    half, and each half goes with the half beside it, so that in A BB AA B the pairs change direction
    and a steady drift cancels.
    """
    if left.times_s is None or right.times_s is None:
        return None
    times = np.concatenate([left.times_s, right.times_s])
    whose = np.repeat([0, 1], [left.times_s.size, right.times_s.size])
    order = np.argsort(times, kind="stable")
    turns = np.split(order, np.flatnonzero(np.diff(whose[order])) + 1)
    pieces: list[Any] = [turns[0]]
    for turn in turns[1:-1]:
        half = (turn.size + 1) // 2
        pieces += [turn[:half], turn[half:]] if turn.size > 1 else [turn]
    pieces += [turns[-1]] if len(turns) > 1 else []
    block = np.full(times.size, -1)
    pending, pairs = None, 0
    for piece in pieces:
        if pending is not None and whose[pending[0]] != whose[piece[0]]:
            block[pending], block[piece] = pairs, pairs
            pairs, pending = pairs + 1, None
        else:
            pending = piece
    if pairs < least:
        return None
    cut = left.times_s.size

    def blocked(side: Side, part: NDArray[np.int64]) -> Side:
        return replace(side, values=np.where(part >= 0, side.values, np.nan), blocks=tuple(part.tolist()))

    return blocked(left, block[:cut]), blocked(right, block[cut:])
