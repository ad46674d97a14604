"""A source too long to be held loses the same stretches as one that is held: a meter that stood still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import MISSING, REPEAT, Channel, Gap, Quantity
from powermeter.recording import Recording, Writer
from powermeter.recording.protocol import RecordingLike, Samples, SourceInfo
from powermeter.result.notes import having
from powermeter.signals import condensed, one_pass
from powermeter.signals.frozen import without_frozen
from powermeter.signals.frozen_piece_by_piece import without_stands
from tests.signals.test_frozen import CHANNELS, MS, ROWS, STOOD, rows

MANY = 200
SOURCE = SourceInfo(1, "x://", "x", "x", {}, CHANNELS)


class Pieces:
    """A recording of one source, cut at some rows."""

    def __init__(self, codes: np.ndarray, flags: np.ndarray, cuts: Sequence[int]) -> None:
        times = 10**12 + np.arange(len(codes), dtype=np.int64) * 5 * MS
        self.whole = Samples(times, {c.name: codes[:, i] for i, c in enumerate(CHANNELS)}, flags)
        self.cuts = [0, *sorted(cuts), len(codes)]

    def stream(self, source: int) -> Iterator[Samples]:
        for a, b in zip(self.cuts[:-1], self.cuts[1:], strict=True):
            part = {name: column[a:b] for name, column in self.whole.codes.items()}
            yield Samples(self.whole.times_ns[a:b], part, self.whole.flags[a:b])

    def gaps(self, source: int) -> list[Gap]:
        return []


def left(recording: RecordingLike) -> tuple[list[int], list[Gap]]:
    """Return the stamps that a recording has, and its gaps."""
    times = np.concatenate([piece.times_ns for piece in recording.stream(1)])
    return times.tolist(), recording.gaps(1)


CASES = {
    "stood": (1.5, STOOD, 20),
    "stood at the end": (1.5, slice(1200, ROWS), 20),
    "never": (1.5, None, 20),
    "quiet, then idle": (0.0, slice(600, ROWS), 1),
    "toggles by one code, then idle": (0.2, slice(600, ROWS), 1),
    "off for good": (1.5, "off", 20),
}


@pytest.mark.thorough
@pytest.mark.parametrize("flagged", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_cut_anywhere_it_finds_what_is_found_in_the_whole(case, flagged):
    noise, stood, of_current = CASES[case]
    codes, flags = rows(noise, of_current), np.zeros(ROWS, np.uint8)
    if stood == "off":
        codes[600:] = [5000, 0]
    elif stood is not None:
        codes[stood] = codes[stood.start]
    if flagged:
        flags[1:] = (np.diff(codes, axis=0) == 0).all(axis=1) * REPEAT
    draw = np.random.default_rng(20261127)
    for many in (0, 1, 3, 40, 700):
        pieces = Pieces(codes, flags, draw.integers(0, ROWS + 1, many).tolist())
        held, gaps = without_frozen(pieces.whole, CHANNELS, [])
        assert without_stands(pieces, SOURCE, left) == (held.times_ns.tolist(), gaps), many  # type: ignore[arg-type]
        assert bool(gaps) == case.startswith("stood")


def test_rows_without_readings_are_passed_over():
    codes = rows(1.5)
    codes[STOOD] = codes[STOOD.start]
    codes[700:800] = MISSING
    _, (gap,) = without_stands(Pieces(codes, np.zeros(ROWS, np.uint8), [650, 750]), SOURCE, left)  # type: ignore[arg-type]
    assert gap.end_ns - gap.start_ns == 1400 * 5 * MS


@pytest.mark.parametrize("read_each", [1, 40])
def test_a_channel_of_no_rail_changes_nothing(read_each):
    """A temperature, in each row or in one of forty, is no reading of the rail."""
    codes = rows(1.5)
    codes[STOOD] = codes[STOOD.start]
    degrees = np.where(np.arange(ROWS) % read_each, MISSING, 35 + np.arange(ROWS) // 50)

    class Warm(Pieces):
        def stream(self, source: int) -> Iterator[Samples]:
            at = 0
            for piece in super().stream(source):
                own = {"t": degrees[at : at + len(piece)], **piece.codes}
                yield Samples(piece.times_ns, own, piece.flags)
                at += len(piece)

    temperature = Channel("t", Quantity.TEMPERATURE, 1.0)
    source = SourceInfo(1, "x://", "x", "x", {}, (temperature, *CHANNELS))
    warm = Warm(codes, np.zeros(ROWS, np.uint8), [650, 750])
    held, gaps = without_frozen(warm.whole, CHANNELS, [])
    assert gaps
    assert without_stands(warm, source, left) == (held.times_ns.tolist(), gaps)  # type: ignore[arg-type]


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["one pass", "condensed"])
def test_the_energy_of_a_long_recording_whose_meter_stood_still_allows_for_what_it_did_not_show(
    tmp_path, monkeypatch, way
):
    """1 W and 10 W in turns of a second; it stands at 1 W for most of the time: as read, 2000 s would be 4.3 kJ."""
    codes = np.tile(rows(noise=1.5), (MANY, 1))
    codes[70_000:300_000] = codes[70_000]
    with Writer.create(tmp_path / "a.power", {"clock": "monotonic"}) as writer:
        source = writer.add_source("x://", "x", "x", CHANNELS)
        writer.append(source, 10**12 + np.arange(len(codes), dtype=np.int64) * 5 * MS, codes)
    if way == "one pass":
        monkeypatch.setattr(one_pass, "LONG", 1000)
    else:
        monkeypatch.setattr(condensed, "factor", lambda count: 2)
        monkeypatch.setattr("powermeter.signals.rails.thinned", lambda *args, **named: None)
    with Recording.open(tmp_path / "a.power") as recording:
        page = analyse(recording)
    power = page.line.power()
    assert power is not None and having(power.notes, "stood-still")
    assert (power.kept is not None) == (way == "one pass")
    assert page.energy.low <= 5.5 * MANY * 10 <= page.energy.high
    (health,) = page.health
    assert health.gap_s == pytest.approx(
        1150.005, abs=0.006
    )  # the row after the last happens to be equal; joined rows are 10 ms apart
