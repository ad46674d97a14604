"""A log of changes whose values are means of the refresh before each: events lie a refresh before what their values seem to hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import powermeter
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.result import Grade

S = 1_000_000_000


def recording(path: Path, mean_s: float, each_s: float) -> float:
    """Write a log of changes of more than 5 W, looked for so often, of five events; return their energy in J."""
    rng = np.random.default_rng(8)
    starts = 60 + np.cumsum(rng.uniform(110, 150, 5))
    edges = np.ravel(np.stack([starts, starts + 45], axis=1))
    levels = np.append(np.tile([310.0, 190.0], 5), 310.0)
    corners = np.concatenate([[0.0], edges, [edges[-1] + 120]])
    total = np.concatenate([[0.0], np.cumsum(levels * np.diff(corners))])
    t = np.arange(12.0, corners[-1], each_s)
    values = (np.interp(t, corners, total) - np.interp(t - mean_s, corners, total)) / mean_s
    keep = [0]
    for k in range(1, t.size):
        if abs(values[k] - values[keep[-1]]) > 5 or t[k] - t[keep[-1]] >= 60:
            keep.append(k)
    channel = Channel("plug.power", Quantity.POWER, 0.1, Rail("plug"), kind=Kind.HELD)
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://", "plug", "test", (channel,))
        codes = np.rint(values[keep] * 10).astype(np.int64)
        writer.append(source, np.rint(t[keep] * S).astype(np.int64), codes[:, None])
        writer.add_events(
            [
                Event("val", round(a * S), round(b * S), uid=k)
                for k, (a, b) in enumerate(edges.reshape(5, 2), 1)
            ]
        )
    return 5 * 45 * 190.0


@pytest.mark.parametrize(
    ("mean_s", "each_s", "grade"), [(10.0, 10.0, Grade.ESTIMATED), (0.1, 1.0, Grade.MEASURED)]
)
def test_an_interval_holds_events_whether_values_stood_or_are_means(
    tmp_path: Path, mean_s: float, each_s: float, grade: Grade
) -> None:
    """Means of 10 s put 120 W of each end into what follows: 8 % high, *measured*; a device that looks each second is known as before."""
    truth = recording(tmp_path / "plug.power", mean_s, each_s)
    energy = powermeter.analyse(tmp_path / "plug.power").row("val").energy
    assert energy is not None
    assert energy.low <= truth <= energy.high
    assert energy.grade is grade
    if each_s == 1.0:
        assert energy.half_width < 0.02 * truth
