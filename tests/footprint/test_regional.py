"""Regions out of codecarbon's data files: read where they are, refused where they are damaged, absent without it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from powermeter.errors import ConfigurationError, DataError
from powermeter.footprint import footprint, parse_place, regional
from powermeter.result import Result

KWH = Result.of(3.6e6, "J", {})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stands in for `codecarbon/data/private_infra`."""
    (tmp_path / "2023").mkdir()
    regional.read_factors.cache_clear()
    monkeypatch.setattr(regional, "data_folder", lambda: tmp_path)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "9.9")
    yield tmp_path
    regional.read_factors.cache_clear()


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    regional.read_factors.cache_clear()
    monkeypatch.setattr(regional, "data_folder", lambda: None)
    yield
    regional.read_factors.cache_clear()


def nordic(folder: Path, entry: object) -> None:
    (folder / "nordic_emissions.json").write_text(json.dumps({"data": {"SE9": entry}}))


def test_zone_of_a_file(folder: Path) -> None:
    nordic(folder, {"emission_factor": 31.5, "year": 2025, "coverage": "90.0 %"})
    found = footprint(KWH, "SWE-SE9", losses=False)
    assert found.carbon.value == pytest.approx(31.5)
    assert "codecarbon 9.9" in found.factors_used[0].source.title
    assert "90.0 %" in found.factors_used[0].note


def test_province_by_combustion(folder: Path) -> None:
    mix = {"atlantis": {"coal": 10.0, "petroleum": 0.0, "naturalGas": 40.0, "hydro": 50.0, "total": 100.0}}
    (folder / "2023" / "canada_energy_mix.json").write_text(json.dumps(mix))
    found = footprint(KWH, "CAN-atlantis", losses=False)
    assert found.carbon.value == pytest.approx(0.1 * 995.725971 + 0.4 * 743.8415916)
    assert any("combustion" in text for text in found.warnings)


@pytest.mark.parametrize("entry", [{}, {"emission_factor": "much"}, {"emission_factor": None}, 5])
def test_damaged_entries_are_named(folder: Path, entry: object) -> None:
    nordic(folder, entry)
    with pytest.raises(DataError, match=r"codecarbon 9\.9, SWE SE9"):
        footprint(KWH, "SWE-SE9")


def test_damaged_file_is_named(folder: Path) -> None:
    (folder / "nordic_emissions.json").write_text("{]")
    with pytest.raises(DataError, match=r"nordic_emissions\.json"):
        parse_place("SWE-SE9")


def test_below_five_grams_is_said_and_zero_refused(folder: Path) -> None:
    nordic(folder, {"emission_factor": 3.9, "year": 2025})
    assert any("below any grid" in text for text in footprint(KWH, "SWE-SE9").warnings)
    regional.read_factors.cache_clear()
    nordic(folder, {"emission_factor": 0.0, "year": 2025})
    found = footprint(KWH, "SWE-SE9", losses=False)
    assert found.carbon.value == pytest.approx(40.695)
    assert any("no usable regional factor" in text for text in found.warnings)


def test_without_codecarbon_only_bundled_regions_are_known(absent: None) -> None:
    assert not regional.installed()
    assert parse_place("USA-CA").code == "USA-CA"
    with pytest.raises(ConfigurationError, match=r"powermeter\[carbon\]"):
        parse_place("SWE-SE4")
    with pytest.raises(ConfigurationError, match="write DEU for the country"):
        parse_place("DEU-BY")
