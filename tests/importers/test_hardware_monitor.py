"""Open Hardware Monitor's logs: American dates, like names, what to tick."""

import pytest
from tool_log import load

from powermeter.errors import DataError

MONITOR = (
    ",/intelcpu/0/temperature/0,/intelcpu/0/power/0,/intelcpu/0/power/1,/intelcpu/0/power/2,/intelcpu/0/power/3,/gpu-nvidia/0/power/0{more}\n"
    'Time,"CPU Package","CPU Package","CPU Cores","CPU Graphics","CPU Memory","GPU Package"{names}\n'
)


def test_hardware_monitor_writes_the_month_first(tmp_path):
    rows = "".join(f'11/02/2023 18:01:0{i},"50","25.5","20.5","1.5","2","30"\n' for i in range(3))
    log, energies, headline = load(tmp_path, MONITOR.format(more="", names="") + rows)
    assert log.format == "hardware-monitor" and log.sources[0].ends_ns[0] == 1_698_948_060_000_000_000
    assert headline == "CPU Package + CPU Memory + GPU Package" and energies["GPU Package"] == pytest.approx(
        60.0
    )
    parents = {c.rail.name: c.rail.parent for c in log.sources[0].channels if c.rail is not None}
    assert parents["CPU Cores"] == parents["CPU Graphics"] == "CPU Package"


def test_hardware_monitor_tells_like_names_apart_by_their_devices(tmp_path):
    rows = "".join(f'01/02/2023 18:01:0{i},"50","25.5","20.5","1.5","2","30","40"\n' for i in range(3))
    text = MONITOR.format(more=",/gpu-nvidia/1/power/0", names=',"GPU Package"') + rows
    _, energies, _ = load(tmp_path, text, rail="CPU Package")
    assert energies["gpu-nvidia 1 GPU Package"] == pytest.approx(80.0)


def test_hardware_monitor_without_power_says_what_to_tick(tmp_path):
    with pytest.raises(DataError, match="tick one"):
        load(tmp_path, ',/intelcpu/0/load/0\nTime,"CPU Total"\n01/02/2023 18:01:02,"50"\n')
