"""Every bundled factor has low, central, high, unit, year, geography, source, licence and provenance."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint import factors
from powermeter.footprint.generation_mix import FUELS
from powermeter.footprint.grid_of_place import PLAUSIBLE_G_PER_KWH
from powermeter.footprint.place import parse_place
from powermeter.footprint.place_names import countries

DATA = files("powermeter.footprint").joinpath("data")
SHARE_ALIKE = ("ODbL", "AGPL", "GPL", "BY-SA", "BY-NC", "NC-SA")
UNITS = {
    "1",
    "g",
    "kg",
    "g/kWh",
    "L/kWh",
    "kWh/cm2",
    "g/cm2",
    "kg/cm2",
    "g/GB",
    "kg/kWh",
    "kg/kg",
    "Wh",
    "L/cm2",
    "kg Sb eq/kg",
    "kg Sb eq/kWh",
    "kg Sb eq",
    "kWh/GB",
    "W/Mbps",
    "W",
    "h",
    "y",
    "mL",
    "L",
    "mA",
    "ms",
    "bit/s",
    "V",
}

EVERY = [(name, key) for name in factors.TABLES for key in factors.table(name)]


def test_every_file_is_either_a_factor_table_or_known() -> None:
    others = {
        "grid_mix",
        "eu_critical_materials",
        "lorawan_states",
        "cloud_regions",
        "place_names",
        "gazetteer",
    }
    found = {entry.name.removesuffix(".csv") for entry in DATA.iterdir() if entry.name.endswith(".csv")}
    assert found == set(factors.TABLES) | others


@pytest.mark.parametrize("name", factors.TABLES)
def test_schema(name: str) -> None:
    wanted = {
        "id",
        "geography",
        "low",
        "central",
        "high",
        "unit",
        "year",
        "basis",
        "source",
        "provenance",
        "bounds",
        "note",
    }
    seen = set()
    for line, row in enumerate(factors.rows(name), start=2):
        where = f"{name}.csv line {line}"
        assert wanted <= set(row), where
        assert None not in row, f"{where}: more cells than columns"
        assert row["source"] in factors.origins(), f"{where}: no source {row['source']!r}"
        assert row["provenance"] in "VSD", where
        assert row["unit"] in UNITS, f"{where}: {row['unit']!r}"
        assert 1990 <= int(row["year"]) <= 2026, where
        assert row["geography"] and row["basis"] and row["bounds"], where
        assert (row["id"], row["geography"]) not in seen, f"{where}: twice"
        seen.add((row["id"], row["geography"]))
        cells = [row["low"], row["central"], row["high"]]
        assert all(cells) or not any(cells), f"{where}: a range is whole or missing"
        if all(cells):
            low, central, high = map(float, cells)
            assert low <= central <= high, where


@pytest.mark.parametrize("code", factors.origins())
def test_sources_are_named_and_may_be_shipped(code: str) -> None:
    origin = factors.origins()[code]
    assert len(origin.title) > 10
    assert 1990 <= origin.year <= 2026
    assert origin.licence
    assert not any(word in origin.licence for word in SHARE_ALIKE), f"{code}: {origin.licence}"


def test_every_source_is_used() -> None:
    used = {
        row["source"]
        for entry in DATA.iterdir()
        if entry.name.endswith(".csv")
        for row in factors.rows(entry.name.removesuffix(".csv"))
    }
    assert used == set(factors.origins())


def test_no_figure_is_from_memory() -> None:
    assert "M" not in factors.PROVENANCE
    for name, key in EVERY:
        item = factors.table(name)[key]
        assert "memory" not in f"{item.bounds} {item.note}".replace("memory of", ""), item.name


def test_a_judged_figure_has_a_range() -> None:
    """What nobody published, and what is this project's own judgement, is never printed as exact."""
    for name, key in EVERY:
        item = factors.table(name)[key]
        if item.source is factors.origins()["judgement"] or item.note.startswith("no figure read"):
            assert not item.exact, f"{item.name}: judged without a range"


def test_grid_factors_are_plausible() -> None:
    for name in ("grid_carbon", "grid_carbon_regions"):
        for (_, place), item in factors.table(name).items():
            if item.basis == "combustion":
                continue  # hydro and nuclear count as 0 there; the factor says so, and a warning follows it
            assert PLAUSIBLE_G_PER_KWH[0] <= item.central <= PLAUSIBLE_G_PER_KWH[1], place
            assert item.low <= 0.851 * item.central, place
            assert item.high >= 1.199 * item.central, place


def test_region_bases_are_one_of_the_known() -> None:
    bases = {item.basis for item in factors.table("grid_carbon_regions").values()}
    assert bases == {"direct_co2e", "direct_co2", "combustion"}


def test_mixes_are_disjoint_shares() -> None:
    for code, row in countries().items():
        assert len(code) == 3 and code.isupper()
        assert sum(float(row[fuel]) for fuel in FUELS) == pytest.approx(1, abs=0.02), code


def test_adpe_factors_are_those_of_the_method() -> None:
    """EF 3.1: gold 52, silver 1.18, antimony 1 by definition; rare earths have none."""
    table = factors.table("elements")
    for symbol, value in {"Au": 52, "Ag": 1.18, "Sb": 1, "Cu": 0.00137, "Co": 1.57e-5}.items():
        assert table[f"element.{symbol}", "WLD"].central == value
    assert ("element.Nd", "WLD") not in table
    names = {row["note"] for row in factors.rows("elements") if not row["central"]}
    assert len(names) >= 11


def test_eu_list() -> None:
    """Regulation (EU) 2024/1252: 34 critical entries, 17 of them strategic, gold and silver in neither."""
    text = DATA.joinpath("eu_critical_materials.csv").read_text(encoding="utf-8")
    entries = [
        row for row in csv.DictReader(text.splitlines()) if row["material"] != "rare_earths_for_magnets"
    ]
    assert sum(row["critical"] == "yes" for row in entries) == 34
    assert sum(row["strategic"] == "yes" for row in entries) + 1 == 17
    assert not {"gold", "silver", "tin"} & {row["material"] for row in entries}


def test_every_cloud_region_is_a_known_place() -> None:
    for row in factors.rows("cloud_regions"):
        assert parse_place(row["region"]).code == row["place"]


def test_unknown_factor_offers_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"chain\.wired"):
        factors.default("chain.wire")


def test_no_factor_literal_hides_a_missing_value() -> None:
    for name, key in EVERY:
        item = factors.table(name)[key]
        if item.central == 0:
            assert item.low == item.high == 0, f"{name} {key}"


def test_a_factor_is_described_with_its_note_and_without_one_where_there_is_none():
    noted = factors.given("grid.carbon", 50.0, "g/kWh", note="from the landlord's bill")
    plain = factors.given("grid.carbon", 50.0, "g/kWh")
    assert noted.describe() == "grid.carbon: 50 g/kWh, given; from the landlord's bill"
    assert plain.describe() == "grid.carbon: 50 g/kWh, given"
    every = [one for table in ("grid_losses", "grid_water") for one in factors.table(table).values()]
    for one in every:
        assert one.describe().endswith(f"; {one.note}") if one.note else not one.describe().endswith("; ")
