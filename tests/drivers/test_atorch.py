"""ATORCH meters and loads (UD18, AT24, DL24, DT24, S1) and the Juwei J7-C: a report a second, unasked: what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from meter_frames import refused

from powermeter.channel import Boundary
from powermeter.drivers import atorch
from powermeter.drivers.meters import atorch_report
from powermeter.source import Address

FRAMES = Path(__file__).parent / "frames"


def table(name: str) -> list[list[str]]:
    lines = (FRAMES / name).read_text().splitlines()
    return [line.split("|") for line in lines if line and not line.startswith("#")]


ATORCH = table("atorch.txt")

CHECKED = [row for row in ATORCH if row[4] in "12"]


@pytest.mark.parametrize(("source", "seconds", "text", "decoded", "check"), ATORCH)
def test_atorch_frame(source: str, seconds: str, text: str, decoded: str, check: str) -> None:
    report = atorch_report.decode(bytes.fromhex(text))
    assert report.check == {"1": 1, "2": 2, "none": None}.get(check, report.check)
    charge_mah = None if report.charge_code is None else report.charge_code * {2: 10, 3: 1}[report.device]
    energy_mwh = report.energy_code * (10 if report.device == 3 else 10_000_000)
    shown = {
        "V": report.voltage_v,
        "A": report.current_a,
        "mAh": charge_mah,
        "mWh": energy_mwh,
        "Wh": energy_mwh / 1e6 / 1e-3 / 1e3,
        "degC": report.temperature_c,
        "W": None if report.power_code is None else report.power_code / 10,
    }
    checked = 0
    for part in decoded.split(", "):
        number, _, unit = part.partition(" ")
        if unit in shown:  # what a report shows beside is not recorded
            assert shown[unit] == pytest.approx(float(number)), part
            checked += 1
    assert checked >= 2


@pytest.mark.parametrize("text", [CHECKED[0][2], CHECKED[3][2], CHECKED[4][2], CHECKED[-1][2]])
def test_atorch_damage_is_refused_where_a_rule_holds(text: str) -> None:
    good = bytes.fromhex(text)
    rule = atorch_report.check_rule(good)

    def decode(frame: bytes) -> object:
        return atorch_report.decode(frame, rule=rule)

    for length in range(36):
        assert refused(decode, good[:length])
    for at in range(2, 36):
        for mask in (1, 0x10, 0x80, 0xFF):
            bad = bytearray(good)
            bad[at] ^= mask
            assert refused(decode, bytes(bad)), f"byte {at} ^ {mask:02x}"


def test_atorch_five_fragments_and_a_start_in_the_middle() -> None:
    """esphome-atorch-dl24: tests/components/atorch_dl24, lengths 8, 7, 8, 8, 5."""
    frames = [bytes.fromhex(row[2]) for row in ATORCH if row[0] == "DL24 load"]
    buffer = bytearray()
    found: list[bytes] = []
    at = 0
    for length in (8, 7, 8, 8, 5):
        buffer += frames[0][at : at + length]
        at += length
        got, skipped = atorch_report.cut(buffer)
        found += got
        assert skipped == 0
    assert found == [frames[0]] and not buffer
    buffer += frames[1][20:] + frames[2] + b"\x00\xff" + frames[3]
    got, skipped = atorch_report.cut(buffer)
    assert got == frames[2:4] and skipped == 16 + 2


@pytest.mark.parametrize("name", ["DL24 load", "J7-C with a meaningless check byte"])
def test_atorch_truncated_frames_never_merge(name: str) -> None:
    frames = [bytes.fromhex(row[2]) for row in ATORCH if row[0] == name]
    for kept in range(1, 36):
        buffer = bytearray(frames[0] + frames[1][:kept] + frames[2] + frames[3])
        got, _ = atorch_report.cut(buffer)
        good = [frame for frame in got if not refused(atorch_report.decode, frame)]
        assert good[0] == frames[0] and good[-1] == frames[3]
        assert all(frame in frames for frame in good), f"{kept} bytes of a frame"


def test_atorch_replies_are_passed_over() -> None:
    buffer = bytearray(bytes.fromhex("ff55020101000040ff55020103000042"))
    assert atorch_report.cut(buffer) == ([], 16)


@pytest.mark.parametrize(
    ("device", "codes"),
    [
        # Protocol of atorch-console: AC 0.1 V, 1 mA, 10 Wh; DC the same and 10 mAh; USB 10 mV, 10 mA, 1 mAh, 10 mWh.
        (atorch_report.AC, {"voltage": 0.1, "current": 1e-3, "power": 0.1, "energy": 10 * 3600.0}),
        (atorch_report.DC, {"voltage": 0.1, "current": 1e-3, "charge": 10e-3 * 3600, "energy": 10 * 3600.0}),
        (atorch_report.USB, {"voltage": 0.01, "current": 0.01, "charge": 1e-3 * 3600, "energy": 0.01 * 3600}),
    ],
)
def test_what_a_code_is_worth_on_each_kind_of_meter(device, codes) -> None:
    frame = next(bytes.fromhex(row[2]) for row in ATORCH if bytes.fromhex(row[2])[3] == device)
    meter = atorch.Atorch(Address.parse("atorch:///dev/nobody"))
    report = atorch_report.decode(frame)
    meter.first = [report]
    meter.describe(report)
    found = {channel.name: channel.scale for channel in meter.channels}
    assert found.pop("temperature") == 1.0
    assert found == pytest.approx(codes)
    boundary = {channel.rail.boundary for channel in meter.channels if channel.name == "voltage"}
    assert boundary == {Boundary.WALL if device == atorch_report.AC else Boundary.BOARD}
    (row,) = meter.rows(report, 10**9)
    values = dict(zip((c.name for c in meter.channels), row.codes, strict=True))
    assert values["voltage"] == report.voltage_code and values["temperature"] == report.temperature_c
    assert meter.info()["model"] == atorch.DEVICE_NAMES[device]
