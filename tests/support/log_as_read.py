"""What an importer made of a log, in lines that a person can hold beside it."""

from __future__ import annotations

import numpy as np

from powermeter.channel import MISSING, Channel
from powermeter.importers.log import Log


def as_read(log: Log) -> list[str]:
    """Return a line for the log, one for each source, channel, gap and event."""
    codes = " ".join(f"{note.code}{'!' * (note.severity.value == 'warning')}" for note in log.warnings)
    whole = log.facts.get("whole")
    counted = "" if not whole else f", the whole: {whole['rail']}"
    lines = [f"{log.format}, {log.clock}{counted}; {codes}"]
    for rows in log.sources:
        times, flags = rows.times_ns, rows.flags
        ends = ", ".join(f"{at * 1e-9:.6f}" for at in (int(times[0]), int(times[-1])))
        bits = "" if flags is None else f", flags {np.bincount(flags).tolist()}"
        lines.append(f"{rows.name}: {len(times)} rows, {ends} s{bits}")
        lines += [channel_as_read(one, codes) for one, codes in zip(rows.channels, rows.codes, strict=True)]
        lines += [
            f"  gap {gap.start_ns * 1e-9:.6f} to {gap.end_ns * 1e-9:.6f}: {gap.reason}" for gap in rows.gaps
        ]
    for event in log.events:
        ends = ", ".join(f"{at * 1e-9:.6f}" for at in (event.start_ns, event.end_ns or 0))
        lines.append(f"event {event.name} × {event.count}: {ends}")
    return lines


def channel_as_read(channel: Channel, codes: object) -> str:
    """Return a channel with its rail, its limits, and its values: the first, the last, their mean."""
    rail, limits = channel.rail, channel.accuracy
    column = np.asarray(codes, np.int64)
    known = column[column != MISSING] * channel.scale + channel.offset
    where = "" if rail is None else f", {rail.boundary.value} {rail.name} in {rail.parent}"
    nominal = "" if rail is None or rail.nominal_v is None else f" at {rail.nominal_v:g} V"
    values = f"{known.size} of {len(column)}: {known[0]:.9g} … {known[-1]:.9g}, mean {known.mean():.9g}"
    return (
        f"  {channel.name}: {channel.kind.value} {channel.unit}{where}{nominal}, {channel.grade.value}, "
        f"± {limits.gain:g} {limits.offset:g} {limits.step:g} {limits.model:g}; {values}"
    )
