"""Of several rails of which nothing states how they hang together, one is counted and the others are named."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import Analysis, analyse
from powermeter.channel import Boundary, Channel, Quantity, Rail
from powermeter.recording import Recording, Writer

SECOND = 10**9


def analysed(folder, *rails: Rail) -> Analysis:
    """Ten seconds: the first rail at 1 W, the second at 2 W and so on."""
    path = folder / "rails.power"
    with Writer.create(path) as writer:
        channels = [Channel(f"{rail.name.lower()}.power", Quantity.POWER, 1e-3, rail) for rail in rails]
        source = writer.add_source("meter://", "meter", "meter", channels)
        codes = np.tile(1000 * np.arange(1, len(rails) + 1), (11, 1))
        writer.append(source, np.arange(11) * SECOND, codes)
    with Recording.open(path) as recording:
        return analyse(recording)


def test_rails_without_a_stated_relation_are_named(tmp_path) -> None:
    found = analysed(tmp_path, Rail("A"), Rail("B"), Rail("C"))
    assert found.energy.value == pytest.approx(10.0)
    (note,) = [note for note in found.notes if note.code == "rails-unrelated"]
    assert "A alone is counted" in note and "B, C" in note and "--rail meter/B" in note
    assert found.covers == "what flows through A; the recording does not state what that is"


def test_raplzones_of_another_writer_add_up_without_a_word(tmp_path) -> None:
    found = analysed(tmp_path, *map(Rail, ("package-0", "package-1", "dram-0", "dram-1")))
    assert found.energy.value == pytest.approx(100.0)
    assert found.covers.startswith("the sum of dram-0, dram-1, package-0, package-1; not in it: disk")
    assert not [note for note in found.notes if note.code == "rails-unrelated"]


@pytest.mark.parametrize(
    "second", [Rail("B", "A"), Rail("B", None, Boundary.PART), Rail("B", None, Boundary.MODEL)]
)
def test_a_part_or_a_rail_of_another_boundary_needs_no_note(tmp_path, second: Rail) -> None:
    found = analysed(tmp_path, Rail("A"), second)
    assert not [note for note in found.notes if note.code == "rails-unrelated"]
