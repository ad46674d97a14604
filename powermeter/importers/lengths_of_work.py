"""Distinguishes a column of how long each piece of work took from a clock: a table of the first has no power over time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.stamps import wall
from powermeter.importers.time_units import EPOCHS
from powermeter.units import NS

_NEVER_A_CLOCK = frozenset(("latency", "ttft", "tpot", "itl", "rtt"))
_PERCENTILE = re.compile(r"(?:.*[^a-z0-9])?p(?:50|75|9\d+)(?:[^a-z0-9].*)?", re.IGNORECASE)

_LENGTHS = frozenset(("runtime", "duration", "walltime", "exectime"))
"""Names of lengths that a clock of a run is called by, too."""

_PIECES = frozenset(
    ("inference", "infer", "execution", "exec", "prediction", "predict", "response", "processing", "forward")
) | {"compute", "kernel", "encode", "decode", "training", "train"}
"""Work whose time is its length, where `time` follows."""

_OF_THE_WORK = frozenset(
    (
        "batch",
        "batchsize",
        "resolution",
        "layer",
        "layers",
        "seq",
        "prompt",
        "context",
        "ctx",
        "model",
        "network",
    )
) | {"rep", "repetition", "trial", "run", "experiment"}
_OF_THE_MACHINE = frozenset(
    ("threads", "thread", "cores", "freq", "frequency", "clock", "bits", "precision", "dtype")
)
_OF_THE_LOAD = frozenset(("clients", "users", "concurrency", "qps"))
_SWEPT = _OF_THE_WORK | _OF_THE_MACHINE | _OF_THE_LOAD
"""Names of what a benchmark varies from row to row."""

_OF_A_CLOCK = 60.0
_EVEN = 0.25
_FIRST_STEPS = 2.0
_FEWEST = 2
_MANY = 10  # even steps that no lengths in the first column have, of a log that was begun late


def are_lengths(found: Layout, headings: Sequence[Heading], times: Sequence[int]) -> bool:
    """Return whether every column of times holds how long the work of its row took, and none is a clock."""
    named = [i for i, each in enumerate(headings) if _is_latency(each) or {*each.words} & _LENGTHS]
    every = {*times, *named}
    if any(wall(cell.strip()) is not None for row in found.rows[:1] for cell in row):
        return False
    if any(_are_unix_times(found, index) for index in range(len(headings))):
        return False
    return bool(every) and all(_is_length(found, headings, index) for index in every)


def _is_latency(named: Heading) -> bool:
    return bool({*named.words} & _NEVER_A_CLOCK) or _PERCENTILE.fullmatch(named.name.strip()) is not None


def _is_length(found: Layout, headings: Sequence[Heading], index: int) -> bool:
    named = headings[index]
    if named.is_stated:
        return False
    if _is_latency(named):
        return True
    words = {*named.words}
    is_named = words & _LENGTHS or (words & _PIECES and "time" in words)
    return bool(is_named or _is_swept(found, headings, index)) and not _is_clock(found, index)


def _is_swept(found: Layout, headings: Sequence[Heading], index: int) -> bool:
    """Return whether the first column is what a benchmark varied, with another value in each row."""
    first = [row[0].strip() for row in found.rows if row]
    if not index or not {*headings[0].words} & _SWEPT or len({*first}) < max(len(first), _FEWEST):
        return False
    values = [float_or_nan(text) for text in first]
    counts_up = all(b - a == 1 for a, b in pairwise(values))
    return not (
        counts_up and "batch" in headings[0].words
    )  # training counts its batches, and prints the time of each


def _is_clock(found: Layout, index: int) -> bool:
    """Return whether a column rises evenly, from near zero or first in its rows and long, as lengths of like work do not, or begins with 0, which no work takes."""
    values = [_number(row[index].strip()) for row in found.rows if len(row) > index]
    steps = sorted(b - a for a, b in pairwise(values))
    if len(steps) < _FEWEST or steps[0] < 0 or values[0] == 0:
        return bool(values) and values[0] == 0
    usual = steps[len(steps) // 2]
    even = sum(abs(step - usual) <= _EVEN * usual for step in steps)
    from_zero = values[0] <= _FIRST_STEPS * usual
    goes_on = index == 0 and steps[0] > 0 and len(steps) >= _MANY
    return (from_zero or goes_on) and even >= 0.9 * len(steps)


def _are_unix_times(found: Layout, index: int) -> bool:
    """Return whether a column holds times since 1970 that never fall: by their size, and by steps shorter than those between a processor's clocks in hertz."""
    values = [float_or_nan(row[index].strip()) for row in found.rows if len(row) > index]
    tick = next((tick for low, tick in EPOCHS if values and low <= values[0] < _THIS_CENTURY * low), 0)
    steps = [(b - a) * tick for a, b in pairwise(values)]
    return bool(tick and steps) and all(0 <= step < _LONGEST_STEP_NS for step in steps)


_THIS_CENTURY = 2.1
_LONGEST_STEP_NS = 100_000 * NS


def _number(text: str) -> float:
    """Return what a cell holds, `mm:ss` and `hh:mm:ss` in their last unit; not a number where it holds none."""
    value = 0.0
    for part in text.split(":"):
        value = _OF_A_CLOCK * value + float_or_nan(part)
    return value
