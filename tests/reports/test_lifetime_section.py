"""Device against data centre in a report: 0.125 J an inference by hand, the same numbers on the page, in Markdown and JSON."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated_day import simulate_day

from powermeter.events import Event
from powermeter.recording import Recording
from powermeter.reports.html import HTMLReport
from powermeter.reports.json_record import record
from powermeter.reports.lifetime_section import TITLE
from powermeter.reports.markdown import MarkdownReport
from powermeter.reports.report_data import ReportData, gather
from powermeter.reports.report_options import ReportOptions
from powermeter.testing.boards import NS, START_NS

COFFEE = """
requests-per-day = 20
years = 4
home = "FRA"
away = "USA"
price-request = 0.0004
price-chip = 0.8
tariff = 0.25
currency = "EUR"
price-year = 2026
"""


@pytest.fixture
def coffee(make, twenty, tmp_path: Path) -> ReportData:  # type: ignore[no-untyped-def]
    plan = tmp_path / "coffee.toml"
    plan.write_text(COFFEE)
    with Recording.open(make(events=twenty)) as recording:
        return gather(recording, ReportOptions(lifetime=str(plan)))


def test_the_device_side_is_the_measured_item(coffee: ReportData) -> None:
    """20 a day × 1461 days × 0.125 J = 3652.5 J = 1.0146e-3 kWh, through an adapter of 80 %."""
    said = record(coffee)["lifetime"]
    assert said["requests"] == 29_220
    lines = said["energy"]["device"]["lines"]
    assert lines["requests on the device"] == pytest.approx(29_220 * 0.125 / 3.6e6 / 0.8, rel=1e-6)
    assert said["request_grade"] == {"device": "measured", "cloud": "assumed"}
    assert said["money_in"] == "EUR of 2026"


@pytest.mark.parametrize("kind", [HTMLReport, MarkdownReport])
def test_both_sides_stand_with_intervals_money_and_tornado(coffee: ReportData, kind: type) -> None:
    text = kind().render(coffee).replace("\u00a0", " ")
    assert TITLE in text
    assert "EUR of 2026" in text
    assert "arbon break-even" in text
    report = coffee.lifetime
    assert report is not None
    for account in report.accounts():
        for side in account.sides:
            assert side.shown.span
            assert side.shown.bare in text
            assert side.shown.span in text
    assert len(report.swings()) >= 5
    for swing in report.swings():
        assert swing.ends in text


def test_a_measured_server_stands_on_the_page(make, twenty, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Six requests of 10 s at 200 W: 2 kJ each, simulated, in place of the cited energy."""
    events = [
        Event("request", START_NS + 10 * i * NS, START_NS + 10 * (i + 1) * NS, process=1, thread=1, uid=i + 1)
        for i in range(6)
    ]
    simulate_day(tmp_path / "server.power", [200.0] * 61, seconds_per_sample=1.0, events=events)
    plan = tmp_path / "plan.toml"
    plan.write_text('home = "FRA"\naway = "FRA"\ncloud = "server.power"\ncloud-label = "request"\n')
    with Recording.open(make(events=twenty)) as recording:
        data = gather(recording, ReportOptions(lifetime=str(plan)))
    page = HTMLReport().render(data).replace("\u00a0", " ")
    assert "cloud 2.000 ± 0.019 kJ (simulated)" in page
    assert "cloud request measured: server.power" in page


def test_without_being_asked_for_there_is_none(make, twenty) -> None:  # type: ignore[no-untyped-def]
    with Recording.open(make(events=twenty)) as recording:
        data = gather(recording, ReportOptions(place="FRA"))
    assert data.lifetime is None and record(data)["lifetime"] is None
    assert TITLE not in HTMLReport().render(data)


def test_the_place_of_the_report_is_the_devices(make, twenty) -> None:  # type: ignore[no-untyped-def]
    with Recording.open(make(events=twenty)) as recording:
        data = gather(recording, ReportOptions(lifetime="20", place="FRA"))
    assert data.lifetime is not None and data.lifetime.scenario.home is not None
    assert data.lifetime.scenario.home.code == "FRA"
