"""Joulescope and Yocto-Watt over stand-ins for their makers' libraries, which need the instrument."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from vendor_fakes import FakeDriver, FakePower

from powermeter import registry
from powermeter.channel import MISSING
from powermeter.drivers import joulescope as driver_module
from powermeter.drivers.joulescope import SignalPieces
from powermeter.errors import ConfigurationError, NotInstalledError, OpenError, ReadError


@pytest.fixture
def joulescope(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("pyjoulescope_driver")
    module.Driver = FakeDriver  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyjoulescope_driver", module)


def test_joulescope_joins_its_signals_by_sample_number(joulescope: None) -> None:
    source: Any = registry.source("joulescope://000123?rate=10kHz&inputs=0,2")
    source.open()
    driver = FakeDriver.last
    assert ("u/js220/000123/h/fs", 10_000) in driver.published
    assert ("u/js220/000123/s/i/range/mode", "auto") in driver.published
    assert ("u/js220/000123/s/gpi/2/ctrl", "on") in driver.published
    driver.send("s/i", 100, np.full(50, 0.25, np.float32))
    driver.send("s/v", 110, np.full(60, 5.0, np.float32))
    driver.send("s/gpi/0", 100, np.full(10, 0xFF, np.uint8))  # 80 samples, one bit each
    driver.send("s/gpi/2", 96, np.full(10, 0xF0, np.uint8))
    block = source.read_block(0.1)
    assert len(block.times_ns) == 40  # 110 to 149 have all four
    assert (block.codes[:, :2] == [250_000_000, 5_000_000]).all()
    assert block.codes[:4, 2].tolist() == [5, 5, 1, 1]  # input 2 is high in the second half of each eight
    assert np.diff(block.times_ns) == pytest.approx(100_000, abs=1)
    driver.send("s/i", 150, np.array([np.nan, 0.5], np.float32))
    driver.send("s/gpi/2", 176, np.zeros(1, np.uint8))
    block = source.read_block(0.1)
    assert block.codes[:, 0].tolist() == [MISSING, 500_000_000]
    assert source.info() == {"model": "JS220", "serial": "000123", "firmware": "1.3.0", "rate_hz": 10_000}
    source.close()
    source.close()
    assert driver.finalized and not driver.opened and not driver.handlers


def test_joulescope_lost_samples_are_a_gap(joulescope: None) -> None:
    source: Any = registry.source("joulescope://?rate=1kHz")
    source.open()
    driver = FakeDriver.last
    for first in (0, 1000, 2500):
        for signal in ("s/i", "s/v"):
            driver.send(signal, first, np.ones(1000, np.float32))
        block = source.read_block(0.05)
        assert len(block.times_ns) == 1000 and (np.diff(block.times_ns) >= 0).all()
    assert [(gap.reason, gap.lost) for gap in block.gaps] == [("dropped", 500)]
    assert source.counts() == {"samples_lost": 500}


@pytest.mark.parametrize(("seconds", "ends"), [(6, False), (1.5, True)])
def test_a_joulescope_of_another_rate_than_asked_for_is_refused(
    joulescope: None, monkeypatch: pytest.MonkeyPatch, seconds: float, ends: bool
) -> None:
    """Asked for 1,000 samples a second it sends 2,000: found within 6 s, or at the end of 1.5 s."""
    at = [10**12]
    monkeypatch.setattr(driver_module, "now_ns", lambda: at[0])
    source: Any = registry.source("joulescope://?rate=1kHz")
    source.open()
    with pytest.raises(ReadError, match="at the 1000 Hz of its URL; choose another rate") as found:
        for first in range(0, round(seconds * 2000), 100):
            at[0] += 50_000_000
            for signal in ("s/i", "s/v"):
                FakeDriver.last.send(signal, first, np.ones(100, np.float32))
            source.read_block(0.0)
        assert ends
        source.finish()
    assert found.value.is_final


def test_joulescope_absent_several_and_too_fast(joulescope: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OpenError, match="none plugged in with serial number 9"):
        registry.source("joulescope://9").open()
    with pytest.raises(ConfigurationError, match="JS220 has no 2000000 Hz"):
        registry.source("joulescope://?rate=2MHz").open()
    with pytest.raises(ConfigurationError, match="write one of"):
        registry.source("joulescope://?rate=3kHz")
    monkeypatch.setattr(FakeDriver, "paths", ("u/js220/1", "u/js110/2"))
    with pytest.raises(OpenError, match="one by serial number: 1, 2"):
        registry.source("joulescope://").open()


def test_column_forgets_what_was_taken() -> None:
    column = SignalPieces()
    assert column.add(10, np.arange(10, 15)) == 0 and column.add(15, np.arange(15, 20)) == 0
    assert column.take(12, 5).tolist() == [12, 13, 14, 15, 16]
    assert (column.first, column.length) == (17, 3)
    assert column.add(25, np.arange(25, 30)) == 5 and column.first == 25


def test_libraries_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyjoulescope_driver", None)
    monkeypatch.setitem(sys.modules, "yoctopuce", None)
    monkeypatch.setitem(sys.modules, "yoctopuce.yocto_api", None)
    with pytest.raises(NotInstalledError, match=r"powermeter\[joulescope\]"):
        registry.source("joulescope://").open()
    with pytest.raises(NotInstalledError, match=r"powermeter\[yocto\]"):
        registry.source("yocto://").open()


def test_yocto_watt(monkeypatch: pytest.MonkeyPatch) -> None:
    power = FakePower()
    freed = []
    api, classes = ModuleType("yoctopuce.yocto_api"), ModuleType("yoctopuce.yocto_power")
    api.YAPI = SimpleNamespace(  # type: ignore[attr-defined]
        RegisterHub=lambda hub, message: 0, SUCCESS=0, FreeAPI=lambda: freed.append(True)
    )
    api.YRefParam = lambda: SimpleNamespace(value="")  # type: ignore[attr-defined]
    classes.YPower = SimpleNamespace(  # type: ignore[attr-defined]
        FindPower=lambda name: power if name == "YWATTMK1-1.power" else None, FirstPower=lambda: power
    )
    for module in (ModuleType("yoctopuce"), api, classes):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    source: Any = registry.source("yocto://YWATTMK1-1")
    source.open()
    assert source.sample().codes == [12_500, 100_000]
    assert source.info() == {"model": "Yocto-Watt", "serial": "YWATTMK1-1", "firmware": "9"}
    power.watts, power.meter_wh = 13.0, FakePower.METER_INVALID
    assert source.sample().codes == [13_000, MISSING]
    power.watts = FakePower.CURRENTVALUE_INVALID
    with pytest.raises(ReadError, match="does not answer"):
        source.sample()
    source.close()
    assert freed == [True]
    with pytest.raises(OpenError, match="is not there"):
        registry.source("yocto://other").open()
