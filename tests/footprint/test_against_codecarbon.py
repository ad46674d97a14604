"""Carbon of a kWh equals codecarbon's own result where it has data, and differs where it falls back silently."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint import footprint, parse_place
from powermeter.footprint.factors import default
from powermeter.footprint.place import all_places
from powermeter.footprint.place_names import countries
from powermeter.result import Result

try:
    import codecarbon
except ImportError:
    if os.environ.get("POWERMETER_TESTS_REQUIRE_ALL"):
        raise
    pytest.skip("codecarbon (extra: carbon) is not installed", allow_module_level=True)

KWH = Result.of(3.6e6, "J", {})
EDITION = "3.3.2"
"""Edition the bundled country table was read from; another one may hold newer years."""


@pytest.fixture(scope="module")
def theirs() -> Iterator[Any]:
    """codecarbon's own result for 1 kWh in g, without network or token."""
    from codecarbon.core.emissions import Emissions
    from codecarbon.core.units import Energy
    from codecarbon.external.geography import CloudMetadata, GeoMetadata
    from codecarbon.input import DataSource

    logging.getLogger("codecarbon").setLevel(logging.CRITICAL)
    calculator = Emissions(DataSource())

    class Theirs:
        data = DataSource()

        def place(self, country: str | None, region: str | None = None) -> float:
            geo = GeoMetadata(country_iso_code=country, country_name=country or "", region=region)
            return 1000 * float(calculator.get_private_infra_emissions(Energy.from_energy(1.0), geo))

        def cloud(self, provider: str, region: str) -> float:
            where = CloudMetadata(provider=provider, region=region)
            return 1000 * float(calculator.get_cloud_emissions(Energy.from_energy(1.0), where))

    yield Theirs()


def same_edition() -> None:
    if codecarbon.__version__ != EDITION:
        pytest.skip(
            f"codecarbon {codecarbon.__version__} may hold newer years than the bundled {EDITION} table"
        )


def ours(place: str) -> float:
    return footprint(KWH, place, losses=False).carbon.value


def test_every_country(theirs: Any) -> None:
    same_edition()
    known = [code for code in theirs.data.get_global_energy_mix_data() if code != "CAF"]
    assert len(known) == 212
    for code in known:
        assert ours(code) == pytest.approx(theirs.place(code), rel=1e-6), code


def test_every_us_state(theirs: Any) -> None:
    same_edition()
    states = [
        name
        for name in theirs.data.get_country_emissions_data("usa")
        if not name.startswith("_") and name not in ("united states", "us", "usa")
    ]
    assert len(states) >= 50
    for name in states:
        assert ours(f"USA-{name}") == pytest.approx(theirs.place("USA", name), rel=1e-6), name


def test_every_canadian_province(theirs: Any) -> None:
    for name in theirs.data.get_country_energy_mix_data("can"):
        found = theirs.place("CAN", name)
        assert ours(f"CAN-{name}") == pytest.approx(found, rel=1e-6), name
        whole = footprint(KWH, f"CAN-{name}", losses=False)
        assert any("combustion" in text for text in whole.warnings), name


def test_every_chinese_province(theirs: Any) -> None:
    provinces = theirs.data.get_china_provincial_emissions_data()["data"]
    assert len(provinces) == 30
    for code, row in provinces.items():
        assert ours(f"CHN-{code[3:]}") == pytest.approx(theirs.place("CHN", row["names"][0]), rel=1e-6), code


def test_every_nordic_zone(theirs: Any) -> None:
    zones = theirs.data.get_nordic_country_energy_mix_data()["data"]
    for zone in zones:
        country = {"SE": "SWE", "NO": "NOR", "FI": "FIN"}[zone[:2]]
        assert ours(f"{country}-{zone}") == pytest.approx(theirs.place(country, zone), rel=1e-6), zone


def test_all_known_places_are_priced(theirs: Any) -> None:
    places = all_places()
    assert len(places) > 330
    for place in places:
        assert footprint(KWH, place, losses=False).carbon.value > 0, place.code


# Where codecarbon falls back without an error, we refuse or say so.


def test_unknown_country_is_refused_not_the_world(theirs: Any) -> None:
    """It gives 475 g with a log line; a typing error would pass for a result."""
    assert theirs.place("XXX") == pytest.approx(475)
    with pytest.raises(ConfigurationError, match="no country 'XXX'"):
        footprint(KWH, "XXX")


def test_central_african_republic_is_not_zero(theirs: Any) -> None:
    """Its table holds 0 g for a 0.15 TWh grid: rounding, taken at face value there."""
    assert theirs.place("CAF") == 0.0
    found = footprint(KWH, "CAF", losses=False)
    assert found.carbon.value == pytest.approx(default("grid.carbon").central)
    assert any("CAF" in text and "place unknown" in text for text in found.warnings)


def test_unknown_region_is_refused_not_the_country(theirs: Any) -> None:
    """It logs a traceback and takes the country."""
    assert theirs.place("USA", "atlantis") == pytest.approx(theirs.place("USA"))
    with pytest.raises(ConfigurationError, match="no region 'atlantis'"):
        footprint(KWH, "USA-atlantis")


def test_aws_regions_are_their_state_or_country_not_the_world(theirs: Any) -> None:
    """It has Google's regions only and gives the world for any other, us-east-1 included."""
    assert theirs.cloud("aws", "us-east-1") == pytest.approx(475)
    assert ours("aws:us-east-1") == pytest.approx(theirs.place("USA", "virginia"), rel=1e-6)
    assert ours("aws:eu-west-3") == pytest.approx(theirs.place("FRA"), rel=1e-6)
    assert parse_place("us-east-1") == parse_place("aws:us-east-1")
    assert ours("azure:francecentral") == pytest.approx(theirs.place("FRA"), rel=1e-6)
    for unknown in ("us-east-9", "aws:us-east-9", "azure:us-east-1"):
        with pytest.raises(ConfigurationError):
            parse_place(unknown)


def test_no_location_is_loud_not_quebec() -> None:
    """Its tracker assumes Quebec (3.94 g) when geolocation fails; we take the world's range and warn."""
    found = footprint(KWH, None, losses=False)
    assert found.carbon.value == pytest.approx(475)
    assert any("place unknown" in text for text in found.warnings)


def test_a_province_below_any_life_cycle_is_said_to_be_so(theirs: Any) -> None:
    """Quebec's 3.94 g counts coal, oil and gas alone; hydro and nuclear are 0 there."""
    found = footprint(KWH, "CAN-quebec", losses=False)
    assert found.carbon.value == pytest.approx(theirs.place("CAN", "quebec"), rel=1e-6)
    assert found.carbon.value < 5
    assert any("below any grid" in text for text in found.warnings)
    assert any("combustion" in text for text in found.warnings)


@pytest.mark.thorough
def test_codecarbon_is_read_not_imported() -> None:
    """Its data files are found without importing it: no look-ups, no configuration files, no half second."""
    import subprocess
    import sys

    code = (
        "import sys; from powermeter.footprint import footprint; from powermeter.result import Result; "
        "footprint(Result.of(1.0, 'J'), 'SWE-SE4'); assert 'codecarbon' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert "SWE" in countries()
