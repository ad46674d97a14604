"""Sixty places as people type them lead to the right place, or to the right question."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint.gazetteer import gazetteer
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


IN_OTHER_WORDS = {
    "Frankreich": "FRA",
    "Allemagne": "DEU",
    "États-Unis": "USA",
    "Česko": "CZE",
    "日本": "JPN",
    "中国": "CHN",
    "Россия": "RUS",
    "Ελλάδα": "GRC",
    "Danmark": "DNK",
    "us_ca": "USA-CA",
    "USA CA": "USA-CA",
    "Georgia, USA": "USA-GA",
    "us-central1-a": "USA-IA",
    "us-east-1a": "USA-VA",
    "US East (N. Virginia)": "USA-VA",
    "Iowa (us-central1)": "USA-IA",
    "SE-SE3": "SWE-SE3",
    "AWS eu-west-1": "IRL",
    "Azure West Europe": "NLD",
    "Großbritannien": "GBR",
    "한국": "KOR",
}
ASKED_BACK = {
    "Congo": ("COD", "COG"),
    "Kongo": ("COD", "COG"),
    "Birmingham": ("GBR", "USA-AL"),
    "city:Birmingham": ("GBR", "USA-AL"),
    "Hyderabad": ("IND", "PAK"),
    "Victoria": ("AUS", "CAN-BC"),
    "Springfield": ("USA-MO", "USA-IL"),
    "Granada": ("ESP", "GRD"),
    "Columbia": ("COL", "USA-SC"),
    "city:Georgia": ("GEO", "USA-GA"),
    "city:Washington": ("USA-WA", "USA-DC"),
    "Portland, OR": ("USA-OR",),
    "San Francisco, CA": ("USA-CA",),
    "Boston, MA": ("USA-MA",),
    "Gotham, CA": ("USA-CA", "CAN"),
    "Austin TX": ("USA-TX",),
    "Paris, Texas": ("USA-TX",),
    "Maharashtra": ("IND",),
    "Hokkaido": ("JPN",),
    "Tbilisi": ("GEO",),
    "Europe (Frankfurt)": ("DEU",),
    "af-north-1": ("cloud region", "name its country"),
    "Micronesia": ("--intensity",),
    "Nordrhein-Westfalen": ("DEU",),
    "Lombardia": ("ITA",),
    "Andalucía": ("ESP",),
    "La Paz": ("BOL",),
}


@pytest.mark.parametrize("typed", IN_OTHER_WORDS)
def test_other_languages_and_spellings(typed: str) -> None:
    assert parse_place(typed).code == IN_OTHER_WORDS[typed]


@pytest.mark.parametrize("typed", ASKED_BACK)
def test_a_name_of_several_places_and_a_part_of_a_country_are_asked_back(typed: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_place(typed)
    for wanted in ASKED_BACK[typed]:
        assert wanted in str(caught.value)


@pytest.mark.parametrize(("typed", "state"), [("GA", "USA-GA"), ("IN", "USA-IN"), ("NL", "CAN-NL")])
def test_a_country_code_that_is_also_a_state_names_the_state(typed: str, state: str) -> None:
    assert state in parse_place(typed).note
    assert not parse_place("FR").note


def test_every_gazetted_place_is_a_grid() -> None:
    codes = {code for entry in gazetteer().values() for code in entry.places}
    assert codes
    assert all(parse_place(code).code == code for code in codes)


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


def test_a_city_stands_for_its_region_where_the_country_has_regions() -> None:
    place = parse_place("USA-Pittsburgh")
    assert (place.country, place.region) == ("USA", "PA") and "by Pittsburgh" in place.name
    with pytest.raises(ConfigurationError, match=r"no region 'London' in GBR|no regions of GBR"):
        parse_place("GBR-London")
