"""A bill of materials in TOML: its parts as lines of carbon, and of the fresh water that making them took.

    [[part]]
    name = "processor"
    kind = "chip"            # chip, memory, battery, part, device, tinyml, node
    area_mm2 = 46
    node_nm = 28
    count = 1
    water_l = 9.5            # any part: litres of making where they are known

Parts share one doubt of method, database and cut-off (`embodied.by_method`), so a bill of many parts is
no surer than its method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from powermeter import toml
from powermeter.errors import ConfigurationError, DataError
from powermeter.errors.suggestions import nearest

from .account_lines import AccountLine, Input
from .embodied import WORKLOADS, battery, by_method, chip, device, memory, part, tinyml, water_of_die
from .factors import given
from .swi import water_of_block

_KINDS = {
    "chip": {"area_mm2", "node_nm", "fab", "abatement", "packages"},
    "memory": {"type", "gigabytes", "packages"},
    "battery": {"capacity_wh", "chemistry"},
    "part": {"kg", "low_kg", "high_kg", "source", "year"},
    "device": {"preset"},
    "tinyml": {"component", "level", "workload"},
    "node": {"workload"},
}


def read_parts(path: str | Path) -> list[dict[str, Any]]:
    """Return the `[[part]]` tables of a bill as they stand.

    Raises:
        ConfigurationError: There is no such file.
        DataError: It is not usable TOML, or lists no part.
    """
    path = Path(path)
    entries = toml.read(path).get("part")
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path.name}: no [[part]]; write name, kind and its fields")
    return entries


def bill(entries: Sequence[Mapping[str, Any]], where: str = "bill") -> list[AccountLine]:
    """Return the lines of a bill of materials.

    Raises:
        ConfigurationError: A part cannot be used; names it.
    """
    lines = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            raise ConfigurationError(f"{where}, part {number}: not a table")
        name = str(entry.get("name") or f"part {number}")
        kind = str(entry.get("kind") or "part")
        if kind not in _KINDS:
            raise ConfigurationError(f"{where}, {name}: no kind {kind!r}; {nearest(kind, _KINDS)}")
        fields = {
            key: value for key, value in entry.items() if key not in ("name", "kind", "count", "water_l")
        }
        unknown = sorted(set(fields) - _KINDS[kind])
        if unknown:
            raise ConfigurationError(
                f"{where}, {name}: no field {unknown[0]!r}; {nearest(unknown[0], _KINDS[kind])}"
            )
        count = entry.get("count", 1)
        if not isinstance(count, int) or count < 1:
            raise ConfigurationError(f"{where}, {name}: a count of {count!r}")
        try:
            line = _part(kind, name, fields)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, ConfigurationError):
                raise
            raise ConfigurationError(f"{where}, {name}: {error!r} is missing or not usable") from error
        lines.append(_times(line, count))
    return lines


def _part(kind: str, name: str, fields: Mapping[str, Any]) -> AccountLine:
    if kind == "chip":
        return chip(
            float(fields["area_mm2"]),
            int(fields["node_nm"]),
            fab=fields.get("fab", "taiwan_2022"),
            abatement=str(fields.get("abatement", "mean")),
            packages=int(fields.get("packages", 1)),
            name=name,
        )
    if kind == "memory":
        return memory(
            str(fields["type"]),
            float(fields["gigabytes"]),
            packages=int(fields.get("packages", 1)),
            name=name,
        )
    if kind == "battery":
        return battery(float(fields["capacity_wh"]), str(fields.get("chemistry", "nmc")), name)
    if kind == "device":
        return device(str(fields["preset"]))
    if kind == "tinyml":
        component = str(fields["component"])
        workload = str(fields.get("workload", WORKLOADS[0]))
        lines = {line.name: line for line in tinyml({component: str(fields.get("level", "mid"))}, workload)}
        return lines[component]
    if kind == "node":
        return device(str(fields["workload"]))
    kilograms = float(fields["kg"])
    if kilograms < 0:
        raise ConfigurationError(f"{name}: {kilograms:g} kg")
    note, year = str(fields.get("source") or ""), int(fields.get("year", 0))
    if "low_kg" not in fields and "high_kg" not in fields:  # no range given: the doubt all parts share
        return by_method(part(name, given(f"part.{name}", kilograms, "kg", note=note, year=year)))
    low, high = float(fields.get("low_kg", kilograms / 2)), float(fields.get("high_kg", kilograms * 2))
    found = given(f"part.{name}", kilograms, "kg", low=low, high=high, note=note, year=year)
    return part(name, found)


def _times(line: AccountLine, count: int) -> AccountLine:
    if count == 1:
        return line
    inputs: dict[str, Input] = {**line.inputs, "count": given("count", count, "1")}
    return AccountLine(
        f"{count} × {line.name}",
        line.unit,
        inputs,
        lambda x: line.compute(x) * x["count"],
        f"({line.formula}) × count",
        line.scope,
        line.note,
    )


def water_of_bill(entries: Sequence[Mapping[str, Any]]) -> list[AccountLine]:
    """Return the litres of making of the parts that have a figure: given ones, dies by area, boards.

    Parts without one are left out: the sum is a least value.

    Raises:
        ConfigurationError: A given figure is not a number of litres.
    """
    lines = []
    for number, entry in enumerate(entries, start=1):
        name, count = str(entry.get("name") or f"part {number}"), int(entry.get("count", 1))
        if "water_l" in entry:
            litres = entry["water_l"]
            if isinstance(litres, bool) or not isinstance(litres, (int, float)) or not 0 <= litres < 1e9:
                raise ConfigurationError(f"{name}: water_l {litres!r} is not a number of litres")
            inputs: dict[str, Input] = {"water": given(f"water.{name}", count * float(litres), "L")}
            lines.append(AccountLine(name, "L", inputs, lambda x: x["water"], "water"))
        elif entry.get("kind") == "chip":
            lines.append(water_of_die(count * float(entry["area_mm2"]), name))
        elif entry.get("kind") == "tinyml" and entry.get("component") == "board":
            lines.append(water_of_block("board", count))
    return lines
