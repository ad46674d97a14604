"""The agent: one file for Python 3.6; what it finds below /sys; what an odd order does to it."""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import time
from pathlib import Path

import pytest

from powermeter.recorder.remote import agent, agent_sensors
from powermeter.recording import json_validation


def test_sensors_below_sys_become_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "class/hwmon/hwmon3/name": "ina3221",
        "class/hwmon/hwmon3/in1_label": "VDD_IN",
        "class/hwmon/hwmon3/in1_input": "5072",
        "class/hwmon/hwmon3/curr1_input": "812",
        "class/hwmon/hwmon4/name": "amdgpu",
        "class/hwmon/hwmon4/power1_average": "4000000",
        "bus/i2c/drivers/ina3221x/6-0040/iio:device0/rail_name_0": "POM_5V_IN",
        "bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power0_input": "2345",
        "class/power_supply/BAT0/type": "Battery",
        "class/power_supply/BAT0/current_now": "1500000",
        "class/power_supply/BAT0/voltage_now": "11900000",
        "class/powercap/intel-rapl:0/name": "package-0",
        "class/powercap/intel-rapl:0/energy_uj": "123",
        "class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    monkeypatch.setattr(agent_sensors, "SYS", str(tmp_path))
    found = {spec["name"]: json_validation.channel(spec) for _, spec in agent_sensors.sysfs_channels()}
    assert set(found) == {
        "VDD_IN.current",
        "VDD_IN.voltage",
        "amdgpu 1.power",
        "POM_5V_IN.power",
        "BAT0.current",
        "BAT0.voltage",
        "package-0.energy",
    }
    assert found["amdgpu 1.power"].kind.value == "mean"
    assert found["package-0.energy"].wrap == 262143328851
    assert found["POM_5V_IN.power"].scale == 1e-3


def run(*frames: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Return what the agent answers to frames."""
    ours, theirs = os.pipe()
    os.write(theirs, b"".join(struct.pack(">cI", kind, len(data)) + data for kind, data in frames))
    if not frames:
        os.close(theirs)
    target = io.BytesIO()
    with os.fdopen(ours, "rb") as source:
        agent.main(source, target)
        if frames:
            os.close(theirs)
        time.sleep(0.05)  # its listener sees the end
    data = target.getvalue()
    assert data.startswith(agent.MAGIC)
    at, found = len(agent.MAGIC), []
    while at < len(data):
        kind, size = struct.unpack_from(">cI", data, at)
        found.append((kind, data[at + 5 : at + 5 + size]))
        at += 5 + size
    return found


def test_a_command_ends_with_its_status_and_outputs() -> None:
    order = json.dumps({"command": [sys.executable, "-c", "import sys; print('out'); sys.exit(5)"]}).encode()
    found = run((b"O", order))
    assert b"".join(data for kind, data in found if kind == b"o") == b"out\n"
    assert json.loads(found[-1][1]) == {"status": 5, "lost": 0}


def test_what_cannot_be_done_is_reported_and_ends_it() -> None:
    for order in ({"command": ["/no/such"]}, {"source": "nonsense://"}):
        kind, data = run((b"O", json.dumps(order).encode()))[-1]
        assert kind == b"X" and json.loads(data)["error"]
    assert run((b"Z", b"")) == []
    assert run() == []
