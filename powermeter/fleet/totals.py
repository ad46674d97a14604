"""What a fleet used in all, and what that means for the planet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powermeter.errors import DataError, plural
from powermeter.fleet.engines import Engine
from powermeter.fleet.pooling import GRADES
from powermeter.fleet.questions import AskedOfFleet, recordings
from powermeter.footprint import Footprint, footprint
from powermeter.footprint.footprint_of_energy import Rates
from powermeter.footprint.hourly_intensity import Intensity
from powermeter.footprint.intensity_file import read
from powermeter.footprint.place import parse_place
from powermeter.footprint.weighted_intensity import as_factor
from powermeter.result import COVERAGE_95, Result, combine
from powermeter.result.notes import Note
from powermeter.units import format_percent


@dataclass(frozen=True, slots=True)
class Total:
    """What the devices of one place used.

    Attributes:
        place: As noted or given; empty where not known.
        devices, recordings: How many.
        seconds: Recorded.
        energy: In J.
        footprint: Of it; None where the energy is not above zero or open.
    """

    place: str
    devices: int
    recordings: int
    seconds: float
    energy: Result
    footprint: Footprint | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a fleet used, place by place and together.

    Attributes:
        places: One for each.
        energy: In J.
        carbon, water, adpe: In g CO2e, L and kg Sb eq; None where one place lacks it.
        notes: What must be known of them.
    """

    places: tuple[Total, ...]
    energy: Result | None
    carbon: Result | None
    water: Result | None
    adpe: Result | None
    notes: tuple[Note, ...]


def totals(
    engine: Engine, asked: AskedOfFleet | None = None, place: str | None = None, intensity: Path | None = None
) -> Totals:
    """Return what the recordings of a fleet used.

    The recordings of one device share their sensor's error, so that their half-widths add up; devices are independent.

    Args:
        engine: The dataset.
        asked: Which part.
        place: Of recordings that note none.
        intensity: A file of hourly g CO2e/kWh, met with the hours of every recording.

    Raises:
        ConfigurationError: The place is not known.
        DataError: The file cannot be used.
    """
    of = recordings(engine, asked)
    if place is not None:
        of = of.mutate(place=of.place.fill_null(place))
    series = read(intensity) if intensity is not None else None
    notes = list(_notes(engine, of))
    found = []
    for row in engine.rows(_by_place(of)):
        name = row["place"] or ""
        energy = _energy(row, f"fleet {name or 'nowhere'}")
        mark = None
        if series is not None:
            mean, filled = _hourly(engine, of, row["place"], series)
            if mean is not None:
                mark = as_factor(series, mean, filled, name)
                if filled > 0:
                    notes.append(
                        Note.warning(
                            "hours-filled",
                            f"{format_percent(filled)} of the energy at {name or 'an unknown place'} met no hour of {series.name}: its mean was used",
                        )
                    )
        whole = None
        if energy.value > 0 and math.isfinite(energy.high):
            whole = footprint(energy, parse_place(name) if name else None, rates=Rates(carbon=mark))
            notes += [note.about(name) if name else note for note in whole.warnings]
        found.append(Total(name, row["devices"], row["recordings"], row["seconds"], energy, whole))
    if not found:
        return Totals((), None, None, None, None, tuple(dict.fromkeys(notes)))
    known = [one.footprint for one in found if one.footprint is not None]
    complete = len(known) == len(found)

    def added(name: str) -> Result | None:
        return _sum([getattr(p, name) for p in known]) if complete else None

    return Totals(
        tuple(sorted(found, key=lambda one: -one.energy.value)),
        _sum([one.energy for one in found]),
        added("carbon"),
        added("water"),
        added("adpe"),
        tuple(dict.fromkeys(notes)),
    )


def _sum(results: Sequence[Result]) -> Result:
    """Return the sum; one result is its own, also where its interval is skewed."""
    return results[0] if len(results) == 1 else combine([(1.0, one) for one in results])


def _by_place(of: Any) -> Any:
    """Return sums by place: of the devices' half-widths, each device's added up, the squares."""
    import ibis

    ranks = ibis.cases(
        *[(of.grade == grade.value, i) for i, grade in enumerate(GRADES)], else_=len(GRADES) - 1
    )
    of = of.mutate(
        p=of.place.fill_null("\x00"),
        # What nothing real drew is simulated, whatever its channels claim.
        rank=of.simulated.ifelse(len(GRADES) - 1, ranks),
        up=(of.energy_high_j - of.energy_j).fill_null(math.inf),
        down=(of.energy_j - of.energy_low_j).fill_null(math.inf),
    )
    each = of.group_by("p", "device").agg(
        place=of.place.max(),
        energy_j=of.energy_j.sum(),
        seconds=of.seconds.sum(),
        up=of.up.sum(),
        down=of.down.sum(),
        recordings=of.recording.nunique(),
        rank=of["rank"].max(),
    )
    return each.group_by("p").agg(
        place=each.place.max(),
        energy_j=each.energy_j.sum(),
        seconds=each.seconds.sum(),
        up=(each.up * each.up).sum(),
        down=(each.down * each.down).sum(),
        recordings=each.recordings.sum(),
        devices=each.count(),
        rank=each["rank"].max(),
    )


def _energy(row: Mapping[str, Any], origin: str) -> Result:
    value, up, down = row["energy_j"], math.sqrt(row["up"]), math.sqrt(row["down"])
    part = (
        {f"measuring:{origin}": (up + down) / 2 / COVERAGE_95}
        if math.isfinite(up + down) and up + down > 0
        else {}
    )
    return Result(value, "J", value - down, value + up, GRADES[int(row["rank"])], part)


def _hourly(engine: Engine, of: Any, place: str | None, series: Intensity) -> tuple[float | None, float]:
    """Return the mean intensity weighted by energy, and the share of the energy whose hour the file lacks."""
    import ibis
    import pyarrow as pa

    mine = of.filter(of.place == place) if place is not None else of.filter(of.place.isnull())
    mine = mine.select("recording", "content", "clock_doubtful")
    hours = engine.table("hours").drop("device", "day").join(mine, ["recording", "content"])
    listed = _by_hour(series)
    stamps = pa.array([h * 1_000_000 for h in listed], pa.timestamp("us", "UTC"))
    values = ibis.memtable(pa.table({"hour_utc": stamps, "g_per_kwh": list(listed.values())}))
    met = hours.left_join(values, "hour_utc")
    good = met.g_per_kwh.notnull() & ~met.clock_doubtful
    (row,) = engine.rows(
        met.agg(
            grams=good.ifelse(met.energy_j * met.g_per_kwh, 0.0).sum(),
            met=good.ifelse(met.energy_j, 0.0).sum(),
            energy=met.energy_j.sum(),
        )
    )
    if not row["met"] or not row["energy"]:
        raise DataError(f"{series.name}: no hour of it is one in which the fleet was recorded")
    return row["grams"] / row["met"], 1 - row["met"] / row["energy"]


def _by_hour(series: Intensity) -> dict[int, float]:
    """Return UTC second of each whole hour → g/kWh: the mean of the values within it."""
    found: dict[int, list[float]] = {}
    for at, value in zip(series.starts_ns, series.values, strict=True):
        first = at // 3_600_000_000_000
        last = max((at + series.step_ns - 1) // 3_600_000_000_000, first)
        for hour in range(first, min(last, first + 24 * 31) + 1):
            found.setdefault(hour * 3600, []).append(value)
    return {hour: sum(values) / len(values) for hour, values in found.items()}


def _notes(engine: Engine, of: Any) -> list[Note]:
    """Return what must be known of a sum over recordings: some overlap, some are simulated, some have a doubtful clock."""
    import ibis

    timed = of.filter(of.started_utc.notnull() & ~of.clock_doubtful)
    timed = timed.mutate(begins=timed.started_utc.epoch_seconds().cast("float64"))
    timed = timed.mutate(ends=timed.begins + timed.seconds)
    latest = timed.ends.max().over(ibis.window(group_by=timed.device, order_by=timed.begins, rows=(None, -1)))
    timed = timed.mutate(latest=latest)
    (row,) = engine.rows(timed.agg(overlaps=(timed.latest > timed.begins + 1.0).sum()))
    (whole,) = engine.rows(
        of.agg(simulated=of.simulated.sum(), doubtful=of.clock_doubtful.sum(), recordings=of.count())
    )
    lines = []
    if row["overlaps"]:
        lines.append(
            Note.warning(
                "recordings-overlap",
                f"{plural(row['overlaps'], 'recording overlaps', 'recordings overlap')} an earlier one of the same device: if both counted the same rail, its energy is in the sum twice",
            )
        )
    if whole["simulated"]:
        lines.append(
            Note.warning(
                "simulated",
                f"{whole['simulated']} of {plural(whole['recordings'], 'recording')} are simulated; --measured leaves them out",
            )
        )
    if whole["doubtful"]:
        lines.append(
            Note.warning(
                "clock-doubtful",
                f"{plural(whole['doubtful'], 'recording has', 'recordings have')} a doubtful clock, whose hours are not used",
            )
        )
    return lines
