"""A counter of energy beside the power it counts is no second rail."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert


def run(tmp_path, text, **stated):
    path = tmp_path / "t.csv"
    path.write_text(text)
    convert(path, tmp_path / "o.power", choices=Choices(**stated), force=True)
    return analyse(tmp_path / "o.power").energy.value


def table(power, energy, per_row):
    rows = "".join(f"{i},{100 + i % 2 * 20},{5000 + i * per_row}\n" for i in range(21))
    return f"time_s,{power},{energy}\n{rows}"


ALIKE = [
    ("GPU Power (W)", "GPU Energy Consumed (J)"),
    ("P123[W]", "WP123[J]"),
    ("P111/W", "EP111/J"),
    ("Inlet 1 Active Power (W)", "Inlet 1 Active Energy (J)"),
]


@pytest.mark.parametrize(("power", "energy"), ALIKE)
def test_a_counter_under_a_like_name_is_not_added_up(tmp_path, power, energy):
    """100 and 120 W in turns: 110 W over 20 s."""
    assert run(tmp_path, table(power, energy, 110), add_up=True) == pytest.approx(2200.0)


def test_a_counter_that_counts_something_else_is_a_rail_of_its_own(tmp_path):
    with pytest.raises(ConfigurationError, match="--rail"):
        run(tmp_path, table("GPU Power (W)", "GPU Energy Consumed (J)", 300))


def test_power_stamp_energy_without_a_header(tmp_path):
    """Cray's pm_counters: watts, microseconds, joules, microseconds."""
    rows = "".join(
        f"{240 + i % 2 * 20} W {1709287200000000 + i * 10**7} us {10**6 + i * 2500} J {1709287200000000 + i * 10**7} us\n"
        for i in range(21)
    )
    assert run(tmp_path, rows) == pytest.approx(250 * 200)


def test_two_devices_of_xpu_smi_add_up_and_their_counters_do_not(tmp_path):
    rows = "".join(
        f"10:00:{i:02d}.000,    {d}, 12.30, {100.0 + d * 50}, {5000.0 + i * (100 + d * 50)}\n"
        for i in range(21)
        for d in (0, 1)
    )
    text = "Timestamp, DeviceId, GPU Utilization (%), GPU Power (W), GPU Energy Consumed (J)\n" + rows
    assert run(tmp_path, text) == pytest.approx(250 * 20)
