"""What a converter between battery and rail costs."""

from __future__ import annotations

import pytest

from powermeter.battery.battery import Battery
from powermeter.battery.converter import EfficiencyCurve, check_ratio
from powermeter.errors import ConfigurationError
from powermeter.result import Result


def test_efficiency_curve() -> None:
    curve = EfficiencyCurve.parse("0.1W:0.6,1W:0.85,5W:90%")
    assert curve.at(0.01) == 0.6
    assert curve.at(0.55) == pytest.approx(0.725)
    assert curve.at(100) == 0.9
    battery = Battery("10Ah@3.7V", efficiency=curve)
    assert battery.hours(Result.of(0.55, "W", {"gain:x": 1e-3})).value == pytest.approx(37 * 0.725 / 0.55)
    for bad in ("0.1W", "1W:0.9,0.1W:0.8", "1W:1.2"):
        with pytest.raises(ConfigurationError):
            EfficiencyCurve.parse(bad)


def test_percent_without_its_sign_is_recognised() -> None:
    with pytest.raises(ConfigurationError, match="at most 1; 80 percent is written 80%"):
        check_ratio("usable", 80)
    with pytest.raises(ConfigurationError, match=r"at most 1$"):
        check_ratio("usable", 0)
