"""A device that reads what the others read together is asked about, whatever it is called; equal devices are added up."""

import numpy as np
import pytest

from powermeter import importers
from powermeter.analysis.energy import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices
from powermeter.importers.total_by_readings import total_of
from powermeter.recording import Recording

TIMES = np.arange(40)
ONE, OTHER = 30.0 + TIMES % 7, 70.0 - TIMES % 5


def area(column):
    """Joules of readings one second apart."""
    return float((column[1:] + column[:-1]).sum() / 2)


def table(readings, heads=("power_W",)):
    lines = [f"time_s,device,{','.join(heads)}"]
    for i in range(len(TIMES)):
        lines += [
            f"{i},{name}," + ",".join(f"{column[i]:.3f}" for column in columns)
            for name, columns in readings.items()
        ]
    return "\n".join(lines) + "\n"


def energy_of(tmp_path, text, **said):
    (tmp_path / "t.csv").write_text(text)
    importers.convert(tmp_path / "t.csv", tmp_path / "o.power", choices=Choices(**said), force=True)
    with Recording.open(tmp_path / "o.power") as recording:
        return analyse(recording).energy.value


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["Feeder I1", "Grid meter", "aggregate", "overall", "PDU", "VIN"])
def test_a_total_of_any_name_is_asked_about_and_counts_once_when_named(tmp_path, name):
    text = table({name: [ONE + OTHER], "a": [ONE], "b": [OTHER]})
    with pytest.raises(ConfigurationError, match=rf"{name} reads what a, b read together.*--rail .*--sum"):
        energy_of(tmp_path, text)
    assert energy_of(tmp_path, text, rail=name) == pytest.approx(area(ONE + OTHER), rel=1e-6)
    assert energy_of(tmp_path, text, add_up=True) == pytest.approx(2 * area(ONE + OTHER), rel=1e-6)


def test_a_total_is_detected_by_what_counters_have_counted_since_the_first_row(tmp_path):
    counts = {"a": 5000 + ONE.cumsum(), "b": 10 + OTHER.cumsum(), "feed": 90_000 + (ONE + OTHER).cumsum()}
    with pytest.raises(ConfigurationError, match="feed reads what a, b read together"):
        energy_of(tmp_path, table({name: [column] for name, column in counts.items()}, ("energy_J",)))


def test_a_row_of_means_is_no_device(tmp_path):
    text = table({"n1": [ONE], "n2": [OTHER], "mean": [(ONE + OTHER) / 2]})
    with pytest.raises(ConfigurationError, match="mean may be the mean of n1, n2"):
        energy_of(tmp_path, text)


def test_a_card_s_board_holds_what_else_is_read_of_the_card(tmp_path):
    card = [ONE, OTHER / 10, ONE + OTHER / 10 + 20]
    text = table({"0": card, "1": card}, ("gpu_power_W", "mem_power_W", "board_power_W"))
    assert energy_of(tmp_path, text) == pytest.approx(2 * area(card[2]), rel=1e-6)


def test_columns_of_a_device_whose_names_do_not_show_which_holds_which_are_asked_about(tmp_path):
    text = table({"psu1": [ONE + 5, ONE], "psu2": [OTHER + 5, OTHER]}, ("alpha_W", "beta_W"))
    with pytest.raises(ConfigurationError, match=r"each device has alpha, beta.*--column alpha_W=-.*--sum"):
        energy_of(tmp_path, text)
    alone = energy_of(tmp_path, text, columns={"beta_W": "-"})
    assert alone == pytest.approx(area(ONE + OTHER + 10), rel=1e-6)


def found(*columns):
    names = [f"d{i}" for i in range(len(columns))]
    return total_of(dict(zip(names, map(np.asarray, columns), strict=True)), names)


def test_a_total_may_be_off_by_three_percent_and_no_more():
    assert found(ONE, 1.029 * (ONE + OTHER), OTHER) == "d1"
    assert found(ONE, 0.971 * (ONE + OTHER), OTHER) == "d1"
    assert found(ONE, 1.031 * (ONE + OTHER), OTHER) is None


def test_equal_devices_are_no_total_of_each_other():
    assert found(ONE, ONE) is None
    assert found(ONE, ONE, np.zeros(40)) is None
    assert found(ONE, ONE, ONE) is None
    assert found(ONE, ONE, np.full(40, 0.5)) is None


def test_a_total_must_hold_in_nearly_all_of_twenty_rounds_that_have_every_device():
    whole = ONE + OTHER
    assert found(ONE[:19], whole[:19], OTHER[:19]) is None
    assert found(ONE[:20], whole[:20], OTHER[:20]) == "d1"
    off = whole.copy()
    off[:2] += 50
    assert found(ONE, off, OTHER) == "d1"
    off[:3] += 50
    assert found(ONE, off, OTHER) is None
    missing = whole.copy()
    missing[20:] = np.nan
    assert found(ONE, missing, OTHER) == "d1"
    missing[19] = np.nan
    assert found(ONE, missing, OTHER) is None
