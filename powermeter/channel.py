"""One measured line of an instrument: what it measures, in which unit, on which rail, how surely; and what its readings may lack."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, Any

from powermeter.result import Grade

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[Any]
    Floats = NDArray[np.float64]
else:  # numpy is imported where it is used
    Codes = Floats = Any

MISSING = -(2**63)
"""The raw code of a value that this sample does not have.  Never a number, never 0."""

# Bits of a sample's flag byte.
REPEAT = 1  # the instrument had not refreshed: the row holds nothing new
# At least one channel was at the end of its range; all of them count as such, unless the bits from 8 on name rails.
SATURATED = 2
INTERPOLATED_TIME = 4  # the stamp was spread over a packet, not taken for this sample
_FIRST_RAIL = 8  # with SATURATED: only the first rail was, or those of the bits above; see `saturated`
_LAST_PLACE = 4  # of a rail with a bit of its own; those behind it share this one


class Quantity(str, Enum):
    """What a channel measures; each has one SI unit."""

    VOLTAGE = "voltage"
    CURRENT = "current"
    POWER = "power"
    ENERGY = "energy"
    CHARGE = "charge"
    TEMPERATURE = "temperature"
    LOAD = "load"
    FREQUENCY = "frequency"
    MARKER = "marker"

    @property
    def unit(self) -> str:
        """The SI unit: V, A, W, J, C, degC, 1, Hz; a marker's bits are `1`."""
        return _UNIT[self]


_UNIT = {
    Quantity.VOLTAGE: "V",
    Quantity.CURRENT: "A",
    Quantity.POWER: "W",
    Quantity.ENERGY: "J",
    Quantity.CHARGE: "C",
    Quantity.TEMPERATURE: "degC",
    Quantity.LOAD: "1",
    Quantity.FREQUENCY: "Hz",
    Quantity.MARKER: "1",
}

OF_UNIT = {unit: quantity for quantity, unit in _UNIT.items() if quantity is not Quantity.MARKER}
"""SI unit → what is measured in it."""


class Kind(str, Enum):
    """How a sample relates to time."""

    INSTANT = "instant"  # the value at the stamp
    MEAN = "mean"  # the mean over the interval (or `window_ns`) that ended at the stamp
    COUNTER = "counter"  # a running total; only differences mean anything
    HELD = "held"  # the value stands from its stamp until the next one


class Boundary(str, Enum):
    """What a rail covers; ordered from the whole installation down to a part."""

    WALL = "wall"  # at the socket: includes the power supply's loss
    BATTERY = "battery"  # at the battery's terminals
    BOARD = "board"  # everything the device draws at its input
    MODULE = "module"  # the compute module's input, not its carrier board
    DEVICE = "device"  # one whole add-on: a graphics card, a USB accelerator
    PART = "part"  # a part of the board: a CPU, a memory rail
    MODEL = "model"  # no rail at all: a model of the machine's draw


HEADLINE_ORDER = (
    Boundary.BOARD,
    Boundary.BATTERY,
    Boundary.WALL,
    Boundary.MODULE,
    Boundary.DEVICE,
    Boundary.PART,
    Boundary.MODEL,
)
"""What stands for what the battery sees, best first.  A socket's reading includes the power supply's loss, but
everything of the device too, so it goes before a part of the device."""


@dataclass(frozen=True, slots=True)
class Rail:
    """A line that power flows through.

    Attributes:
        name: As its maker names it (`VDD_IN`, `package-0`); unique within a recording's source.
        parent: The rail that feeds it.  A rail is never added to its parent or its child.
        boundary: What it covers.
        covers: What is and is not inside, in words, for reports.
        nominal_v: Its nominal voltage in volt, where a charge must be derived without a measured one.
        sum_lacks: Under a parent that nobody measures: what the sum of the siblings does not hold.
    """

    name: str
    parent: str | None = None
    boundary: Boundary = Boundary.BOARD
    covers: str = ""
    nominal_v: float | None = None
    sum_lacks: str = ""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The limits an instrument's maker states, or that were found, for one channel.

    All are half-widths: of a rectangular distribution where `typical` is False (a limit; standard
    uncertainty = half-width/√3, GUM 4.3.7), of a normal standard deviation where it is True.

    Attributes:
        gain: Relative, 1 (0.005 is 0.5 %), shared by every sample of the channel.
        offset: In the channel's unit, shared by every sample.
        step: Resolution in the channel's unit (one quantisation step, not half of one).
        noise: Standard deviation of one sample in the channel's unit, independent between samples.
        model: Relative error of the model where the channel is estimated; shared by every sample.
        clock: Relative error of the instrument's own time base where it integrates (counters).
        typical: Whether gain and offset are typical values (standard deviations) rather than limits.
        source: Where the numbers come from: datasheet and table, or "assumed: why".
    """

    gain: float = 0.0
    offset: float = 0.0
    step: float = 0.0
    noise: float = 0.0
    model: float = 0.0
    clock: float = 0.0
    typical: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured line of a source.

    SI value = raw code × `scale` + `offset`.  Raw codes are integers of at most 63 bits and sign;
    `MISSING` is none.

    Attributes:
        name: Unique within its source, lower case: `vdd_in.power`.
        quantity: What is measured; determines the SI unit.
        scale: SI units per raw code.
        rail: The rail it measures; None for temperatures, loads and markers of no rail.
        kind: How a sample relates to time.
        offset: SI units at code 0.
        grade: How its values come to be.
        accuracy: The stated limits.
        wrap: Counters: the number of codes after which it starts again (2**32), None if never.
        window_ns: Mean channels: the averaging window where it is not the sample interval.
        refresh_ns: The instrument's own refresh interval where it is known to be slower than reading.
        low_code, high_code: The raw codes at which the instrument saturates.
    """

    name: str
    quantity: Quantity
    scale: float
    rail: Rail | None = None
    kind: Kind = Kind.INSTANT
    offset: float = 0.0
    grade: Grade = Grade.MEASURED
    accuracy: Accuracy = field(default_factory=Accuracy)
    wrap: int | None = None
    window_ns: int | None = None
    refresh_ns: int | None = None
    low_code: int | None = None
    high_code: int | None = None

    @property
    def unit(self) -> str:
        """The SI unit of its values."""
        return self.quantity.unit

    def in_si(self, codes: Codes) -> Floats:
        """Return raw codes, or means of them, in the SI unit; NaN where one is missing.  Shape as `codes`."""
        import numpy as np

        values: Floats = np.multiply(codes, self.scale, dtype=np.float64)
        if self.offset or self.scale < 0:  # of a code 0 times that comes -0.0
            values += self.offset
        if codes.dtype.kind == "i" and codes.size and codes.min() != MISSING:  # the lowest there is
            return values
        missing = codes == MISSING
        if missing.any():
            values[missing] = np.nan
        return values

    def value_of(self, code: float) -> float | None:
        """Return one raw code, or a mean of some, in the SI unit; None where it is missing or not a number."""
        value = float(code) * self.scale + self.offset
        return value if code != MISSING and math.isfinite(value) else None

    def __repr__(self) -> str:
        on = f" on {self.rail.name}" if self.rail is not None else ""
        return f"<Channel {self.name}: {self.quantity.value}{on}, {self.kind.value}, {self.grade.value}>"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `from_dict` is its inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Channel:
        """Rebuild a channel from `to_dict`, ignoring fields a newer version may have added.

        Raises:
            KeyError, TypeError, ValueError: The data do not describe a channel.
        """
        known = {name: data[name] for name in (f.name for f in fields(cls)) if name in data}
        rail = known.get("rail")
        if rail is not None:
            rail = {name: rail[name] for name in (f.name for f in fields(Rail)) if name in rail}
            known["rail"] = Rail(**{**rail, "boundary": Boundary(rail.get("boundary", "board"))})
        accuracy = known.get("accuracy") or {}
        names = {f.name for f in fields(Accuracy)}
        known["accuracy"] = Accuracy(**{k: v for k, v in accuracy.items() if k in names})
        known["quantity"] = Quantity(known["quantity"])
        known["kind"] = Kind(known.get("kind", "instant"))
        known["grade"] = Grade(known.get("grade", "measured"))
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time in which a source returned no trustworthy data, and why.

    Attributes:
        start_ns, end_ns: Monotonic nanoseconds; the last good sample before, the first after.
        reason: A value of `errors.Reason`, or `missed` (deadlines), `dropped` (the instrument's own count).
        detail: One line for people.
        lost: How many samples are missing, where that is known.
    """

    start_ns: int
    end_ns: int
    reason: str
    detail: str = ""
    lost: int | None = None


def rail_names(channels: Iterable[Channel]) -> list[str]:
    """Return the names of rails, each once, in the order in which the channels name them."""
    return list(dict.fromkeys(channel.rail.name for channel in channels if channel.rail is not None))


def saturated(*rails: int) -> int:
    """Return the flags of a row in which these rails alone were at the end of their range; `SATURATED` marks all of them.

    Args:
        rails: Places of rails in the order in which the channels name them, from 0; all from the fifth on share one flag.
    """
    flags = 0
    for rail in rails:
        flags |= SATURATED | _FIRST_RAIL << min(rail, _LAST_PLACE)
    return flags


def flags_of(channel: Channel, channels: Iterable[Channel], flags: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the flags of rows as they hold for one channel: not saturated where only other rails were."""
    import numpy as np

    named = flags >= _FIRST_RAIL
    if channel.rail is None or not named.any():
        return flags
    own = saturated(rail_names(channels).index(channel.rail.name)) & ~SATURATED
    return np.where(named & (flags & own == 0), flags & ~np.uint8(SATURATED), flags)
