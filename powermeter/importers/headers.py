"""Reads units and quantities off the headers of tables: `Power (mW)`, `gpu-0[mW]`, `power_in_mw`, `ElapsedSeconds`.

A header is split into words at blanks, punctuation and changes of case.  A unit stands in brackets, behind a
slash or at the end; the other words name a quantity, a role (a limit is not a draw) and what is left
names the rail.  A unit that contradicts the quantity's name (`power_min`, `phase_a`) is not one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.units import unit_factor

TIME = "time"
"""Stands where a quantity would, for a column of times."""

_OF_UNIT = {
    "V": Quantity.VOLTAGE,
    "A": Quantity.CURRENT,
    "W": Quantity.POWER,
    "J": Quantity.ENERGY,
    "C": Quantity.CHARGE,
    "degC": Quantity.TEMPERATURE,
    "Hz": Quantity.FREQUENCY,
    "1": Quantity.LOAD,
}

_SPELLED = {
    "watt": "W",
    "watts": "W",
    "volt": "V",
    "volts": "V",
    "amp": "A",
    "amps": "A",
    "ampere": "A",
    "amperes": "A",
    "joule": "J",
    "joules": "J",
    "coulomb": "C",
    "coulombs": "C",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "sekunden": "s",
    "minute": "min",
    "minutes": "min",
    "mins": "min",
    "hour": "h",
    "hours": "h",
    "hr": "h",
    "hrs": "h",
    "percent": "%",
    "pct": "%",
    "celsius": "degC",
    "degc": "degC",
    "deg c": "degC",
    "°c": "degC",
    "watthour": "Wh",
    "watthours": "Wh",
    "watt-hours": "Wh",
    "whr": "Wh",
    "amphours": "Ah",
    "ampere-hours": "Ah",
    "ahr": "Ah",
    "hertz": "Hz",
    "ws": "J",
    "as": "C",
}
_SPELLED_PREFIX = {
    "pico": "p",
    "nano": "n",
    "micro": "u",
    "milli": "m",
    "kilo": "k",
    "mega": "M",
    "giga": "G",
    "m": "m",
    "u": "u",
    "n": "n",
    "k": "k",
}

# Units that a header writes in any case behind a name; M is milli there, as in CURRENT_MA.
_ANY_CASE = {
    unit.lower(): unit
    for unit in (
        "W",
        "pW",
        "nW",
        "mW",
        "uW",
        "µW",
        "kW",
        "V",
        "mV",
        "uV",
        "µV",
        "kV",
        "A",
        "pA",
        "nA",
        "mA",
        "uA",
        "µA",
        "J",
        "nJ",
        "mJ",
        "uJ",
        "µJ",
        "kJ",
        "Wh",
        "mWh",
        "uWh",
        "kWh",
        "Ah",
        "mAh",
        "uAh",
        "µAh",
        "s",
        "ms",
        "us",
        "µs",
        "ns",
        "min",
        "h",
        "Hz",
        "kHz",
        "MHz",
        "GHz",
        "uC",
        "mC",
        "GW",
        "%",
        "degC",
        "°C",
    )
}

_QUANTITY_WORDS: dict[str, Quantity | str] = {
    **dict.fromkeys(
        ("power", "pwr", "leistung", "puissance", "potencia", "potenza", "watt", "watts", "wattage", "pow"),
        Quantity.POWER,
    ),
    **dict.fromkeys(
        ("energy", "energie", "energia", "energía", "joule", "joules", "egy", "nrg"), Quantity.ENERGY
    ),
    **dict.fromkeys(
        (
            "voltage",
            "volt",
            "volts",
            "spannung",
            "tension",
            "tensione",
            "voltaje",
            "vbus",
            "vin",
            "vout",
            "vdc",
            "vcc",
        ),
        Quantity.VOLTAGE,
    ),
    **dict.fromkeys(
        (
            "current",
            "curr",
            "strom",
            "courant",
            "corriente",
            "corrente",
            "ibus",
            "iin",
            "iout",
            "amp",
            "amps",
            "ampere",
        ),
        Quantity.CURRENT,
    ),
    **dict.fromkeys(("charge", "ladung", "capacity", "coulomb", "coulombs"), Quantity.CHARGE),
    **dict.fromkeys(("temp", "temperature", "temperatur", "gtemp", "mtemp"), Quantity.TEMPERATURE),
    **dict.fromkeys(("freq", "frequency", "clock", "clk"), Quantity.FREQUENCY),
    **dict.fromkeys(("util", "utilization", "utilisation"), Quantity.LOAD),
    **dict.fromkeys(
        (
            "time",
            "timestamp",
            "datetime",
            "date",
            "zeit",
            "uhrzeit",
            "datum",
            "zeitstempel",
            "temps",
            "fecha",
            "hora",
            "tiempo",
            "epoch",
            "elapsed",
            "unix",
            "timecode",
            "clocktime",
            "ts",
            "changed",
            "updated",
        ),
        TIME,
    ),
}
_LETTERS: dict[str, Quantity | str] = {
    "p": Quantity.POWER,
    "e": Quantity.ENERGY,
    "u": Quantity.VOLTAGE,
    "v": Quantity.VOLTAGE,
    "i": Quantity.CURRENT,
    "t": TIME,
    "q": Quantity.CHARGE,
}

ELECTRIC = (Quantity.POWER, Quantity.VOLTAGE, Quantity.CURRENT, Quantity.ENERGY, Quantity.CHARGE)

_LIMIT = frozenset(
    [
        "limit",
        "cap",
        "max",
        "maximum",
        "min",
        "minimum",
        "threshold",
        "tdp",
        "budget",
        "setpoint",
        "default",
        "enforced",
        "rated",
        "nominal",
        "std",
        "stddev",
        "stdev",
        "var",
        "variance",
        "sigma",
        "p50",
        "p90",
        "p95",
        "p99",
        "median",
        "count",
        "target",
        "lower",
        "upper",
    ]
)
_NOT_ACTIVE = frozenset(
    [
        "factor",
        "apparent",
        "reactive",
        "cost",
        "price",
        "emissions",
        "co2",
        "co2eq",
        "carbon",
        "state",
        "status",
        "mode",
    ]
)
_COUNTED = frozenset(
    [
        "accum",
        "accumulated",
        "accumulative",
        "cumul",
        "cumulative",
        "zerod",
        "total",
        "counter",
        "counted",
        "meter",
        "odometer",
        "kum",
        "lifetime",
    ]
)
_EACH = frozenset(["delta", "diff", "increment", "interval", "per", "each", "epoch", "step", "used"])
_MEAN = frozenset(["avg", "average", "mean", "mittel", "moyenne"])
_LEVEL = frozenset(["now", "remaining", "level", "full", "counter", "left"])

_BRACKETED = re.compile(r"\s*(.*?)\s*[(\[{<]\s*([^()\[\]{}<>]{1,24}?)\s*[)\]}>]\s*:?\s*\Z")
_SLASHED = re.compile(r"\s*(.+?)\s*(?:/| in |,)\s*([A-Za-zµμΩ%°]{1,12})\s*\Z")
_WORD = re.compile(r"[A-ZÄÖÜ]+(?![a-zäöüß])|[A-ZÄÖÜ]?[a-zäöüßéíµμ]+|\d+|%|°C", re.UNICODE)
_NOT_AMPERE = frozenset(
    [
        "phase",
        "ch",
        "chan",
        "channel",
        "rail",
        "port",
        "side",
        "group",
        "node",
        "slot",
        "bank",
        "lane",
        "class",
        "part",
        "leg",
        "plan",
    ]
)


def words(text: str) -> list[str]:
    """Return the words of a name in lower case, split at punctuation, digits and changes of case."""
    return [word.lower() for word in _split(text)]


def _split(text: str) -> list[str]:
    return _WORD.findall(text)


@dataclass(frozen=True, slots=True)
class Heading:
    """What one header says.

    Attributes:
        text: As in the file.
        name: Without the unit.
        unit: As written, or None.
        quantity: A `Quantity`, `TIME`, or None where the unit is none that is recorded.
        factor: SI units per unit as written.
        why: How the unit was found, for `--explain`.
    """

    text: str
    name: str
    unit: str | None = None
    quantity: Quantity | str | None = None
    factor: float = 1.0
    why: str = ""

    @property
    def words(self) -> list[str]:
        """The words of the name, in lower case."""
        return words(self.name)

    @property
    def implied(self) -> Quantity | str | None:
        """The quantity that the name alone suggests; the last such word counts."""
        return implied(self.words)

    @property
    def is_time(self) -> bool:
        """Whether it names a column of times, whatever its unit."""
        if self.quantity == TIME:
            return True
        return self.quantity is None and self.implied == TIME

    @property
    def is_electric(self) -> bool:
        """Whether its name, without a unit, says that it measures electricity."""
        return self.quantity is None and self.unit is None and self.implied in ELECTRIC and not self.is_aside

    @property
    def is_aside(self) -> bool:
        """Whether it is a limit, a statistic or a kind of power that is not drawn."""
        return bool(_LIMIT.intersection(self.words)) or bool(_NOT_ACTIVE.intersection(self.words))

    @property
    def is_counter(self) -> bool:
        """Whether an energy or a charge under this name says that it is a running total."""
        return self.quantity in (Quantity.ENERGY, Quantity.CHARGE) and bool(_COUNTED.intersection(self.words))

    @property
    def is_each(self) -> bool:
        """Whether its name says that each row holds an amount of its own."""
        return bool(_EACH.intersection(self.words))

    @property
    def is_mean(self) -> bool:
        """Whether its name says that it is a mean."""
        return bool(_MEAN.intersection(self.words))

    @property
    def is_level(self) -> bool:
        """Whether it is what is left in a battery."""
        return bool(_LEVEL.intersection(self.words)) and self.quantity in (Quantity.ENERGY, Quantity.CHARGE)

    @property
    def rail(self) -> str:
        """The rail's name: what is left without unit and quantity; `input` where nothing is."""
        return rail_name(self.name)


def implied(parts: list[str]) -> Quantity | str | None:
    """Return the quantity that words suggest; the last one that does counts, single letters least."""
    for word in reversed(parts):
        if word in _QUANTITY_WORDS:
            return _QUANTITY_WORDS[word]
    letters = [word for word in parts if not word.isdigit()]
    if "sample" in letters or "samples" in letters:
        return None
    if len(letters) == 1 and letters[0] in _LETTERS:
        return _LETTERS[letters[0]]
    return None


_PLAIN = frozenset(
    [
        "draw",
        "usage",
        "consumption",
        "measured",
        "value",
        "reading",
        "avg",
        "average",
        "mean",
        "instant",
        "instantaneous",
        "inst",
        "accumulated",
        "cumulative",
        "accum",
        "zerod",
        "counter",
        "w",
        "mw",
        "bus",
        "load",
    ]
)


def rail_name(name: str) -> str:
    """Return what a column's name says beside quantity and role: `GPU0_Power_mW` is `GPU0`."""
    pieces = [piece for piece in re.split(r"[\s_.,:;/|]+|(?<=[a-z])(?=[A-Z])", name) if piece]
    single = len(pieces) == 1
    kept = []
    for piece in pieces:
        bare = re.sub(r"\d+\Z", "", piece.lower().strip("-#"))
        number = piece[len(piece.rstrip("0123456789")) :]
        if bare in _QUANTITY_WORDS or bare in _PLAIN or (bare in _LETTERS and (single or number)):
            if number:
                kept.append(number)
            continue
        kept.append(piece.strip("-#"))
    if kept and all(piece.isdigit() for piece in kept):
        return "rail " + " ".join(kept)
    left = " ".join(kept).strip(" -")
    if left.lower() in ("", "total", "in", "input"):
        return left.lower() or "input"
    return left if " " in name.strip() else left.replace(" ", "_")


def of_unit(unit: str, name: str = "") -> tuple[Quantity | str, float] | None:
    """Return quantity (or `TIME`) and SI factor of a unit as a header writes it, or None.

    A bare `C` is degrees Celsius, as headers mean it, unless the name speaks of charge.
    """
    unit = unit.strip().strip(".").replace("μ", "µ")
    unit = _spelled(unit.lower()) or unit
    if unit == "C" and not re.search("charge|coulomb", name, re.IGNORECASE):
        unit = "degC"
    if not unit:
        return None
    found = unit_factor(unit) or unit_factor(_ANY_CASE.get(unit.lower(), ""))
    if found is None:
        return None
    si, factor = found
    if si == "s" and unit not in ("m", "d", "y"):
        return TIME, factor
    return (_OF_UNIT[si], factor) if si in _OF_UNIT else None


def _spelled(word: str) -> str | None:
    """Return the symbol of a unit written out: `milliwatts` is `mW`."""
    if word in _SPELLED:
        return _SPELLED[word]
    for prefix, symbol in _SPELLED_PREFIX.items():
        rest = word[len(prefix) :]
        if (
            word.startswith(prefix)
            and len(rest) > 2
            and rest in _SPELLED
            and _SPELLED[rest] not in ("min", "h", "%")
        ):
            return symbol + _SPELLED[rest]
    return None


def clean(text: str) -> str:
    """Return a header without the marks that only set it off: quotes, a leading `#`, a trailing colon."""
    return text.strip().strip("\ufeff").lstrip("#%").strip().strip("'\"").strip().rstrip(":").strip()


def heading(text: str) -> Heading:
    """Return what one header says."""
    raw, text = text.strip(), clean(text)
    match = _BRACKETED.match(text)
    if match is not None:
        found = of_unit(match[2], match[1])
        if found is not None:
            return Heading(raw, match[1] or text, match[2], *found, why="unit in brackets")
        return Heading(raw, match[1] or text, match[2], why=f"[{match[2]}] is not a unit that is recorded")
    match = _SLASHED.match(text)
    if match is not None:
        found = of_unit(match[2], match[1])
        if found is not None and match[2] not in ("s", "h", "min"):
            return Heading(raw, match[1], match[2], *found, why="unit behind the name")
    last = _last_word(raw, text)
    return last if last is not None else Heading(raw, text, why="no unit in the header")


def _last_word(raw: str, text: str) -> Heading | None:
    pieces = re.split(r"[\s_.\-]+", text)
    tail = pieces[-1] if pieces else ""
    if len(pieces) == 1:
        if text in _SYMBOLS:
            return _only_word(raw, text)
        camel = _split(tail)
        if len(camel) < 2:
            return _only_word(raw, text)
        tail = camel[-1]
    name = text[: text.rfind(tail)].rstrip(" _.-") if tail else text
    unit = _unit_at_end(tail, words(name))
    if unit is None:
        return None
    found = of_unit(unit, name)
    return Heading(raw, name, unit, *found, why="unit at the end of the name") if found is not None else None


def _only_word(raw: str, text: str) -> Heading | None:
    """Return the meaning of a header that is a unit and nothing else: `Watts`, `mA`."""
    unit = _spelled(text.lower()) or (text if text in _SYMBOLS else None)
    found = of_unit(unit, text) if unit else None
    return Heading(raw, text, unit, *found, why="the header is a unit") if found is not None else None


_SYMBOLS = frozenset(
    [
        "W",
        "mW",
        "uW",
        "µW",
        "kW",
        "nW",
        "V",
        "mV",
        "uV",
        "A",
        "mA",
        "uA",
        "µA",
        "nA",
        "J",
        "mJ",
        "uJ",
        "kJ",
        "Wh",
        "mWh",
        "kWh",
        "Ah",
        "mAh",
        "ms",
        "us",
        "ns",
    ]
)


def _unit_at_end(tail: str, before: list[str]) -> str | None:
    """Return the unit that a name's last word is, or None where it is none in this company."""
    spelled = _spelled(tail.lower())
    # M is milli behind a name (CURRENT_MA), and so it is in PowerMW.
    unit = spelled or _ANY_CASE.get(tail.lower().replace("μ", "µ"))
    if unit is None:
        return None
    found = of_unit(unit)
    if found is None:
        return None
    meant = implied(before)
    if meant is not None and found[0] != meant:
        # power_Wh is an energy; power_min and time_a are no units
        return unit if found[0] in ELECTRIC and meant in ELECTRIC and len(tail) > 1 else None
    if len(tail) == 1 and meant is None:
        if tail == "A" or tail == "V":
            return None if before and before[-1] in _NOT_AMPERE else unit
        return unit if tail in "WJwj" and before else ("V" if tail == "v" and before else None)
    if spelled is None and meant is None and found[0] == TIME and not before:
        return None
    if tail.lower() in ("min", "as", "ws", "h", "ms", "us", "ns", "s") and meant is None:
        return unit if tail in ("ms", "us", "ns") else None
    return unit


def with_unit(named: Heading, unit: str, option: str) -> Heading:
    """Return the same heading with a unit the user typed.

    Raises:
        ConfigurationError: No such unit.
    """
    found = of_unit(unit, named.name)
    if found is None:
        raise ConfigurationError(
            f"{option}: {unit!r} is no unit of power, voltage, current, energy, charge or time; "
            "write for example W, mW, mA, V, mJ, mAh, s, ms"
        )
    return replace(named, unit=unit, quantity=found[0], factor=found[1], why=f"said: {option}")
