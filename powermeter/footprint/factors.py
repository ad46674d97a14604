"""The factor tables: each number with its range, unit, year, geography, source, licence and provenance.

Tables are CSV files in `data/`, sources a TOML file beside them; nothing else in the package holds a
factor.  A missing number is None, never 0.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from powermeter import toml
from powermeter.errors import ConfigurationError, DataError
from powermeter.errors.suggestions import nearest
from powermeter.units import format_short

FIVE_TO_95 = 3.289707253902945
"""Standard normal quantiles at 5 % and 95 %, their distance: low and high of a factor span it."""

PROVENANCE = {
    "V": "read in a primary file, or run",
    "S": "seen in a secondary source that names the primary one",
    "D": "derived by arithmetic or judged from other rows",
    "U": "given by the user",
}

TABLES = (
    "grid_carbon",
    "grid_carbon_regions",
    "grid_losses",
    "grid_water",
    "plant_carbon",
    "plant_water",
    "elements",
    "chips",
    "devices",
    "materials",
    "cathodes",
    "cloud",
    "defaults",
    "equivalents",
    "radios",
)


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication that factors were taken from."""

    title: str
    year: int
    licence: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Factor:
    """One number of the world outside, with its range.

    Attributes:
        name: What it is: `grid.carbon`, `chain.wired`, `element.Au`.
        geography: ISO 3166-1 alpha-3, that and a region (`USA-CA`), or `WLD`.
        low, central, high: In `unit`; low and high are read as 5 % and 95 % of a log-normal with
            median `central`, unless `bounds` states otherwise.
        basis: What exactly is counted (`lifecycle`, `direct_co2`, `consumption`); two factors with
            different bases are never ranked or averaged.
        source: Title, year and licence of where it is from.
        provenance: A letter of `PROVENANCE`.
        bounds: How low and high were found.
    """

    name: str
    geography: str
    low: float
    central: float
    high: float
    unit: str
    year: int
    basis: str
    source: Publication
    provenance: str
    bounds: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """The name of its error: two lines that use the same factor share it."""
        return f"factor:{self.name}" + ("" if self.geography == "WLD" else f"@{self.geography}")

    @property
    def sigma(self) -> float:
        """Standard deviation of its logarithm, ln(high / low) / 3.29; 0 for an exact or a zero factor."""
        if self.low <= 0 or self.high <= self.low:
            return 0.0
        return math.log(self.high / self.low) / FIVE_TO_95

    @property
    def exact(self) -> bool:
        """Whether it has no range."""
        return self.sigma == 0.0

    def describe(self) -> str:
        """Return one line for a report: name, value, range, year, source, licence, provenance."""
        scope = "" if self.geography == "WLD" else f" {self.geography}"
        span = "" if self.exact else f" ({format_short(self.low, 4)} to {format_short(self.high, 4)})"
        unit = "" if self.unit == "1" else f" {self.unit}"
        if self.source is USER or self.source is RECORDED:
            origin = "given" if self.source is USER else self.source.title
            text = f"{self.name}{scope}: {self.central:.6g}{unit}{span}, {origin}"
            return f"{text}; {self.note}" if self.note else text
        kind = PROVENANCE[self.provenance]
        text = (
            f"{self.name}{scope}: {self.central:.6g}{unit}{span}, {self.basis}, {self.year}; "
            f"{self.source.title}; {self.source.licence}; {self.provenance}: {kind}"
        )
        return f"{text}; {self.note}" if self.note else text

    def record(self) -> dict[str, Any]:
        """Return all fields as plain values, for JSON."""
        return {
            "name": self.name,
            "geography": self.geography,
            "low": self.low,
            "central": self.central,
            "high": self.high,
            "unit": self.unit,
            "year": self.year,
            "basis": self.basis,
            "source": self.source.title,
            "licence": self.source.licence,
            "url": self.source.url,
            "provenance": self.provenance,
            "bounds": self.bounds,
            "note": self.note,
        }


USER = Publication("given by the user", 0, "–")
RECORDED = Publication("measured: the time of what is counted", 0, "–")


def given(
    name: str,
    value: float,
    unit: str,
    *,
    low: float | None = None,
    high: float | None = None,
    year: int = 0,
    basis: str = "as given",
    note: str = "",
) -> Factor:
    """Return a factor typed in by the user, exact unless a range is given.

    Raises:
        ConfigurationError: It is not a finite number, or its range does not hold it.
    """
    low, high = value if low is None else low, value if high is None else high
    if not all(map(math.isfinite, (low, value, high))):
        raise ConfigurationError(f"{name}: {value} is not a finite number")
    if not low <= value <= high:
        raise ConfigurationError(f"{name}: {value:g} is not between {low:g} and {high:g}")
    return Factor(name, "WLD", low, value, high, unit, year, basis, USER, "U", "given", note)


@lru_cache(maxsize=1)
def origins() -> Mapping[str, Publication]:
    """Return every source of the tables by its code."""
    text = files("powermeter.footprint").joinpath("data/sources.toml").read_text(encoding="utf-8")
    return {code: Publication(**fields) for code, fields in toml.parse(text, "sources.toml").items()}


def rows(table: str) -> Iterator[dict[str, str]]:
    """Return the rows of a bundled table as they stand."""
    path = files("powermeter.footprint").joinpath(f"data/{table}.csv")
    yield from csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))


@lru_cache(maxsize=32)
def table(name: str) -> Mapping[tuple[str, str], Factor]:
    """Return a bundled factor table by (id, geography).

    Raises:
        DataError: A row names an unknown source, or is not a factor.
    """
    found: dict[tuple[str, str], Factor] = {}
    for number, row in enumerate(rows(name), start=2):
        if not row["central"]:
            continue
        try:
            found[row["id"], row["geography"]] = Factor(
                row["id"],
                row["geography"],
                float(row["low"]),
                float(row["central"]),
                float(row["high"]),
                row["unit"],
                int(row["year"]),
                row["basis"],
                origins()[row["source"]],
                row["provenance"],
                row["bounds"],
                row["note"],
            )
        except (KeyError, ValueError) as error:
            raise DataError(f"data/{name}.csv, line {number}: {error!r} is not a usable factor") from error
    return found


def factor(table_name: str, name: str, geography: str = "WLD") -> Factor:
    """Return one bundled factor.

    Raises:
        ConfigurationError: There is none; the nearest names are offered.
    """
    found = table(table_name).get((name, geography))
    if found is None:
        known = sorted({key for key, _ in table(table_name)})
        raise ConfigurationError(f"no factor {name!r} for {geography}; {nearest(name, known)}")
    return found


def default(name: str) -> Factor:
    """Return a factor of `defaults.csv`."""
    return factor("defaults", name)
