"""Which stored calibration a channel has, and what it makes of the instrument's own results."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Quantity
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.signals.correction import Correction
from powermeter.signals.trace import Trace


def prefer_calibrated(traces: dict[Quantity, Trace], calibrated: set[Quantity]) -> None:
    """Leave out what the instrument computed itself from readings that have since been calibrated.

    An INA228's energy counter knows nothing of the calibration of its current.
    """
    if Quantity.CURRENT in calibrated:
        traces.pop(Quantity.CHARGE, None)
    if calibrated & {Quantity.CURRENT, Quantity.VOLTAGE} and {Quantity.CURRENT, Quantity.VOLTAGE} <= set(
        traces
    ):
        traces.pop(Quantity.ENERGY, None)
        if Quantity.POWER not in calibrated:
            traces.pop(Quantity.POWER, None)
    elif Quantity.POWER in calibrated:
        traces.pop(Quantity.ENERGY, None)


def correction_of(
    corrections: list[dict[str, Any]], source: SourceInfo, channel: Channel, samples: Samples
) -> tuple[Correction | None, Any]:
    """Find the newest calibration of a channel and the temperatures it asks for."""
    names = {channel.name, f"{source.name}/{channel.name}", f"{source.id}/{channel.name}"}
    for data in reversed(corrections):
        if data.get("channel") in names and str(data.get("source", source.id)) == str(source.id):
            correction = Correction.from_dict(data)
            asked = correction.temperature_channel
            beside = next((c for c in source.channels if c.name == asked), None)
            if beside is None:
                return correction, None
            return correction, _temperatures(samples.codes[beside.name], beside)
    return None, None


def _temperatures(codes: NDArray[np.int64], channel: Channel) -> NDArray[np.float64] | None:
    """Return the temperature at each sample, between its neighbours where it is missing; None where all are."""
    known = np.flatnonzero(codes != MISSING)
    if not known.size:
        return None
    between: NDArray[np.float64] = np.interp(np.arange(codes.size), known, channel.in_si(codes[known]))
    return between
