"""What sources that were recorded side by side say of each other."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.health import longest_and_usual, source_health
from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.recording.stretch_summary import ENTRY
from powermeter.source import Gap


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


def test_readings_that_a_gap_does_not_count_are_not_counted_for_it(tmp_path: Path) -> None:
    """Of two gaps one is known to have cost three readings; of the other nobody counted any."""
    with Writer.create(tmp_path / "a.power", {}) as writer:
        source = writer.add_source("x://", "", "x", (Channel("p", Quantity.POWER, 1e-3, Rail("VIN")),), {})
        writer.append(source, np.array([0, 1, 5, 6, 9], dtype=np.int64) * 10**9, np.full((5, 1), 5))
        writer.add_gap(source, Gap(10**9, 5 * 10**9, "lost", lost=3))
        writer.add_gap(source, Gap(6 * 10**9, 9 * 10**9, "unplugged"))
    with Recording.open(tmp_path / "a.power") as recording:
        assert source_health(recording, recording.sources[0]).missed == 3


def test_rows_are_counted_by_their_flags(tmp_path: Path) -> None:
    """Two repeats, three at the end of the range, one of them both; the stamp of one was spread."""
    flags = np.array([0, 1, 3, 2, 2, 4, 0], np.uint8)
    with Writer.create(tmp_path / "a.power", {}) as writer:
        channel = Channel("p", Quantity.POWER, 1e-3, Rail("VIN"))
        source = writer.add_source("x://", "", "x", (channel,), {"period_ns": 500_000_000})
        writer.append(source, np.arange(7, dtype=np.int64) * 10**9, np.full((7, 1), 5), flags)
    with Recording.open(tmp_path / "a.power") as recording:
        found = source_health(recording, recording.sources[0])
    assert (found.repeats, found.saturated, found.samples, found.missed) == (2, 3, 7, 0)
    assert (found.name, found.seconds, found.rate_hz, found.asked_s) == ("x://", 6.0, 1.0, 0.5)
    assert (found.interval_s, found.longest_s, found.gap_s) == (1.0, 1.0, 0.0)


def test_of_one_row_or_none_no_pace_is_known(tmp_path: Path) -> None:
    with Writer.create(tmp_path / "a.power", {}) as writer:
        channel = Channel("p", Quantity.POWER, 1e-3, Rail("VIN"))
        one, _ = (writer.add_source(f"x://{i}", "m", "x", (channel,)) for i in range(2))
        writer.append(one, np.array([10**9]), np.array([[5]]))
    with Recording.open(tmp_path / "a.power") as recording:
        first, second = (source_health(recording, source) for source in recording.sources)
    assert (first.samples, second.samples) == (1, 0)
    for found in (first, second):
        assert (found.rate_hz, found.interval_s, found.longest_s, found.asked_s) == (None, None, None, None)
        assert found.seconds == 0.0


@pytest.mark.parametrize(("within", "between", "longest"), [(500, 60, 500), (60, 700, 700)])
def test_of_many_pieces_the_sums_tell_the_longest_distance_and_one_piece_the_usual(
    within: int, between: int, longest: int
) -> None:
    """Forty pieces of 11 rows each 60 ns; in one piece, or between two, a longer step."""
    starts = np.arange(40, dtype=np.int64) * (600 + 60)
    starts[20:] += between - 60
    ends = starts + 600
    entries = np.zeros((40, 1), ENTRY)
    entries["count"], entries["longest_ns"] = 11, 60
    entries["longest_ns"][7] = within
    pieces = SimpleNamespace(
        entries=entries, channels=("p",), count=np.full(40, 11), start_ns=starts, end_ns=ends
    )

    class Pieces(SimpleNamespace):
        def __len__(self) -> int:
            return 40

    def part(_: int, start: int, end: int) -> SimpleNamespace:
        return SimpleNamespace(times_ns=np.arange(start, end + 1, 60))

    found = longest_and_usual(SimpleNamespace(slice=part), 1, Pieces(**vars(pieces)))
    assert found == (longest, 60.0)
