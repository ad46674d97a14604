"""Which intensity a run met: hours of a file, planned or recorded, marginal or average."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from simulated_day import simulate_day

from powermeter.analysis.selection import Asked
from powermeter.analysis.subject import find
from powermeter.errors import ConfigurationError, DataError
from powermeter.footprint.assessment import assess
from powermeter.footprint.footprint_options import FootprintOptions
from powermeter.recording import Recording

KWH = Asked(energy="1kWh", duration="2h")


def hours(tmp_path: Path, values: list[float], more: str = "") -> Path:
    path = tmp_path / "ci.csv"
    head = "timestamp_utc,ci_g_per_kwh,basis,kind" if more else "timestamp_utc,ci_g_per_kwh"
    rows = [f"2024-03-01T{hour:02d}:00Z,{value}{more}" for hour, value in enumerate(values)]
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_a_planned_run_needs_no_recording(tmp_path: Path) -> None:
    path = hours(tmp_path, [300, 200, 100, 90, 400])
    wanted = FootprintOptions(
        place="FRA", intensity=str(path), start="2024-03-01T00:00Z", hours=True, losses=False
    )
    report = assess(find(None, KWH), wanted)
    said = report.record()
    assert said["carbon"]["value"] == pytest.approx(250)
    assert said["hours"]["best"]["start"] == "2024-03-01T02:00Z"
    assert said["hours"]["best"]["g"] == pytest.approx(95)
    text = report.text()
    assert "planned from 2024-03-01T00:00Z at even power" in text
    assert "as planned" in text and "as run" not in text
    assert "the best start saves 160 g CO2e (" in text
    assert "average intensity is what a kWh of that hour carried" in text
    mean = assess(find(None, KWH), replace(wanted, start=None, hours=False)).record()
    assert mean["carbon"]["value"] == pytest.approx(218)
    with pytest.raises(ConfigurationError, match="--duration"):
        assess(find(None, Asked(energy="1kWh")), wanted)


def test_hours_that_the_file_lacks_are_said(tmp_path: Path) -> None:
    """Ninety minutes from 04:30 meet an hour that ends at 05:00, held once; two hours later there is nothing."""
    wanted = FootprintOptions(place="FRA", intensity=str(hours(tmp_path, [300, 200, 100, 90, 400])))
    asked = Asked(energy="1kWh", duration="90m")
    report = assess(find(None, asked), replace(wanted, start="2024-03-01T04:30Z"))
    assert "67 % of it takes the hour before" in report.text()
    with pytest.raises(DataError, match="no value from"):
        assess(find(None, asked), replace(wanted, start="2024-03-01T06:30Z"))


def test_a_start_is_for_planned_runs_with_a_file(tmp_path: Path) -> None:
    wanted = FootprintOptions(place="FRA", start="2024-03-01T04:30Z")
    for intensity in (None, "120"):
        with pytest.raises(ConfigurationError, match="needs --intensity FILE"):
            assess(find(None, KWH), replace(wanted, intensity=intensity))
    path = simulate_day(tmp_path / "r.power", [2.0] * 61)
    with pytest.raises(ConfigurationError, match="its own hours"):
        assess(find(path, Asked()), replace(wanted, intensity=str(hours(tmp_path, [300, 200]))))


def test_a_marginal_file_is_called_so(tmp_path: Path) -> None:
    path = hours(tmp_path, [300, 200, 100, 90, 400], ",direct,marginal")
    wanted = FootprintOptions(place="FRA", intensity=str(path), start="2024-03-01T00:00Z", hours=True)
    report = assess(find(None, KWH), wanted)
    text = report.text()
    assert "carbon direct, marginal" in text
    assert "note: marginal intensity states what one kWh more or less changes" in text
    assert "marginal intensity is what moving a run changes, not the footprint of the run" in text
    assert report.record()["hours"]["kind"] == "marginal"


def test_a_file_of_another_country_is_said(tmp_path: Path) -> None:
    path = hours(tmp_path, [300, 200, 100], ",lifecycle,average")
    path.write_text(
        path.read_text().replace("kind\n", "kind,zone\n").replace("average\n", "average,US-CAL-CISO\n")
    )
    there = assess(find(None, KWH), FootprintOptions(place="USA-CA", intensity=str(path)))
    assert "zone-elsewhere" not in {note.code for note in there.notes}
    here = assess(find(None, KWH), FootprintOptions(place="FRA", intensity=str(path)))
    (said,) = [note for note in here.notes if note.code == "zone-elsewhere"]
    assert "US-CAL-CISO (USA), the place is FRA" in said


@pytest.mark.parametrize("baseline", [None, "1W"])
def test_hours_are_weighted_with_all_that_was_used_and_that_is_noted(
    tmp_path: Path, baseline: str | None
) -> None:
    path = simulate_day(tmp_path / "r.power", [2.0] * 61)
    with Recording.open(path) as recording:
        at = datetime.fromtimestamp(recording.clock_pairs()[0][1] * 1e-9, timezone.utc).replace(
            minute=0, second=0
        )
    file = tmp_path / "ci.csv"
    rows = [f"{at + timedelta(hours=k):%Y-%m-%dT%H:%M}Z,{100 + k}" for k in range(-1, 30)]
    file.write_text("\n".join(["timestamp_utc,ci_g_per_kwh", *rows]) + "\n")
    report = assess(find(path, Asked(baseline=baseline)), FootprintOptions(place="FRA", intensity=str(file)))
    assert (
        "as run"
        in assess(find(path, Asked()), FootprintOptions(place="FRA", intensity=str(file), hours=True)).text()
    )
    said = "before the baseline was subtracted" in report.text()
    assert said is (baseline is not None)


def test_the_score_of_a_run_that_counts_nothing_is_of_the_run() -> None:
    report = assess(find(None, KWH), FootprintOptions(place="FRA", sci="run", losses=False))
    found = report.record()
    assert found["sci"]["score"]["value"] == pytest.approx(found["carbon"]["value"])
