"""The carbon intensity of a recording's energy, hour by hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from powermeter.errors import DataError
from powermeter.result.notes import Note
from powermeter.units import format_percent

from .factors import Factor, Publication

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
from powermeter.footprint.hourly_intensity import J_PER_KWH, Intensity, Piece, Utc, show_time


@dataclass(frozen=True, slots=True)
class Weighted:
    """Energy met with its hours.

    Attributes:
        grams: Σ E_i × CI_i.
        energy_j: Σ E_i.
        filled_share: Share of the energy whose value was filled.
        pieces: The stretches with the energy of each in J.
        notes: Gaps and how they were filled.
    """

    grams: float
    energy_j: float
    filled_share: float
    pieces: tuple[tuple[Piece, float], ...]
    notes: tuple[Note, ...]

    @property
    def mean(self) -> float:
        """Energy-weighted intensity in g/kWh."""
        return self.grams / (self.energy_j / J_PER_KWH)


def weigh(
    series: Intensity,
    energy_at: Callable[[NDArray[np.int64]], NDArray[np.floating[Any]]],
    start_ns: int,
    end_ns: int,
    clock: Sequence[tuple[int, int]],
    annual: float | None = None,
) -> Weighted:
    """Meet a recording's energy with the hours it was used in.

    Args:
        series: The intensity.
        energy_at: Running energy in J at monotonic ns (`Integral.at`).
        start_ns, end_ns: Of the recording, monotonic ns.
        clock: (monotonic ns, UTC ns) pairs.
        annual: Yearly mean of the place in g/kWh for what is missing.

    Raises:
        DataError: There are no clock pairs, no energy, or hours are missing that nothing can fill.
    """
    import numpy as np

    utc = Utc(clock)
    pieces = series.pieces(utc.of(start_ns), utc.of(end_ns), annual)
    edges = [start_ns, *(utc.monotonic(piece.end_ns) for piece in pieces[:-1]), end_ns]
    energies = np.diff(np.asarray(energy_at(np.array(edges, np.int64)), np.float64))
    energy = float(energies.sum())
    if not energy > 0:
        raise DataError(f"{series.name}: the recording holds no energy to meet the hours with")
    grams = sum(float(joule) / J_PER_KWH * piece.value for piece, joule in zip(pieces, energies, strict=True))
    filled = sum(float(joule) for piece, joule in zip(pieces, energies, strict=True) if piece.filled)
    met = tuple((piece, float(joule)) for piece, joule in zip(pieces, energies, strict=True))
    notes = []
    for piece, joule in met:
        if piece.filled:
            notes.append(
                Note.info(
                    "hours-filled",
                    f"{series.name} has no value from {show_time(piece.start_ns)} to {show_time(piece.end_ns)}: "
                    f"{piece.filled} used for {format_percent(joule / energy)} of the energy",
                )
            )
    return Weighted(grams, energy, filled / energy, met, tuple(notes))


def of_events(
    energy_at: Callable[[NDArray[np.int64]], NDArray[np.floating[Any]]], events: Sequence[tuple[int, int]]
) -> Callable[[NDArray[np.int64]], NDArray[np.floating[Any]]]:
    """Return the running energy of some events alone, from that of the whole recording.

    Args:
        energy_at: Running energy in J at monotonic ns.
        events: (start, end) in monotonic ns, not overlapping.

    Raises:
        DataError: Two events overlap, so that energy would count twice.
    """
    import numpy as np

    ordered = sorted(events)
    if any(left[1] > right[0] for left, right in pairwise(ordered)):
        raise DataError("events of this label overlap; meet the whole recording with the hours instead")
    starts, ends = (np.array(side, np.int64) for side in zip(*ordered, strict=True))
    before = np.asarray(energy_at(starts), np.float64)
    each = np.asarray(energy_at(ends), np.float64) - before
    done = np.concatenate([[0.0], np.cumsum(each)])

    def at(times: NDArray[np.int64]) -> NDArray[np.floating[Any]]:
        begun = np.searchsorted(starts, times, "right")
        last = np.maximum(begun - 1, 0)
        inside = np.asarray(energy_at(np.minimum(times, ends[last])), np.float64) - before[last]
        running: NDArray[np.floating[Any]] = np.where(begun > 0, done[last] + inside, 0.0)
        return running

    return at


def as_factor(series: Intensity, mean: float, filled_share: float, geography: str) -> Factor:
    """Return the weighted intensity as a factor, ± 10 % for the data error of hourly values."""
    filled = f", {format_percent(filled_share)} of the energy filled" if filled_share else ""
    estimated = f", {series.estimated} intervals estimated or forecast" if series.estimated else ""
    year = datetime.fromtimestamp(series.starts_ns[0] / 1e9, timezone.utc).year
    return Factor(
        "grid.carbon",
        series.zone or geography,
        0.9 * mean,
        mean,
        1.1 * mean,
        "g/kWh",
        year,
        f"{series.basis}, {series.kind}",
        Publication(f"{series.name}, a file of the user’s", year, "–"),
        "U",
        "± 10 %: data error of hourly values",
        f"met hour by hour{filled}{estimated}" + (f"; {series.note}" if series.note else ""),
    )
