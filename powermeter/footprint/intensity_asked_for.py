"""The intensity that a run met: a number, the place's, or a file's hours weighted with the energy of the run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from powermeter.errors import ConfigurationError
from powermeter.result.notes import Note
from powermeter.units import format_duration, format_percent

from .factors import Factor
from .footprint_options import FootprintOptions
from .grid_of_place import grid, intensity_of
from .hourly_intensity import Intensity, mean_of, show_time
from .intensity_file import parse_time, read
from .place import Place
from .place_names import country_code
from .weighted_intensity import as_factor, of_events, weigh

if TYPE_CHECKING:
    from powermeter.analysis.subject import Subject


@dataclass(frozen=True, slots=True)
class RunIntensity:
    """The intensity of a run: None for the place's, with the series of a file and what must be stated."""

    factor: Factor | None = None
    series: Intensity | None = None
    notes: tuple[Note, ...] = ()


def intensity_of_run(wanted: FootprintOptions, found: Subject, place: Place | None) -> RunIntensity:
    """Return what a run met.

    Raises:
        ConfigurationError: A start, a clock or a duration is missing, or is not for this run.
        DataError: The intensity file cannot be used.
    """
    if wanted.start is not None and found.analysis is not None:
        raise ConfigurationError("--start is for a planned run; a recording has its own hours")
    number = None if wanted.intensity is None else _number(wanted.intensity)
    if wanted.start is not None and (wanted.intensity is None or number is not None):
        raise ConfigurationError("--start needs --intensity FILE, whose hours it meets")
    if wanted.intensity is None:
        return RunIntensity()
    if number is not None:
        return RunIntensity(intensity_of(number))
    series = read(wanted.intensity, wanted.basis)
    code = place.code if place else "as the file"
    if found.analysis is None:
        met = _planned(wanted, found, series, code)
    else:
        met = _met(wanted, found, series, place)
    return replace(met, notes=(*_elsewhere(series, place), *met.notes))


def _elsewhere(series: Intensity, place: Place | None) -> list[Note]:
    """Return a warning where a file states a zone of another country than the place (`DE`, `US-CAL-CISO`)."""
    code = country_code(re.split(r"[-\s_]", series.zone.strip(), maxsplit=1)[0])
    if place is None or code is None or code == place.country:
        return []
    return [
        Note.warning(
            "zone-elsewhere",
            f"{series.name} is of zone {series.zone} ({code}), the place is {place.code}: carbon is the file's, "
            "water and grid losses are the place's",
        )
    ]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _planned(wanted: FootprintOptions, found: Subject, series: Intensity, code: str) -> RunIntensity:
    """Return the intensity of a run that is planned: from its start, or the file's mean."""
    if not found.duration_s:
        raise ConfigurationError(
            "an intensity file needs a recording with a wall clock, or --duration (and --start) of a planned run"
        )
    start = None if wanted.start is None else parse_time(wanted.start, "--start")
    mean, filled = mean_of(series, start, int(found.duration_s * 1e9))
    note = (
        f"no start given: the mean of all {len(series.values)} intervals of {series.name}; use --start"
        if start is None
        else f"planned from {show_time(start)} at even power"
    )
    notes = [Note.info("planned", note)]
    if filled:
        notes.append(
            Note.warning(
                "hours-filled",
                f"{series.name} ends or has a gap in the run: {format_percent(filled)} of it takes the hour before",
            )
        )
    return RunIntensity(as_factor(series, mean, filled, code), series, (*notes, *_marginal(series)))


def _marginal(series: Intensity) -> list[Note]:
    if series.kind != "marginal":
        return []
    return [
        Note.info(
            "marginal",
            "marginal intensity states what one kWh more or less changes, not what a kWh of that hour carried",
        )
    ]


def _met(wanted: FootprintOptions, found: Subject, series: Intensity, place: Place | None) -> RunIntensity:
    """Return the intensity of a recording, met with the hours of a file."""
    from powermeter.analysis.subject import row_of

    analysis = found.analysis
    assert analysis is not None
    if not found.clock:
        raise ConfigurationError("an intensity file needs a recording with a wall clock, to know its hours")
    annual = None
    if place is not None and series.kind == "average":
        carbon = grid(place).carbon
        annual = carbon.central if carbon.basis.startswith(series.basis) else None
    running: Callable[[Any], Any] = analysis.integral.at
    if found.asked.label is not None:
        row = row_of(analysis, found.asked.label)
        spans = [(analysis.events[i].start_ns, analysis.events[i].end_ns) for i in row.index]
        running = of_events(running, spans)
    weighted = weigh(series, running, analysis.start_ns, analysis.end_ns, found.clock, annual)
    notes = list(weighted.notes)
    if found.asked.baseline is not None:
        notes.append(
            Note.info(
                "hours-gross", "the hours are weighted with the energy before the baseline was subtracted"
            )
        )
    if analysis.gap_s:
        notes.append(
            Note.info("gaps-bridged", f"the recording has {format_duration(analysis.gap_s)} of gaps, bridged")
        )
    code = place.code if place else "as the file"
    factor = as_factor(series, weighted.mean, weighted.filled_share, code)
    return RunIntensity(factor, series, (*notes, *_marginal(series)))
