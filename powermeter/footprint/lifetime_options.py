"""What is asked of a lifetime: the options of `powermeter lifetime`, or a TOML file of the same names.

requests-per-day = 20
home = "FRA"
away = "USA"
cloud = "server.power"        # a recording of the server, beside this file
cloud-label = "request"
price-request = 0.0004
currency = "EUR"
price-year = 2026
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powermeter import toml
from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.footprint.network import LINES

UNITS = {"energy": "kWh", "carbon": "g", "water": "L", "adpe": "kg Sb eq", "money": "money"}
"""Account → its unit."""


@dataclass(frozen=True)
class LifetimeOptions:
    """Options of a lifetime; texts as typed, None where not given.

    Attributes:
        requests_per_day, years: How often, how long.
        task: Cited energy of a cloud inference; `cloud_energy` or a recording takes its place.
        cloud: A recording of the server, with `cloud_label`; its energy per request, or per generated
            token times `cloud_tokens`.
        home, away: Places of the device and of the data centre.
        listen, link: Powers while it waits, and of a link kept up for this function alone.
        request_b, line: Bytes a request, and the kind of network at the client: `fixed` or `mobile`.
        pue, wue: Of the data centre.
        chip, chip_kg: What the device needs made: `10mm2@28nm`, or its kg CO2e.
        chain: Plug to device.
        price_request, connectivity, price_chip, tariff: Money; `currency` and `price_year` name it.
        tornado: The account whose deciding factors are listed.
    """

    requests_per_day: float = 20
    years: float = 4
    task: str = "voice"
    cloud_energy: str | None = None
    cloud: Path | None = None
    cloud_label: str | None = None
    cloud_tokens: float | None = None
    home: str | None = None
    away: str | None = None
    listen: str = "10mW"
    link: str = "0.5W"
    request_b: str = "100kB"
    line: str = "fixed"
    pue: str | None = None
    wue: float | None = None
    chip: str = "10mm2@28nm"
    chip_kg: float | None = None
    chain: str = "adapter"
    price_request: float = 0.0
    connectivity: float = 0.0
    price_chip: float = 0.0
    tariff: float = 0.0
    currency: str | None = None
    price_year: int | None = None
    tornado: str = "carbon"

    def __post_init__(self) -> None:
        if self.line not in LINES:
            raise ConfigurationError(f"line {self.line!r}: choose {' or '.join(LINES)}")

    @property
    def money(self) -> str:
        """What a price is in: `EUR of 2026`, or that it was not stated."""
        if self.currency is None or self.price_year is None:
            return "a currency or year not given (--currency, --price-year)"
        return f"{self.currency} of {self.price_year}"


def parse_wanted(text: str) -> LifetimeOptions:
    """Return what a short text asks: a number of requests a day, or a TOML file of options.

    A path in the file is taken from where the file is.

    Raises:
        ConfigurationError: The file is not there, or names an option that a lifetime does not have.
        DataError: It is not TOML.
    """
    try:
        return LifetimeOptions(requests_per_day=float(text))
    except ValueError:
        pass
    path = Path(text)
    try:
        is_there = path.is_file()
    except (OSError, ValueError):  # no name of a file: too long, a null in it
        is_there = False
    if not is_there:
        raise ConfigurationError(f"{text}: neither a number of requests a day nor a TOML file of options")
    return LifetimeOptions(**{name: _value(path, name, value) for name, value in _named(path).items()})


def _named(path: Path) -> dict[str, Any]:
    found = {}
    known = LifetimeOptions.__dataclass_fields__
    for key, value in toml.read(path).items():
        name = {"bytes": "request_b", "what": "tornado"}.get(key, key.replace("-", "_"))
        if key == "what":
            text = f"{path.name}: what is now tornado; the old name works until 1 June 2027"
            warnings.warn(text, DeprecationWarning, stacklevel=3)
        if name not in known:
            raise ConfigurationError(f"{path.name}: no option {key!r}; {nearest(name, known)}")
        found[name] = value
    return found


def _value(path: Path, name: str, value: object) -> Any:
    """Return an option's value with the kind that it has in `LifetimeOptions`."""
    kind = str(LifetimeOptions.__dataclass_fields__[name].type).removesuffix(" | None")
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "Path" and isinstance(value, str):
        return path.parent / value
    if kind == "str" and (isinstance(value, str) or number):
        return str(value)
    if kind == "int" and isinstance(value, int) and number:
        return value
    if kind == "float" and number:
        return float(value)  # type: ignore[arg-type]
    expected = {"Path": "a file", "str": "a text", "int": "a whole number"}
    raise ConfigurationError(f"{path.name}: {name} = {value!r}: {expected.get(kind, 'a number')} is expected")
