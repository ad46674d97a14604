"""Carbon intensity that changes with the hour, aligned to a recording's UTC clock.

    emissions = Σ E_i × CI_i

over the intervals of the file, E_i the energy between their edges on the recording's own clock.  An
interval missing from the file takes the value before it, for one interval at most; what is still missing
takes the place's yearly mean, and without one the file is refused.  The share so filled is reported.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise

from powermeter.errors import DataError

J_PER_KWH = 3.6e6
HIGHEST_G_PER_KWH = 3000.0


@dataclass(frozen=True, slots=True)
class Intensity:
    """A series of intervals with one carbon intensity each.

    Attributes:
        name: The file, as printed.
        starts_ns: UTC nanoseconds, rising.
        values: g CO2e per kWh, one an interval.
        step_ns: Length of an interval.
        kind: `average` or `marginal`; never mixed.
        basis: `lifecycle`, `direct` or as the file states.
        zone: As the file states.
        estimated: How many intervals the file itself calls estimated or forecast.
        note: What the file does not state and was taken for granted.
    """

    name: str
    starts_ns: tuple[int, ...]
    values: tuple[float, ...]
    step_ns: int
    kind: str = "average"
    basis: str = "lifecycle"
    zone: str = ""
    estimated: int = 0
    note: str = ""

    @classmethod
    def of(
        cls,
        name: str,
        points: Sequence[tuple[int, float]],
        step_ns: int | None = None,
        *,
        kind: str = "average",
        basis: str = "lifecycle",
        zone: str = "",
        estimated: int = 0,
        note: str = "",
    ) -> Intensity:
        """Return a checked series.

        Args:
            name: Of the file, for messages.
            points: (UTC ns of the start, g/kWh).
            step_ns: Length of an interval; None takes the most frequent distance.
            kind, basis, zone, estimated, note: As the file states; see `Intensity`.

        Raises:
            DataError: Fewer than one interval, two for the same time, overlapping ones, or a value that is
                negative, implausible, or zero where zero cannot be.
        """
        points = sorted(points)
        if not points:
            raise DataError(f"{name}: no intervals")
        distances = [right[0] - left[0] for left, right in pairwise(points)]
        if step_ns is None:
            if not distances:
                raise DataError(f"{name}: one interval alone has no length; state its end, or a second one")
            step_ns = max(sorted(set(distances)), key=distances.count)
        for left, right in pairwise(points):
            if right[0] == left[0]:
                raise DataError(
                    f"{name}: two values for {show_time(left[0])}; overlapping hours cannot be used"
                )
            if right[0] - left[0] < step_ns:
                raise DataError(
                    f"{name}: the interval at {show_time(right[0])} overlaps the one before it "
                    f"({step_ns / 6e10:g} min long)"
                )
        starts, values = tuple(at for at, _ in points), tuple(value for _, value in points)
        series = cls(name, starts, values, step_ns, kind, basis, zone, estimated, note)
        series._check_values()
        return series

    def _check_values(self) -> None:
        may_be_zero = self.kind == "marginal" or self.basis == "direct"
        for at, value in zip(self.starts_ns, self.values, strict=True):
            if not 0 <= value <= HIGHEST_G_PER_KWH:
                raise DataError(f"{self.name}: {value:g} g/kWh at {show_time(at)} is implausible")
            if value == 0 and not may_be_zero:
                raise DataError(
                    f"{self.name}: 0 g/kWh at {show_time(at)}; no grid's life cycle is free of emissions"
                )

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Stretches between intervals without a value, (start, end) in UTC ns."""
        found = []
        for left, right in pairwise(self.starts_ns):
            if right > left + self.step_ns:
                found.append((left + self.step_ns, right))
        return found

    @property
    def span_ns(self) -> tuple[int, int]:
        """Start of the first and end of the last interval."""
        return self.starts_ns[0], self.starts_ns[-1] + self.step_ns

    def value_at(self, utc_ns: int) -> float | None:
        """Return the value of the interval that holds a time, or None."""
        index = bisect.bisect_right(self.starts_ns, utc_ns) - 1
        if index < 0 or utc_ns >= self.starts_ns[index] + self.step_ns:
            return None
        return self.values[index]

    def pieces(self, start_ns: int, end_ns: int, annual: float | None) -> list[Piece]:
        """Cut [start, end) at every change of value, missing stretches filled by the rule above.

        Raises:
            DataError: A stretch is missing, is longer than one interval, and there is no yearly mean.
        """
        edges = {start_ns, end_ns}
        first = bisect.bisect_left(self.starts_ns, start_ns - 2 * self.step_ns)
        last = bisect.bisect_right(self.starts_ns, end_ns)
        for at in self.starts_ns[first:last]:
            for edge in (at, at + self.step_ns, at + 2 * self.step_ns):
                if start_ns < edge < end_ns:
                    edges.add(edge)
        ordered = sorted(edges)
        pieces = []
        for left, right in pairwise(ordered):
            value = self.value_at(left)
            if value is not None:
                pieces.append(Piece(left, right, value))
                continue
            held = self.value_at(left - self.step_ns)
            if held is not None:
                pieces.append(Piece(left, right, held, "previous value"))
            elif annual is not None:
                pieces.append(Piece(left, right, annual, "yearly mean"))
            else:
                raise DataError(
                    f"{self.name}: no value from {show_time(left)} to {show_time(right)}; "
                    "state the place (--place), whose yearly mean fills the gap"
                )
        return pieces


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one value; `filled` states how, where the file has none."""

    start_ns: int
    end_ns: int
    value: float
    filled: str = ""


class Utc:
    """The wall clock of a recording: piecewise linear through its (monotonic, UTC) pairs."""

    def __init__(self, pairs: Sequence[tuple[int, int]]) -> None:
        if not pairs:
            raise DataError("the recording has no wall clock, so its hours are not known")
        self._pairs = sorted(pairs)
        utc = [at for _, at in self._pairs]
        if any(right <= left for left, right in pairwise(utc)):
            self._pairs = self._pairs[:1]  # the wall clock was set back: keep the first reading's offset
        self._keys = tuple([pair[side] for pair in self._pairs] for side in (0, 1))

    def of(self, monotonic_ns: int) -> int:
        """Return UTC ns of a monotonic time."""
        return self._through(monotonic_ns, 0, 1)

    def monotonic(self, utc_ns: int) -> int:
        """Return the monotonic time of UTC ns."""
        return self._through(utc_ns, 1, 0)

    def _through(self, at: int, source: int, target: int) -> int:
        pairs = self._pairs
        index = bisect.bisect_right(self._keys[source], at) - 1
        if index < 0 or index >= len(pairs) - 1:
            nearest = pairs[0] if index < 0 else pairs[-1]
            return nearest[target] + (at - nearest[source])
        left, right = pairs[index], pairs[index + 1]
        width = right[source] - left[source]
        return left[target] + (at - left[source]) * (right[target] - left[target]) // width


def mean_of(series: Intensity, start_ns: int | None, duration_ns: int) -> tuple[float, float]:
    """Return the mean g/kWh of a run at even power from a start, or of the whole file without one.

    The second number is the share of the run whose hours the file lacks, each filled by the hour before.

    Raises:
        DataError: More hours of the run are missing from the file.
    """
    if start_ns is None:
        return sum(series.values) / len(series.values), 0.0
    pieces = series.pieces(start_ns, start_ns + max(duration_ns, 1), None)
    weight = sum(piece.end_ns - piece.start_ns for piece in pieces)
    filled = sum(piece.end_ns - piece.start_ns for piece in pieces if piece.filled)
    mean = sum(piece.value * (piece.end_ns - piece.start_ns) for piece in pieces) / weight
    return mean, filled / weight


def show_time(utc_ns: int) -> str:
    """Return `2024-03-31T01:00Z`."""
    moment = datetime.fromtimestamp(utc_ns // 1_000_000_000, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if moment.second else "%Y-%m-%dT%H:%MZ")
