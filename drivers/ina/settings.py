"""Ranges, conversion times and averages of an INA chip: what is asked for, what there is, what is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from powermeter.errors import ConfigurationError
from powermeter.units import format_quantity

from .datasheet import Register


@dataclass(frozen=True, slots=True)
class ChipRequest:
    """What the user wants of a chip; None leaves the choice open.

    Attributes:
        period_s: The longest a round of conversions may take; 0 asks for the fastest.
        shunt_v: The largest shunt voltage to expect (ampere with an internal shunt).
        bus_v: The largest bus voltage to expect.
        averages: Conversions averaged in one value.
        conversion_s: Time of one conversion.
        bits: ADC resolution (INA219, INA220).
        channels: Which of the chip's channels, counted from 0.
        counters: Whether to read energy and charge counters, where there are any.
        temperature: Whether to read the die's temperature, where it is measured.
    """

    period_s: float = 0.01
    shunt_v: float | None = None
    bus_v: float | None = None
    averages: int | None = None
    conversion_s: float | None = None
    bits: int | None = None
    channels: tuple[int, ...] = (0,)
    counters: bool = True
    temperature: bool = False

    @property
    def pinned(self) -> bool:
        """Whether the user chose a setting, which then holds for both inputs alike."""
        return not self.averages == self.conversion_s == self.bits is None


@dataclass(frozen=True, slots=True)
class Setting:
    """One way a chip can be set up, and the rate and noise that result.

    Attributes:
        writes: (register, value, bits that matter when it is read back), in the order of writing.
        round_s: One round of conversions, typical.
        shunt_s, bus_s: Time of a round spent on each input of one channel.
        averages: Conversions averaged in a value of the shunt input.
        conversion_s: Time of one conversion of the shunt input.
        shunt_step, bus_step: The ADC's own resolution in the input's unit.
        shunt_full, bus_full: Full scale in the input's unit.
        shunt: The shunt register as this range scales it; None for the model's own.
    """

    writes: tuple[tuple[int, int, int], ...]
    round_s: float
    shunt_s: float
    bus_s: float
    averages: int
    conversion_s: float
    shunt_step: float
    bus_step: float
    shunt_full: float
    bus_full: float
    shunt: Register | None = None
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


def choose(candidates: Iterable[Setting], request: ChipRequest, tolerance: float, chip: str) -> Setting:
    """Return the setting that listens longest to the current within the period asked for.

    A slow chip's round may take `tolerance` longer than typical and must still fit.  Where no
    setting is fast enough, the fastest is given and the chip sets the pace.

    Raises:
        ConfigurationError: No setting has the averages, conversion time or resolution asked for.
    """
    found = [
        setting
        for setting in candidates
        if (not request.pinned or setting.shunt_s == setting.bus_s)
        and (request.averages is None or setting.averages == request.averages)
        and (request.conversion_s is None or abs(setting.conversion_s / request.conversion_s - 1) < 0.05)
        and (request.bits is None or setting.facts.get("bits") == request.bits)
    ]
    if not found:
        every = list(candidates)
        averages = sorted({s.averages for s in every})
        times = sorted({s.conversion_s for s in every})
        raise ConfigurationError(
            f"{chip} has no setting with averages={request.averages}, conversion={request.conversion_s}, "
            f"bits={request.bits}; it averages {', '.join(map(str, averages))} conversions "
            f"of {', '.join(format_quantity(t, 's') for t in times)}"
        )
    fitting = [s for s in found if s.round_s * (1 + tolerance) <= request.period_s]
    if fitting:
        return max(fitting, key=lambda s: (s.shunt_s, s.bus_s))
    return min(found, key=lambda s: (s.round_s, -s.shunt_s))
