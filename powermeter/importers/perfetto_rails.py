"""What a Perfetto trace measured, as sources of a log: rails, estimates and batteries on the host's clock."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Boundary, Channel, Gap, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.importers.accuracies import GAUGE, ODPM, PHONE_MODEL
from powermeter.importers.hole_limits import pauses
from powermeter.importers.log import RELATIVE, Choices, Log, LogRows
from powermeter.importers.perfetto_trace import Reading, TraceFile
from powermeter.importers.time_axis import refuse_sparse
from powermeter.importers.whole_or_sum import WHOLE, decide
from powermeter.result import Grade
from powermeter.result.notes import Note

_MICRO = 1e-6
_UAH, _UWH = 3.6e-3, 3.6e-3


def log_of(trace: TraceFile, name: str, choices: Choices) -> Log:
    """Return what a trace measured.

    Raises:
        DataError: It measured no power.
        ConfigurationError: It cannot be known which rail is the whole.
    """
    offset = trace.clocks.utc_offset() or 0
    warnings: list[Note] = []
    if trace.cut:
        warnings.append(
            Note.warning(
                "damaged",
                f"the trace is damaged after {plural(trace.packets, 'packet')} ({trace.cut}); what came before was read",
            )
        )
    if trace.dropped:
        warnings.append(
            Note.warning(
                "samples-lost",
                f"the phone reports {trace.dropped} losses of packets: events and readings may be missing",
            )
        )
    if trace.odd_rails:
        warnings.append(
            Note.warning(
                "rows-left-out",
                f"{trace.odd_rails} rail readings without a time or with an index that is none were left out",
            )
        )
    if trace.clocks.unknown:
        warnings.append(
            Note.warning(
                "rows-left-out",
                f"{plural(trace.clocks.unknown, 'packet has', 'packets have')} a clock that no snapshot explains: left out",
            )
        )
    sources = []
    rails = _rails(trace, warnings)
    batteries = [
        rows
        for own in sorted(trace.batteries)
        if (rows := _battery(own, trace, choices, warnings)) is not None
    ]
    estimates = _estimates(trace, warnings) if not rails and not batteries else {}
    if not rails and not estimates and not batteries:
        raise DataError(f"{trace.path}: no measurement of power in it{_why_not(trace)}")
    named = rails or estimates
    if named:
        sources.append(
            _source(named, trace, choices, estimated=not rails, alone=not batteries, warnings=warnings)
        )
    sources += batteries
    for rows in sources:
        rows.times_ns = rows.times_ns + offset
        rows.gaps = [Gap(g.start_ns + offset, g.end_ns + offset, g.reason, g.detail) for g in rows.gaps]
    log = Log(name, RELATIVE, sources, trace.slices.events(trace.clocks, offset), warnings=warnings)
    if trace.slices.lost:
        warnings.append(
            Note.warning(
                "events-left-out",
                f"{trace.slices.lost} slices without an end, or beyond the most that are kept, are left out",
            )
        )
    headline = sources[-1].channels[0].rail if batteries else None
    if headline is not None:
        log.facts["whole"] = {"rail": headline.name, "why": "the battery feeds the whole phone", "sum": False}
        if rails:
            warnings.append(
                Note.info(
                    "rails-overlap",
                    "the whole is the battery; the rails are parts of the phone, not all of it, and may overlap",
                )
            )
    return log


def _why_not(trace: TraceFile) -> str:
    if trace.names:
        names = ", ".join(name for name, *_ in list(trace.names.values())[:5])
        return f": it describes rails ({names}) and reads none of them twice; record android.power with collect_power_rails"
    if trace.estimates:
        return ": each of its energy estimates was read once only, and a running total needs two readings"
    if trace.batteries:
        return ": its battery shows neither current, charge nor energy twice"
    return "; record it with the data source android.power (battery counters, collect_power_rails)"


def _sorted(readings: Sequence[Reading], trace: TraceFile, machine: int) -> list[Reading]:
    return sorted(
        ((trace.clocks.host(when, machine), code) for when, code in readings), key=lambda entry: entry[0]
    )


def _rails(trace: TraceFile, warnings: list[Note]) -> dict[str, list[Reading]]:
    """Return the rails that were read twice, by names that are theirs alone."""
    found: dict[str, list[Reading]] = {}
    once, unnamed = [], 0
    for key, readings in trace.energies.items():
        if key not in trace.names:
            unnamed += len(readings)
            continue
        name = trace.names[key][0] or f"rail {key[2]}"
        if any(
            other != key and trace.names[other][0] == trace.names[key][0]
            for other in trace.energies
            if other in trace.names
        ):
            machine, session, _ = key
            name += (f" machine {machine}" if machine else "") + (f" session {session}" if session else "")
            name += "" if name not in found else f" {key[2]}"
        if len({when for when, _ in readings}) < 2:
            once.append(name)
            continue
        found[name] = _sorted(readings, trace, key[0])
    if once:
        warnings.append(
            Note.warning(
                "rails-left-out",
                f"rails that were read only once have no energy and are left out: {', '.join(once[:8])}",
            )
        )
    if unnamed:
        warnings.append(
            Note.warning(
                "rows-left-out",
                f"left out: {plural(unnamed, 'reading')} of rails that the trace never describes",
            )
        )
    return found


def _estimates(trace: TraceFile, warnings: list[Note]) -> dict[str, list[Reading]]:
    found = {}
    for (machine, consumer), readings in trace.estimates.items():
        name = trace.consumers.get((machine, consumer)) or f"consumer {consumer}"
        if len({when for when, _ in readings}) > 1:
            found[name if name not in found else f"{name} {consumer}"] = _sorted(readings, trace, machine)
    if found:
        warnings.append(
            Note.info(
                "model-estimates",
                "these energies are estimates of the phone's own model (EnergyConsumer), not a measurement",
            )
        )
    return found


def _source(
    named: dict[str, list[Reading]],
    trace: TraceFile,
    choices: Choices,
    *,
    estimated: bool,
    alone: bool,
    warnings: list[Note],
) -> LogRows:
    boundary = Boundary.MODEL if estimated else Boundary.PART
    rails = [
        Rail(name, None, boundary, "a rail of the phone" if not estimated else "a model of one part")
        for name in named
    ]
    by_name = {rail.name: rail for rail in rails}
    if alone or choices.rail is not None or choices.add_up:
        if len(rails) > 1 and choices.rail is None and not choices.add_up:
            raise ConfigurationError(
                f"{trace.path}: {plural(len(rails), 'rail')} ({', '.join(list(named)[:8])}) and no battery: a phone's rails may overlap and are "
                f"not all of it; state which one counts with --rail {quote(rails[0].name)} (the others are kept), or --sum"
            )
        whole = decide(rails, where=str(trace.path), rail=choices.rail, add_up=choices.add_up)
        by_name = dict(whole.rails)
        warnings.append(Note.info(WHOLE, f"{whole.note}; it is a part of the phone, not all of it"))
    # Rows of one time of a rail stay apart (a counter that went back), so a time may occur several times.
    width = max(_most_at_once(readings) for readings in named.values())
    times = np.unique(np.array([when for readings in named.values() for when, _ in readings], np.int64))
    refuse_sparse(len(times) * width, len(named), str(trace.path))
    axis = np.repeat(times, width)
    channels, codes = [], []
    for name, readings in named.items():
        column = np.full(len(axis), MISSING, np.int64)
        seen: dict[int, int] = {}
        for when, code in readings:
            place = int(np.searchsorted(axis, when)) + seen.get(when, 0)
            seen[when] = seen.get(when, 0) + 1
            column[place] = code
        channels.append(
            Channel(
                f"{name}.energy",
                Quantity.ENERGY,
                _MICRO,
                by_name[name],
                Kind.COUNTER,
                grade=Grade.ESTIMATED if estimated else Grade.MEASURED,
                accuracy=PHONE_MODEL if estimated else ODPM,
            )
        )
        codes.append(column)
    keep = np.any(np.stack([column != MISSING for column in codes]), axis=0)
    return LogRows(
        "phone (EnergyConsumer)" if estimated else "phone (power rails)",
        tuple(channels),
        axis[keep],
        [column[keep] for column in codes],
    )


def _most_at_once(readings: Sequence[Reading]) -> int:
    counts = np.unique([when for when, _ in readings], return_counts=True)[1]
    return int(counts.max())


def _battery(name: str, trace: TraceFile, choices: Choices, warnings: list[Note]) -> LogRows | None:
    """Return a battery's source, positive when it discharges; None where it shows nothing twice."""
    readings = sorted(trace.batteries[name], key=lambda entry: entry.when)
    label = name or "battery"
    times = np.array([entry.when for entry in readings], np.int64)
    current = _column([entry.current_ua for entry in readings])
    voltage = _column([entry.voltage_uv for entry in readings])
    charge = _column([entry.charge_uah for entry in readings])
    energy = _column([entry.energy_uwh for entry in readings])
    if current is not None:
        current = _discharge(current, charge, label, warnings)
    rail = Rail(label, None, Boundary.BATTERY, "what leaves the battery", choices.voltage_v)
    channels, codes = [], []
    for own, quantity, scale, column, kind in (
        ("current", Quantity.CURRENT, _MICRO, current, Kind.INSTANT),
        ("voltage", Quantity.VOLTAGE, _MICRO, _positive(voltage), Kind.INSTANT),
        ("energy", Quantity.ENERGY, _UWH, _negated(energy), Kind.COUNTER),
        ("charge", Quantity.CHARGE, _UAH, _negated(charge), Kind.COUNTER),
    ):
        if column is None or (column != MISSING).sum() < 2:
            continue
        low = -(2**62) if kind is Kind.COUNTER else None
        channels.append(
            Channel(
                f"{label}.{own}",
                quantity,
                scale,
                rail,
                kind,
                grade=Grade.MEASURED,
                accuracy=GAUGE,
                low_code=low,
            )
        )
        codes.append(column)
    have = {channel.quantity for channel in channels}
    if not have & {Quantity.CURRENT, Quantity.ENERGY, Quantity.CHARGE}:
        return None
    if not have & {Quantity.VOLTAGE, Quantity.ENERGY} and choices.voltage_v is None:
        warnings.append(
            Note.info(
                "voltage-needed",
                f"{label}: no voltage, so its charge is known and its energy needs --voltage, for example 3.85V",
            )
        )
    return LogRows(f"phone ({label})", tuple(channels), times, codes, gaps=pauses(times))


def _column(values: Sequence[int | None]) -> NDArray[np.int64] | None:
    if all(value is None for value in values):
        return None
    return np.array(
        [MISSING if value is None or abs(value) >= 2**62 else value for value in values], np.int64
    )


def _negated(column: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    return None if column is None else np.where(column == MISSING, MISSING, -column)


def _positive(column: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    return None if column is None else np.where(column > 0, column, MISSING)


def _discharge(
    current: NDArray[np.int64], charge: NDArray[np.int64] | None, label: str, warnings: list[Note]
) -> NDArray[np.int64]:
    """Return the current out of the battery; what went into it is no use and becomes missing.

    Android's sign is negative for discharge; some makers turn it round, which the charge counter shows.
    """
    known = current != MISSING
    sign = -1
    if charge is not None:
        both = known & (charge != MISSING)
        if both.sum() > 1:
            fell = int(charge[both][0] - charge[both][-1])
            mean = float(np.mean(current[both]))
            if fell > 0 and mean > 0:
                sign = 1
                warnings.append(
                    Note.warning(
                        "sign-assumed",
                        f"{label}: its current is positive while its charge falls: taken as discharge, against Android's sign",
                    )
                )
    drawn = np.where(known, sign * current, MISSING)
    charging = known & (drawn < 0)
    if charging.any():
        warnings.append(
            Note.warning(
                "charging-left-out",
                f"{label}: {int(charging.sum())} of {plural(int(known.sum()), 'reading')} were taken while it was charged: what goes into a battery "
                "is not what the phone uses; left out",
            )
        )
    return np.where(charging, MISSING, drawn)
