"""One calibration from recordings to corrections: which channel against which, in what range, how sure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from powermeter.channel import Kind, Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.events import Event
from powermeter.recording.protocol import RecordingLike
from powermeter.signals.correction import Correction

from .channels import SourceChannel, find, load_points, places, read, reference_errors
from .fit import About, CorrectionFit, Points, fit, shunt
from .steady_points import steady_points

_USUAL = (Quantity.CURRENT, Quantity.VOLTAGE, Quantity.POWER)


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedChannel:
    """A channel that was calibrated.

    Attributes:
        place: The channel.
        against: What against, in words.
        points, fit: As found.
    """

    place: SourceChannel
    against: str
    points: Points
    fit: CorrectionFit

    @property
    def correction(self) -> Correction:
        """To be stored and applied."""
        return self.fit.correction

    @property
    def gain_u(self) -> float:
        """Standard uncertainty of the gain, the reference's share in it; relative to 1."""
        correction = self.correction
        return math.hypot(math.sqrt(correction.covariance[1][1]), correction.reference_gain * correction.gain)

    @property
    def offset_u(self) -> float:
        """Standard uncertainty of the offset in the channel's unit, the reference's share in it."""
        return math.hypot(math.sqrt(self.correction.covariance[0][0]), self.correction.reference_offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationOptions:
    """How channels are calibrated.

    Attributes:
        accuracy: Limit of error of the reference, or of what the loads were known by, relative; what the
            reference's channels state where None.
        window_s: Length of the stretches that are compared with a reference, in s.
        order: 1 or 2; None takes 2 only where the points need it.
        temperature: Name of a channel whose temperature the gain may follow; with a reference only.
        instrument: What it was calibrated against; the reference's name where empty.
        note: Kept in the file.
    """

    accuracy: float | None = None
    window_s: float = 1.0
    order: int | None = None
    temperature: str | None = None
    instrument: str = ""
    note: str = ""


def against_reference(
    recording: RecordingLike,
    reference: RecordingLike,
    channels: Sequence[str] = (),
    references: Sequence[str] = (),
    options: CalibrationOptions | None = None,
) -> list[CalibratedChannel]:
    """Calibrate channels against those of a reference that was recorded at the same time.

    Args:
        recording: Holds the channels to calibrate.
        reference: Holds the reference's; the same recording, or another one on the same clock.
        channels: Names of the channels; all that have a counterpart where none is named.
        references: Their counterparts, in the same order; found by quantity where none is named.
        options: How.

    Raises:
        ConfigurationError: The channels cannot be paired.
        DataError: The two do not overlap, or the load never stood still.
    """
    how = options or CalibrationOptions()
    check_clock(recording, reference)
    warm = None if how.temperature is None else find(recording, how.temperature)
    if warm is not None and warm.channel.quantity is not Quantity.TEMPERATURE:
        raise ConfigurationError(f"{warm.name} is not a temperature")
    found = []
    for mine, theirs in _pairs(recording, reference, channels, references):
        seen = read(recording, mine, corrected=False)
        true = read(reference, theirs, corrected=True)
        points = steady_points(
            seen,
            true,
            window_s=how.window_s,
            temperature=None if warm is None else read(recording, warm, corrected=False),
        )
        gain, offset = reference_errors(true, how.accuracy)
        fitted = fit(
            mine.channel.name,
            points,
            order=how.order,
            reference_gain=gain,
            reference_offset=offset,
            temperature_channel=None if warm is None else warm.channel.name,
            about=About(
                instrument=how.instrument or theirs.source.name, shunt_ohm=shunt_of(mine), note=how.note
            ),
        )
        found.append(CalibratedChannel(mine, theirs.name, points, fitted))
    return found


def against_loads(
    recording: RecordingLike,
    loads: Sequence[Event],
    channels: Sequence[str] = (),
    options: CalibrationOptions | None = None,
) -> list[CalibratedChannel]:
    """Calibrate channels against known loads; arguments as in `against_reference`.

    Args:
        loads: The loads' events, from the recording or typed in.
        options: How; `accuracy` is common to all loads.

    Raises:
        ConfigurationError: No channel, or more than one, has the loads' unit.
        DataError: Too few loads, or too few samples in one.
    """
    how = options or CalibrationOptions()
    units = sorted({str(event.attributes.get("unit")) for event in loads})
    chosen = (
        [find(recording, name) for name in channels] if channels else [_of_unit(recording, u) for u in units]
    )
    found = []
    for place in chosen:
        points = load_points(read(recording, place, corrected=False), loads)
        fitted = fit(
            place.channel.name,
            points,
            order=how.order,
            reference_gain=0.0 if how.accuracy is None else how.accuracy / math.sqrt(3.0),
            about=About(instrument=how.instrument or "known loads", note=how.note, shunt_ohm=shunt_of(place)),
        )
        found.append(CalibratedChannel(place, f"{points.seen.size} known loads", points, fitted))
    return found


def check_clock(recording: RecordingLike, reference: RecordingLike) -> None:
    """Refuse two recordings that are not on one clock.

    Raises:
        DataError: They were made on two machines or in two boots, and not aligned.
    """
    if recording is reference:
        return
    one, other = recording.metadata, reference.metadata
    same_boot = one.get("boot_id") is not None and one.get("boot_id") == other.get("boot_id")
    both_utc = one.get("clock") == other.get("clock") == "utc"
    if not same_boot and not both_utc:
        raise DataError(
            f"{_name(recording)} and {_name(reference)} are not on one clock; join them first with: "
            "powermeter align, and calibrate in the joined recording"
        )


def _pairs(
    recording: RecordingLike, reference: RecordingLike, channels: Sequence[str], references: Sequence[str]
) -> list[tuple[SourceChannel, SourceChannel]]:
    if references and channels and len(references) != len(channels):
        raise ConfigurationError(f"{len(channels)} channels and {len(references)} references do not pair up")
    if references and not channels:
        raise ConfigurationError("name the channel the reference is for: --channel NAME")
    if not channels:
        return _all_pairs(recording, reference)
    mine = [find(recording, name) for name in channels]
    if references:
        return list(zip(mine, (find(reference, name) for name in references), strict=True))
    same = recording is reference
    return [(place, _counterpart(place, reference, same)) for place in mine]


def _all_pairs(
    recording: RecordingLike, reference: RecordingLike
) -> list[tuple[SourceChannel, SourceChannel]]:
    if recording is reference:
        raise ConfigurationError("name the channel to calibrate: --channel SOURCE/NAME")
    found = []
    for place in _usable(recording):
        try:
            found.append((place, _counterpart(place, reference, False)))
        except ConfigurationError:
            continue
    if not found:
        raise ConfigurationError(
            "no channel has a clear counterpart in the reference; name both: --channel, --reference"
        )
    return found


def _usable(recording: RecordingLike) -> list[SourceChannel]:
    return [
        p for p in places(recording) if p.channel.quantity in _USUAL and p.channel.kind is not Kind.COUNTER
    ]


def _counterpart(place: SourceChannel, reference: RecordingLike, same: bool) -> SourceChannel:
    """Return the reference's one channel of a quantity; in the same recording, that of another source."""
    found = [p for p in _usable(reference) if p.channel.quantity is place.channel.quantity]
    if same:
        found = [p for p in found if p.source.id != place.source.id]
    if len(found) != 1:
        known = ", ".join(p.name for p in found) or "none"
        raise ConfigurationError(
            f"{place.name} needs a reference of {place.channel.quantity.value}; name it with --reference: {known}"
        )
    return found[0]


def _of_unit(recording: RecordingLike, unit: str) -> SourceChannel:
    found = [p for p in _usable(recording) if p.channel.unit == unit]
    if len(found) != 1:
        known = ", ".join(p.name for p in found) or "none"
        raise ConfigurationError(f"name the channel for the loads in {unit}: --channel; there are: {known}")
    return found[0]


def shunt_of(place: SourceChannel) -> float | None:
    """Return the shunt that a source reports was in the channel's rail, in ohm, or None."""
    stated = (place.source.info or {}).get("shunt_ohm")
    if isinstance(stated, (list, tuple)):
        rails = list(dict.fromkeys(c.rail.name for c in place.source.channels if c.rail is not None))
        if place.channel.rail is None or len(stated) != len(rails):
            stated = stated[0] if len(set(stated)) == 1 else None
        else:
            stated = stated[rails.index(place.channel.rail.name)]
    usable = isinstance(stated, (int, float)) and not isinstance(stated, bool) and stated > 0
    return float(stated) if usable and stated is not None else None


def true_shunt(calibrated: CalibratedChannel, assumed_ohm: float | None = None) -> tuple[float, float]:
    """Return the shunt's resistance and its standard uncertainty in ohm, from currents known and currents read.

    The reading times the resistance that was assumed is the voltage over the shunt, as it was measured.

    Args:
        assumed_ohm: The resistance that the recording's currents were computed with; what the source
            states otherwise.

    Raises:
        ConfigurationError: It is not a current, or that resistance is not known.
        DataError: The currents lie too close together.
    """
    place, points = calibrated.place, calibrated.points
    if place.channel.quantity is not Quantity.CURRENT:
        raise ConfigurationError(f"{place.name} is not a current: a shunt is found from currents")
    ohm = assumed_ohm or shunt_of(place)
    if ohm is None:
        raise ConfigurationError(
            f"{place.name} does not state its shunt; state what it was read with: --shunt 0.1ohm"
        )
    volts = (points.seen * ohm).tolist()
    found, own = shunt(
        volts, points.true.tolist(), float(np.median(points.seen_u)) * ohm, float(np.median(points.true_u))
    )
    return found, math.hypot(own, found * calibrated.correction.reference_gain)


def _name(recording: RecordingLike) -> str:
    return recording.path.name if recording.path else "a recording in memory"
