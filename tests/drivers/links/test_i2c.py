"""Transfers on an I²C bus: what goes over the wire, what an adapter refuses, who holds a chip, what is found."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from powermeter import registry
from powermeter.drivers.ina.scan import scan
from powermeter.drivers.links.i2c import RegisterLink, bus_path, holder
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.testing.i2c_bus import SimulatedBus
from powermeter.testing.i2c_chips import MODELS


def bus_with(*chips: tuple[int, str], **options) -> SimulatedBus:
    """Return a bus with chips at their defaults."""
    bus = SimulatedBus(100_000, **options)
    for address, model in chips:
        bus.add(address, MODELS[model](lambda t: (5.0, 0.2), 0.1))
    return bus


@pytest.mark.parametrize("options", [{}, {"plain_i2c": False}, {"single_read": True}])
def test_a_register_comes_in_the_chips_byte_order_on_every_kind_of_adapter(options):
    bus = bus_with((0x40, "ina228"), **options)
    link = RegisterLink(bus, "1", 0x40)
    assert link.claim(0x3E) == 0x5449
    assert link.read(0x3E) == 0x5449
    link.write(0x02, 0x0FD2)
    assert link.read(0x02) == 0x0FD2
    bus.clock.sleep(0.01)
    assert link.read(0x05, 3) == round(5.0 / 195.3125e-6) << 4


@pytest.mark.parametrize(("register", "size", "bits"), [(0x01, 2, 48), (0x05, 3, 57), (0x09, 5, 75)])
def test_a_read_takes_what_the_wire_takes(register, size, bits):
    bus = bus_with((0x40, "ina228"))
    link = RegisterLink(bus, "1", 0x40)
    before = bus.clock.now_ns()
    link.read(register, size)
    assert bus.clock.now_ns() - before == pytest.approx(bits / 100_000 * 1e9)


def test_a_write_takes_what_the_wire_takes():
    bus = bus_with((0x40, "ina219"))
    before = bus.clock.now_ns()
    RegisterLink(bus, "1", 0x40).write(0, 0x399F)
    assert bus.clock.now_ns() - before == pytest.approx(38 / 100_000 * 1e9)


def test_an_adapter_that_turns_out_to_refuse_plain_transfers_is_read_by_words():
    bus = bus_with((0x40, "ina219"))

    def refuse(*messages):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    bus.i2c_rdwr = refuse
    link = RegisterLink(bus, "1", 0x40)
    assert link.transfers == "I2C"
    assert link.read(0) == 0x399F
    assert link.transfers == "SMBus"


@pytest.mark.parametrize("code", [errno.EREMOTEIO, errno.ENXIO, errno.EIO, errno.EAGAIN, errno.EPROTO])
def test_no_answer_is_tried_three_times(code):
    bus = bus_with((0x40, "ina219"))
    link = RegisterLink(bus, "1", 0x40)
    bus.fail(code, 2)
    assert link.read(0) == 0x399F
    bus.fail(code, 3)
    with pytest.raises(ReadError) as caught:
        link.read(0)
    assert caught.value.reason is Reason.NO_ANSWER
    assert errno.errorcode[code] in str(caught.value) and "0x40" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "reason"), [(errno.ETIMEDOUT, Reason.NO_ANSWER), (errno.EBUSY, Reason.BUSY)]
)
def test_a_stuck_bus_is_not_pressed(code, reason):
    bus = bus_with((0x40, "ina219"))
    bus.fail(code)
    before = bus.transfers
    with pytest.raises(ReadError) as caught:
        RegisterLink(bus, "1", 0x40).read(0)
    assert caught.value.reason is reason and bus.transfers == before + 1


def test_a_chip_that_a_driver_holds_is_not_read_past_it():
    bus = bus_with((0x40, "ina219"))
    bus.hold(0x40)
    link = RegisterLink(bus, "9", 0x40)
    assert link.read(0) == 0x399F, "a plain transfer is not stopped by the kernel; that is why claim exists"
    with pytest.raises(OpenError) as caught:
        link.claim(0)
    assert caught.value.reason is Reason.BUSY and "i2c-9 0x40" in str(caught.value)


def sysfs_with(root: Path, driver: str, *, hwmon: str = "", iio: str = "") -> Path:
    device = root / "bus/i2c/devices/1-0040"
    target = root / "bus/i2c/drivers" / driver
    device.mkdir(parents=True)
    target.mkdir(parents=True)
    (device / "driver").symlink_to(target)
    if hwmon:
        (device / "hwmon/hwmon3").mkdir(parents=True)
        (device / "hwmon/hwmon3/name").write_text(hwmon + "\n")
    if iio:
        (device / iio).mkdir()
    return root


@pytest.mark.parametrize(
    ("driver", "made", "url"),
    [
        ("ina2xx", {"hwmon": "ina219"}, "hwmon://ina219-i2c-1-40"),
        ("ina3221", {"hwmon": "ina3221"}, "hwmon://ina3221-i2c-1-40"),
        ("ina2xx-adc", {"iio": "iio:device0"}, "iio://iio:device0"),
        ("at24", {}, ""),
    ],
)
def test_the_source_that_gives_a_held_chip_is_named(tmp_path, driver, made, url):
    sysfs_with(tmp_path, driver, **made)
    assert holder(Path("/dev/i2c-1"), 0x40, tmp_path) == (driver, url)
    assert holder(Path("/dev/i2c-1"), 0x41, tmp_path) is None


@pytest.mark.parametrize("name", ["1", "i2c-1", "/dev/i2c-1", "01"])
def test_names_of_a_bus(name):
    assert bus_path(name) == Path("/dev/i2c-1")


@pytest.mark.parametrize("name", ["", "one", "/dev/sda", "../i2c-1", "-1"])
def test_what_is_no_bus(name):
    with pytest.raises(ConfigurationError):
        bus_path(name)


def test_a_bus_that_is_not_there():
    with pytest.raises(OpenError) as caught:
        registry.source("ina219://99/0x40?shunt=0.1ohm").open()
    assert caught.value.reason is Reason.ABSENT and "/dev/i2c-99" in str(caught.value)


# Discovery ----------------------------------------------------------------------------------------


def scanned(bus: SimulatedBus, tmp_path: Path):
    return scan(["1"], lambda name: bus, tmp_path)


def test_each_chip_is_named_with_how_sure_that_is(tmp_path):
    bus = bus_with((0x40, "ina219"), (0x41, "ina226"), (0x42, "ina3221"), (0x44, "ina228"), (0x45, "ina238"))
    found = {one.url.partition("?")[0]: one for one in scanned(bus, tmp_path)}
    assert {url: one.certainty for url, one in found.items()} == {
        "ina219://1/0x40": "likely",
        "ina226://1/0x41": "sure",
        "ina3221://1/0x42": "sure",
        "ina228://1/0x44": "sure",
        # An INA237 may show INA238's number; its limits are the wider ones.
        "ina237://1/0x45": "likely",
    }
    assert len(found["ina3221://1/0x42"].rails) == 3
    assert found["ina219://1/0x40"].resolution_w == pytest.approx(0.5e-3)  # 0.1 mA at 5 V
    # Two registers of 48 bits at 100 kHz: 1042 pairs a second, below the chip's own rate.
    assert found["ina219://1/0x40"].rate_hz == pytest.approx(1042, rel=0.01)
    assert all(registry.source(one.url) for one in found.values())
    assert all("shunt" in one.problem for one in found.values()), "an example shunt must not be recorded with"


def test_a_chip_with_its_shunt_inside_can_be_recorded_from_as_it_is(tmp_path):
    bus = bus_with((0x40, "ina226"))
    bus.chip(0x40).registers.update({0: 0x6127, 0xFF: 0x2270})
    (found,) = scanned(bus, tmp_path)
    assert found.url == "ina260://1/0x40" and not found.problem and found.certainty == "sure"
    assert found.resolution_w == pytest.approx(6.25e-3)


def test_scanning_writes_nothing(tmp_path):
    bus = bus_with((0x40, "ina219"), (0x41, "ina226"), (0x42, "ina3221"), (0x44, "ina228"))
    kinds = []
    bus.log = lambda kind, address, register, value: kinds.append(kind)
    scanned(bus, tmp_path)
    assert set(kinds) == {"read"}


def test_an_address_without_register_0_is_asked_nothing_more(tmp_path):
    bus = bus_with((0x40, "ina219"))
    asked = []
    genuine = bus._read

    def picky(address, register, length):
        asked.append(register)
        if register is not None:
            raise OSError(errno.EREMOTEIO, "no such command")
        return genuine(address, register, length)

    bus._read = picky
    assert scanned(bus, tmp_path) == []
    assert set(asked) <= {None, 0}, "a humidity sensor at 0x40 takes FEh for a reset"


def test_a_chip_set_up_before_is_known_again(tmp_path):
    bus = bus_with((0x40, "ina219"))
    link = RegisterLink(bus, "1", 0x40)
    link.write(0, 0x39E7)
    link.write(5, 0x1000)
    (found,) = scanned(bus, tmp_path)
    assert found.url is not None and found.url.startswith("ina219://1/0x40") and found.certainty == "likely"


def test_something_else_is_called_unknown(tmp_path):
    bus = bus_with((0x48, "ina219"))
    RegisterLink(bus, "1", 0x48).write(0, 0x1234)
    (found,) = scanned(bus, tmp_path)
    assert found.url is None and found.problem and found.certainty == "guess"


def test_a_held_chip_is_left_to_the_source_of_its_driver(tmp_path):
    bus = bus_with((0x40, "ina219"))
    bus.hold(0x40)
    bus.read_byte = lambda address: bus._claim(address, None) or 0
    assert scanned(bus, sysfs_with(tmp_path / "a", "ina2xx", hwmon="ina219")) == []
    (found,) = scanned(bus, sysfs_with(tmp_path / "b", "gadget"))
    assert found.problem == "held by gadget"


def test_nothing_on_the_bus_is_nothing_found(tmp_path):
    assert scanned(SimulatedBus(), tmp_path) == []
