"""The Pi 5's PMIC and every Pi's throttling flags, from captures, a stand-in vcgencmd and a stand-in mailbox."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from powermeter import registry
from powermeter.channel import MISSING, Boundary, Quantity
from powermeter.drivers import pmic
from powermeter.drivers.system import firmware
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.result import Grade

# Two captures of a Raspberry Pi 5: rail, current, voltage.
FIRST = {
    "3V7_WL_SW": (0.09466522, 3.62925200),
    "3V3_SYS": (0.08197812, 3.31652900),
    "1V8_SYS": (0.15029320, 1.79877700),
    "DDR_VDD2": (0.00390372, 1.10146400),
    "DDR_VDDQ": (0.0, 0.60622650),
    "1V1_SYS": (0.20299340, 1.10402800),
    "0V8_SW": (0.30546610, 0.79853400),
    "VDD_CORE": (1.11625000, 0.74944980),
    "0V8_AON": (0.00274725, 0.79794790),
    "3V3_DAC": (0.0, 3.31043600),
    "3V3_ADC": (0.00018315, 3.31684600),
    "HDMI": (0.01660560, 5.10138000),
}
SECOND = {
    "3V7_WL_SW": (0.10247270, 3.71091200),
    "3V3_SYS": (0.10832820, 3.30910500),
    "1V8_SYS": (0.15712470, 1.80073100),
    "DDR_VDD2": (0.00585558, 1.10439400),
    "DDR_VDDQ": (0.0, 0.60439500),
    "1V1_SYS": (0.24105470, 1.10805800),
    "0V8_SW": (0.31424950, 0.80402850),
    "VDD_CORE": (1.42880000, 0.90659250),
    "0V8_AON": (0.00354090, 0.79882700),
    "3V3_DAC": (0.0, 3.31135200),
    "3V3_ADC": (0.00006105, 3.31867800),
    "HDMI": (0.02002440, 5.07860000),
}


def printed(rails: dict[str, tuple[float, float]], external: float = 5.0853) -> str:
    """Return the text as vcgencmd prints it: right-aligned names, all currents, then all voltages."""
    lines = [
        f"{name + '_A':>15} current({index})={amp:.8f}A"
        for index, (name, (amp, _)) in enumerate(rails.items())
    ]
    lines += [
        f"{name + '_V':>15} volt({index + 8})={volt:.8f}V"
        for index, (name, (_, volt)) in enumerate(rails.items())
    ]
    return "\n".join(
        [*lines, f"{'EXT5V_V':>15} volt(24)={external:.8f}V", f"{'BATT_V':>15} volt(25)=0.00000000V", ""]
    )


@pytest.mark.parametrize(("capture", "watt"), [(FIRST, 2.2822), (SECOND, 2.9480)])
def test_captures_give_their_sum(tmp_path, capture, watt):
    source = opened(tmp_path, printed(capture))
    row = source.sample().codes
    assert row[0] * source.channels[0].scale == pytest.approx(watt, abs=5e-5)
    assert row[0] * 1e-6 == pytest.approx(sum(a * v for a, v in capture.values()), abs=1e-6)


def vcgencmd(tmp_path: Path, adc: str, throttled: str = "throttled=0x50005") -> Path:
    (tmp_path / "adc").write_text(adc)
    (tmp_path / "flags").write_text(throttled + "\n")
    path = tmp_path / "vcgencmd"
    path.write_text(
        f'#!/bin/sh\ncase "$1" in pmic_read_adc) cat {tmp_path}/adc;; *) cat {tmp_path}/flags;; esac\n'
    )
    path.chmod(0o755)
    return path


def opened(tmp_path: Path, adc: str, scheme: str = "pmic", throttled: str = "throttled=0x50005"):
    source = registry.source(f"{scheme}://?program={vcgencmd(tmp_path, adc, throttled)}")
    source.open()
    return source


def test_rails_are_parts_and_the_sum_is_derived(tmp_path):
    source = opened(tmp_path, printed(FIRST))
    whole = source.channels[0]
    assert (whole.name, whole.grade, whole.rail.boundary) == ("pmic.power", Grade.DERIVED, Boundary.PART)
    assert "USB ports" in whole.rail.covers
    parts = [
        channel for channel in source.channels if channel.rail is not None and channel.rail.parent == "PMIC"
    ]
    assert len(parts) == 24
    external = next(channel for channel in source.channels if channel.name == "ext5v.voltage")
    assert external.quantity is Quantity.VOLTAGE and external.rail.boundary is Boundary.BOARD
    row = dict(zip([channel.name for channel in source.channels], source.sample().codes, strict=True))
    assert row["vdd_core.current"] == 111_625_000 and row["vdd_core.voltage"] == 74_944_980
    assert row["ext5v.voltage"] == 508_530_000


def test_flags_are_marks_asked_for_once_a_second(tmp_path):
    source = opened(tmp_path, printed(FIRST))
    assert source.channels[-1].quantity is Quantity.MARKER
    assert source.sample().codes[-1] == 0x50005
    (tmp_path / "flags").write_text("throttled=0x0\n")
    assert source.sample().codes[-1] == 0x50005
    source._flags_ns -= 2 * 10**9
    assert source.sample().codes[-1] == 0
    assert source.info()["throttling"] == []


@pytest.mark.parametrize(
    "text", ["", "throttled=", "throttled=0x", "throttled=zz", "volt=1.2V", "throttled=0x123456789"]
)
def test_other_answers_are_no_flags(text):
    assert pmic.parse_throttled(text) is None


def test_an_older_pi_says_so_with_status_zero(tmp_path):
    with pytest.raises(OpenError, match="only the Raspberry Pi 5") as caught:
        opened(tmp_path, 'error=1 error_msg="Command not registered"\n')
    assert caught.value.reason is Reason.WRONG_DEVICE


def test_an_answer_that_lacks_a_rail_is_a_gap(tmp_path):
    source = opened(tmp_path, printed(FIRST))
    (tmp_path / "adc").write_text(printed({k: v for k, v in FIRST.items() if k != "VDD_CORE"}))
    with pytest.raises(ReadError, match="VDD_CORE") as caught:
        source.sample()
    assert caught.value.reason is Reason.BAD_DATA


@pytest.mark.parametrize(
    "line",
    [
        "VDD_CORE_A current(7)=1.1V",
        "VDD_CORE_A current(7)=1e3A",
        "VDD_CORE_A current(7)=-1.0A",
        "VDD_CORE_A =1.0A",
        "x" * 999,
    ],
)
def test_odd_lines_are_no_readings(line):
    assert pmic.parse_adc(line) == {}


def test_throttled_alone_is_for_every_pi(tmp_path):
    source = opened(tmp_path, "", "throttled", "throttled=0x1")
    assert source.sample().codes == [1]
    assert source.info()["throttling"] == ["under-voltage"]
    (tmp_path / "flags").write_text("error=2\n")
    with pytest.raises(ReadError):
        source.sample()
    source.close()
    with pytest.raises(ReadError):
        source.sample()


def mailbox(tmp_path, control) -> firmware.Firmware:
    device = tmp_path / "vcio"
    device.write_text("")
    return firmware.Firmware(devices=(str(device),), control=control)


def answered(buffer: bytearray, text: str, code: int = 0x80000000, error: int = 0) -> int:
    """Fill in an answer as the firmware does: the request code replaced, the text from byte 24 on."""
    struct.pack_into("=I", buffer, 4, code)
    struct.pack_into("=I", buffer, 20, error)
    buffer[24 : 24 + 4096] = text.encode().ljust(4096, b"\0")
    return 0


def test_mailbox_asks_in_the_firmwares_words(tmp_path):
    asked = []

    def control(file, request, buffer):
        size, code, tag, area, length, error = struct.unpack_from("=6I", buffer)
        asked.append((bytes(buffer[24:]).split(b"\0")[0], tag, area, code, request & 0xFFFF))
        assert size == len(buffer) == 24 + 4096 + 4 and length == error == 0
        return answered(buffer, "throttled=0x0\n")

    way = mailbox(tmp_path, control)
    assert way.ask("get_throttled") == "throttled=0x0\n"
    # Property tag GET_GENCMD_RESULT; ioctl 0 of device number 100, as in the kernel's vcio driver.
    assert asked == [(b"get_throttled", 0x00030080, 4096, 0, 100 << 8)]
    way.close()
    way.close()


def test_mailbox_refusals_and_failures_are_read_errors(tmp_path):
    with pytest.raises(ReadError, match="0x80000001"):
        mailbox(tmp_path, lambda f, r, b: answered(b, "", 0x80000001)).ask("x")
    with pytest.raises(ReadError, match="error 1"):
        mailbox(tmp_path, lambda f, r, b: answered(b, "", error=1)).ask("x")

    def fail(file, request, buffer):
        raise OSError(110, "Connection timed out")

    with pytest.raises(ReadError, match="timed out"):
        mailbox(tmp_path, fail).ask("x")


def test_missing_flags_are_missing(tmp_path):
    assert opened(tmp_path, printed(FIRST), throttled="error=1").sample().codes[-1] == MISSING


@pytest.mark.parametrize(
    ("model", "schemes"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0", {"pmic", "throttled"}),
        ("Raspberry Pi 4 Model B", {"throttled"}),
        ("", set()),
    ],
)
def test_discovery_by_model(monkeypatch, model, schemes):
    monkeypatch.setattr(pmic, "is_raspberry_pi", lambda: model)
    monkeypatch.setattr(pmic, "Firmware", lambda: type("Open", (), {"close": lambda self: None})())
    found = {scheme: registry.driver_class(scheme).discover() for scheme in ("pmic", "throttled")}
    assert {scheme for scheme, entries in found.items() if entries} == schemes
    assert all(not entry.problem for entries in found.values() for entry in entries)

    def refuse():
        raise OpenError("/dev/vcio: this user may not ask the firmware", Reason.PERMISSION)

    monkeypatch.setattr(pmic, "Firmware", refuse)
    for scheme in schemes:
        (entry,) = registry.driver_class(scheme).discover()
        assert entry.problem and "group video" in entry.remedy
