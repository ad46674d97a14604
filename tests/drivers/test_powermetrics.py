"""powermetrics as a source, against a stand-in that prints what Macs print; and its grammar."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from waiting import CEILING_S

from powermeter import registry
from powermeter.channel import MISSING, Kind
from powermeter.drivers import powermetrics as driver
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.result import Grade

HEAD = "*** Sampled system activity (Fri Nov 10 12:37:08 2023 +0100) ({}ms elapsed) ***"


def block(cpu: int, gpu: int, elapsed: float = 104.51) -> str:
    return (
        f"\n{HEAD.format(elapsed)}\n\n**** Processor usage ****\n\nE-Cluster Power: 105 mW\nCPU 0 frequency: 1392 MHz\n"
        f"P-Cluster Power: {cpu - 105} mW\nCPU Power: {cpu} mW\nGPU Power: {gpu} mW\nANE Power: 0 mW\n"
        f"Combined Power (CPU + GPU + ANE): {cpu + gpu} mW\n"
    )


def stand_in(tmp_path: Path, *texts: str) -> Path:
    path = tmp_path / "powermetrics"
    body = "\nsleep 0.05\n".join(f"cat <<'END'\n{text}\nEND" for text in texts)
    path.write_text(f"#!/bin/sh\n{body}\nexec sleep 30\n")
    path.chmod(0o755)
    return path


def test_blocks_become_means_that_are_estimates(tmp_path):
    source = registry.source(
        f"powermetrics://?program={stand_in(tmp_path, block(900, 20), block(800, 30), block(1, 1), '')}"
    )
    source.open()
    names = [channel.name for channel in source.channels]
    assert names == [
        "e-cluster.power",
        "p-cluster.power",
        "cpu.power",
        "gpu.power",
        "ane.power",
        "package.power",
    ]
    assert all(
        c.kind is Kind.MEAN and c.grade is Grade.ESTIMATED and c.accuracy.model for c in source.channels
    )
    assert {c.rail.name: c.rail.parent for c in source.channels}["e-cluster"] == "cpu"
    rows = []
    deadline = time.monotonic() + CEILING_S
    while not rows and time.monotonic() < deadline:
        found = source.read_block(0.05)
        rows += found.codes.tolist() if found is not None else []
    assert rows[0] == [1050, 6950, 8000, 300, 0, 8300]  # the second block, in 0.1 mW
    source.close()
    with pytest.raises(ReadError):
        source.read_block(0)


def test_a_power_missing_once_is_missing(tmp_path):
    bare = block(800, 30).replace("GPU Power: 30 mW\n", "")
    source = registry.source(
        f"powermetrics://?program={stand_in(tmp_path, block(900, 20), bare, block(1, 1))}"
    )
    source.open()
    rows = []
    deadline = time.monotonic() + CEILING_S
    while not rows and time.monotonic() < deadline:
        found = source.read_block(0.05)
        rows += found.codes.tolist() if found is not None else []
    source.close()
    assert rows[0][3] == MISSING


def test_a_program_that_ends_is_lost(tmp_path):
    path = tmp_path / "powermetrics"
    path.write_text("#!/bin/sh\necho 'powermetrics must be invoked as the superuser'\n")
    path.chmod(0o755)
    with pytest.raises(OpenError, match="ended") as caught:
        registry.source(f"powermetrics://?program={path}").open()
    assert caught.value.reason is Reason.ABSENT


def test_elsewhere_it_is_not_offered(monkeypatch):
    monkeypatch.setattr(driver, "is_mac", lambda: False)
    assert driver.Powermetrics.discover() == []
    with pytest.raises(OpenError, match="macOS"):
        registry.source("powermetrics://").open()


def test_without_rights_it_says_what_to_type_and_never_asks(monkeypatch):
    monkeypatch.setattr(driver, "is_mac", lambda: True)
    monkeypatch.setattr(driver.shutil, "which", lambda name: name)
    monkeypatch.setattr(driver.os, "geteuid", lambda: 501)
    asked = []

    def ask(command):
        asked.append(command)
        return type("Done", (), {"returncode": 1})()

    monkeypatch.setattr(driver, "ask", ask)
    with pytest.raises(OpenError, match="NOPASSWD") as caught:
        registry.source("powermetrics://").open()
    assert caught.value.reason is Reason.PERMISSION
    (found,) = driver.Powermetrics.discover()
    assert found.problem and "sudoers.d" in found.remedy
    assert all(command[:2] == ["sudo", "-n"] for command in asked)


@pytest.mark.parametrize(
    ("mac", "tool", "user", "granted", "reason"),
    [
        (False, True, 0, True, Reason.ABSENT),
        (True, False, 0, True, Reason.ABSENT),
        (False, False, 501, False, Reason.ABSENT),
        (True, True, 501, False, Reason.PERMISSION),
        (True, True, 501, True, None),
        (True, True, 0, False, None),
    ],
)
def test_who_may_read_it_and_where(monkeypatch, mac, tool, user, granted, reason):
    """On a Mac that has the tool: root, or whom `sudo -n` lets; the command is started only then."""
    monkeypatch.setattr(driver, "is_mac", lambda: mac)
    monkeypatch.setattr(driver.shutil, "which", lambda name: name if tool else None)
    monkeypatch.setattr(driver.os, "geteuid", lambda: user)
    monkeypatch.setattr(driver, "may_run", lambda: granted)
    started = []

    class Started(Exception):
        pass

    def start(command, *_, **__):
        started.append(command)
        raise Started

    monkeypatch.setattr(driver, "PrintingProgram", start)
    with pytest.raises(Started if reason is None else OpenError) as caught:
        registry.source("powermetrics://?interval=250ms").open()
    if reason is None:
        before = [] if user == 0 else ["sudo", "-n"]
        asked = ["powermetrics", "--samplers", "cpu_power,gpu_power", "-i", "250"]
        assert [*started[0][:-5], started[0][-5].rsplit("/")[-1], *started[0][-4:]] == [*before, *asked]
    else:
        assert caught.value.reason is reason and not started
