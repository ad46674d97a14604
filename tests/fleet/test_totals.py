"""What a fleet used in all, what that means for the planet, and how long a charge of each device lasts: what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import outside
import pytest

from powermeter import analyse

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def engine(dataset: Path) -> Iterator[Any]:
    outside.need("ibis", "duckdb")
    from powermeter.fleet.engines import engine_of

    with engine_of("duckdb", dataset) as opened:
        yield opened


def test_totals_are_the_sum_and_hours_meet_their_factors(engine: Any, lab: Path, tmp_path: Path) -> None:
    from powermeter.fleet.battery_life import life
    from powermeter.fleet.totals import totals

    used = {path: analyse(path).energy.value for path in lab.rglob("*.power")}
    found = totals(engine, place="FRA")
    assert found.energy is not None and found.energy.value == pytest.approx(sum(used.values()), rel=1e-12)
    assert found.carbon is not None and found.water is not None and found.adpe is not None
    lines = ["timestamp_utc,ci_g_per_kwh"]
    lines += [
        f"2026-10-{day:02}T{hour:02}:00:00Z,{100 * (day - 2)}" for day in range(3, 9) for hour in range(24)
    ]
    (tmp_path / "hourly.csv").write_text("\n".join(lines) + "\n")
    hourly = totals(engine, place="FRA", intensity=tmp_path / "hourly.csv")
    assert hourly.carbon is not None
    per_day = [sum(joules for path, joules in used.items() if path.stem == str(day)) for day in range(4)]
    grams = sum(energy / 3.6e6 * 100 * (day + 1) for day, energy in enumerate(per_day))
    plain = hourly.places[0].footprint
    assert plain is not None
    assert plain.carbon_steps()["at the meter"] == pytest.approx(grams, rel=1e-9)
    one = next(each for each in life(engine, battery="4Ah") if each.device == "pi-00")
    assert one.hours is not None and 6 < one.hours.value < 10 and one.used is not None


def test_what_notes_no_place_meets_the_same_hours_as_what_does(tmp_path: Path) -> None:
    """Half of the recordings note the place, the other half get it as an option: one place, one series of factors."""
    outside.need("pyarrow", "ibis", "duckdb")
    from class_of_forty import START_UTC_NS, record

    from powermeter.fleet.collect import collect
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.engines import engine_of
    from powermeter.fleet.origins import origin_of
    from powermeter.fleet.totals import totals

    for number, attributes in enumerate(({"place": "FRA"}, {})):
        record(
            tmp_path / "in" / f"{number}.power",
            "",
            number + 1,
            attributes=attributes,
            utc_ns=START_UTC_NS,
            events=5,
        )
    collect(origin_of(str(tmp_path / "in")), Dataset(tmp_path / "ds"), "none")
    lines = [f"2026-10-{day:02}T{hour:02}:00:00Z,700" for day in range(2, 5) for hour in range(24)]
    (tmp_path / "hourly.csv").write_text("\n".join(["timestamp_utc,ci_g_per_kwh", *lines]) + "\n")
    with engine_of("duckdb", tmp_path / "ds") as engine:
        found = totals(engine, place="FRA", intensity=tmp_path / "hourly.csv")
    (place,) = found.places
    assert place.place == "FRA" and place.recordings == 2 and place.footprint is not None
    grams = place.energy.value / 3.6e6 * 700
    assert place.footprint.carbon_steps()["at the meter"] == pytest.approx(grams, rel=1e-9)
    assert found.water is not None and (found.water.low, found.water.high) == (
        place.footprint.water.low,
        place.footprint.water.high,
    )


def test_ampere_hours_are_not_counted_at_the_socket() -> None:
    """A plug of 60 W without a voltage, and one that knows its 230 V: no hours of 4 Ah, but hours of 20 Wh."""
    from powermeter.fleet.battery_life import life_of_row

    row = {
        "device": "plug",
        "battery": None,
        "kinds": 0,
        "since": None,
        "seconds": 3600.0,
        "energy_j": 216_000.0,
    }
    row |= {
        "up": 1000.0,
        "down": 1000.0,
        "charge_c": 900.0,
        "charged": 1,
        "count": 1,
        "simulated": False,
        "walls": 1,
    }
    for volts in (None, 230.0):
        told = life_of_row(row | {"volts": volts}, "4Ah")
        assert told.hours is None and "at the socket" in told.problem
        held = life_of_row(row | {"volts": volts}, "20Wh").hours
        assert held is not None and held.value == pytest.approx(20 / 60, rel=0.2)
