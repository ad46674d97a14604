"""Loops over lm-sensors' `sensors`, for people and raw."""

import pytest
from tool_log import load

from powermeter.errors import ConfigurationError, DataError

AMD = (
    "amdgpu-pci-0b00\nAdapter: PCI adapter\nvddgfx:      718.00 mV \nfan1:           0 RPM  (min =    0 RPM)\n"
    "edge:         +45.0°C  (crit = +100.0°C)\nPPT:           {w}.00 W  (cap = 130.00 W)\n\n"
    "k10temp-pci-00c3\nAdapter: PCI adapter\nTctl:         +50.4°C\n\n"
)
RAW = "amdgpu-pci-0b00\nAdapter: PCI adapter\nvddgfx:\n  in0_input: 0.718\nPPT:\n  power1_average: {w}.000\n  power1_cap: 130.000\n\n"
JSON = """{{
   "amdgpu-pci-0b00":{{
      "Adapter": "PCI adapter",
      "vddgfx":{{
         "in0_input": 0.718
      }},
      "PPT":{{
         "power1_average": {w}.000,
         "power1_cap": 130.000
      }}
   }}
}}
"""
BATTERY = "BAT0-acpi-0\nAdapter: ACPI interface\nin0:          12.00 V\ncurr1:       500.00 mA\n\n"


@pytest.mark.parametrize("form", [AMD, RAW, JSON])
@pytest.mark.parametrize(
    "stamp", ["Thu Nov 27 10:00:{i:02d} UTC 2025\n", "17642376{i:02d}\n", "10:00:{i:02d}\n"]
)
def test_a_chips_power_at_the_times_of_date(tmp_path, form, stamp):
    text = "".join(stamp.format(i=i) + form.format(w=8 + i % 2) for i in range(9))
    log, energies, _ = load(tmp_path, text)
    assert log.format == "lm-sensors" and energies == {"amdgpu": pytest.approx(8 * 8.5)}


def test_without_times_a_rate_is_asked_for_and_used(tmp_path):
    text = AMD.format(w=8) * 5
    with pytest.raises(ConfigurationError, match="--rate 1s"):
        load(tmp_path, text)
    assert load(tmp_path, text, period_s=2.0)[1] == {"amdgpu": pytest.approx(64)}


def test_a_batterys_direction_is_not_known(tmp_path):
    log, energies, _ = load(tmp_path, BATTERY * 5, period_s=1.0)
    assert energies == {"BAT0": pytest.approx(4 * 6)}
    assert any(note.code == "charging-unknown" for note in log.warnings)


def test_two_alike_chips_keep_their_places_and_two_powers_their_labels(tmp_path):
    two = AMD.format(w=8) + AMD.format(w=5).replace("0b00", "0c00")
    _, energies, _ = load(tmp_path, two * 4, period_s=1.0, rail="amdgpu-pci-0c00")
    assert energies["amdgpu-pci-0b00"] == pytest.approx(24) and energies["amdgpu-pci-0c00"] == pytest.approx(
        15
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (AMD.format(w=8), "one pass of sensors is one reading"),
        ("k10temp-pci-00c3\nAdapter: PCI adapter\nTctl:         +50.4°C\n\n" * 5, "without a power"),
    ],
)
def test_what_holds_no_energy_is_named(tmp_path, text, why):
    with pytest.raises(DataError, match=why):
        load(tmp_path, text)
