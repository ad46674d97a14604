"""Alignment by a marker line (PPK2 logic input, GPIO) that both the program and the meter saw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.recording.protocol import RecordingLike, SourceInfo

from .correlate import MAX_DRIFT, Alignment
from .pattern import EVENT
from .position import SECOND

Floats = NDArray[np.floating[Any]]


def align_markers(
    marks_ns: Sequence[int] | NDArray[np.int64],
    events_ns: Sequence[int] | NDArray[np.int64],
    tolerance_ns: float = 1e6,
) -> Alignment:
    """Align by a marker line (PPK2 logic input, GPIO): its edges against the host's moments of the same.

    Both may lack some or have some more.  The offset that pairs most of them wins.

    Args:
        marks_ns: Meter times of the marker's edges.
        events_ns: Host times at which the program changed the line.
        tolerance_ns: How far a pair may be apart.

    Raises:
        DataError: Fewer than three pairs fit, or a second offset pairs nearly as many.
    """
    marks = np.sort(np.asarray(marks_ns, np.int64))
    events = np.sort(np.asarray(events_ns, np.int64))
    if marks.size < 3 or events.size < 3:
        raise DataError(
            f"{marks.size} marker edges and {plural(events.size, 'event is', 'events are')} too few to align by; at least three are needed"
        )
    base_m, base_e = int(marks[0]), int(events[0])
    m, e = (marks - base_m).astype(np.float64), (events - base_e).astype(np.float64)
    some_m, some_e = m[: min(m.size, 200)], e[: min(e.size, 200)]
    span = max(m[-1], e[-1])
    room = tolerance_ns + MAX_DRIFT * span
    candidates = np.unique(np.round((some_e[:, None] - some_m[None, :]).ravel() / room) * room)
    counts = np.array([_paired(m, e, c, 1.5 * room)[0].size for c in candidates])
    best = int(np.argmax(counts))
    away = np.abs(candidates - candidates[best]) > 3 * room
    second = int(counts[away].max()) if away.any() else 0
    if counts[best] < 3:
        raise DataError("the marker's edges do not fit the events")
    if second > SECOND * counts[best]:
        raise DataError(f"the marker's edges fit the events in two ways ({counts[best]} and {second} pairs)")
    level, drift = float(candidates[best]), 0.0
    for within in (1.5 * room, 3 * tolerance_ns, 1.5 * tolerance_ns):
        i, j = _paired(m * (1 + drift), e, level, within)
        if i.size < 3:
            raise DataError("the marker's edges and the events do not lie on one clock")
        level, drift = _steady_line(m[i], e[j] - m[i])
    x = m[i]
    left = e[j] - x - level - drift * x
    spread = float(np.sqrt(np.sum(left**2) / max(x.size - 2, 1)))
    lever = float(np.sqrt(np.sum((x - x.mean()) ** 2)))
    if i.size < 0.5 * counts[best] or spread > tolerance_ns or abs(drift) > MAX_DRIFT:
        raise DataError("the marker's edges and the events do not lie on one clock")
    level += drift * float(x.mean())
    return Alignment(
        base_e - base_m + float(level),
        float(drift),
        base_m + int(x.mean()),
        spread / math.sqrt(x.size),
        spread / lever if lever else 0.0,
        spread,
        1 - second / float(counts[best]),
        "markers",
        int(x.size),
    )


def _steady_line(x: Floats, y: Floats) -> tuple[float, float]:
    """Return level and slope by the median of slopes (Theil and Sen): a third of wrong pairs does not move it."""
    pick = np.linspace(0, x.size - 1, min(x.size, 300)).astype(int)
    dx = x[pick][:, None] - x[pick][None, :]
    dy = y[pick][:, None] - y[pick][None, :]
    slope = float(np.median(dy[dx > 0] / dx[dx > 0])) if (dx > 0).any() else 0.0
    return float(np.median(y - slope * x)), slope


def _paired(
    m: Floats, e: Floats, offset: float, within: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of edges and events that lie next to each other under an offset."""
    wanted = m + offset
    j = np.clip(np.searchsorted(e, wanted), 1, e.size - 1)
    j = np.where(np.abs(e[j - 1] - wanted) <= np.abs(e[j] - wanted), j - 1, j)
    i = np.flatnonzero(np.abs(e[j] - wanted) <= within)
    return i, j[i]


def marker_edges(
    meter: RecordingLike, sources: Sequence[SourceInfo], pin: int | None = None
) -> NDArray[np.int64]:
    """Return the moments (meter's clock) at which a logic input changed.

    From the marker channel of a source, else from the windows that an import made of such inputs.

    Raises:
        DataError: No input ever changed.
        ConfigurationError: Several did and `pin` does not state which, or that one did not.
    """
    by_pin: dict[int, list[int]] = {}
    for source in sources:
        names = [c.name for c in source.channels if c.quantity is Quantity.MARKER]
        if not names:
            continue
        last = np.empty(0, np.int64)
        for piece in meter.stream(source.id, channels=names[:1]):
            good = piece.codes[names[0]] >= 0
            times, bits = piece.times_ns[good], np.concatenate([last, piece.codes[names[0]][good]])
            for number in range(16):
                changes = np.flatnonzero(np.diff((bits >> number) & 1)) + 1 - last.size
                if changes.size:
                    by_pin.setdefault(number, []).extend(times[changes].tolist())
            last = bits[-1:]
    if not by_pin:
        pulses = [e for e in meter.events() if e.end_ns is not None and e.name != EVENT]
        if not pulses:
            raise DataError("the meter's recording holds no logic input and no window of one")
        moments = {t for e in pulses for t in (e.start_ns, e.end_ns or e.start_ns)}
        return np.array(sorted(moments), np.int64)
    if pin is None:
        if len(by_pin) > 1:
            raise ConfigurationError(
                f"inputs {', '.join(map(str, sorted(by_pin)))} changed; choose one: --pin 0"
            )
        (pin,) = by_pin
    if pin not in by_pin:
        raise ConfigurationError(f"input {pin} never changed; {', '.join(map(str, sorted(by_pin)))} did")
    return np.array(sorted(by_pin[pin]), np.int64)
