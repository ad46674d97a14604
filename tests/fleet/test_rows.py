"""From one recording to the rows of a dataset: what it is, its labels with their parts, events, hours, readings: what it promises."""

from __future__ import annotations

import weakref
from pathlib import Path

import outside
import pytest

from powermeter.fleet import rows
from powermeter.fleet.rows import slug
from powermeter.recording import Recording


@pytest.fixture(autouse=True)
def _arrow() -> None:
    outside.need("pyarrow")


def test_names_of_devices_become_folders_and_stay_apart() -> None:
    assert slug("pi-07") == "pi-07"
    assert slug("../../etc") != slug("..-..-etc") and "/" not in slug("../../etc")
    assert slug("Prüfstand 1") != slug("Prüfstand 2") and slug("") and not slug("..").startswith(".")


@pytest.mark.parametrize("most", [5, 8192])
def test_rows_are_made_a_few_at_a_time_and_the_readings_are_released_before(
    lab: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """A hundred thousand events as rows at once took 300 MB beside the 100 MB of what the analysis holds."""
    monkeypatch.setattr(rows, "MOST_ROWS", most)
    with Recording.open(lab / "pi-00" / "0.power") as recording:
        made = rows.RecordingRows(recording)
        held = weakref.ref(made.analysis.integral.trace.values)
        energies = made.analysis.energies.value.tolist()
        for table, pieces in made.tables():
            sizes, values = [], []
            for piece in pieces:
                assert table != "events" or held() is None
                sizes.append(piece.num_rows)
                values += piece["energy_j"].to_pylist() if table == "events" else []
            assert max(sizes) <= most
            assert table != "events" or (sum(sizes) == 12 and values == energies)
