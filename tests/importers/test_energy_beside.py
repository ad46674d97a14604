"""A power and the energy that a column beside it counts: both are of the same rows, so they must agree."""

import pytest

from powermeter import analyse
from powermeter.importers import Choices, convert

WATTS = [10 + i % 4 for i in range(40)]


def notes_of(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text)
    read = convert(path, tmp_path / "o.power", choices=Choices(), force=True)
    return [note for note in read.warnings if note.code == "power-against-energy"]


def counter(step_of, grid=0.01):
    """Return a log of a power and a running total that rises by `step_of(watts)` joules each second."""
    total, rows = 5000.0, []
    for i, watts in enumerate(WATTS):
        rows.append(f"{i},{watts},{round(total / grid) * grid:.2f}")
        total += step_of(watts)
    return "time_s,power_W,energy_J\n" + "\n".join(rows) + "\n"


def test_a_counter_that_counts_five_times_as_much_is_remarked_on_with_what_to_type(tmp_path):
    (note,) = notes_of(tmp_path, counter(lambda watts: 5 * watts))
    assert "'energy_J' counts 2.235 kJ" in str(note) and "--column power_W=-" in str(note)


@pytest.mark.parametrize("grid", [0.01, 1, 200])
def test_a_counter_that_agrees_within_its_step_is_not(tmp_path, grid):
    assert not notes_of(tmp_path, counter(lambda watts: watts, grid))


@pytest.mark.parametrize(("times", "contradicts"), [(1.2, False), (1.4, True), (0.9, False), (0.7, True)])
def test_energies_of_which_one_is_less_than_four_fifths_of_the_other_contradict_each_other(
    tmp_path, times, contradicts
):
    assert bool(notes_of(tmp_path, counter(lambda watts: times * watts))) is contradicts


def test_what_is_counted_in_a_hole_between_rows_is_held_against_nothing(tmp_path):
    """10 W for 20 s, a quarter of an hour switched off, 10 W for 20 s."""
    rows = [f"{i + (880 if i >= 20 else 0)},10,{10 * i - (10 if i >= 20 else 0)}" for i in range(40)]
    assert not notes_of(tmp_path, "time_s,power_W,energy_J\n" + "\n".join(rows) + "\n")


def test_amounts_of_each_row_are_added_up(tmp_path):
    rows = [f"{i},{watts},{watts}.00" for i, watts in enumerate(WATTS)]
    assert not notes_of(tmp_path, "time_s,power_W,energy_J\n" + "\n".join(rows) + "\n")


@pytest.mark.parametrize("watts", [[1, 9], [1, 2, 4, 40]])
def test_amounts_that_fall_as_often_as_a_quarter_of_the_time_are_all_added_up(tmp_path, watts):
    """40 steps, of which 20 or 10 fall: left out as resets of a counter, they would leave 5 J read of 8 J, and 265 J of 390 J."""
    amounts = [watts[i % len(watts)] for i in range(41)]
    rows = [f"{i},{each},{each}.00" for i, each in enumerate(amounts)]
    assert not notes_of(tmp_path, "time_s,power_W,energy_J\n" + "\n".join(rows) + "\n")


def test_empty_cells_make_no_counter_of_amounts_that_fall(tmp_path):
    """Every third cell is empty: half of the 133 steps between two that are not fall by 8 J."""
    amounts = [str([1, 9][i % 2]) if i % 3 else "" for i in range(401)]
    watts = [[1, 9][i % 2] for i in range(401)]
    rows = [f"{i},{watts[i]},{amounts[i]}" for i in range(401)]
    assert not notes_of(tmp_path, "time_s,power_W,energy_J\n" + "\n".join(rows) + "\n")


def test_a_counter_that_is_reset_seldom_is_read_between_its_resets(tmp_path):
    """Four resets in 39 steps: 35 steps are left, in which 402.5 J were read."""
    lines = counter(lambda watts: 5 * watts).splitlines()
    base, rows = 0.0, []
    for i, line in enumerate(lines[1:]):
        at, watts, total = line.split(",")
        base = float(total) if i % 8 == 0 else base
        rows.append(f"{at},{watts},{float(total) - base:.2f}")
    (note,) = notes_of(tmp_path, "\n".join([lines[0], *rows]) + "\n")
    assert sum((WATTS[i] + WATTS[i + 1]) / 2 for i in range(39) if (i + 1) % 8) == 402.5
    assert "add up to 402.5 J" in str(note)
    # Five times the power of the row before, over the same 35 steps.
    counted = 5 * sum(WATTS[i] for i in range(39) if (i + 1) % 8)
    assert f"counts {counted / 1000:.3f} kJ" in str(note)


def test_amounts_that_rise_and_fall_seldom_are_added_up(tmp_path):
    """Three bursts of four rows among 40: three falls in 39 steps, but half of the steps that change anything, which no counter does."""
    amounts = [60 if i % 12 in (6, 7, 8, 9) else 10 for i in range(40)]
    rows = [f"{i},{each},{5 * each}.00" for i, each in enumerate(amounts)]
    (note,) = notes_of(tmp_path, "time_s,power_W,energy_J\n" + "\n".join(rows) + "\n")
    assert f"counts {5 * sum(amounts[1:]) / 1000:.3f} kJ" in str(note)


def test_a_coarse_counter_that_is_reset_once_agrees_with_its_readings(tmp_path):
    """It stands still in more than half of the steps of a second, which are no resets: only one step falls."""
    lines = counter(lambda watts: watts, 25).splitlines()
    rows = []
    for i, line in enumerate(lines[1:]):
        at, watts, total = line.split(",")
        rows.append(f"{at},{watts},{float(total) - (5000 if i < 20 else 5225):.2f}")
    assert not notes_of(tmp_path, "\n".join([lines[0], *rows]) + "\n")


def means(energy, names="avg_voltage_V,avg_current_A"):
    """Return a log of 8 rows of half an hour whose product of means is 104 % of the energy that is counted."""
    rows, total = [], 0.0
    for i in range(8):
        volts, amps = 3 + i % 2 / 10, (i % 3 + 1) / 100
        step = volts * amps * 1800 / 1.04
        total += step
        rows.append(f"{1800 * i},{volts},{amps},{total if energy == 'counter' else step:.6f}")
    return f"time_s,{names},energy_J\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("energy", ["counter", "per-row"])
def test_beside_mean_volts_and_amperes_the_energy_is_counted_and_the_difference_printed(tmp_path, energy):
    """A product of means is not the mean of the products: 5 779 J were printed beside a counter of 5 538 J, without a word."""
    path = tmp_path / "t.csv"
    path.write_text(means(energy))
    log = convert(path, tmp_path / "o.power", choices=Choices(as_={"energy_J": energy}), force=True)
    rows = [(3 + i % 2 / 10) * (i % 3 + 1) / 100 * 1800 for i in range(8)]
    total = sum(rows[1:] if energy == "counter" else rows) / 1.04
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(total, rel=1e-6)
    (note,) = [note for note in log.warnings if note.code == "energy-differs"]
    assert "the energy is counted" in str(note)


def test_instant_volts_and_amperes_are_counted_and_the_difference_printed(tmp_path):
    path = tmp_path / "t.csv"
    total, rows = 0.0, []
    for i in range(400):
        rows.append(f"{i},5,2,{total:.2f}")
        total += 10 / 1.05
    path.write_text("time_s,voltage_V,current_A,energy_J\n" + "\n".join(rows) + "\n")
    log = convert(path, tmp_path / "o.power", force=True)
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(3990)
    (note,) = [note for note in log.warnings if note.code == "energy-differs"]
    assert "3.990 kJ where 'energy_J' counts 3.800 kJ: the readings are counted" in str(note)


def test_a_counter_that_counts_before_the_first_reading_is_reported(tmp_path):
    """GEOPM writes NaN for the power of its first rows: 10 s at 6 W are in the counter alone."""
    path = tmp_path / "t.csv"
    rows = [f"{i},{100 + 6 * i},{'NaN' if i < 10 else 6}\n" for i in range(40)]
    path.write_text("time_s,cpu_energy_J,cpu_power_W\n" + "".join(rows))
    log = convert(path, tmp_path / "o.power")
    (note,) = [note for note in log.warnings if note.code == "energy-beyond-readings"]
    assert "counts 60.00 J in rows before the first" in str(note) and "--column cpu_power_W=-" in str(note)
    convert(path, tmp_path / "c.power", choices=Choices(columns={"cpu_power_W": "-"}))
    assert analyse(tmp_path / "c.power").energy.value == pytest.approx(6 * 39)


@pytest.mark.parametrize("missing", [range(15, 25), range(0)])
def test_a_counter_beside_readings_from_end_to_end_adds_nothing(tmp_path, missing):
    path = tmp_path / "t.csv"
    rows = [f"{i},{100 + 6 * i},{'NaN' if i in missing else 6}\n" for i in range(40)]
    path.write_text("time_s,cpu_energy_J,cpu_power_W\n" + "".join(rows))
    codes = [note.code for note in convert(path, tmp_path / "o.power").warnings]
    assert "energy-beyond-readings" not in codes
