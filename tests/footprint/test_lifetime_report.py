"""Years on the device against years in the cloud: both sides with intervals, money with its year."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from simulated_day import simulate_day

from powermeter.analysis.selection import Asked
from powermeter.analysis.subject import Subject, find
from powermeter.errors import ConfigurationError
from powermeter.events import Event
from powermeter.footprint.lifetime_assessment import assess
from powermeter.footprint.lifetime_options import LifetimeOptions
from powermeter.result import Result
from powermeter.testing.boards import NS, START_NS

ASKED = Asked(energy="36J", items=1)
USUAL = LifetimeOptions(home="FRA", away="USA")


def server(path: Path, tokens: int | None = None) -> Path:
    """Write 200 W for a minute with six requests of ten seconds: 2 kJ each."""
    carried = {} if tokens is None else {"generated_tokens": tokens}
    events = [
        Event(
            "request",
            START_NS + 10 * index * NS,
            START_NS + 10 * (index + 1) * NS,
            process=1,
            thread=1,
            uid=index + 1,
            attributes=carried,
        )
        for index in range(6)
    ]
    return simulate_day(path, [200.0] * 61, seconds_per_sample=1.0, events=events)


def test_both_sides_have_intervals_in_every_account() -> None:
    wanted = replace(
        USUAL, price_request=0.0004, price_chip=0.8, tariff=0.25, currency="EUR", price_year=2026
    )
    report = assess(find(None, ASKED), wanted)
    said = report.record()
    for account in ("energy", "carbon", "water", "adpe"):
        for side in ("device", "cloud"):
            found = said[account][side]
            assert found["low"] < found["value"] < found["high"], (account, side)
    assert said["break_even"]["text"]
    assert len(said["tornado"]) >= 5
    for entry in said["tornado"]:
        assert entry["at_low"] != entry["at_high"]


def test_money_has_its_currency_and_year() -> None:
    priced = replace(USUAL, price_request=0.0004, price_chip=0.8)
    named = assess(find(None, ASKED), replace(priced, currency="EUR", price_year=2026))
    assert "money, in EUR of 2026:" in named.text()
    assert named.record()["money_in"] == "EUR of 2026"
    bare = assess(find(None, ASKED), priced)
    assert "currency or year not given" in bare.text()


def test_the_report_begins_with_how_many_requests_are_compared() -> None:
    """As many a day as were asked for, times 365.25 times the years."""
    report = assess(find(None, ASKED), replace(USUAL, home="FRA", away="USA"))
    requests = report.record()["requests"]
    years, a_day = report.scenario.years, report.scenario.requests_per_day
    assert requests == pytest.approx(365.25 * years * a_day)
    first = next(line for line in report.text().splitlines() if not line.startswith(("WARNING", "note")))
    assert first == f"{requests:,.0f} requests in {years:g} years ({a_day:g} a day)"


def test_a_year_of_prices_is_a_year() -> None:
    with pytest.raises(ConfigurationError, match="no year of prices"):
        assess(find(None, ASKED), replace(USUAL, currency="EUR", price_year=-3))


def test_unknown_places_are_loud() -> None:
    nowhere = [str(text) for text in assess(find(None, ASKED), LifetimeOptions()).warnings()]
    assert [text.split(" UNKNOWN")[0] for text in nowhere] == [
        "PLACE OF THE DEVICE",
        "PLACE OF THE DATA CENTRE",
    ]
    here = assess(find(None, ASKED), LifetimeOptions(home="FRA"))
    (text,) = map(str, here.warnings())
    assert text.startswith("PLACE OF THE DATA CENTRE UNKNOWN") and "--away USA" in text
    both = assess(find(None, ASKED), LifetimeOptions(home="FRA", away="USA"))
    assert here.accounts()[1].sides[0].shown == both.accounts()[1].sides[0].shown, "its own place is known"


def test_what_is_not_in_water_and_minerals_is_named() -> None:
    assert (
        "the making of the chip and of the server is not in them" in assess(find(None, ASKED), USUAL).text()
    )


def test_a_recording_of_the_server_takes_the_place_of_the_cited_energy(tmp_path: Path) -> None:
    path = server(tmp_path / "server.power")
    cited = assess(find(None, ASKED), USUAL).record()
    report = assess(find(None, ASKED), replace(USUAL, cloud=path, cloud_label="request"))
    measured = report.record()
    kwh = 2000 / 3.6e6 * measured["requests"]
    served = [
        value for name, value in measured["energy"]["cloud"]["lines"].items() if name.startswith("requests")
    ]
    assert served and served[0] == pytest.approx(kwh, rel=0.5)  # PUE and losses on top
    assert served[0] >= kwh
    assert measured["energy"]["cloud"]["value"] != pytest.approx(cited["energy"]["cloud"]["value"], rel=0.01)


def test_the_grade_of_both_requests_is_said(tmp_path: Path) -> None:
    path = server(tmp_path / "server.power")
    report = assess(find(None, ASKED), replace(USUAL, cloud=path, cloud_label="request"))
    assert report.record()["request_grade"] == {"device": "assumed", "cloud": "simulated"}
    assert "energy of one: device 36.0 J (assumed), cloud 2.000 ± 0.019 kJ (simulated)" in report.text()


def test_a_server_measured_by_the_token(tmp_path: Path) -> None:
    path = server(tmp_path / "server.power", tokens=500)
    wanted = replace(USUAL, cloud=path, cloud_label="request", cloud_tokens=250)
    half = assess(find(None, ASKED), wanted).record()["energy"]["cloud"]["lines"]
    whole = assess(find(None, ASKED), replace(wanted, cloud_tokens=None)).record()["energy"]["cloud"]["lines"]
    (name,) = [name for name in half if name.startswith("requests")]
    assert half[name] == pytest.approx(whole[name] / 2)
    unknown = replace(wanted, cloud=server(tmp_path / "plain.power"))
    with pytest.raises(ConfigurationError, match="token"):
        assess(find(None, ASKED), unknown)


def test_two_ways_to_say_the_cloud_are_refused(tmp_path: Path) -> None:
    path = server(tmp_path / "server.power")
    with pytest.raises(ConfigurationError, match="--cloud"):
        assess(find(None, ASKED), replace(USUAL, cloud=path, cloud_label="request", cloud_energy="3Wh"))


def test_places_that_count_different_things_are_not_compared_silently() -> None:
    report = assess(find(None, ASKED), LifetimeOptions(home="FRA", away="USA-VA"))
    assert any("not comparable" in warning for warning in report.warnings())
    assert not any("not comparable" in warning for warning in assess(find(None, ASKED), USUAL).warnings())


def test_a_year_of_requests_is_a_year_of_days() -> None:
    report = assess(find(None, ASKED), replace(USUAL, requests_per_day=1, years=4))
    assert report.record()["requests"] == 1461
    assert report.record()["hours"] == 4 * 365.25 * 24


@pytest.mark.parametrize(
    ("places", "digits"),
    [({"home": "FRA", "away": "USA"}, 2), ({"home": "FRA"}, 2), ({"away": "USA"}, 1), ({}, 1)],
)
def test_where_a_place_is_not_known_what_hangs_on_it_has_one_digit(
    places: dict[str, str], digits: int
) -> None:
    """0.804 kWh of the device have two either way; its grams of carbon, of a place that anybody may live in, one."""
    report = assess(find(None, ASKED), LifetimeOptions(**places))
    text = report.text()
    grams = report.record()["carbon"]["device"]["value"]
    shown = f"{float(f'{grams:.{digits - 1}e}'):.0f} g CO2e"
    other = f"{float(f'{grams:.{2 - digits}e}'):.0f} g CO2e"
    carbon = text.split("carbon:\n", 1)[1].splitlines()[0]
    assert f"device: {shown}" in carbon and (shown == other or f"device: {other}" not in carbon)
    assert "device: 0.80 kWh" in text


def test_a_request_that_may_cost_nothing_is_no_surer_over_years_than_its_value_alone() -> None:
    """Listening decides both ends: a request of a thousandth of it, known badly, narrows neither."""
    exact = assess(Subject("x", Result(0.0765, "J", 0.0765, 0.0765)), USUAL)
    rough = assess(Subject("x", Result(0.0765, "J", 0.0, 0.13, parts={"repeats:x": 0.04})), USUAL)
    for account in ("energy", "carbon", "water", "adpe"):
        sure, doubted = exact.sides[0].result(account), rough.sides[0].result(account)
        assert doubted.low == pytest.approx(sure.low, rel=0.02), account
        assert doubted.high == pytest.approx(sure.high, rel=0.02), account
    assert "energy of one: device 76 mJ (0 to 130) (measured)" in rough.text()


@pytest.mark.parametrize("request_", [Result.at_least(2.0, "J"), Result.at_most(2.0, "J")])
def test_no_years_follow_from_an_open_energy(request_: Result) -> None:
    with pytest.raises(ConfigurationError, match="no years follow from a bound"):
        assess(Subject("x", request_), USUAL)
