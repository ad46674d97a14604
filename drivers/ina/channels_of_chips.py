"""What a row of an INA source holds: voltage and current of each rail, then temperature and counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.units import format_percent

from ..meters.running_total import totals_of
from .chip import Chip
from .ina228 import INA228Chip
from .layout import PlacedChip

TOTAL_LOW = -(1 << 62)
"""Below zero: the driver keeps signed totals of the chip's counters, which go down where power flows back."""


def channels_of(chips: Sequence[Chip], placements: Sequence[PlacedChip]) -> list[Channel]:
    """Return the channels of all chips, in the order of a row.

    Counters that are read less often than rows come are on a rail of their own under the measured
    one, as a check: a short window is better measured by voltage × current.
    """
    found: list[Channel] = []
    for chip, place in zip(chips, placements, strict=True):
        for line, shunt, bus in zip(place.lines, chip.shunts, chip.buses, strict=True):
            found += _line_channels(
                chip, place, covered(place, line.rail), line.ohm, line.tolerance, shunt.lsb, bus.lsb
            )
        if isinstance(chip, INA228Chip):
            found += _extra_channels(chip, place)
    return found


def covered(place: PlacedChip, rail: Rail) -> Rail:
    """Return a rail with words for what the chip sees of it, where the user has given none."""
    if rail.covers:
        return rail
    side = "behind the shunt (load side)" if place.data.load_side else "at the chip's bus input"
    return replace(rail, covers=f"what flows through the shunt, at the voltage {side}")


def _line_channels(
    chip: Chip,
    place: PlacedChip,
    rail: Rail,
    ohm: float,
    tolerance: float,
    shunt_lsb: float,
    bus_lsb: float,
) -> list[Channel]:
    setting, stem = chip.setting, rail.name.lower()
    per_input = 1.0 if place.data.internal else 1.0 / ohm
    typical, span_k = place.typical, place.span_k
    current = chip.limits(place.grade).accuracy(
        typical=typical,
        span_k=span_k,
        unit_per_input=per_input,
        step=setting.shunt_step * per_input,
        tolerance=tolerance,
    )
    voltage = place.bus_limits.accuracy(
        typical=typical, span_k=span_k, unit_per_input=1.0, step=setting.bus_step
    )
    full = round(setting.shunt_full / shunt_lsb)
    codes = place.data.shunts[0]
    return [
        Channel(
            f"{stem}.voltage",
            Quantity.VOLTAGE,
            bus_lsb,
            rail,
            Kind.INSTANT,
            accuracy=voltage,
            high_code=min(round(setting.bus_full / bus_lsb), place.data.buses[0].high),
        ),
        Channel(
            f"{stem}.current",
            Quantity.CURRENT,
            shunt_lsb * per_input,
            rail,
            Kind.INSTANT,
            accuracy=current,
            low_code=max(-full, codes.low),
            high_code=min(full, codes.high),
        ),
    ]


def _extra_channels(chip: INA228Chip, place: PlacedChip) -> list[Channel]:
    found = []
    line = place.lines[0]
    stem = line.rail.name.lower()
    extras = chip.extras
    if chip.request.temperature:
        found.append(Channel(f"{stem}.die", Quantity.TEMPERATURE, extras.temperature.lsb))
    if chip.has_counters:
        rail = covered(place, line.rail)
        if chip.counter_period_ns:
            rail = totals_of(rail)
        step = chip.shunts[0].lsb / (line.ohm or 1.0)
        energy_j, charge_c = extras.energy_ratio * step, extras.charge_ratio * step
        tolerance = 0.01 if not place.data.internal else 0.02
        gain = (tolerance**2 + line.tolerance**2) ** 0.5
        accuracy = replace(
            place.limits.accuracy(typical=False, span_k=place.span_k, unit_per_input=0.0, step=energy_j),
            gain=gain,
            source=f"{place.limits.source}; counters ± {format_percent(tolerance)}; shunt ± {format_percent(line.tolerance)}",
        )
        found += [
            Channel(
                f"{stem}.energy",
                Quantity.ENERGY,
                energy_j,
                rail,
                Kind.COUNTER,
                accuracy=accuracy,
                low_code=TOTAL_LOW,
            ),
            Channel(
                f"{stem}.charge",
                Quantity.CHARGE,
                charge_c,
                rail,
                Kind.COUNTER,
                accuracy=replace(accuracy, step=charge_c),
                low_code=TOTAL_LOW,
            ),
        ]
    return found
