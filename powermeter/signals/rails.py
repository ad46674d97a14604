"""The lines of a recording that power flows through, from its channels, calibrated and on one clock.

Which of them is counted: `headline_rail.py`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from powermeter.channel import Channel, Gap, Kind, Quantity, flags_of
from powermeter.recording.error_origins import instrument_of, origin_of
from powermeter.recording.protocol import RecordingLike, Samples, SourceInfo
from powermeter.signals import condensed
from powermeter.signals.alignment import host_times, of_cut_stamps, shifted, shifted_gaps
from powermeter.signals.brief_stands import without_brief_stands
from powermeter.signals.calibrations import correction_of, prefer_calibrated
from powermeter.signals.decimation import Around
from powermeter.signals.decoding import Calibrated, read_channel
from powermeter.signals.frozen import noted, without_frozen
from powermeter.signals.frozen_piece_by_piece import without_stands
from powermeter.signals.line import Line
from powermeter.signals.one_pass import thinned
from powermeter.signals.rapl_family import related
from powermeter.signals.trace import Trace
from powermeter.signals.trace_arithmetic import multiply


def lines(
    recording: RecordingLike, *, aligned: bool = True, around: Around | None = None
) -> tuple[Line, ...]:
    """Return every rail of a recording, in the order of its sources and channels, nothing added up.

    Calibrations (`calibration` facts) and alignments (`alignment` facts; the last one of a source
    counts) that are stored in the recording are applied.

    Args:
        aligned: Whether alignments are applied; without, each source is on the clock it was recorded on.
        around: Events on the recording's clock.  With them, of long sources only what their energies need is held (`kept_readings.py`).

    Raises:
        DataError: A stored calibration or alignment is not usable.
    """
    corrections = recording.facts("calibration")
    alignments = {str(fact.get("source")): fact for fact in recording.facts("alignment")} if aligned else {}
    found: list[Line] = []
    for source in recording.sources:
        alignment = alignments.get(str(source.id)) or (of_cut_stamps(source.info) if aligned else None)
        if around is not None:
            near = around if alignment is None else around.on_clock_of(alignment)
            traces = without_stands(
                recording, source, partial(thinned, source=source, corrections=corrections, around=near)
            )
            if traces is not None:
                found += _stating(source, _thinned_lines(source, traces, alignment))
                continue
        found += _stating(source, _source_lines(recording, source, corrections, alignment))
    return tuple(found)


def _stating(source: SourceInfo, found: list[Line]) -> list[Line]:
    """Return the rails with who chose the moments of their readings, as their source states, and with parents that their names state."""
    related(found)
    for line in found:
        line.sampling = str(source.info.get("sampling") or "")
    return found


def alignment_of(recording: RecordingLike, source: int | str) -> dict[str, Any] | None:
    """Return the newest alignment fact of a source, or None where it is on the recording's own clock."""
    found = [fact for fact in recording.facts("alignment") if str(fact.get("source")) == str(source)]
    return found[-1] if found else None


def on_host(recording: RecordingLike, source: int) -> tuple[Samples, list[Gap]]:
    """Return samples and gaps of a source (by id) on the recording's clock, an alignment applied.

    Raises:
        DataError: The stored alignment is not usable.
    """
    samples, gaps, fact = recording.samples(source), recording.gaps(source), alignment_of(recording, source)
    if fact is None:
        return samples, gaps
    return replace(samples, times_ns=host_times(samples.times_ns, fact)), shifted_gaps(gaps, fact)


def _source_lines(
    recording: RecordingLike,
    source: SourceInfo,
    corrections: list[dict[str, Any]],
    alignment: dict[str, Any] | None,
) -> list[Line]:
    wanted = [c for c in source.channels if c.rail is not None]
    if not wanted:
        return []
    summed = getattr(recording, "summaries", None)
    every = condensed.factor(int(summed(source.id).count.sum())) if summed is not None else 1
    if every > 1:
        return without_stands(
            recording,
            source,
            lambda seen: _condensed_lines(seen, source, wanted, corrections, alignment, every),
        )
    samples, gaps = without_frozen(recording.samples(source.id), wanted, recording.gaps(source.id))
    samples, gaps = without_brief_stands(samples, wanted, gaps)
    name = source.name or source.url
    instrument = instrument_of(recording, source)
    by_rail: dict[str, Line] = {}
    calibrated: dict[str, set[Quantity]] = {}
    for channel in wanted:
        assert channel.rail is not None
        origin = origin_of(source, channel.name, instrument)
        correction, temperature = correction_of(corrections, source, channel, samples)
        trace = read_channel(
            channel,
            samples.times_ns,
            samples.codes[channel.name],
            flags_of(channel, source.channels, samples.flags),
            origin=origin,
            source=str(source.id),
            gaps=gaps,
            calibrated=Calibrated(correction=correction, temperature_c=temperature),
        )
        if trace is None:
            continue
        trace = noted(trace, name)
        if alignment is not None:
            trace = shifted(trace, alignment)
        rail = channel.rail
        line = by_rail.setdefault(rail.name, Line(str(source.id), name, rail, f"{name}/{rail.name}"))
        line._traces.setdefault(channel.quantity, trace)
        if correction is not None and channel.kind is not Kind.COUNTER:
            calibrated.setdefault(rail.name, set()).add(channel.quantity)
    for rail_name, quantities in calibrated.items():
        prefer_calibrated(by_rail[rail_name]._traces, quantities)
    return list(by_rail.values())


def _thinned_lines(
    source: SourceInfo, traces: dict[str, dict[Quantity, Trace]], alignment: dict[str, Any] | None
) -> list[Line]:
    """Return the rails of a source of which not all readings are held."""
    name = source.name or source.url
    rails = {channel.rail.name: channel.rail for channel in source.channels if channel.rail is not None}
    found = []
    for rail_name, have in traces.items():
        line = Line(str(source.id), name, rails[rail_name], f"{name}/{rail_name}")
        for quantity, trace in have.items():
            trace = noted(trace, name)
            line._traces[quantity] = trace if alignment is None else shifted(trace, alignment)
        found.append(line)
    return found


def _condensed_lines(
    recording: RecordingLike,
    source: SourceInfo,
    wanted: list[Channel],
    corrections: list[dict[str, Any]],
    alignment: dict[str, Any] | None,
    every: int,
) -> list[Line]:
    """Return the rails of a source that is too long to be held, from one pass over its pieces."""
    name = source.name or source.url
    instrument = instrument_of(recording, source)
    gaps = tuple(sorted(recording.gaps(source.id), key=lambda gap: gap.start_ns))
    found = {channel.name: condensed.Condenser(every) for channel in wanted}
    products: dict[str, condensed.Condenser] = {}
    calibrated: dict[str, set[Quantity]] = {}
    counters = any(channel.kind is Kind.COUNTER for channel in wanted)
    for samples in condensed.pieces(recording.stream(source.id), counters):
        pair: dict[str, dict[Quantity, Trace]] = {}
        for channel in wanted:
            assert channel.rail is not None
            first = (
                1
                if counters and channel.kind is not Kind.COUNTER and found[channel.name].first is not None
                else 0
            )
            correction, temperature = correction_of(corrections, source, channel, samples)
            trace = read_channel(
                channel,
                samples.times_ns[first:],
                samples.codes[channel.name][first:],
                flags_of(channel, source.channels, samples.flags[first:]),
                origin=origin_of(source, channel.name, instrument),
                source=str(source.id),
                calibrated=Calibrated(
                    correction=correction, temperature_c=None if temperature is None else temperature[first:]
                ),
            )
            if trace is None:
                continue
            found[channel.name].add(trace)
            pair.setdefault(channel.rail.name, {})[channel.quantity] = trace
            if correction is not None and channel.kind is not Kind.COUNTER:
                calibrated.setdefault(channel.rail.name, set()).add(channel.quantity)
        for rail, have in pair.items():
            voltage, current = have.get(Quantity.VOLTAGE), have.get(Quantity.CURRENT)
            if voltage is not None and current is not None and Quantity.POWER not in have:
                products.setdefault(rail, condensed.Condenser(every)).add(multiply(voltage, current))
    by_rail: dict[str, Line] = {}
    for channel in wanted:
        trace = found[channel.name].trace(gaps=gaps)
        if trace is None or channel.rail is None:
            continue
        trace = noted(trace, name)
        trace = trace if alignment is None else shifted(trace, alignment)
        rail_name = channel.rail.name
        line = by_rail.setdefault(rail_name, Line(str(source.id), name, channel.rail, f"{name}/{rail_name}"))
        line._traces.setdefault(channel.quantity, trace)
    for rail_name, quantities in calibrated.items():
        prefer_calibrated(by_rail[rail_name]._traces, quantities)
    for rail_name, product in products.items():
        trace = product.trace(gaps=gaps, rail=by_rail[rail_name].rail)
        if trace is not None:
            trace = noted(trace, name)
            trace = trace if alignment is None else shifted(trace, alignment)
            by_rail[rail_name]._traces.setdefault(Quantity.POWER, trace)
    return list(by_rail.values())
