"""All drivers of USB and bench meters: described, silent where nothing is, found by their ids."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from driver_cases import METER_CASES

from powermeter import registry
from powermeter.drivers.links import serial_port as serial_link
from powermeter.source import PolledSource, StreamingSource

SCHEMES = sorted({case.scheme for case in METER_CASES})


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_driver_is_described_and_finds_nothing_here(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = registry.driver_class(scheme)
    assert (
        driver.scheme == scheme
        and driver.__doc__
        and driver.summary
        and driver.example.startswith(f"{scheme}://")
    )
    assert issubclass(driver, (PolledSource, StreamingSource))
    registry.source(driver.example)
    monkeypatch.setattr(serial_link, "list_ports", list)
    assert [found.url for found in driver.discover() if found.certainty != "guess"] == []


def usb_port(device: str, vid: int, pid: int) -> Any:
    return SimpleNamespace(
        device=device, vid=vid, pid=pid, serial_number="S1", location="1-1:1.0", product="x", description="x"
    )


@pytest.mark.parametrize(
    ("scheme", "vid", "pid", "url", "certainty"),
    [
        ("ppk2", 0x1915, 0xC00A, "ppk2://S1?voltage=3.3V", "sure"),
        ("km003c", 0x5FC9, 0x0063, "km003c:///dev/ttyACM5", "sure"),
        ("avhzy", 0x0483, 0xFFFF, "avhzy:///dev/ttyACM5", "guess"),
    ],
)
def test_serial_meters_are_found_by_their_ids(
    scheme: str, vid: int, pid: int, url: str, certainty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        serial_link, "list_ports", lambda: [usb_port("/dev/ttyACM5", vid, pid), usb_port("/dev/x", 1, 2)]
    )
    (found,) = registry.driver_class(scheme).discover()
    assert (found.url, found.certainty) == (url, certainty)
    assert "no permission" in found.problem or not found.problem
    registry.source(url)
