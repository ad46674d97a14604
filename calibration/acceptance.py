"""Whether a calibration is accepted for a recording: its channel is there, and was read over the same shunt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from powermeter.channel import Kind
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording.protocol import RecordingLike
from powermeter.signals.correction import Correction

from .channels import find
from .procedure import shunt_of


def accepted(recording: RecordingLike, correction: Correction, *, force: bool = False) -> dict[str, Any]:
    """Return the fact that puts a correction into a recording, its channel found there.

    Raises:
        ConfigurationError: The recording has no such channel, or was made with another shunt.
        DataError: The channel is a running total.
    """
    place = find(recording, correction.channel)
    if place.channel.kind is Kind.COUNTER:
        raise DataError(f"{place.name} is a running total; a calibration fits the current or the power")
    ohm = shunt_of(place)
    other = (
        correction.shunt_ohm is not None and ohm is not None and abs(ohm / correction.shunt_ohm - 1) > 1e-6
    )
    if other and not force:
        raise ConfigurationError(
            f"{place.name} was recorded with a shunt of {ohm:g} ohm, calibrated with {correction.shunt_ohm:g} ohm; "
            "--force stores it all the same"
        )
    return {**replace(correction, channel=place.channel.name).to_dict(), "source": place.source.id}
