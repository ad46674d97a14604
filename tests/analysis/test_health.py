"""What sources that were recorded side by side say of each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.recording import Recording, Writer


def _record(path: Path, meters: list[tuple[str, Boundary, float]]) -> Path:
    """Write ten seconds of constant powers, 1 % gain each, one source for each meter."""
    times = np.arange(0, 101, dtype=np.int64) * 100_000_000
    with Writer.create(path, {}) as writer:
        for name, boundary, watts in meters:
            rail = Rail(name.upper(), boundary=boundary)
            channel = Channel(
                f"{name}.power", Quantity.POWER, 1e-3, rail, Kind.INSTANT, accuracy=Accuracy(gain=0.01)
            )
            source = writer.add_source(f"{name}://", name, name, [channel])
            writer.append(source, times, np.full((101, 1), round(watts * 1000)))
    return path


@pytest.mark.parametrize(("second_w", "agree"), [(5.02, True), (6.0, False)])
def test_meters_of_one_thing_agree_or_not(tmp_path: Path, second_w: float, agree: bool) -> None:
    path = _record(tmp_path / "a.power", [("one", Boundary.BOARD, 5.0), ("two", Boundary.BOARD, second_w)])
    with Recording.open(path) as recording:
        (pair,) = analyse(recording).disagreements
    assert pair.same and pair.agree is agree
    assert pair.difference.value == pytest.approx((5.0 - second_w) * 10)
    assert ("agree within" in pair.verdict) is agree


def test_a_plug_and_a_board_are_set_side_by_side_without_a_verdict(tmp_path: Path) -> None:
    path = _record(tmp_path / "a.power", [("board", Boundary.BOARD, 5.0), ("plug", Boundary.WALL, 6.5)])
    with Recording.open(path) as recording:
        (pair,) = analyse(recording).disagreements
    assert (pair.left, pair.right) == ("plug/PLUG", "board/BOARD")
    assert not pair.same
    assert pair.ratio == pytest.approx(1.3)
    assert "only one of them sees" in pair.verdict


def test_an_estimate_is_held_against_a_measurement(tmp_path: Path) -> None:
    path = _record(tmp_path / "a.power", [("meter", Boundary.BOARD, 5.0), ("model", Boundary.MODEL, 9.0)])
    with Recording.open(path) as recording:
        (pair,) = analyse(recording).disagreements
    assert not pair.same and pair.ratio == pytest.approx(5 / 9)


def test_a_part_is_no_second_view_of_the_whole(tmp_path: Path) -> None:
    path = _record(tmp_path / "a.power", [("board", Boundary.BOARD, 5.0), ("cpu", Boundary.PART, 2.0)])
    with Recording.open(path) as recording:
        assert analyse(recording).disagreements == ()
