"""Reads saved carbon-intensity files; asks no network: what it promises."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from day_of_hours import (
    HOUR,
    by_hand,
    hours_from,
    local_csv,
    met,
    utc_ns,
)
from electricity_maps import EM_NEW, EM_OLD, saved
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powermeter.errors import ConfigurationError, DataError
from powermeter.footprint.intensity_file import parse_time, read

HEADER = "timestamp_utc,ci_g_per_kwh"

MUTANTS = [
    [],
    {},
    [5],
    [[]],
    {"data": [5]},
    {"data": [{}]},
    {"data": {"data": {"data": {"data": {}}}}},
    {"data": [None]},
    {"meta": {"signal_type": "co2_moer", "units": "lbs_co2_per_mwh"}, "data": [None]},
    {
        "meta": {"signal_type": "co2_moer", "units": "lbs_co2_per_mwh", "data_point_period_seconds": "x"},
        "data": [],
    },
    {"history": [{"carbonIntensity": 5}]},
    {"history": []},
    {"history": [{"carbonIntensity": {}, "datetime": []}]},
    {"data": [{"from": "2024-01-01T00:00Z", "to": "2023-01-01T00:00Z", "intensity": {"forecast": 3}}]},
    {"data": [{"from": "2024-01-01T00:00Z", "to": "2024-01-01T00:30Z", "intensity": 7}]},
    {"data": [{"from": 1, "to": 2, "intensity": {"forecast": 3}}]},
    "text",
    5,
    None,
]


def test_a_day_across_summer_time_equals_the_hand_made_sum(day: Path, tmp_path: Path) -> None:
    hours = hours_from(datetime(2024, 3, 30, 12, tzinfo=timezone.utc), 26)
    found = met(day, read(local_csv(tmp_path / "ci.csv", hours)))
    grams, joules = by_hand({utc_ns(moment): value for moment, value in hours})
    assert found.grams == pytest.approx(grams, rel=1e-9)
    assert found.energy_j == pytest.approx(joules, rel=1e-9)
    assert found.filled_share == 0
    assert not found.notes


def test_one_missing_hour_takes_the_one_before_and_is_reported(day: Path, tmp_path: Path) -> None:
    hours = hours_from(datetime(2024, 3, 30, 12, tzinfo=timezone.utc), 26)
    gone = hours.pop(9)
    values = {utc_ns(moment): value for moment, value in hours} | {utc_ns(gone[0]): hours[8][1]}
    series = read(local_csv(tmp_path / "ci.csv", hours))
    assert series.gaps == [(utc_ns(gone[0]), utc_ns(gone[0]) + HOUR)]
    found = met(day, series)
    grams, _ = by_hand(values)
    assert found.grams == pytest.approx(grams, rel=1e-9)
    assert found.filled_share > 0
    assert "previous value" in found.notes[0]
    assert "2024-03-30T21:00Z" in found.notes[0]


def test_three_missing_hours_need_the_yearly_mean(day: Path, tmp_path: Path) -> None:
    hours = hours_from(datetime(2024, 3, 30, 12, tzinfo=timezone.utc), 26)
    gone = [hours.pop(14) for _ in range(3)]
    series = read(local_csv(tmp_path / "ci.csv", hours))
    with pytest.raises(DataError, match="--place"):
        met(day, series)
    found = met(day, series, annual=56.0)
    values = {utc_ns(moment): value for moment, value in hours}
    values |= {utc_ns(moment): 56.0 for moment, _ in gone} | {utc_ns(gone[0][0]): hours[13][1]}
    assert found.grams == pytest.approx(by_hand(values)[0], rel=1e-9)
    assert {note.rpartition(": ")[2].split(" used")[0] for note in found.notes} == {
        "previous value",
        "yearly mean",
    }


def test_electricity_maps_csv(tmp_path: Path) -> None:
    path = saved(tmp_path, EM_NEW)
    lifecycle, direct = read(path), read(path, "direct")
    assert (lifecycle.values, direct.values) == ((30.02, 31.5), (2.54, 2.60))
    assert (lifecycle.zone, lifecycle.estimated, lifecycle.kind) == ("SE", 1, "average")
    assert direct.basis == "direct"


def test_electricity_maps_csv_older_header_with_an_empty_hour(tmp_path: Path) -> None:
    series = read(saved(tmp_path, EM_OLD))
    assert series.values == (30.02, 31.0, 32.0)
    assert len(series.gaps) == 1


def test_electricity_maps_history_json(tmp_path: Path) -> None:
    entries = [
        {
            "zone": "FR",
            "carbonIntensity": 50 + i,
            "datetime": f"2024-01-01T0{i}:00:00.000Z",
            "emissionFactorType": "lifecycle",
            "isEstimated": i == 1,
        }
        for i in range(3)
    ]
    series = read(saved(tmp_path, json.dumps({"zone": "FR", "history": entries}), "h.json"))
    assert (series.values, series.zone, series.estimated) == ((50, 51, 52), "FR", 1)


def test_uk_national_json_takes_forecast_where_actual_is_null(tmp_path: Path) -> None:
    entries = [
        {
            "from": "2024-01-01T00:00Z",
            "to": "2024-01-01T00:30Z",
            "intensity": {"forecast": 120, "actual": 118, "index": "moderate"},
        },
        {
            "from": "2024-01-01T00:30Z",
            "to": "2024-01-01T01:00Z",
            "intensity": {"forecast": 121, "actual": None, "index": "moderate"},
        },
    ]
    series = read(saved(tmp_path, json.dumps({"data": entries}), "uk.json"))
    assert series.values == (118, 121)
    assert (series.step_ns, series.basis, series.estimated) == (HOUR // 2, "direct", 1)


def test_uk_regional_json_is_nested_differently(tmp_path: Path) -> None:
    inner = [
        {
            "from": "2024-01-01T00:00Z",
            "to": "2024-01-01T00:30Z",
            "intensity": {"forecast": 80, "index": "low"},
        }
    ]
    region = [{"regionid": 13, "shortname": "London", "postcode": "N1", "data": inner}]
    series = read(saved(tmp_path, json.dumps({"data": region}), "uk.json"))
    assert (series.values, series.zone) == ((80,), "GBR London")


def test_watttime_is_marginal_and_may_be_zero(tmp_path: Path) -> None:
    meta = {"signal_type": "co2_moer", "units": "lbs_co2_per_mwh", "region": "CAISO_NORTH"}
    points = [
        {"point_time": f"2024-01-01T00:{m:02d}:00+00:00", "value": v} for m, v in ((0, 412.5), (5, 0.0))
    ]
    series = read(saved(tmp_path, json.dumps({"data": points, "meta": meta}), "wt.json"))
    assert series.values == (pytest.approx(187.106853, rel=1e-6), 0.0)
    assert series.kind == "marginal"
    bad = saved(
        tmp_path, json.dumps({"data": points, "meta": {**meta, "signal_type": "health_damage"}}), "b.json"
    )
    with pytest.raises(DataError, match="health_damage"):
        read(bad)


def test_electricity_maps_forecast_json(tmp_path: Path) -> None:
    entries = [{"carbonIntensity": 50 + i, "datetime": f"2024-01-01T0{i}:00:00.000Z"} for i in range(3)]
    series = read(saved(tmp_path, json.dumps({"zone": "DK-DK1", "forecast": entries}), "f.json"))
    assert (series.values, series.zone, series.estimated, series.kind) == (
        (50, 51, 52),
        "DK-DK1",
        3,
        "average",
    )


def test_marginal_is_told_from_average_in_every_format(tmp_path: Path) -> None:
    meta = {"signal_type": "co2_aoer", "units": "lbs_co2_per_mwh", "region": "X", "generated_at": "now"}
    points = [{"point_time": f"2024-01-01T00:{m:02d}:00+00:00", "value": 400} for m in (0, 5)]
    watttime = read(saved(tmp_path, json.dumps({"data": points, "meta": meta}), "aoer.json"))
    assert (watttime.kind, watttime.estimated) == ("average", 2)
    column = "marginal carbon intensity gCO2eq/kWh (life cycle)"
    csv = read(
        saved(
            tmp_path,
            f"Datetime (UTC),Zone id,{column}\n2024-01-01 00:00:00,SE,700\n2024-01-01 01:00:00,SE,650\n",
        )
    )
    assert csv.kind == "marginal"
    entries = [
        {"marginalCarbonIntensity": 500, "datetime": f"2024-01-01T0{i}:00Z", "zone": "SE"} for i in range(2)
    ]
    assert read(saved(tmp_path, json.dumps({"data": entries}), "m.json")).kind == "marginal"
    mixed = [{**entry, "kind": kind} for entry, kind in zip(entries, ("average", "marginal"), strict=True)]
    with pytest.raises(DataError, match="average and marginal values are mixed"):
        read(saved(tmp_path, json.dumps({"data": mixed}), "mixed.json"))


def test_several_forecasts_in_one_file_are_refused(tmp_path: Path) -> None:
    meta = {"signal_type": "co2_moer", "units": "lbs_co2_per_mwh", "generated_at": "now"}
    data = [{"generated_at": "2024-01-01T00:00Z", "forecast": []}]
    with pytest.raises(DataError, match="save the one you mean"):
        read(saved(tmp_path, json.dumps({"data": data, "meta": meta}), "wt.json"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEADER}\n2024-03-31T02:30:00,100\n2024-03-31T03:30:00,90\n", "no offset"),
        (f"{HEADER}\n2024-01-01T00:00Z,100\n2024-01-01T00:00Z,90\n", "two values"),
        (
            f"{HEADER}\n2024-01-01T00:00Z,1\n2024-01-01T01:00Z,1\n2024-01-01T02:00Z,1\n2024-01-01T02:30Z,1\n",
            "overlaps",
        ),
        (f"{HEADER}\n2024-01-01T00:00Z,0\n2024-01-01T01:00Z,90\n", "0 g/kWh"),
        (f"{HEADER}\n2024-01-01T00:00Z,-4\n2024-01-01T01:00Z,90\n", "implausible"),
        (f"{HEADER}\n2024-01-01T00:00Z,90000\n2024-01-01T01:00Z,90\n", "implausible"),
        (f"{HEADER}\n2024-01-01T00:00Z,ninety\n2024-01-01T01:00Z,90\n", "line 2.*not a number"),
        (f"{HEADER}\n2024-01-01T00:00Z,nan\n2024-01-01T01:00Z,90\n", "not finite"),
        (f"{HEADER}\nyesterday,10\n2024-01-01T01:00Z,90\n", "not an ISO 8601"),
        (f"{HEADER}\n2024-01-01T00:00Z,10\n", "no length"),
        (f"{HEADER},kind\n2024-01-01T00:00Z,10,average\n2024-01-01T01:00Z,10,marginal\n", "kind changes"),
        (f"{HEADER}\n", "no rows"),
        ("time,co2\n1,2\n", "timestamp_utc"),
        ("{]", "not usable JSON"),
        ('{"data": 5}', "no saved answer"),
        ('{"data": [{"from": "2024-01-01T00:00Z"}]}', "no 'to'"),
    ],
)
def test_unusable_files_say_why(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(saved(tmp_path, text))


def test_absent_file_and_binary(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read(tmp_path / "none.csv")
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match="UTF-8"):
        read(binary)


def test_offsets_are_kept() -> None:
    assert parse_time("2024-01-01T01:00:00+01:00", "t") == parse_time("2024-01-01T00:00:00Z", "t")
    assert parse_time("1970-01-01T00:00:01.500Z", "t") == 1_500_000_000


@pytest.mark.parametrize("data", MUTANTS, ids=repr)
def test_damaged_json_is_refused_in_one_line(tmp_path: Path, data: object) -> None:
    with pytest.raises(DataError) as refused:
        read(saved(tmp_path, json.dumps(data), "x.json"))
    assert "\n" not in str(refused.value)


@pytest.mark.thorough
@given(st.text(max_size=200))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_is_a_series_or_a_clear_refusal(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.csv"
    path.write_text("timestamp_utc,ci_g_per_kwh\n" + text, encoding="utf-8", errors="ignore")
    with contextlib.suppress(DataError, ConfigurationError):
        assert read(path).values


def test_the_half_hour_that_cannot_be_read_is_named_by_its_number(tmp_path: Path) -> None:
    entries: list[dict[str, object]] = [
        {"from": f"2024-01-01T0{h}:00Z", "to": f"2024-01-01T0{h}:30Z", "intensity": {"actual": 100 + h}}
        for h in range(3)
    ]
    entries[1]["to"] = entries[1]["from"]
    with pytest.raises(DataError, match="entry 2: it ends at or before its start"):
        read(saved(tmp_path, json.dumps({"data": entries}), "uk.json"))


def test_half_hours_and_hours_in_one_file_are_refused(tmp_path: Path) -> None:
    entries = [
        {"from": "2024-01-01T00:00Z", "to": "2024-01-01T00:30Z", "intensity": {"actual": 100}},
        {"from": "2024-01-01T00:30Z", "to": "2024-01-01T01:30Z", "intensity": {"actual": 101}},
    ]
    with pytest.raises(DataError, match="intervals of different lengths"):
        read(saved(tmp_path, json.dumps({"data": entries}), "uk.json"))
