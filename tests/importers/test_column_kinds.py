"""Zeros in a running total: where nothing was read, and where it began again."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log
from powermeter.recording import Recording

ROWS = 40


def energy_j(tmp_path, value, *, name="energy_Wh", **said):
    path, out = tmp_path / "t.csv", tmp_path / "o.power"
    path.write_text(f"time_s,{name}\n" + "".join(f"{10 * i},{value(i):.2f}\n" for i in range(ROWS)))
    log = convert(path, out, choices=Choices(**said), force=True)
    with Recording.open(out) as recording:
        return analyse(recording).energy.value, [str(note) for note in log.warnings]


@pytest.mark.parametrize("zeros", [{20}, {10, 20, 21}, {10, 15, 20, 25}])
def test_a_total_that_shows_0_and_is_back_above_its_level_was_not_read_there(tmp_path, zeros):
    found, notes = energy_j(tmp_path, lambda i: 0 if i in zeros else 1234.5 + 0.5 * i)
    assert found == pytest.approx(0.5 * (ROWS - 1) * 3600)
    assert any(f'{len(zeros)} × 0 stand for "none"' in note for note in notes)
    assert not any("reset" in note for note in notes)


def test_zeros_at_the_end_of_a_total_are_no_reset(tmp_path):
    found, _ = energy_j(tmp_path, lambda i: 1234.5 + 0.5 * i if i < 38 else 0)
    assert found == pytest.approx(0.5 * 37 * 3600)


def test_a_total_that_counts_on_from_0_was_reset(tmp_path):
    found, notes = energy_j(tmp_path, lambda i: 100 + 0.5 * i if i < 20 else 0.5 * (i - 20))
    assert 0.5 * (ROWS - 2) * 3600 <= found <= 0.5 * ROWS * 3600
    assert any("was reset 1 time" in note for note in notes)


def test_a_reset_and_a_zero_in_one_total_are_told_apart(tmp_path):
    def value(i):
        return 0 if i == 30 else 500 + 0.5 * i if i < 20 else 0.5 * (i - 20)

    found, notes = energy_j(tmp_path, value)
    assert found < 0.5 * (ROWS + 1) * 3600
    assert any("was reset 1 time" in note for note in notes)


def test_amounts_of_which_many_are_0_are_no_total(tmp_path):
    found, _ = energy_j(tmp_path, lambda i: 0 if i % 3 else 5 + i, name="energy_J")
    assert found == pytest.approx(sum(5 + i for i in range(0, ROWS, 3)))


@pytest.mark.parametrize("zeros", [1, 3])
def test_zeros_before_a_running_total_are_no_reading(tmp_path, zeros):
    found, notes = energy_j(tmp_path, lambda i: 0 if i < zeros else 1234.5 + 0.5 * i)
    assert found == pytest.approx(0.5 * (ROWS - 1 - zeros) * 3600)
    assert any(f'{zeros} × 0 stand for "none"' in note for note in notes)


def test_a_running_total_that_starts_at_0_is_read_from_there(tmp_path):
    found, _ = energy_j(tmp_path, lambda i: 0.5 * i)
    assert found == pytest.approx(0.5 * (ROWS - 1) * 3600)


def test_a_register_that_stands_still_beside_others_that_rise_is_no_question(tmp_path):
    path, out = tmp_path / "p1.csv", tmp_path / "o.power"
    rows = [f"{900 * i},{1000 + 0.1 * i:.3f},700.000" for i in range(ROWS)]
    path.write_text("time_s,Import T1 kWh,Export T2 kWh\n" + "\n".join(rows) + "\n")
    log = convert(path, out, choices=Choices(), force=True)
    assert any("'Export T2 kWh' never moves" in str(note) for note in log.warnings)
    with Recording.open(out) as recording:
        assert analyse(recording).energy.value == pytest.approx(0.1 * (ROWS - 1) * 3.6e6)


@pytest.mark.parametrize(
    ("minutes", "is_asked"), [((0, 60, 120, 180, 240, 300, 360), True), ((0, 1, 2, 3, 4, 5, 6), False)]
)
def test_hourly_amounts_that_happen_to_rise_are_asked_about(tmp_path, minutes, is_asked):
    """0.21 to 0.55 kWh, hour by hour: a morning's amounts, or what a register has counted since its reset."""
    log = tmp_path / "t.csv"
    rows = zip(minutes, (0.21, 0.25, 0.3, 0.34, 0.41, 0.47, 0.55), strict=True)
    log.write_text(
        "Time,Energy (kWh)\n"
        + "".join(f"2025-03-14 {m // 60:02d}:{m % 60:02d}:00,{kwh}\n" for m, kwh in rows)
    )
    if is_asked:
        with pytest.raises(ConfigurationError, match="is it a running total"):
            open_log(log)
    else:
        assert open_log(log).sources


@pytest.mark.parametrize("name", ["request_energy_J", "inference_energy_mJ", "layer energy [J]"])
def test_rising_amounts_of_pieces_of_work_are_asked_about(tmp_path, name):
    """Twenty requests of 5.0 to 6.9 J used 119 J; as a running total they would have used 1.9 J."""
    path = tmp_path / "requests.csv"
    path.write_text(f"timestamp,{name}\n" + "".join(f"{1710000000 + i},{5 + i / 10}\n" for i in range(20)))
    with pytest.raises(ConfigurationError, match="one piece of work: is it a running total"):
        open_log(path)


@pytest.mark.parametrize("name", ["energy_counter_J", "Energy Counter (J)"])
def test_a_counter_by_its_name_that_is_reset_is_no_level(tmp_path, name):
    """10 J a second: 150 J, a reset, 140 J, and the second of the reset at the usual rate."""
    values = [100 + 10 * i if i < 16 else 10 * (i - 16) for i in range(31)]
    path = tmp_path / "c.csv"
    path.write_text(f"time_s,{name}\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values)))
    log = convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(300)
    assert "counter-reset" in {note.code for note in log.warnings}


def test_an_energy_counter_that_falls_is_what_is_left(tmp_path):
    """As Android names what a battery still holds: it loses 10 J a second, but for one rise."""
    values = [1000 - 10 * i + (10 if i > 20 else 0) for i in range(31)]
    path = tmp_path / "c.csv"
    path.write_text("time_s,energy_counter_J\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values)))
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(290)
