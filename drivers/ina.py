"""What TI's power monitors have in common: registers, limits, settings, and one conversation shape.

A chip's own file (`ina219.py`, `ina226.py`, `ina228.py`, `ina3221.py`) holds its tables and how its
ready flag works; `ina_source.py` makes a source of one or several chips.

Current and power are always computed on the host from signed shunt and bus codes: the chips' power
registers are unsigned and both products are truncated.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from powermeter.channel import Accuracy
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.units import format_quantity

from .i2c import RegisterLink

TI = 0x5449
"""The manufacturer's identification that newer chips carry."""


@dataclass(frozen=True, slots=True)
class Register:
    """Where a value is and how its bits become a signed code.

    Attributes:
        address: The register pointer.
        lsb: SI units per code.
        size: Bytes.
        signed: Two's complement, or never negative.
        shift: How many low bits are no part of the value.
    """

    address: int
    lsb: float = 1.0
    size: int = 2
    signed: bool = True
    shift: int = 0

    def decode(self, raw: int) -> int:
        """Give the code of what was read; the sign first, the shift after it."""
        if self.signed and raw >> (8 * self.size - 1):
            raw -= 1 << (8 * self.size)
        return raw >> self.shift

    def encode(self, code: int) -> int:
        """Give what a chip would hold for a code: the inverse of `decode`."""
        return (code << self.shift) & ((1 << (8 * self.size)) - 1)

    @property
    def low(self) -> int:
        """The smallest code."""
        return -(1 << (8 * self.size - 1 - self.shift)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest code."""
        return (1 << (8 * self.size - int(self.signed) - self.shift)) - 1


@dataclass(frozen=True, slots=True)
class Limits:
    """A datasheet's limits of one input, as (typical, maximum); typical is None where it states none.

    Attributes:
        gain: Relative, at 25 °C.
        offset: In the input's unit (V, or A with an internal shunt), at 25 °C.
        gain_drift: Relative per kelvin.
        offset_drift: In the input's unit per kelvin.
        source: Which table of which document.
    """

    gain: tuple[float | None, float]
    offset: tuple[float | None, float]
    gain_drift: tuple[float | None, float] = (0.0, 0.0)
    offset_drift: tuple[float | None, float] = (0.0, 0.0)
    source: str = ""

    def accuracy(
        self, *, typical: bool, span_k: float, unit_per_input: float, step: float, tolerance: float = 0.0
    ) -> Accuracy:
        """Give the accuracy of a channel fed by this input.

        Independent limits join as their variances do, so their half-widths join in quadrature
        (GUM 5.1.2); a maximum used among typical values counts as its half-width/√3 (GUM 4.3.7).

        Args:
            typical: Whether to use the typical values.
            span_k: Kelvin away from 25 °C.
            unit_per_input: Channel units per unit of the input (1/R for a current).
            step: Resolution in the channel's unit.
            tolerance: Relative limit of the shunt's value, its temperature coefficient included.
        """

        def pick(pair: tuple[float | None, float]) -> float:
            if not typical:
                return pair[1]
            return pair[0] if pair[0] is not None else pair[1] / math.sqrt(3)

        shunt = tolerance / math.sqrt(3) if typical else tolerance
        return Accuracy(
            gain=math.hypot(pick(self.gain), pick(self.gain_drift) * span_k, shunt),
            offset=math.hypot(pick(self.offset), pick(self.offset_drift) * span_k) * abs(unit_per_input),
            step=step,
            typical=typical,
            source=self.source + (f"; shunt ±{tolerance:.2%}" if tolerance else ""),
        )


@dataclass(frozen=True, slots=True)
class Model:
    """One chip as data.

    Attributes:
        name: As printed on it.
        config_reset: What register 00h holds after power-up.
        shunts: The shunt register of each of its channels; a current register in ampere where the
            shunt is inside.
        buses: The bus voltage register of each channel.
        shunt_limits: Grade or revision → limits of the shunt input, the default first.
        bus_limits: The same for the bus input.
        bus_input_v: The most its input stands, in volt.
        usual_conversion_s: One conversion as after power-up.
        tolerance: How far its conversion times may be off, relative.
        ids: (register, expected, mask) of its identification registers.
        internal: Whether the shunt is inside, so that it reads ampere.
        load_side: Whether the bus voltage is taken behind the shunt (at IN−).
    """

    name: str
    config_reset: int
    shunts: tuple[Register, ...]
    buses: tuple[Register, ...]
    shunt_limits: Mapping[str, Limits]
    bus_limits: Mapping[str, Limits]
    bus_input_v: float
    usual_conversion_s: float = 1.1e-3
    tolerance: float = 0.10
    ids: tuple[tuple[int, int, int], ...] = ()
    internal: bool = False
    load_side: bool = False


@dataclass(frozen=True, slots=True)
class Request:
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
    """One way a chip can be set up, and what that gives.

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


def choose(candidates: Iterable[Setting], request: Request, tolerance: float, chip: str) -> Setting:
    """Give the setting that listens longest to the current within the period asked for.

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


class Chip(ABC):
    """One chip on one bus, from setting it up to reading its codes.

    Attributes:
        models: Name in lower case → model.
        wait_for_ready: Whether `poll` asks the chip for a finished conversion; False reads what is there.
    """

    models: ClassVar[Mapping[str, Model]]

    def __init__(self, model: Model, link: RegisterLink, request: Request) -> None:
        self.model = model
        self.link = link
        self.request = request
        self.setting = choose(list(self.settings()), request, model.tolerance, model.name)
        self.wait_for_ready = True

    @abstractmethod
    def settings(self) -> Iterable[Setting]:
        """Give every setting that serves the ranges asked for.

        Raises:
            ConfigurationError: A range is beyond the chip.
        """

    @abstractmethod
    def poll(self) -> Sequence[int] | None:
        """Give voltage and current code of each channel in turn, then what else the chip counts.

        None means that no conversion was finished since the last call.

        Raises:
            ReadError: The chip does not answer, or what it answers cannot be trusted.
        """

    def limits(self, grade: str) -> Limits:
        """Give the limits of the shunt input in the range in use."""
        return self.model.shunt_limits[grade]

    @abstractmethod
    def finished(self) -> bool:
        """Whether a round was finished since the flag was last cleared."""

    def forget(self) -> None:  # noqa: B027
        """Clear the ready flag, where asking has not done so."""

    def measure_round(self, rounds: int = 128, most_s: float = 0.3) -> float:
        """Give the longest that a round takes on this chip's own clock, in seconds.

        Counts the rounds between two sightings of the flag.  A round that goes unseen makes the
        answer too long, never too short; beyond the datasheet's limit it is that limit.
        """
        rounds = max(4, min(rounds, int(most_s / self.setting.round_s)))
        best = self.round_max_s
        for _ in range(2):
            first = self._sighting()
            last: tuple[int, int] | None = None
            for _ in range(rounds):
                last = self._sighting() if first is not None else None
                if last is None:
                    break
            if first is not None and last is not None:
                best = min(best, (last[1] - first[0]) / rounds / 1e9)
        return max(best, self.round_min_s)

    def _sighting(self) -> tuple[int, int] | None:
        """Give times before and after the end of a round, or None where the flag does not show."""
        clock = self.link.clock
        before = clock.now_ns()
        give_up = before + round(3e9 * self.round_max_s) + 1_000_000
        while True:
            asked = clock.now_ns()
            if self.finished():
                self.forget()
                return before, clock.now_ns()
            before = asked
            if asked > give_up:
                return None

    @property
    def shunts(self) -> list[Register]:
        """The shunt registers in use, as the range in use scales them."""
        return [self.setting.shunt or self.model.shunts[i] for i in self.request.channels]

    @property
    def buses(self) -> list[Register]:
        """The bus voltage registers in use."""
        return [self.model.buses[i] for i in self.request.channels]

    @property
    def where(self) -> str:
        """Chip, bus and address, for messages."""
        return f"{self.model.name} on {self.link.where}"

    @property
    def round_max_s(self) -> float:
        """The longest a round of conversions may take."""
        return self.setting.round_s * (1 + self.model.tolerance)

    @property
    def round_min_s(self) -> float:
        """The shortest a round of conversions may take."""
        return self.setting.round_s * (1 - self.model.tolerance)

    def need(self, value: float | None, full: float, unit: str, what: str) -> None:
        """Refuse a range beyond full scale.

        Raises:
            ConfigurationError: It is.
        """
        if value is not None and value > full * 1.000001:
            remedy = "a smaller shunt or another chip" if "shunt" in what else "another chip"
            raise ConfigurationError(
                f"{self.model.name} measures {what} up to {format_quantity(full, unit)}, "
                f"not {format_quantity(value, unit)}; use {remedy}"
            )

    def open(self) -> None:
        """Make sure that it is this chip and set it up, leaving it running where it is set up already.

        Raises:
            OpenError: No answer, another chip, or a chip that does not keep its setup.
        """
        self.link.claim(0x00)
        try:
            self.identify()
            if not self.intact():
                for register, value, _ in self.setting.writes:
                    self.link.write(register, value)
                if not self.intact():
                    raise OpenError(
                        f"{self.where}: it does not keep its configuration; is another program using it?",
                        Reason.WRONG_DEVICE,
                    )
            self.start()
        except ReadError as error:
            raise OpenError(str(error), error.reason) from error

    def start(self) -> None:  # noqa: B027
        """Prepare whatever a fresh start needs; nothing by default."""

    def identify(self) -> None:
        """Compare the identification registers.

        Raises:
            OpenError: They are another chip's.
        """
        for register, expected, mask in self.model.ids:
            found = self.link.read(register)
            if found & mask != expected & mask:
                raise OpenError(
                    f"{self.link.where}: register {register:02X}h reads {found:04X}h, {self.model.name} has "
                    f"{expected:04X}h; run 'powermeter devices' to see what it is",
                    Reason.WRONG_DEVICE,
                )

    def intact(self) -> bool:
        """Whether every register of the setup still holds what was written."""
        return all(
            self.link.read(register) & mask == value & mask for register, value, mask in self.setting.writes
        )

    def lost(self) -> ReadError:
        """Give the error of a chip that restarted."""
        return ReadError(
            f"{self.where} lost its configuration (a brown-out, or another program changed it)",
            Reason.LOST_SETUP,
        )
