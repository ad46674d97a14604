"""A lifetime's options in TOML, as a report takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint.lifetime_options import LifetimeOptions, parse_wanted


def test_a_number_is_requests_a_day() -> None:
    assert parse_wanted("35") == LifetimeOptions(requests_per_day=35)


def test_a_file_has_the_options_of_the_command(tmp_path: Path) -> None:
    path = tmp_path / "coffee.toml"
    path.write_text(
        'requests-per-day = 20\nhome = "FRA"\ncloud = "server.power"\nline = "mobile"\nbytes = "90kB"\n'
        "pue = 1.2\nprice-year = 2026\ncloud-tokens = 250\n"
    )
    found = parse_wanted(str(path))
    assert found.cloud == tmp_path / "server.power"
    assert (found.requests_per_day, found.home, found.line) == (20.0, "FRA", "mobile")
    assert (found.request_b, found.pue, found.price_year, found.cloud_tokens) == ("90kB", "1.2", 2026, 250.0)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("request-per-day = 3", "requests_per_day"),
        ('years = "long"', "a number is expected"),
        ('line = "5G"', "choose fixed or mobile"),
        ("price-year = 2026.5", "a whole number"),
        ("cloud = 3", "a file is expected"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, text: str) -> None:
    path = tmp_path / "coffee.toml"
    path.write_text(line + "\n")
    with pytest.raises(ConfigurationError, match=text):
        parse_wanted(str(path))


def test_the_earlier_name_of_an_option_works_in_a_file_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "years.toml"
    path.write_text('what = "water"\n')
    with pytest.warns(DeprecationWarning, match="what is now tornado; the old name works until 1 June 2027"):
        assert parse_wanted(str(path)).tornado == "water"


def test_what_is_neither_is_refused() -> None:
    for text in ("coffee", "x" * 5000, "a\0b"):
        with pytest.raises(ConfigurationError, match="neither a number"):
            parse_wanted(text)
