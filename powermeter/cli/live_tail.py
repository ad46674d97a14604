"""Follows a recording that grows: what each rail shows now and so far, and what its events use.

Each look opens the file, reads what is new, and closes it; the recorder is never asked, so that any recording can be
followed from another terminal.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from powermeter.errors import plural, printable
from powermeter.recorder.rail_totals import RailTotals
from powermeter.recording import Recording, SourceInfo
from powermeter.result.notes import Note

_RECENT = 50
_EVENTS_EVERY_S = 2.0
_SHARE = 40
"""A look that takes t seconds is not repeated before 40 t have passed: at most 2.5 % of a core."""

_SILENT_S = 5.0


@dataclass
class LabelPace:
    """How often a label comes, and what its latest events used.

    Attributes:
        events: How many so far.
        rate_hz: Over the latest ones.
        joules: Energy per item of the latest events that could be placed.
    """

    events: int = 0
    rate_hz: float | None = None
    joules: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))

    @property
    def mean_j(self) -> float | None:
        """Mean energy per item of the latest events."""
        return sum(self.joules) / len(self.joules) if self.joules else None


class LiveTail:
    """A recording that is followed.

    Args:
        path: The recording.
        title: What it is called on the screen.
        every_s: Between two looks, at least.

    Attributes:
        path, title, every_s: As given.
        rails: (source's name, totals) of each rail that measures power, by source and rail.
        labels: Label → pace.
        elapsed_s: From the first reading to the last.
        battery: As the recording notes it, or None.
        is_growing: Whether it is still being recorded.
        warnings: What went wrong.
    """

    def __init__(self, path: Path, title: str, every_s: float = 0.5) -> None:
        self.path, self.title, self.every_s = path, title, every_s
        self.rails: dict[tuple[int, str], tuple[str, RailTotals]] = {}
        self.labels: dict[str, LabelPace] = {}
        self.elapsed_s = 0.0
        self.battery: str | None = None
        self.is_growing = True
        self.warnings: list[Note] = []
        self._last_ns: dict[int, int] = {}
        self._first_ns: int | None = None
        self._events_seen: set[tuple[int, int]] = set()
        self._events_due = 0.0
        self.waiting: list[tuple[str, int, int, float]] = []

    def look(self) -> float:
        """Read what is new; return after how many seconds it may be looked at again.

        Raises:
            DataError: The recording cannot be read.
        """
        began = time.process_time()
        with Recording.open(self.path) as recording:
            self.is_growing = recording.is_growing
            noted = recording.metadata.get("battery")
            self.battery = noted if isinstance(noted, str) else None
            self.warnings = [] if self.is_growing else list(recording.warnings)
            for about in recording.sources:
                self._read(recording, about)
            self.warn(recording)
            if time.monotonic() >= self._events_due or not self.is_growing:
                before = time.process_time()
                self._take_events(recording)
                spent = time.process_time() - before
                self._events_due = time.monotonic() + max(_EVENTS_EVERY_S, _SHARE * spent)
        self.place_events()
        return max(self.every_s, _SHARE * (time.process_time() - began))

    @property
    def main(self) -> RailTotals | None:
        """The rail that events are counted on: the first one."""
        return next((totals for _, totals in self.rails.values()), None)

    def _read(self, recording: Recording, about: SourceInfo) -> None:
        span = recording.span_ns(about.id)
        if span is None:
            return
        self._first_ns = span[0] if self._first_ns is None else min(self._first_ns, span[0])
        if about.id not in self._last_ns:
            self._begin(recording, about, span)
        start = self._last_ns[about.id] + 1
        self.elapsed_s = max(self.elapsed_s, (span[1] - self._first_ns) * 1e-9)
        if span[1] < start:
            return
        samples = recording.slice(about.id, start, span[1])
        codes = [samples.codes[channel.name] for channel in about.channels]
        for (source, _), (_, totals) in self.rails.items():
            if source == about.id:
                totals.add(samples.times_ns, codes, samples.flags)
        self._last_ns[about.id] = span[1]

    def _begin(self, recording: Recording, about: SourceInfo, span: tuple[int, int]) -> None:
        """Find the rails, and take over what was recorded before as its overview has it."""
        names = dict.fromkeys(channel.rail.name for channel in about.channels if channel.rail is not None)
        found = {name: RailTotals(about.channels, name) for name in names}
        found = {name: totals for name, totals in found.items() if totals.measures_power}
        for name, totals in found.items():
            self.rails[about.id, name] = (about.name or about.url, totals)
        self._last_ns[about.id] = span[0] - 1
        if span[1] - span[0] < 120 * 10**9:
            return
        self._last_ns[about.id] = span[1] - 60 * 10**9
        overview = recording.overview(about.id)
        before = overview.end_ns <= self._last_ns[about.id]
        seconds = np.diff(np.append(overview.start_ns, span[1]))[before] * 1e-9
        for totals in found.values():
            totals.take_over(overview.mean[before], seconds)

    def warn(self, recording: Recording) -> None:
        now = time.monotonic_ns()
        for about in recording.sources:
            name = printable(about.name or about.url)
            gaps = [gap for gap in recording.gaps(about.id) if gap.reason != "missed"]
            if gaps:
                length = sum(gap.end_ns - gap.start_ns for gap in gaps) * 1e-9
                text = f"{name}: {plural(len(gaps), 'gap')} of {length:.1f} s"
                self.warnings.append(Note.warning("gaps", text))
            silent = (now - self._last_ns.get(about.id, now)) * 1e-9
            if self.is_growing and silent > _SILENT_S:
                self.warnings.append(Note.warning("silent", f"{name}: no reading for {silent:.0f} s"))
        for source, totals in self.rails.values():
            if totals.saturated:
                name = printable(source)
                text = f"{name}: {plural(totals.saturated, 'reading')} at the end of its range; the energy is at least this"
                self.warnings.append(Note.warning("clipped-readings", text))

    def _take_events(self, recording: Recording) -> None:
        recent: dict[str, list[int]] = {}
        counts: dict[str, int] = {}
        for table in recording.event_tables():
            for process, uid, name, start, end, count in table.rows(
                ("process", "uid", "name", "start_ns", "end_ns", "count")
            ):
                if end is None:
                    continue
                counts[name] = counts.get(name, 0) + 1
                recent.setdefault(name, []).append(end)
                if end > start and (process, uid) not in self._events_seen:
                    self.waiting.append((name, start, end, count or 1))
                self._events_seen.add((process, uid))
        for name, total in counts.items():
            pace = self.labels.setdefault(name, LabelPace())
            pace.events = total
            ends = sorted(recent[name])[-_RECENT:]
            pace.rate_hz = (len(ends) - 1) / ((ends[-1] - ends[0]) * 1e-9) if ends[-1] > ends[0] else None
        self.waiting = self.waiting[-1000:]

    def place_events(self) -> None:
        """Ask the first rail for the energy of each new event, once its readings have come."""
        totals, still = self.main, []
        for name, start, end, count in self.waiting:
            joules = totals.between(start, end) if totals is not None else None
            if joules is not None:
                self.labels[name].joules.append(joules / count)
            elif totals is not None and totals.last_ns is not None and end > totals.last_ns:
                still.append((name, start, end, count))
        self.waiting = still
