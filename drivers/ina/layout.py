"""Which chips sit where and what they measure: from a URL, or from a TOML file for several chips.

::

    ina219://1/0x40?shunt=0.1ohm
    ina3221://1/0x40?shunt=5mohm&rails=VDD_IN,VDD_CPU,VDD_SOC&parents=,VDD_IN,VDD_IN
    ina226://1/0x40,0x41?shunt=10mohm,0.1ohm&rails=board,usb
    ina://rails.toml

A TOML file holds one `[[chip]]` table a chip with `model`, `bus`, `address` and any option of the URL,
and in it one `[[chip.rail]]` table a rail with `channel` (1 to 3 on an INA3221), `name`, `shunt` and,
where they are known, `parent`, `boundary`, `covers`, `tolerance`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powermeter import toml
from powermeter.channel import Boundary, Rail
from powermeter.errors import ConfigurationError
from powermeter.source import Address

from .chip import Chip
from .datasheet import ChipModel, InputLimits
from .ina219 import INA219Chip
from .ina226 import INA226Chip
from .ina228 import INA228Chip
from .ina3221 import INA3221Chip
from .options import kelvin_off, ratio, shunt_limit, shunts
from .settings import ChipRequest

CHIPS: Mapping[str, tuple[type[Chip], ChipModel]] = {
    name: (chip, model)
    for chip in (INA219Chip, INA226Chip, INA228Chip, INA3221Chip)
    for name, model in chip.models.items()
}
"""Model in lower case → the class that reads it, and its data."""

MAX_CHIPS = 16


@dataclass(frozen=True, slots=True)
class ShuntedRail:
    """One channel of a chip: its rail and its shunt.

    Attributes:
        rail: What it measures.
        ohm: The shunt; 0 where it is inside the chip.
        tolerance: Relative limit of the shunt at the temperature assumed.
    """

    rail: Rail
    ohm: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class PlacedChip:
    """One chip: its model, its bus and address, and the settings asked for."""

    model: str
    bus: str
    address: int
    lines: tuple[ShuntedRail, ...]
    request: ChipRequest
    limits: InputLimits
    bus_limits: InputLimits
    typical: bool
    span_k: float
    poll: bool
    grade: str
    load: str | None = None

    @property
    def chip(self) -> type[Chip]:
        """The class that reads it."""
        return CHIPS[self.model][0]

    @property
    def data(self) -> ChipModel:
        """Its registers and limits."""
        return CHIPS[self.model][1]


def from_url(address: Address, options: Mapping[str, Any]) -> list[PlacedChip]:
    """Return the chips of `MODEL://BUS/ADDRESS[,ADDRESS…]`.

    Raises:
        ConfigurationError: The location or an option is not usable.
    """
    bus, _, places = address.location.rpartition("/")
    model = address.scheme
    if not bus or not places:
        raise ConfigurationError(
            f"{address} does not state which chip; write for example {model}://1/0x40 (bus 1, address 0x40)"
        )
    addresses = [parse_address(text, model) for text in places.split(",")]
    if len(set(addresses)) != len(addresses):
        raise ConfigurationError(f"{address}: an address is given twice")
    per_chip = len(CHIPS[model][1].shunts)
    slots = len(addresses) * per_chip
    names = _spread("rails", options["rails"], slots, [None])
    ohms = _spread("shunt", options["shunt"], slots, [None])
    parents = _spread("parents", options["parents"], slots, [None])
    boundaries = _spread("boundary", options["boundary"], slots, [Boundary.BOARD])
    found = []
    for i, place in enumerate(addresses):
        lines: dict[int, tuple[Rail, float | None, float]] = {}
        for channel in range(per_chip):
            slot = i * per_chip + channel
            name = names[slot]
            if name in ("", "-"):
                continue
            if name is None:
                name = f"{model}_{place:02x}" + (f"_{channel + 1}" if per_chip > 1 else "")
            rail = Rail(name, parents[slot] or None, boundaries[slot])
            lines[channel] = (rail, ohms[slot], options["tolerance"])
        found.append(place_chip(model, bus, place, lines, options))
    _check_rails(found)
    return found


def _spread(option: str, values: Sequence[Any] | None, slots: int, default: Sequence[Any]) -> list[Any]:
    values = values or default
    if len(values) == 1 and (option != "rails" or values[0] is None):
        return list(values) * slots
    if len(values) > slots:
        raise ConfigurationError(f"{option} has {len(values)} values for {slots} channels")
    return [*values, *([""] if option == "rails" else [values[-1]]) * (slots - len(values))]


def parse_address(text: str | int, model: str) -> int:
    """Return a 7-bit address.

    Raises:
        ConfigurationError: It is none, or not one this chip can have.
    """
    try:
        value = text if isinstance(text, int) else int(text.strip(), 0)
    except ValueError:
        raise ConfigurationError(f"{text!r} is not an I²C address; write for example 0x40") from None
    last = 0x43 if model == "ina3221" else 0x4F
    if not 0x40 <= value <= last:
        raise ConfigurationError(
            f"0x{value:02x} is not an address of an {model.upper()}; it has 0x40 to 0x{last:02x}"
        )
    return value


def place_chip(
    model: str,
    bus: str,
    address: int,
    lines: Mapping[int, tuple[Rail, float | None, float]],
    options: Mapping[str, Any],
) -> PlacedChip:
    """Return one chip's placement; `lines` maps channel → (rail, shunt in ohm, its tolerance).

    Raises:
        ConfigurationError: A shunt is missing or the options do not fit this chip.
    """
    data = CHIPS[model][1]
    if not lines:
        raise ConfigurationError(f"{data.name} at 0x{address:02x}: no channel is left to measure")
    span_k = kelvin_off(options)
    made = []
    for rail, ohm, tolerance in lines.values():
        if data.internal:
            if ohm is not None:
                raise ConfigurationError(f"the {data.name} has its shunt inside; leave out shunt=")
            made.append(ShuntedRail(rail, 0.0, 0.0))
            continue
        if ohm is None:
            raise ConfigurationError(
                f"{model}://{bus}/0x{address:02x} needs shunt=; read the marking of the shunt resistor "
                "(R100 is 0.1ohm, R010 is 10mohm)"
            )
        made.append(ShuntedRail(rail, ohm, shunt_limit(options, tolerance)))
    grade = (options["grade"] or next(iter(data.shunt_limits))).lower()
    if grade not in data.shunt_limits:
        raise ConfigurationError(
            f"the {data.name} has no grade {grade!r}; it has "
            + ", ".join(g or "none" for g in data.shunt_limits)
        )
    return PlacedChip(
        model,
        bus,
        address,
        tuple(made),
        _request(options, data, made, tuple(lines)),
        data.shunt_limits[grade],
        data.bus_limits[grade],
        options["accuracy"] == "typical",
        span_k,
        options["ready"] == "poll",
        grade,
        options["load"],
    )


def _request(
    options: Mapping[str, Any], data: ChipModel, lines: Sequence[ShuntedRail], channels: tuple[int, ...]
) -> ChipRequest:
    shunt_v: float | None = None
    if options["range"] is not None:
        value, unit = options["range"]
        if data.internal and unit == "V":
            raise ConfigurationError(f"the {data.name} has its shunt inside; state range= as a current")
        shunt_v = value if unit == "V" or data.internal else value * max(line.ohm for line in lines)
    asked = options["interval"] or options["rate"]
    conversion_s = options["conversion"]
    pinned = not options["averages"] == options["bits"] == conversion_s is None
    if asked is None:
        # Where a setting is given and no rate, the setting makes the pace.
        asked = 0.0 if pinned else 0.01
        if pinned and conversion_s is None and options["bits"] is None:
            conversion_s = data.usual_conversion_s
    return ChipRequest(
        period_s=asked,
        shunt_v=shunt_v,
        bus_v=options["bus_range"],
        averages=options["averages"],
        conversion_s=conversion_s,
        bits=options["bits"],
        channels=channels,
        counters=options["counters"],
        temperature=options["die"],
    )


def _check_rails(placements: Sequence[PlacedChip]) -> None:
    names = [line.rail.name for place in placements for line in place.lines]
    if len({name.lower() for name in names}) != len(names):
        raise ConfigurationError(f"two rails have the same name: {', '.join(names)}")
    for place in placements:
        for line in place.lines:
            if line.rail.parent is not None and line.rail.parent not in names:
                raise ConfigurationError(
                    f"rail {line.rail.name}: its parent {line.rail.parent!r} is not measured here"
                )


def from_toml(
    path: Path, options: Mapping[str, Any], parse: Callable[[Mapping[str, str]], dict[str, Any]]
) -> list[PlacedChip]:
    """Return the chips of a TOML file.

    Args:
        path: The file.
        options: What the URL states; an option in the file wins.
        parse: Turns option texts into values.

    Raises:
        ConfigurationError: The file is not readable or states something unusable.
    """
    table = toml.read(path)
    chips = table.pop("chip", None)
    if not isinstance(chips, list) or not 1 <= len(chips) <= MAX_CHIPS:
        raise ConfigurationError(f"{path}: needs 1 to {MAX_CHIPS} [[chip]] tables")
    shared = {**options, **parse(_texts(path, table))}
    placements = [_toml_chip(path, chip, shared, parse) for chip in chips]
    _check_rails(placements)
    if len({(p.bus, p.address) for p in placements}) != len(placements):
        raise ConfigurationError(f"{path}: two chips have the same bus and address")
    return placements


def _texts(path: Path, table: Mapping[str, Any]) -> dict[str, str]:
    texts = {}
    for name, value in table.items():
        if isinstance(value, bool):
            texts[name] = "yes" if value else "no"
        elif isinstance(value, (str, int, float)):
            texts[name] = str(value)
        else:
            raise ConfigurationError(f"{path}: {name!r} is not a text or a number")
    return texts


def _toml_chip(
    path: Path, chip: Any, shared: Mapping[str, Any], parse: Callable[[Mapping[str, str]], dict[str, Any]]
) -> PlacedChip:
    if not isinstance(chip, dict):
        raise ConfigurationError(f"{path}: chip is not a table; write [[chip]]")
    chip = dict(chip)
    rails = chip.pop("rail", [])
    model = str(chip.pop("model", "")).lower()
    if model not in CHIPS:
        raise ConfigurationError(f"{path}: model {model!r} is not one of {', '.join(CHIPS)}")
    bus, address = str(chip.pop("bus", "")), parse_address(chip.pop("address", ""), model)
    if not bus:
        raise ConfigurationError(f"{path}: chip {model} has no bus")
    options = {**shared, **parse(_texts(path, chip))}
    if not isinstance(rails, list) or not rails:
        raise ConfigurationError(f"{path}: chip {model} at 0x{address:02x} has no [[chip.rail]]")
    channels = len(CHIPS[model][1].shunts)
    lines: dict[int, tuple[Rail, float | None, float]] = {}
    for rail in rails:
        text = _texts(path, rail) if isinstance(rail, dict) else {}
        number = text.pop("channel", "1")
        if not number.isdecimal() or not 1 <= int(number) <= channels or int(number) - 1 in lines:
            raise ConfigurationError(
                f"{path}: channel {number!r} of {model} is not one of 1 to {channels}, or is given twice"
            )
        unknown = set(text) - {"name", "parent", "boundary", "covers", "shunt", "tolerance"}
        if "name" not in text or unknown:
            raise ConfigurationError(
                f"{path}: a rail needs a name"
                + (f" and takes no {', '.join(sorted(unknown))}" if unknown else "")
            )
        try:
            boundary = Boundary(text.get("boundary", "board"))
        except ValueError:
            raise ConfigurationError(
                f"{path}: rail {text['name']}: no boundary {text['boundary']!r}"
            ) from None
        ohm = shunts(text["shunt"])[0] if "shunt" in text else (options["shunt"] or [None])[0]
        tolerance = ratio(text["tolerance"]) if "tolerance" in text else options["tolerance"]
        made = Rail(text["name"], text.get("parent") or None, boundary, text.get("covers", ""))
        lines[int(number) - 1] = (made, ohm, tolerance)
    return place_chip(model, bus, address, dict(sorted(lines.items())), options)
