"""Imports what NVIDIA's `tegrastats` printed or logged, from every release.

Time comes from the best stamp the lines carry: the epoch that some recorders write before each line,
else the wall clock of newer releases (resolution 1 s, spread over the lines), else what a logger wrote
before each line (`[2024-03-12 14:05:10,123] INFO tegra: RAM …`), else `--rate`.  Never from the interval tegrastats was asked for: it takes longer than that.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Kind, Quantity
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.importers.coarse_stamps import whole_seconds
from powermeter.importers.column_channels import unused
from powermeter.importers.files import Peek, ends_whole, read_lines
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, LogRows
from powermeter.importers.logger_stamps import stamp_before
from powermeter.importers.stamps import Axis, axis, datetime_ns, regular
from powermeter.importers.time_zones import zone_notes
from powermeter.importers.whole_or_sum import Whole, decide
from powermeter.platforms.jetson_rails import BoardRails, layout
from powermeter.platforms.tegrastats import TegrastatsLine, is_connected, parse_line
from powermeter.result.notes import Note

_MILLIWATT = 1e-3


class TegrastatsLog(Importer):
    name = "tegrastats"
    title = "a tegrastats log"
    takes = frozenset({"rate", "zone", "rail", "sum"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        lines = [parse_line(text) for text in peek.lines[:20]]
        return sum(line.is_tegrastats for line in lines) * 2 > len(lines)

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        lines, warnings = _lines(path)
        rails = list(dict.fromkeys(rail for line in lines for rail in line.rails))
        if not rails:
            raise DataError(
                f"{path}: no power rails in {plural(len(lines), 'line')} of tegrastats; run it as root, or on a board "
                "that has power monitors (this is not 0 W)"
            )
        powered = [line for line in lines if line.powers]
        if len(powered) < len(lines):
            warnings.append(
                Note.warning(
                    "rows-left-out",
                    f"{plural(len(lines) - len(powered), 'line without power rails was', 'lines without power rails were')} left out",
                )
            )
        found, clock, naive = _axis(path, powered, choices)
        warnings += zone_notes(choices.zone, naive=naive)
        kept = [powered[index] for index in found.kept]
        board = layout(rails)
        whole = _stated_whole(path, board, choices)
        names: list[str] = []
        for rail in board.rails:
            names.append(unused(f"{rail.name.lower()}.power", names))
        channels = [
            Channel(
                name,
                Quantity.POWER,
                _MILLIWATT,
                (rail if whole is None else whole.rails[rail.name]) if is_connected(rail.name) else None,
                Kind.INSTANT,
                accuracy=replace(
                    accuracy, step=max(accuracy.step, _MILLIWATT), clock=max(accuracy.clock, found.span_error)
                ),
            )
            for name, rail, accuracy in zip(names, board.rails, board.accuracies, strict=True)
        ]
        codes = _codes(kept, rails)
        if whole is not None:
            warnings.append(whole.note)
        rows = LogRows(
            "tegrastats",
            tuple(channels),
            found.times_ns,
            codes,
            found.flags,
            {
                "board": board.board,
                "total": board.total,
                "may be summed": list(board.summed),
                "not covered": board.uncovered,
                "last printed means in mW": _last_averages(kept, rails),
                **_cut(found),
            },
            found.gaps,
        )
        log = Log(
            cls.name, clock, [rows], metadata={"board": board.board}, warnings=warnings + found.warnings
        )
        if whole is not None:
            log.facts["whole"] = {"rail": whole.headline, "why": whole.why, "sum": whole.is_sum}
        return log


def _stated_whole(path: Path, board: BoardRails, choices: Choices) -> Whole | None:
    """Return the whole that the user stated, or None where the board's own table states it.

    Raises:
        DataError: No rail of it is connected.
        ConfigurationError: It cannot be known.
    """
    real = [rail for rail in board.rails if is_connected(rail.name)]
    if not real:
        raise DataError(
            f"{path}: no rail with power: NC is an input of the monitor to which nothing is connected"
        )
    if choices.rail is None and not choices.add_up and (not board.refusal or len(real) == 1):
        return None
    if choices.rail is None and not choices.add_up:
        raise ConfigurationError(
            f"{path}: {board.refusal}; which rail is the whole? --rail {real[0].name} (or another of "
            f"{', '.join(rail.name for rail in real)}), or --sum where none is a part of another"
        )
    return decide(real, where=str(path), rail=choices.rail, add_up=choices.add_up)


def _lines(path: Path) -> tuple[list[TegrastatsLine], list[Note]]:
    """Return the usable lines and what was wrong with the others."""
    lines: list[TegrastatsLine] = []
    foreign = 0
    problems: dict[str, int] = {}
    last = ""
    for text in read_lines(path):
        if not text.strip():
            continue
        line = parse_line(text)
        last = text
        if line.problem:
            problems[line.problem] = problems.get(line.problem, 0) + 1
        elif line.is_tegrastats:
            lines.append(line)
        else:
            foreign += 1
    warnings: list[Note] = []
    if lines and not ends_whole(path) and parse_line(last).is_tegrastats and len(lines) > 1:
        lines.pop()
        warnings.append(
            Note.warning(
                "rows-left-out",
                "the last line is not ended by a newline and was left out: its numbers may be cut",
            )
        )
    if not lines:
        raise DataError(f"{path}: no line of tegrastats in it")
    if foreign > len(lines):
        raise DataError(
            f"{path}: {foreign} of {plural(foreign + len(lines), 'line')} are not from tegrastats"
        )
    if foreign:
        warnings.append(
            Note.warning(
                "rows-left-out",
                f"{plural(foreign, 'line that is not from tegrastats was', 'lines that are not from tegrastats were')} left out",
            )
        )
    for problem, count in list(problems.items())[:3]:
        warnings.append(
            Note.warning("rows-left-out", f"{plural(count, 'line was', 'lines were')} left out: {problem}")
        )
    return lines, warnings


def _axis(path: Path, lines: list[TegrastatsLine], choices: Choices) -> tuple[Axis, str, int]:
    """Return the axis, its clock, and how many of its stamps name no zone."""
    if choices.period_s is not None:
        return regular(len(lines), choices.period_s), RELATIVE, 0
    if all(line.epoch_ns is not None for line in lines):
        return axis([line.epoch_ns for line in lines], str(path), spread=False), UTC, 0
    if any(line.stamp is not None for line in lines):
        stamps = choices.in_utc([None if line.stamp is None else datetime_ns(line.stamp) for line in lines])
        if _move(stamps):
            return axis(stamps, str(path)), UTC, len(lines)
    before = [stamp_before(line.head) for line in lines]
    naive = [wall is not None and wall.zone_ns is None for wall in before]
    stamps = choices.in_utc([None if w is None else w.ns - (w.zone_ns or 0) for w in before], naive)
    if any(wall is not None for wall in before) and _move(stamps):
        return axis(stamps, str(path)), UTC, sum(naive)
    raise ConfigurationError(
        f"{path}: its lines carry no times; state how often tegrastats really printed with --rate, for "
        "example --rate 1s (--interval is what it was asked for, which it does not keep)"
    )


def _cut(found: Axis) -> dict[str, int]:
    """Return how far stamps were cut, and how much later than them its rows lie: tegrastats drops what is beyond the second."""
    cut = found.resolution_ns or whole_seconds(found.times_ns)
    if not cut:
        return {}
    # In the middle of what stamps that were cut, and not rounded, allow.
    late = {} if found.late_ns is None else {"stamp_late_ns": found.late_ns + cut // 4}
    return {"stamp_resolution_ns": cut, **late}


def _move(stamps: list[int | None]) -> bool:
    return len(stamps) == 1 or any(stamp != stamps[0] for stamp in stamps)


def _codes(lines: list[TegrastatsLine], rails: list[str]) -> list[NDArray[np.int64]]:
    columns = {rail: array("q", [MISSING]) * len(lines) for rail in rails}
    for index, line in enumerate(lines):
        for power in line.powers:
            columns[power.name][index] = power.current_mw
    return [np.frombuffer(columns[rail], np.int64) for rail in rails]


def _last_averages(lines: list[TegrastatsLine], rails: list[str]) -> dict[str, int]:
    """Return the running means tegrastats printed last: a check on the data, never data."""
    last = {power.name: power.average_mw for line in lines[-1:] for power in line.powers}
    return {rail: last[rail] for rail in rails if rail in last}
