"""What each rail used, the counted one first."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from table_cells import latex_tables

from powermeter.analysis.energy import analyse
from powermeter.channel import Boundary, Channel, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.reports import latex
from powermeter.reports.rails_table import RailUse, rails_of
from powermeter.result import Grade, Result
from tests.reports.test_recording_notes import gpu, recorded


def uses(path, **options):
    with Recording.open(path) as recording:
        return rails_of(analyse(recording, **options))


def test_one_rail_needs_no_table(make, twenty):
    assert uses(make(events=twenty)) == ()


def test_each_rail_has_its_energy_and_one_is_counted(tmp_path):
    path = recorded(tmp_path / "x.power", gpu(0), gpu(1))
    first, second = uses(path)
    assert (first.name, first.counted, second.name, second.counted) == ("gpu0", True, "gpu1", False)
    assert first.energy.value == second.energy.value == pytest.approx(2.0)  # 2 W for 1 s
    assert second.power.value == pytest.approx(2.0)
    assert [use.name for use in uses(path, rail="gpu1")] == ["gpu1", "gpu0"]
    assert first.record()["counted"] is True and first.cells[4] == "counted"


def test_a_rail_beside_the_counted_one_is_as_sure_where_rows_share_their_stamps(tmp_path):
    """Two rails read alike, two rows to a stamp: the second one had intervals of no width, and numpy's warnings."""
    rng = np.random.default_rng(4)
    watts = np.rint(np.where(np.sin(np.arange(200) * 0.17) > 0, 12_000, 3_000) + rng.normal(0, 20, 200))
    rails = tuple(Channel(f"{name}.power", Quantity.POWER, 1e-3, Rail(name)) for name in "ab")
    path = tmp_path / "x.power"
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://x", "x", "sim", rails, {})
        stamps = (np.arange(100, dtype=np.int64) * 200_000_000).repeat(2)
        writer.append(source, stamps, np.column_stack([watts, watts]).astype(np.int64))
    first, second = uses(path)
    assert (second.energy.value, second.energy.low, second.energy.high) == pytest.approx(
        (first.energy.value, first.energy.low, first.energy.high)
    )


def test_a_rail_in_json_and_in_print_is_energy_and_power_each_under_its_name(tmp_path):
    """2 W for 1 s and for 2 s: the energies differ from the powers."""
    path = recorded(tmp_path / "x.power", gpu(0), gpu(1), seconds=2.0)
    _, second = uses(path)
    plain = second.record()
    assert plain["energy"]["value"] == pytest.approx(4.0) and plain["energy"]["unit"] == "J"
    assert plain["power"]["value"] == pytest.approx(2.0) and plain["power"]["unit"] == "W"
    assert (plain["name"], plain["parent"], plain["counted"]) == ("gpu1", None, False)
    name, energy, power, grade, said = second.cells
    assert (name, grade, said) == ("gpu1", second.energy.grade.value, "")
    assert energy.startswith("4.00") and energy.endswith(" J")
    assert power.startswith("2.00") and power.endswith(" W")


def test_two_meters_of_one_rail_are_told_apart_by_their_names(tmp_path):
    board = Rail("VIN", boundary=Boundary.BOARD)
    assert [use.name for use in uses(recorded(tmp_path / "x.power", board, board))] == [
        "meter 0/VIN",
        "meter 1/VIN",
    ]


def test_each_cell_of_a_paper_s_table(monkeypatch):
    monkeypatch.setattr(latex, "key_of", lambda data: "k")
    board = RailUse("VDD_IN", None, Result(4.0, "J", 3.8, 4.2), Result(2.0, "W", 1.9, 2.1), True)
    cpu = RailUse(
        "CPU", "VDD_IN", Result(1.0, "J", 0.8, 1.2, Grade.DERIVED), Result(0.5, "W", 0.4, 0.6), False
    )
    (table,) = latex_tables("\n".join(latex.rails(SimpleNamespace(rails=(board, cpu)))))
    assert table == {
        "VDD\\_IN": {
            "energy": "4.00 ± 0.20 J",
            "mean power": "2.00 ± 0.10 W",
            "grade": "measured",
            "": "counted",
        },
        "CPU": {
            "energy": "1.00 ± 0.20 J",
            "mean power": "500 ± 100 mW",
            "grade": "derived",
            "": "inside VDD\\_IN",
        },
    }
