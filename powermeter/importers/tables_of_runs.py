"""Names tables of results for what they are: a row a run, a thing, a month or a year has no power over time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise
from pathlib import Path
from shlex import quote

from powermeter.channel import Quantity
from powermeter.errors import DataError
from powermeter.importers.calendar_parts import has_days
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout, is_datum
from powermeter.importers.lengths_of_work import are_lengths
from powermeter.importers.log import Choices
from powermeter.importers.time_parts import is_start

RUNS = (
    "is a table of finished runs, one row per run, not a log of power over time: its energies are the totals of whole runs "
    "already, and where it holds none, there is no energy in it"
)
"""What a table of results is called."""

THINGS = (
    "is a table in which each row names another thing ({first}) and has no time: results, not a log of power over time; where its "
    "rows are readings of one supply, leave that column out with --column {option}"
)
"""What a table of things that were measured once is called."""

MONTHS = (
    "is a table of one amount a month, not a log of power over time: its energies are stated already, so add them up; for a power over "
    "time export the days or the hours"
)
"""What a table of months is called."""

YEARS = "is a table of one amount a year: statistics, not a log of power over time; there is no power of a machine in it"
"""What a table of years is called."""

RUN_WORDS = frozenset(
    (
        "run",
        "runs",
        "runid",
        "repetition",
        "trial",
        "experiment",
        "dataset",
        "benchmark",
        "engine",
        "workload",
        "config",
        "task",
        "language",
        "scenario",
        "algorithm",
        "program",
        "test",
    )
)
LENGTH_WORDS = frozenset(("execution", "runtime", "duration", "elapsed", "latency", "walltime", "total"))

OUTCOME_WORDS = frozenset(("tokens", "tok", "throughput", "accuracy", "score", "ttft", "tpot", "fps", "qps"))
"""What only a finished run has; beside a run's number and without times, a row is not a reading."""

JOBS = frozenset(("jobid", "jobidraw", "jobname", "cputimeraw", "submit", "elapsedraw", "state"))
"""Columns of a batch system's accounts (`sacct`), beside `ConsumedEnergy`."""

ENDS = (frozenset(("starttime", "endtime")), frozenset(("start", "end")), frozenset(("started", "finished")))
"""Pairs of columns that only a finished run has."""


def refuse_runs(path: Path, found: Layout, headings: Sequence[Heading], choices: Choices) -> None:
    """Name a table of results, one row per run, for what it is.

    Raises:
        DataError: It is one.
    """
    if choices.period_s is not None or not found.named or any(h.unit == "-" for h in headings):
        return
    found_words = {word for h in headings for word in h.words}
    runs = found_words & RUN_WORDS and (found_words & (LENGTH_WORDS | OUTCOME_WORDS) or "done" in found_words)
    times = [i for i, h in enumerate(headings) if h.is_time]
    lengths = {i for i in times if _falls_often(found, i)}
    energies = any(h.quantity is Quantity.ENERGY or h.implied is Quantity.ENERGY for h in headings)
    stamped = any(
        i not in lengths and (_rises_evenly(found, i) or not set(headings[i].words) & LENGTH_WORDS)
        for i in times
    )
    names = {re.sub(r"[^a-z]", "", h.name.lower()) for h in headings}
    if JOBS & names and any("consumedenergy" in name for name in names):
        raise DataError(f"{path}: {RUNS}")
    both_ends = any(names >= ends for ends in ENDS)
    stretches = both_ends and energies and "duration" in found_words
    measured = any(h.quantity in ELECTRIC for h in headings)
    outcomes = measured and len(found_words & (OUTCOME_WORDS | LENGTH_WORDS - {"total"})) > 1
    first = [row[0].strip() for row in found.rows if row]
    once = len(set(first)) == len(first)
    numbered = once and headings[0].name.strip().lower() in ("run", "trial", "repetition", "experiment")
    numbered = numbered or (not times and _are_runs_of_rails(found, headings))
    numbered = numbered or _sums_up_readings(found, headings, times)
    if measured and not any(map(is_start, headings)) and are_lengths(found, headings, times):
        raise DataError(f"{path}: {RUNS}")
    if not stamped and (outcomes or numbered or (lengths and found_words & RUN_WORDS)):
        raise DataError(f"{path}: {RUNS}")
    if not (stamped or has_days(found, headings)) and any(
        h.name.strip().lower() == "year" and _are_years(found, i) for i, h in enumerate(headings)
    ):
        raise DataError(f"{path}: {YEARS}")
    if stretches or (runs and (energies or found_words & OUTCOME_WORDS) and (both_ends or not stamped)):
        raise DataError(f"{path}: {RUNS}")
    if (
        found.header
        and not times
        and len(first) > 1
        and once
        and all(first)
        and not any(map(is_datum, first))
    ):
        if all(map(_MONTH.fullmatch, first)):
            raise DataError(f"{path}: {MONTHS}")
        raise DataError(
            f"{path}: {THINGS.format(first=repr(first[0][:40]), option=quote(f'{found.header[0] or 1}=-'))}"
        )


def refuse_unnamed_runs(path: Path, found: Layout, choices: Choices, *, timed: bool) -> None:
    """Name a table of results without a header: names in blocks of rows, and no time.

    Args:
        timed: Whether it has times that move.

    Raises:
        DataError: It is one.
    """
    if found.named or choices.period_s is not None or not all(row and row[0].strip() for row in found.rows):
        return
    first = [row[0].strip() for row in found.rows]
    blocks = [name for name, _ in groupby(first)]
    alone = len({*blocks}) == len(blocks) > 1 and len(first) >= 2 * len(blocks)
    if not timed and alone and not any(map(is_datum, blocks)):
        raise DataError(f"{path}: {RUNS}")


def _are_runs_of_rails(found: Layout, headings: Sequence[Heading]) -> bool:
    """Return whether the first column numbers runs, and each has one row of every rail that the second one names."""
    if len(headings) < 3 or headings[0].name.strip().lower() not in ("run", "trial", "repetition"):
        return False
    pairs = [(row[0].strip(), row[1].strip()) for row in found.rows if len(row) > 1]
    runs, named = {run for run, _ in pairs}, {name for _, name in pairs}
    return len({*pairs}) == len(pairs) == len(runs) * len(named) and not any(map(is_datum, named))


def _sums_up_readings(found: Layout, headings: Sequence[Heading], times: Sequence[int]) -> bool:
    """Return whether a row has a length that falls somewhere, and its mean, least and highest power."""
    kinds = {word for h in headings if h.quantity is Quantity.POWER for word in h.words} & _STATISTICS
    return len(kinds) > 2 and any(
        set(headings[i].words) & LENGTH_WORDS and _falls(found, i) > 0 for i in times
    )


_STATISTICS = frozenset(("avg", "mean", "min", "max", "median", "average", "minimum", "maximum"))


def _rises_evenly(found: Layout, index: int) -> bool:
    """Return whether a column rises from row to row by much the same, as time does and lengths of runs, even sorted ones, do not."""
    values = [float_or_nan(row[index].strip()) for row in found.rows if len(row) > index]
    steps = sorted(b - a for a, b in pairwise(values))
    usual = steps[len(steps) // 2] if steps else 0.0
    even = sum(abs(step - usual) <= _EVEN * usual for step in steps)
    return len(steps) >= _FEWEST_STEPS and steps[0] > 0 and even >= 0.9 * len(steps)


_EVEN = 0.25
_FEWEST_STEPS = 8


def _falls(found: Layout, index: int) -> int:
    """Return in how many rows a column falls."""
    values = [float_or_nan(row[index].strip()) for row in found.rows if len(row) > index]
    return sum(b < a for a, b in pairwise(values))


def _falls_often(found: Layout, index: int) -> bool:
    """Return whether the numbers of a column fall in a quarter of the rows, as lengths of runs do and no times."""
    count = sum(len(row) > index for row in found.rows)
    return count > 3 and 4 * _falls(found, index) >= count - 1


def _are_years(found: Layout, index: int) -> bool:
    """Return whether a column holds nothing but years."""
    cells = [row[index].strip() for row in found.rows if len(row) > index]
    return bool(cells) and all(re.fullmatch(r"(?:19|20)\d\d", cell) for cell in cells)


_MONTH = re.compile(
    r"(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])|[A-Z][a-z]{2,8}\.?[ -](?:\d\d|\d{4})|(?:0?[1-9]|1[0-2])[-/.](?:19|20)\d\d"
)
