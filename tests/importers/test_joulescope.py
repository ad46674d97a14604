"""What pyjls read from a JLS file becomes rows: by hand-made answers of the reader, so that pyjls need not be there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from powermeter.channel import Kind, Quantity
from powermeter.errors import DataError
from powermeter.importers import joulescope

JLS_2018_NS = 1_514_764_800_000_000_000
"""2018-01-01 00:00 UTC in ns since 1970, from which JLS counts 2**-30 s."""
ONE_SECOND = 1 << 30


def answered(folder: Path, *signals: tuple[str, list[float]], rate: float = 1000.0, **changed: Any) -> Path:
    """Write what the reader leaves: a list of signals, and each one's values."""
    listed = []
    for name, values in signals:
        np.array(values, "<f4").tofile(folder / f"{name}.f32")
        one = {
            "name": name,
            "quantity": name,
            "rate": rate,
            "length": len(values),
            "first": 100 * ONE_SECOND,
            "source": {"model": "JS220"},
        }
        listed.append({**one, **changed})
    (folder / "signals.json").write_text(json.dumps({"signals": listed, "left": []}))
    return folder


def test_times_values_and_units(tmp_path: Path) -> None:
    """A thousand samples a second, the first 100 s after the beginning of 2018."""
    folder = answered(tmp_path, ("current", [0.5, 0.25, 0.125]), ("voltage", [5.0, 5.0, 4.5]))
    log = joulescope.log_of(Path("a.jls"), folder)
    (rows,) = log.sources
    assert rows.times_ns.tolist() == [JLS_2018_NS + 100_000_000_000 + n * 1_000_000 for n in range(3)]
    current, voltage = rows.channels
    assert (current.quantity, voltage.quantity) == (Quantity.CURRENT, Quantity.VOLTAGE)
    assert current.kind is voltage.kind is Kind.MEAN and current.window_ns == 1_000_000
    assert (np.array(rows.codes[0]) * current.scale).tolist() == pytest.approx([0.5, 0.25, 0.125])
    assert (np.array(rows.codes[1]) * voltage.scale).tolist() == pytest.approx([5.0, 5.0, 4.5])
    assert (log.clock, rows.info["model"], log.warnings) == ("utc", "JS220", [])


def test_signals_of_two_lengths_are_cut_to_the_shorter_and_it_is_written(tmp_path: Path) -> None:
    folder = answered(tmp_path, ("current", [0.5] * 5), ("voltage", [5.0] * 3))
    log = joulescope.log_of(Path("a.jls"), folder)
    assert len(log.sources[0].times_ns) == 3 and all(len(codes) == 3 for codes in log.sources[0].codes)
    assert any("differ in length; the first 3 samples" in warning for warning in log.warnings)


@pytest.mark.parametrize("ticks", [None, 0, -1, 1 << 61])
def test_a_file_without_a_time_of_day_begins_at_nothing(tmp_path: Path, ticks: int | None) -> None:
    log = joulescope.log_of(Path("a.jls"), answered(tmp_path, ("power", [1.0, 2.0]), first=ticks))
    assert log.clock == "relative" and log.sources[0].times_ns.tolist() == [0, 1_000_000]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rate": 0.0}, "impossible sample rates"),
        ({"rate": 2e7}, "impossible sample rates"),
        ({"length": 0}, "0 samples"),
        ({"length": 9}, "only 2 of 9 samples"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        joulescope.log_of(Path("a.jls"), answered(tmp_path, ("power", [1.0, 2.0]), **changed))


def test_a_file_with_no_signal_of_power_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no current, voltage or power"):
        joulescope.log_of(Path("a.jls"), answered(tmp_path))
