"""Pooled intervals hold, on every engine the same; outliers, drifts and totals are those that were put in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import outside
import pytest
from verb_schema import keeps_to_schema

from powermeter import analyse, cli

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def engine(dataset: Path) -> Iterator[Any]:
    outside.need("ibis", "duckdb")
    from powermeter.fleet.engines import engine_of

    with engine_of("duckdb", dataset) as opened:
        yield opened


def test_one_recording_pooled_is_what_show_prints(engine: Any, lab: Path) -> None:
    from powermeter.fleet.questions import AskedOfFleet, energies

    day = "2026-10-03"
    (found,) = energies(engine, ("label",), AskedOfFleet({"device": "pi-01"}, day, "2026-10-04"))
    row = analyse(lab / "pi-01" / "0.power").row("infer")
    assert row.per_item is not None and found.such is None
    assert found.these.value == pytest.approx(row.per_item.value, rel=1e-12)
    shown, exact = (
        row.per_item,
        2e-6 * row.per_item.half_width,
    )  # to which a t factor is taken for the normal's
    usual = 1.96 * math.sqrt(sum(part * part for part in shown.parts.values()))
    # A side of a skewed interval that is narrower than its parts is pooled as wide as they make it.
    assert shown.value - max(usual, shown.value - shown.low) - exact <= found.these.low <= shown.low + exact
    assert (
        shown.high - exact <= found.these.high <= shown.value + max(usual, shown.high - shown.value) + exact
    )


def test_a_sensor_shared_by_recordings_does_not_shrink_and_devices_do(engine: Any) -> None:
    from powermeter.fleet.questions import AskedOfFleet, energies

    only = {"version": "v1"}
    single = energies(engine, ("device",), AskedOfFleet({"device": "pi-01", **only}, None, "2026-10-04"))[
        0
    ].these
    (several,) = energies(engine, ("device",), AskedOfFleet({"device": "pi-01", **only}))
    gain = 0.005 / 3**0.5  # the stated limit of the current's gain
    assert several.sums.recordings == 2
    assert several.these.half_width / several.these.value > 1.6 * gain
    fleet = energies(engine, ("label",), AskedOfFleet(only))[0]
    assert fleet.these.half_width / fleet.these.value < 0.6 * single.half_width / single.value
    assert fleet.sums.devices == 8 and fleet.such is not None
    assert fleet.such.half_width > fleet.these.half_width, "devices differ by more than their sensors"


def test_a_series_that_drifts_is_found_and_a_steady_one_is_not(tmp_path: Path) -> None:
    outside.need("pyarrow", "ibis", "duckdb")
    from class_of_forty import NS, START_UTC_NS, record

    from powermeter.fleet.anomalies import drifts
    from powermeter.fleet.collect import collect
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.engines import engine_of
    from powermeter.fleet.origins import origin_of

    for name, slope in (("steady", 0.0), ("drifting", 0.01)):
        for day in range(8):
            record(
                tmp_path / "in" / f"{name}-{day}.power",
                "",
                1,
                machine=50 * (name == "steady") + day,
                attributes={"device": name},
                scale=1 + slope * day,
                utc_ns=START_UTC_NS + day * 86_400 * NS,
                noise_seed=day,
            )
    collect(origin_of(str(tmp_path / "in")), Dataset(tmp_path / "ds"), "none")
    with engine_of("duckdb", tmp_path / "ds") as engine:
        found, short = drifts(engine)
    assert [one.group["device"] for one in found] == ["drifting"] and short == 0
    assert found[0].low < 0.01 / 1.035 < found[0].high and found[0].days == pytest.approx(7)


def test_what_cannot_be_asked_is_named(
    engine: Any, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from powermeter.errors import ConfigurationError
    from powermeter.fleet.questions import energies

    with pytest.raises(ConfigurationError, match="device, model"):
        energies(engine, ("colour",))
    for arguments, status in (
        ([str(tmp_path)], 2),
        ([str(dataset), "--engine", "mainframe"], 2),
        ([str(dataset), "--only", "label"], 2),
        ([str(dataset), "--since", "yesterday"], 2),
        ([str(dataset), "--only", "label=nothing", "--since", "2031-01-01"], 2),
        ([str(dataset), "recompute"], 2),
    ):
        assert cli.run(["fleet", *arguments]) == status, arguments
    assert "Traceback" not in capsys.readouterr().err


def test_the_verb_prints_writes_and_agrees_with_itself(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.need("ibis", "duckdb")
    from powermeter.fleet import answers as asking

    found, asked = [], asking.answers
    monkeypatch.setattr(asking, "answers", lambda *given: found.append(asked(*given)) or found[-1])
    assert cli.run(["fleet", str(dataset), "--place", "FRA"]) == 0
    printed = capsys.readouterr().out
    assert "v1 → v2" in printed and "pi-07" in printed and "In all" in printed
    monkeypatch.setattr(asking, "answers", lambda *given: found[-1])  # other formats of what was found
    assert cli.run(["fleet", str(dataset), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    keeps_to_schema("fleet", told)
    assert told["devices"] == 8 and told["recordings"] == 32 and len(told["energies"]) == 2
    assert cli.run(["fleet", str(dataset), "-o", str(tmp_path / "fleet.html")]) == 0
    page = (tmp_path / "fleet.html").read_text()
    assert "<script" not in page and "1 version uses more than the one before" in page
    assert cli.run(["fleet", str(dataset), "recompute", "-o", str(tmp_path / "events.parquet")]) == 0
    assert "384 events" in capsys.readouterr().err


# Monte-Carlo ----------------------------------------------------------------------------------------


def many_fleets(
    folder: Path, fleets: int, devices: int, recordings: int, spread: float, seed: int
) -> tuple[Path, Any, Any]:
    """Write a dataset of many fleets, each a model; returns it, the true mean of the devices, and of such devices.

    Every fleet has a reference gain that all of its sensors share (normal, 0.4 %), every sensor a gain within ±1 %
    (rectangular), every recording a scatter of 2 % known from 20 repeats; devices differ by `spread`.
    """
    import pyarrow as pa
    from pyarrow import parquet

    from powermeter.fleet import layout

    random = np.random.default_rng(seed)
    mean, items, each = 2.0, 50.0, (fleets, devices, recordings)
    true = mean * (1 + spread * random.standard_normal(each[:2]))
    gain = random.uniform(-0.01, 0.01, each[:2]) + 0.004 * random.standard_normal((fleets, 1))
    value = true[..., None] * (1 + gain[..., None] + 0.02 / 20**0.5 * random.standard_normal(each))
    known = 0.02 / 20**0.5 * np.sqrt(random.chisquare(19, each) / 19)
    number = [axis.ravel().tolist() for axis in np.indices(each)]
    names = [f"{f:04}{d:03}{r:03}" for f, d, r in zip(*number, strict=True)]
    size = (value * items).ravel()
    recording = {"recording": names, "content": names}
    label = {"row": 0, "label": "infer", "grade": "measured", "events": 20, "items": items}
    sensors = [f"s{f}/{d}" for f, d, _ in zip(*number, strict=True)]
    parts = (
        ("gain:s", sensors, 0.01 / 3**0.5 * size, True, None),
        ("gain:r", [f"r{f}" for f in number[0]], 0.004 * size, False, None),
        ("repeats:x", names, known.ravel() * size, False, 19.0),
    )
    named = ("part", "shared", "u_j", "limit", "freedom")
    written: dict[str, list[dict[str, Any]]] = {
        "recordings": [
            {"device_name": [f"d{d}" for d in number[1]], "machine": "m"}
            | {"simulated": False, "clock_doubtful": False}
        ],
        "labels": [
            label | {"model": [f"{f:04}" for f in number[0]], "next_j": size, "below_j": 0.0, "above_j": 0.0}
        ],
        "parts": [{"row": 0, **dict(zip(named, part, strict=True))} for part in parts],
    }
    for table, pieces in written.items():
        where = folder / table / "device=d" / "day=2026-01-01"
        where.mkdir(parents=True)
        schema = layout.arrow_schema(table)

        def filled(name: str, given: object, schema: pa.Schema = schema) -> pa.Array:
            many = given if isinstance(given, list | np.ndarray) else [given] * len(names)
            return pa.array(many, schema.field(name).type)

        tables = [
            pa.table([filled(name, (recording | piece).get(name)) for name in schema.names], schema=schema)
            for piece in pieces
        ]
        parquet.write_table(pa.concat_tables(tables), where / "all.parquet")
    (folder / "powermeter-dataset.json").write_text(json.dumps({"layout": 1}))
    return folder, true.mean(axis=1), np.full(fleets, mean)


@pytest.mark.parametrize(
    ("devices", "recordings", "spread"),
    [(6, 2, 0.03), (3, 1, 0.05), (12, 2, 0.01)],
    ids=["six", "three", "twelve"],
)
def test_pooled_intervals_hold_in_a_thousand_fleets(
    tmp_path: Path, devices: int, recordings: int, spread: float
) -> None:
    outside.need("pyarrow", "ibis", "duckdb")
    from powermeter.fleet.engines import engine_of
    from powermeter.fleet.questions import energies

    folder, of_devices, of_such = many_fleets(tmp_path, 1000, devices, recordings, spread, seed=devices)
    with engine_of("duckdb", folder) as engine:
        found = sorted(energies(engine, ("model",)), key=lambda one: str(one.group["model"]))
    assert len(found) == 1000 and found[0].sums.devices == devices
    these = np.mean([one.these.low <= t <= one.these.high for one, t in zip(found, of_devices, strict=True)])
    such = np.mean(
        [one.such.low <= t <= one.such.high for one, t in zip(found, of_such, strict=True) if one.such]
    )
    print(f"seed {devices}: these devices {these:.1%}, such devices {such:.1%}")
    assert 0.93 <= these <= 0.97 and 0.93 <= such <= 0.97
