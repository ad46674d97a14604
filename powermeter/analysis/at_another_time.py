"""Rails of a joined recording that were read before or after what is counted, and not during it: two days of one device, one after the other.

No number of theirs stands beside those of the rail that is counted, and nothing compares them.
"""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.result.notes import Note
from powermeter.signals.line import Line
from powermeter.units import format_duration


def notes_of_another_time(counted: Line, found: Sequence[Line]) -> list[Note]:
    """Return a note for each source of which no rail with power was read while the rail that is counted was."""
    trace = counted.power()
    if trace is None or not len(trace):
        return []
    own = set(counted.source.split(" + "))
    apart: dict[str, tuple[Line, str]] = {}
    for line in found:
        power = None if line.source in own else line.power()
        if power is None or not len(power):
            continue
        if power.end_ns >= trace.start_ns and power.start_ns <= trace.end_ns:
            own.add(line.source)  # another rail of it was
            continue
        after = power.start_ns > trace.end_ns
        pause = power.start_ns - trace.end_ns if after else trace.start_ns - power.end_ns
        when = f"{format_duration(pause * 1e-9)} {'after' if after else 'before'}"
        lasts = format_duration((power.end_ns - power.start_ns) * 1e-9)
        apart.setdefault(line.source, (line, f"for {lasts}, {when} {counted.key}"))
    return [
        Note.warning(
            "at-another-time",
            f"{line.key} was read {how}, and never together with it: its energy is in no number here "
            f"(--rail {line.key} counts it in place of {counted.key})",
        )
        for source, (line, how) in apart.items()
        if source not in own
    ]
