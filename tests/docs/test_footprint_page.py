"""The examples of docs/footprint.md are usable as they stand."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import sys
from pathlib import Path

from powermeter.battery.duty_cycle import State
from powermeter.battery.presets import preset_names, presets
from powermeter.battery.schedule_file import read_schedule
from powermeter.footprint.account_lines import total
from powermeter.footprint.bill import bill
from powermeter.platforms.assumptions import ASSUMED
from powermeter.result import Result

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "footprint.md"
DATA = ROOT / "powermeter" / "footprint" / "data"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_schedule_and_bill() -> None:
    schedule, parts = blocks("toml")
    infer = State("infer", Result.of(0.5, "J", {}), 0.25, "measured")
    found = read_schedule(tomllib.loads(schedule), {"infer": infer})
    assert [entry.state.name for entry in found.entries] == ["infer", "uplink", "advertise"]
    assert total(bill(tomllib.loads(parts)["part"])).value > 500


KINDS = {
    "carbon of electricity": (
        "grid_carbon",
        "grid_carbon_regions",
        "grid_losses",
        "grid_mix",
        "plant_carbon",
        "cloud_regions",
    ),
    "water of electricity": ("grid_water", "plant_water"),
    "elements, compositions, cathodes, EU list": (
        "elements",
        "materials",
        "cathodes",
        "eu_critical_materials",
    ),
    "making of chips and devices": ("chips", "devices"),
    "requests in data centres": ("cloud",),
    "radios": ("radios", "lorawan_states"),
    "defaults (chains, lives, network, power)": ("defaults",),
    "everyday equivalents": ("equivalents",),
}
NO_NUMBERS = {"place_names", "gazetteer"}
MOST_JUDGED = 67
"""Figures derived or judged when the last source was read; they may only become fewer."""


def provenances() -> dict[str, list[str]]:
    """Return the provenance letters of all bundled figures by the kinds of the page."""
    found: dict[str, list[str]] = {}
    for kind, tables in KINDS.items():
        found[kind] = []
        for table in tables:
            with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
                found[kind] += [row["provenance"] for row in csv.DictReader(file)]
    found["battery presets"] = [presets()[name]["provenance"] for name in preset_names()]
    return found


def test_every_table_is_counted() -> None:
    counted = {table for tables in KINDS.values() for table in tables}
    assert {path.stem for path in DATA.glob("*.csv")} == counted | NO_NUMBERS


def test_the_page_counts_what_the_tables_hold() -> None:
    rows = re.findall(
        r"^\| ([^|]+?) \| (\d+) \| (\d+|–) \| (\d+|–) \| (\d+) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    said = {name: tuple(numbers) for name, *numbers in rows}
    expected = {
        kind: tuple(str(n) for n in (len(letters), *(letters.count(letter) for letter in "VSD")))
        for kind, letters in provenances().items()
    }
    some = str(len(ASSUMED))
    expected["reasons for accuracies that nobody states"] = (some, "–", "–", some)
    assert said == expected


def test_what_is_judged_does_not_become_more_and_nothing_is_from_memory() -> None:
    letters = [letter for each in provenances().values() for letter in each]
    assert set(letters) == set("VSD")
    assert letters.count("D") <= MOST_JUDGED
    assert len(ASSUMED) <= 8


def test_python_example() -> None:
    (example,) = blocks("python")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(example, str(PAGE), "exec"), {})  # noqa: S102 — our own page
    assert "factors used:" in out.getvalue()
