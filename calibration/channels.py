"""What a channel read: as a trace for a comparison, and its mean while a known load was on.

Known loads are typed in step by step; each is an event in the recording (`LOAD`), so that the points
can be taken from it again later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from powermeter.channel import Channel, Kind, flags_of
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.events import Event
from powermeter.recording.protocol import RecordingLike, SourceInfo
from powermeter.signals.alignment import host_times, instrument_times, shifted
from powermeter.signals.correction import Correction
from powermeter.signals.decoding import Calibrated, read_channel
from powermeter.signals.rails import alignment_of
from powermeter.signals.trace import Trace

from .fit import Points, from_loads
from .stretches import HELD, RecordingPart, Stretches, bounds, by_stretches, rows

LOAD = "powermeter.load"
"""The label of a load's event; its attributes are `true` and `uncertainty` (SI, standard) and `unit`."""

_LEAST_SAMPLES = 4
_SETTLE = 0.1


@dataclass(frozen=True, slots=True)
class SourceChannel:
    """One channel of one source of a recording."""

    source: SourceInfo
    channel: Channel

    @property
    def name(self) -> str:
        """`source/channel`."""
        return f"{self.source.name}/{self.channel.name}"


def find(recording: RecordingLike, name: str) -> SourceChannel:
    """Return the channel of a name: `vdd_in.current`, or `SOURCE/vdd_in.current` where several have it.

    Raises:
        ConfigurationError: None has it, or several have.
    """
    all_of_them = places(recording)
    found = [p for p in all_of_them if name in (p.channel.name, p.name, f"{p.source.id}/{p.channel.name}")]
    exact = [p for p in found if name != p.channel.name]
    found = exact if len(exact) == 1 else found
    if len(found) == 1:
        return found[0]
    known = ", ".join(p.name for p in all_of_them) or "none"
    problem = "is a channel of several sources" if found else "is not a channel of this recording"
    raise ConfigurationError(f"{name!r} {problem}; there are: {known}")


def places(recording: RecordingLike) -> list[SourceChannel]:
    """Return every channel of a recording."""
    return [SourceChannel(source, channel) for source in recording.sources for channel in source.channels]


def read(recording: RecordingLike, place: SourceChannel, *, corrected: bool) -> Trace | Stretches:
    """Return a channel on the recording's clock; that of a long source is read stretch by stretch.

    Args:
        corrected: Whether a calibration stored in the recording is applied (not where it is to be found).

    Raises:
        DataError: The channel has no sample, or it is a counter, which no gain and offset fits.
    """
    if place.channel.kind is Kind.COUNTER:
        raise DataError(f"{place.name} is a running total; calibrate the current or the power it is made of")
    if rows(recording, [place.source]) <= HELD:
        held = _held(recording, place, corrected)
        if held is None:
            raise DataError(f"{place.name} has no sample")
        return held
    fact = alignment_of(recording, place.source.id)
    ends = np.array(bounds(recording, [place.source]), np.int64)

    def between(start_ns: int, end_ns: int) -> Trace | None:
        asked = np.array([start_ns, end_ns], np.int64)
        start, end = (asked if fact is None else instrument_times(asked, fact)).tolist()
        return _held(RecordingPart(recording, start, end), place, corrected)

    first, last = (ends if fact is None else host_times(ends, fact)).tolist()
    return by_stretches(first, last, between, place.name)


def _held(recording: RecordingLike, place: SourceChannel, corrected: bool) -> Trace | None:
    channel, source = place.channel, place.source
    samples = recording.samples(source.id)
    if not len(samples):
        return None
    correction = _stored(recording, place) if corrected else None
    trace = read_channel(
        channel,
        samples.times_ns,
        samples.codes[channel.name],
        flags_of(channel, source.channels, samples.flags),
        origin=place.name,
        source=str(source.id),
        gaps=recording.gaps(source.id),
        calibrated=Calibrated(correction=correction),
    )
    fact = alignment_of(recording, source.id)
    return trace if trace is None or fact is None else shifted(trace, fact)


def _stored(recording: RecordingLike, place: SourceChannel) -> Correction | None:
    names = {place.channel.name, place.name, f"{place.source.id}/{place.channel.name}"}
    for data in reversed(recording.facts("calibration")):
        if data.get("channel") in names and str(data.get("source", place.source.id)) == str(place.source.id):
            return Correction.from_dict(data)
    return None


def reference_errors(trace: Trace | Stretches, accuracy: float | None) -> tuple[float, float]:
    """Return a reference's relative and absolute standard uncertainty, common to all of its readings.

    Args:
        accuracy: Its limit of error as typed in (0.0005 for 0.05 %), which overrules what its channel states.

    Raises:
        ConfigurationError: Neither is stated.
    """
    if accuracy is not None:
        return accuracy / math.sqrt(3.0), 0.0
    gain = math.sqrt(sum(e.relative**2 for e in trace.errors))
    offset = math.sqrt(sum(e.absolute**2 for e in trace.errors))
    if not gain and not offset:
        raise ConfigurationError(
            "how good is the reference? State its limit of error, for example --accuracy 0.05%"
        )
    return gain, offset


def load_points(trace: Trace | Stretches, events: Sequence[Event]) -> Points:
    """Return the points of the loads that a recording's events state were on.

    The first tenth of each is left out: the load and the reading settle.  A reading's uncertainty is
    its scatter over the root of the samples, and never less than the step over √12.

    Raises:
        DataError: There is no load, or one without enough samples.
    """
    loads = [
        e
        for e in events
        if e.name == LOAD and e.end_ns is not None and e.attributes.get("unit") == trace.unit
    ]
    if not loads:
        raise DataError(f"the recording holds no load in {trace.unit}; type them in with --load, or --source")
    steps = []
    for event in loads:
        assert event.end_ns is not None
        try:
            true, uncertainty = float(event.attributes["true"]), float(event.attributes["uncertainty"])
        except KeyError as error:
            raise DataError(f"a {LOAD} event does not state what was on: it has no {error}") from None
        except (TypeError, ValueError) as error:
            raise DataError(f"a {LOAD} event does not state what was on: {error}") from None
        start = event.start_ns + round(_SETTLE * (event.end_ns - event.start_ns))
        inside = trace.between(start, event.end_ns).values
        if inside.size < _LEAST_SAMPLES:
            raise DataError(
                f"only {plural(inside.size, 'sample')} while {true:g} {trace.unit} was on; hold each load longer"
            )
        spread = float(inside.std(ddof=1))
        step = trace.step / math.sqrt(12.0)
        flicker = min(spread / trace.step, 1.0) if trace.step else 1.0
        random = max(spread, step) / math.sqrt(inside.size)
        floor = 1e-9 * abs(float(np.mean(inside))) + 1e-15
        seen_u = math.sqrt(random**2 + (step * (1 - flicker)) ** 2 + floor**2)
        steps.append((true, uncertainty, float(inside.mean()), seen_u))
    return from_loads(steps)
