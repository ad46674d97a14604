"""Both changes of summer time, and midnight, in each kind of reader: two hours of 5 W are 10 Wh, without a hole."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from powermeter import analyse
from powermeter.importers import Choices, convert
from powermeter.importers.time_zones import LogZone

BERLIN = ZoneInfo("Europe/Berlin")
STARTS = {
    "summer time begins": datetime(2025, 3, 30, tzinfo=timezone.utc),
    "summer time ends": datetime(2025, 10, 26, tzinfo=timezone.utc),
    "midnight": datetime(2025, 6, 1, 21, tzinfo=timezone.utc),
}
ISO, CTIME = "%Y-%m-%d %H:%M:%S", "%a %b %d %H:%M:%S %Y"
KINDS = {
    "dates": ("time,power_W\n", ISO + ",5\n"),
    "day first": ("time;power_W\n", "%d.%m.%Y %H:%M:%S;5\n"),
    "month first, AM and PM": ("time,power_W\n", "%m/%d/%Y %I:%M:%S %p,5\n"),
    "milliseconds behind a colon": ("time,power_W\n", ISO + ":000,5\n"),
    "json": ("", '{"time":"%Y-%m-%dT%H:%M:%S","power_W":5}\n'),
    "labelled": ("", f"[{ISO}] P=5.0W\n"),
    "lm-sensors": ("", CTIME + "\namdgpu-pci-0b00\nAdapter: PCI adapter\nPPT:  5.00 W\n"),
    "gpustat": ("", f"n  {CTIME}  535.5\n[0] NVIDIA A100 | 45'C,  12 %% | 5 / 400 W |  1 / 4 MB |\n"),
    "ipmitool": ("", ISO + "\nPwr | 5 Watts | ok\n"),
    "ipmi-dcmi": ("", f"    Instantaneous power reading:   5 Watts\n    IPMI timestamp:     {CTIME}\n"),
    "redfish": ("", CTIME + '\n{"@odata.type":"#Power.v1","PowerControl":[{"PowerConsumedWatts":5}]}\n'),
    "nvidia-smi": ("timestamp, power.draw [W]\n", "%Y/%m/%d %H:%M:%S.000, 5.00 W\n"),
    "dmon": ("# date time gpu pwr\n# YYYYMMDD HH:MM:SS Idx W\n", " %Y%m%d %H:%M:%S 0 5\n"),
    "tegrastats": ("", "%m-%d-%Y %H:%M:%S RAM 1/2MB CPU [1%%@102,off] GPU@37.5C VDD_IN 5000mW/5000mW\n"),
}


@pytest.mark.thorough
@pytest.mark.parametrize("change", STARTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_clock_that_is_changed_changes_no_energy(tmp_path, kind, change):
    head, row = KINDS[kind]
    start = STARTS[change]
    walls = [(start + timedelta(minutes=i)).astimezone(BERLIN) for i in range(0, 121, 3)]
    path = tmp_path / "log.txt"
    path.write_text(head + "".join(wall.strftime(row) for wall in walls))
    said = {"dates": "mdy"} if kind.startswith("month") else {}
    log = convert(path, tmp_path / "o.power", choices=Choices(zone=LogZone.parse("Europe/Berlin"), **said))
    assert log.sources[0].ends_ns == tuple(
        int((start + timedelta(hours=h)).timestamp()) * 10**9 for h in (0, 2)
    )
    assert analyse(tmp_path / "o.power").plain_energy == pytest.approx(36_000)
    assert not log.sources[0].gaps
