"""Sixty places as people type them lead to the right place, or to the right question."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint.place import parse_place

RIGHT = {
    "FRA": "FRA",
    "fr": "FRA",
    " france ": "FRA",
    "Deutschland": "DEU",
    "UK": "GBR",
    "Great Britain": "GBR",
    "England": "GBR",
    "USA": "USA",
    "U.S.": "USA",
    "america": "USA",
    "Holland": "NLD",
    "Czech Republic": "CZE",
    "Türkiye": "TUR",
    "Côte d'Ivoire": "CIV",
    "Ivory Coast": "CIV",
    "South Korea": "KOR",
    "Viet Nam": "VNM",
    "UAE": "ARE",
    "California": "USA-CA",
    "USA-CA": "USA-CA",
    "US-CA": "USA-CA",
    "USA-california": "USA-CA",
    "California, USA": "USA-CA",
    "USA, New York": "USA-NY",
    "New York": "USA-NY",
    "Washington DC": "USA-DC",
    "USA-RFCW": "USA-RFCW",
    "CAN-QC": "CAN-QC",
    "Quebec": "CAN-QC",
    "Québec": "CAN-QC",
    "CAN-quebec": "CAN-QC",
    "Canada, Alberta": "CAN-AB",
    "british columbia": "CAN-BC",
    "Newfoundland": "CAN-NL",
    "CHN-BJ": "CHN-BJ",
    "Guangdong": "CHN-GD",
    "aws:us-east-1": "USA-VA",
    "us-east-1": "USA-VA",
    "AWS:eu-central-1": "DEU",
    "azure:westeurope": "NLD",
    "eastus": "USA-VA",
    "swedencentral": "SWE",
    "gcp:europe-west9": "FRA",
    "us-central1": "USA-IA",
    "city:London": "GBR",
    "city:Pittsburgh": "USA-PA",
    "city:São Paulo": "BRA",
}
ASKED = {
    "Georgia": ("GEO", "USA-GA"),
    "Korea": ("KOR", "PRK"),
    "Washington": ("USA-WA", "USA-DC"),
    "London": ("GBR", "city:London"),
    "Paris": ("FRA",),
    "San Francisco": ("USA-CA",),
    "Bavaria": ("DEU",),
    "NSW": ("AUS",),
    "XKX": ("Kosovo", "--intensity"),
    "Europe": ("name a country",),
    "world": ("leave the place out",),
    "Califronia": ("California (USA-CA)",),
    "Germny": ("Germany",),
    "Untied States": ("United States",),
    "Lodnon": ("city:London",),
    "us-est-1": ("us-east-1",),
    "azure:westeurop": ("azure:westeurope",),
    "USA-XX": ("no region 'XX' in USA",),
    "Xyzzy": ("ISO code",),
}


@pytest.mark.parametrize("typed", RIGHT)
def test_right_place(typed: str) -> None:
    assert parse_place(typed).code == RIGHT[typed]


@pytest.mark.parametrize("typed", ASKED)
def test_right_question(typed: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_place(typed)
    for wanted in ASKED[typed]:
        assert wanted in str(caught.value)
    assert "New Caledonia" not in str(caught.value)


def test_sixty() -> None:
    assert len(RIGHT) + len(ASKED) >= 60


def test_a_city_is_named_in_the_place() -> None:
    assert parse_place("city:London").name == "United Kingdom, by London"
    with pytest.raises(ConfigurationError, match="no city"):
        parse_place("city:Gotham")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("East US", "USA-VA"),
        ("West Europe", "NLD"),
        ("ERCOT", "USA-ERCT"),
        ("ISO-NE", "USA-NEWE"),
        ("city:Beijing", "CHN-BJ"),
        ("city:Singapore", "SGP"),
        ("CA", "CAN"),
    ],
)
def test_titles_of_cloud_regions_and_grid_operators(typed: str, code: str) -> None:
    assert parse_place(typed).code == code


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("TX", ["USA-TX"]),
        ("ON", ["CAN-ON"]),
        ("CAISO", ["USA-CAMX", "USA-CA"]),
        ("PJM", ["USA-RFCE", "USA-RFCW"]),
        ("SPP", ["USA-SPNO", "USA-SPSO"]),
    ],
)
def test_regions_without_their_country_are_asked_back(typed: str, offered: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_place(typed)
    for code in offered:
        assert code in str(caught.value)
