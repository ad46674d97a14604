"""A current without a voltage: exact charges, no energy, and an energy where the voltage is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter import Recording, analyse
from powermeter.analysis.charge_only import charge_only
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.recording import Writer

MS = 1_000_000


@pytest.fixture(params=["current", "charge"])
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return 10 s of 0.1 A with ten events of 0.2 s at 0.3 A, at 1 kHz, and no voltage."""
    t = np.arange(10_001, dtype=np.int64) * MS
    milliamperes = np.where((t // MS) % 1000 < 200, 300, 100)
    channel = Channel("i", Quantity.CURRENT, 1e-3, Rail("VIN"))
    codes = milliamperes
    if request.param == "charge":
        channel = Channel("q", Quantity.CHARGE, 1e-6, Rail("VIN"), Kind.COUNTER)
        codes = np.concatenate([[0], np.cumsum(milliamperes[:-1])])
    path = tmp_path / "current.power"
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://x", "x", "sim", (channel,), {})
        writer.append(source, t, codes[:, None].astype(np.int64))
        writer.add_events(
            [
                Event("infer", k * 1000 * MS, k * 1000 * MS + 200 * MS, process=1, uid=k + 1, count=2)
                for k in range(10)
            ]
        )
    return path


def test_charges_are_exact_and_there_is_no_energy(recording: Path) -> None:
    with Recording.open(recording) as opened:
        found = charge_only(opened)
        with pytest.raises(DataError, match="charge is exact"):
            analyse(opened)
    assert found is not None
    assert found.charge.value == pytest.approx(1.4, rel=1e-3) and found.charge.unit == "C"
    assert found.current.value == pytest.approx(0.14, rel=1e-3)
    (row,) = found.rows
    assert row.events == 10 and row.total is not None and row.per_item is not None
    assert row.total.value == pytest.approx(0.6, rel=0.01)
    assert row.per_item.value == pytest.approx(0.03, rel=0.01)


def test_a_given_voltage_makes_an_energy(recording: Path) -> None:
    with Recording.open(recording) as opened:
        found = analyse(opened, rail_voltage_v=3.7)
    assert found.energy.value == pytest.approx(1.4 * 3.7, rel=1e-3)
    assert found.energy.half_width > 0.03 * found.energy.value, (
        "a voltage that was typed in is taken to hold 5 %"
    )
    assert found.charge is not None and found.charge.value == pytest.approx(1.4, rel=1e-3)


def test_where_power_is_measured_there_is_nothing_to_say(tmp_path: Path) -> None:
    path = tmp_path / "p.power"
    with Writer.create(path, {}) as writer:
        source = writer.add_source(
            "sim://x", "x", "sim", (Channel("p", Quantity.POWER, 1e-3, Rail("VIN")),), {}
        )
        writer.append(source, np.arange(10) * MS, np.ones((10, 1), np.int64))
    with Recording.open(path) as opened:
        assert charge_only(opened) is None
        assert analyse(opened, rail_voltage_v=3.7).energy.value == pytest.approx(9e-6)


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_current_that_stands_is_read_once_for_each_refresh(tmp_path: Path, snapshot: bool) -> None:
    """A gauge that refreshes each two seconds and is asked five times a second: its rows lie a second late on average."""
    held = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        amperes = np.repeat([0.25, 0.9] * 6 + [0.25], np.rint(10 * rng.uniform(5, 15, 13)).astype(int))
        amperes *= 1 + 0.2 * rng.standard_normal(amperes.size)
        counted = np.concatenate([[0], np.cumsum(amperes) * 0.1])
        seconds = np.arange(counted.size) * 0.1
        t = np.arange(4.0, seconds[-1], 0.2)
        at = np.floor((t - 0.7) / 2) * 2 + 0.7
        shown = np.diff(np.interp([at - (0.01 if snapshot else 2.0), at], seconds, counted), axis=0)[0]
        shown /= 0.01 if snapshot else 2.0
        edges = np.flatnonzero(np.abs(np.diff(np.convolve(amperes, np.ones(9) / 9, "same") > 0.55)) == 1) + 1
        path = tmp_path / f"{seed}.power"
        with Writer.create(path, {}) as writer:
            channel = Channel("i", Quantity.CURRENT, 1e-3, Rail("VIN"))
            source = writer.add_source("sim://x", "x", "sim", (channel,), {})
            writer.append(
                source, np.rint(t * 1e9).astype(np.int64), np.rint(shown * 1e3).astype(np.int64)[:, None]
            )
            jobs = edges.reshape(-1, 2)
            writer.add_events(
                [
                    Event("job", int(a) * 100 * MS, int(b) * 100 * MS, process=1, uid=k + 1)
                    for k, (a, b) in enumerate(jobs)
                ]
            )
        with Recording.open(path) as opened:
            found = charge_only(opened)
        assert found is not None and found.rows[0].total is not None
        truth = float(np.sum(counted[jobs[:, 1]] - counted[jobs[:, 0]]))
        total = found.rows[0].total
        held.append(total.low <= truth <= total.high and abs(total.value / truth - 1) < 0.1)
    assert held == [True] * 3
