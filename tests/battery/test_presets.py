"""Batteries by name."""

from __future__ import annotations

import pytest

from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.battery.presets import preset_names, presets


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_usable(name: str) -> None:
    battery = parse_battery(name)
    assert battery.title
    assert battery.available()[0] > 0
    assert presets()[name]["provenance"] in "VSMD" and presets()[name]["source"]
