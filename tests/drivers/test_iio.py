"""The kernel's ina2xx-adc as IIO shows it: scales, the shunt, and records of its buffer."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from powermeter.drivers.iio import IIO
from powermeter.drivers.system.iio_record import parse_type
from powermeter.errors import ConfigurationError, OpenError, Reason
from powermeter.source import Address, now_ns

# As Linux 6.1 shows an INA219 at its default shunt.
INA219 = {
    "name": "ina219",
    "in_voltage0_raw": -1000,
    "in_voltage1_raw": 1250,
    "in_voltage0_scale": 0.010000000,
    "in_voltage1_scale": 4.000000000,
    "in_shunt_resistor": 0.010000000,
    "in_sampling_frequency": 939,
    "current_timestamp_clock": "realtime",
}
SCAN = {
    "in_voltage0_en": 0,
    "in_voltage1_en": 0,
    "in_power2_en": 1,
    "in_current3_en": 1,
    "in_timestamp_en": 0,
    "in_voltage0_type": "le:u16/16>>0",
    "in_voltage1_type": "le:u13/16>>3",
    "in_timestamp_type": "le:s64/64>>0",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    device = tmp_path / "iio:device0"
    (device / "scan_elements").mkdir(parents=True)
    (device / "buffer").mkdir()
    for name, value in INA219.items():
        (device / name).write_text(f"{value}\n")
    for name, value in SCAN.items():
        (device / "scan_elements" / name).write_text(f"{value}\n")
    (device / "buffer/enable").write_text("0")
    (device / "buffer/length").write_text("2")
    (tmp_path / "dev").mkdir()
    os.mkfifo(tmp_path / "dev/iio:device0")
    return tmp_path


def source(tree: Path, query: str, location: str = "iio:device0") -> IIO:
    return IIO(Address.parse(f"iio://{location}?{query}"), tree, tree / "dev")


def test_polled_values_and_the_real_shunt(tree):
    made = source(tree, "mode=poll&shunt=0.1ohm&rails=board&interval=1ms")
    made.open()
    block = made.read_block(0.1)
    while block is None:
        block = made.read_block(0.1)
    volts, amps = (code * c.scale for code, c in zip(block.codes[0], made.channels, strict=True))
    assert volts == pytest.approx(5.0) and amps == pytest.approx(-0.1)
    assert abs(int(block.times_ns[0]) - now_ns()) < 100e9
    assert made.info()["mode"] == "poll" and made.info()["warnings"] == []


def test_without_a_shunt_the_kernels_is_used_and_warned_about(tree):
    made = source(tree, "mode=poll")
    made.open()
    assert made.channels[1].scale == pytest.approx(10e-6 / 0.010)
    assert "0.01 ohm" in made.info()["warnings"][0]
    assert [one["code"] for one in made.info()["remarks"]] == ["kernel-shunt"]


def test_the_buffer_gives_signed_codes_and_the_kernels_own_stamps(tree):
    made = source(tree, "mode=buffer&shunt=0.1ohm")
    made.open()
    try:
        scan = tree / "iio:device0/scan_elements"
        assert [
            (scan / f"{n}_en").read_text().strip()
            for n in ("in_voltage0", "in_voltage1", "in_timestamp", "in_power2")
        ] == [
            "1",
            "1",
            "1",
            "0",
        ]
        assert (tree / "iio:device0/current_timestamp_clock").read_text().startswith("monotonic")
        start = now_ns()
        # The bus word carries its flags in the low bits; the shunt is declared unsigned but is not.
        records = b"".join(
            struct.pack("<hHxxxxq", shunt, 1250 << 3 | 2, start + i * 1_000_000)
            for i, shunt in enumerate((-1, 32000, -32768))
        )
        writer = os.open(tree / "dev/iio:device0", os.O_WRONLY)
        os.write(writer, records[:20])
        first = made.read_block(0.1)
        os.write(writer, records[20:])
        second = made.read_block(0.1)
        os.close(writer)
        assert first is not None and second is not None
        assert first.codes.tolist() == [[1250, -1]]
        assert second.codes.tolist() == [[1250, 32000], [1250, -32768]]
        assert [*first.times_ns, *second.times_ns] == [start, start + 1_000_000, start + 2_000_000]
        assert made.info()["stamps"] == "kernel"
    finally:
        made.close()
    assert (tree / "iio:device0/buffer/enable").read_text().startswith("0")


def test_conversion_time_is_written_for_both_inputs(tree):
    device = tree / "iio:device0"
    for name in ("in_voltage0_integration_time", "in_voltage1_integration_time"):
        (device / name).write_text("0.000532\n")
    source(tree, "mode=poll&conversion=8.51ms").open()
    assert (device / "in_voltage0_integration_time").read_text().startswith("0.008510")
    assert (device / "in_voltage1_integration_time").read_text().startswith("0.008510")


@pytest.mark.parametrize(
    ("text", "raw", "value"),
    [
        ("le:s16/16>>0", b"\xff\xff", -1),
        ("be:s12/16>>4", b"\xff\xf0", -1),
        ("le:u13/16>>3", b"\x12\x27", 1250),
    ],
)
def test_descriptions_of_values(text, raw, value):
    element, after = parse_type(text, 0)
    assert element.decode(raw) == value and after == 2


def test_values_are_aligned_to_their_size():
    element, after = parse_type("le:s64/64>>0", 4)
    assert (element.offset, after) == (8, 16)


@pytest.mark.parametrize("text", ["", "le:u16", "xe:u16/16>>0", "le:u16/24>>0"])
def test_what_cannot_be_understood_is_refused(text):
    with pytest.raises(ConfigurationError, match="not understood"):
        parse_type(text, 0)


def test_a_device_can_be_named_by_its_chip(tree):
    made = source(tree, "mode=poll", "ina219")
    made.open()
    assert made.info()["device"] == "iio:device0"


def test_another_kind_of_device_is_refused(tree):
    (tree / "iio:device0/name").write_text("ads1015\n")
    with pytest.raises(OpenError) as caught:
        source(tree, "mode=poll").open()
    assert caught.value.reason is Reason.WRONG_DEVICE


def test_a_device_that_is_not_there_is_answered_with_what_is(tree):
    with pytest.raises(OpenError, match=r"iio:device0 \(ina219\)"):
        source(tree, "mode=poll", "iio:device7").open()


def test_a_current_is_as_wrong_as_the_shunt_s_voltage_over_the_shunt(tree):
    """INA219 (SBOS448G): an offset of 200 uV at most, 2 mA through 0.1 ohm; 12 bits over 320 mV are steps of 80 uV, 0.8 mA."""
    made = source(tree, "mode=poll&shunt=0.1ohm&rails=board")
    made.open()
    found = made.channels[1].accuracy
    made.close()
    # What a warmer chip's offset adds in quadrature is less than 1 % of it.
    assert found.offset == pytest.approx(2e-3, rel=0.01) and found.step == pytest.approx(8e-4)
