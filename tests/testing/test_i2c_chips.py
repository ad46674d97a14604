"""The simulated power monitors against their datasheets, register by register, without any driver of ours."""

from __future__ import annotations

import errno

import pytest

from powermeter import registry
from powermeter.errors import ConfigurationError
from powermeter.source import PolledSource
from powermeter.testing.i2c_bus import SimulatedBus
from powermeter.testing.i2c_chips import (
    MODELS,
    SimulatedChip,
    SimulatedINA219,
    SimulatedINA226,
    SimulatedINA228,
    SimulatedINA238,
    SimulatedINA3221,
)


class Bench:
    """One chip on a bus, read and written as plain numbers at chosen times."""

    def __init__(self, chip: SimulatedChip) -> None:
        self.chip = chip
        self.bus = SimulatedBus(1e12).add(0x40, chip)  # the wire takes no time worth speaking of

    def wait(self, seconds: float) -> None:
        self.bus.clock.sleep(seconds)

    def read(self, register: int) -> int:
        data = self.bus.read_i2c_block_data(0x40, register, self.chip.size(register))
        return int.from_bytes(bytes(data), "big")

    def write(self, register: int, value: int) -> None:
        self.bus.write_i2c_block_data(0x40, register, [value >> 8 & 0xFF, value & 0xFF])


def constant(volts: float, amps: float):
    return lambda t: (volts, amps)


# INA219, SBOS448G ---------------------------------------------------------------------------------


def test_ina219_after_power_up():
    bench = Bench(SimulatedINA219(constant(5.0, 0.0)))
    assert [bench.read(r) for r in (0, 3, 4, 5)] == [0x399F, 0, 0, 0]


def test_ina219_flag_waits_for_both_conversions_and_clears_on_reading_power():
    bench = Bench(SimulatedINA219(constant(5.0, 0.1)))
    bench.wait(1.063e-3)
    assert not bench.read(2) & 2
    bench.wait(0.002e-3)
    assert bench.read(2) & 2
    bench.read(1), bench.read(2), bench.read(4)
    assert bench.read(2) & 2, "reading shunt, bus or current does not clear it"
    bench.read(3)
    assert not bench.read(2) & 2
    bench.wait(1.064e-3)
    assert bench.read(2) & 2
    bench.write(0, 0x399F)
    assert not bench.read(2) & 2, "writing a mode clears it"


@pytest.mark.parametrize(
    ("config", "amps", "code"),
    [
        (0x399F, 1.0, 10000),
        (0x399F, -1.0, -10000),
        (0x399F, 3.3, 32000),
        (0x399F, -3.3, -32000),
        (0x399F, 0.00054, 8),
        (0x399F, 0.00026, 0),  # ±320 mV: steps of 80 µV
        (0x019F, 0.0002, 2),
        (0x019F, 0.5, 4000),  # ±40 mV
        (0x0187, 0.0005, 8),  # ±40 mV, 9 bit: steps of 80 µV
    ],
)
def test_ina219_shunt_codes(config, amps, code):
    bench = Bench(SimulatedINA219(constant(5.0, amps), 0.1))
    bench.write(0, config)
    bench.wait(0.01)
    raw = bench.read(1)
    assert raw - (raw >> 15 << 16) == code


@pytest.mark.parametrize(
    ("config", "volts", "code"), [(0x399F, 12.0, 3000), (0x199F, 20.0, 4000), (0x399F, 25.904, 6476)]
)
def test_ina219_bus_codes(config, volts, code):
    bench = Bench(SimulatedINA219(constant(volts, 0.0)))
    bench.write(0, config)
    bench.wait(0.01)
    assert bench.read(2) >> 3 == code


def test_ina219_arithmetic_and_the_void_bit():
    # 0.1 Ω and 100 µA: calibration 4096; current equals shunt; power = current × bus / 5000.
    bench = Bench(SimulatedINA219(constant(12.0, 1.0), 0.1))
    bench.wait(0.01)
    assert bench.read(4) == 0 and bench.read(3) == 0, "without calibration the products are 0"
    bench.write(5, 4096)
    bench.wait(0.01)
    assert bench.read(4) == bench.read(1) == 10000
    assert bench.read(3) == 10000 * 3000 // 5000
    bench.write(5, 0x7FFF)
    assert bench.read(5) == 0x7FFE


def test_ina219_overflow_leaves_shunt_and_bus_good():
    bench = Bench(SimulatedINA219(constant(12.0, 3.0), 0.1))
    bench.write(5, 0xFFFE)
    bench.wait(0.01)
    assert bench.read(2) & 1 and bench.read(1) == 30000 - 30000 % 8 and bench.read(2) >> 3 == 3000


def test_ina219_averages():
    bench = Bench(SimulatedINA219(lambda t: (5.0, 1.0 if t % 2e-3 < 1e-3 else 0.0), 0.1))
    bench.write(0, 0x3800 | 0xF << 7 | 0xF << 3 | 7)
    bench.wait(0.1361)
    assert not bench.read(2) & 2
    bench.wait(0.0002)
    assert bench.read(2) & 2
    assert 0 < bench.read(1) < 10000


def test_reset_bit():
    for chip, register, reset in (
        (SimulatedINA219, 0, 0x399F),
        (SimulatedINA226, 0, 0x4127),
        (SimulatedINA3221, 0, 0x7127),
    ):
        bench = Bench(chip(constant(5.0, 0.1)))
        bench.write(0, 0x0FFF & reset | 1)
        bench.write(0, 0x8000)
        assert bench.read(register) == reset


# INA226, SBOS547 ----------------------------------------------------------------------------------


def test_ina226_identity_flag_and_arithmetic():
    bench = Bench(SimulatedINA226(constant(12.0, 0.5), 0.1))
    assert (bench.read(0), bench.read(0xFE), bench.read(0xFF)) == (0x4127, 0x5449, 0x2260)
    bench.write(5, 2048)
    bench.wait(2.199e-3)
    assert not bench.read(6) & 8
    bench.wait(0.002e-3)
    bench.read(1), bench.read(2)
    assert bench.read(6) & 8 and not bench.read(6) & 8, "reading 06h clears it, reading results does not"
    assert bench.read(1) == bench.read(4) == 20000
    assert bench.read(2) == 9600
    assert bench.read(3) == 20000 * 9600 // 20000


def test_ina226_saturates():
    bench = Bench(SimulatedINA226(constant(12.0, -2.0), 0.1))
    bench.wait(0.01)
    assert bench.read(1) == 0x8000


# INA3221, SBOS576 ---------------------------------------------------------------------------------


def test_ina3221_channels_flag_and_sum():
    loads = [constant(5.0, 0.8), constant(12.0, -0.8), constant(3.3, 0.04)]
    bench = Bench(SimulatedINA3221(loads, [0.1, 0.1, 0.1]))
    bench.write(15, 0x7000)
    bench.wait(6.599e-3)
    assert not bench.read(15) & 1
    bench.wait(0.002e-3)
    assert bench.read(15) & 1 and not bench.read(15) & 1
    assert bench.read(3) == 0xC180, "−80 mV as the datasheet prints it"
    assert [bench.read(r) >> 3 for r in (1, 2, 5, 6)] == [2000, 625, 100, 412]
    assert bench.read(13) == (2000 - 2000 + 100) << 1


def test_ina3221_converts_enabled_channels_only():
    bench = Bench(SimulatedINA3221(constant(5.0, 0.4)))
    bench.write(0, 0x1127)
    bench.wait(2.201e-3)
    assert bench.read(15) & 1
    assert bench.read(5) and not bench.read(1) and not bench.read(3)


# INA228 and INA238, SLYS021A and SLYS025B ---------------------------------------------------------


def test_ina228_worked_example():
    # 10 A, 16.2 mΩ: SHUNT_CAL 4050.  At 48 V and 6 A the datasheet prints these numbers.
    bench = Bench(SimulatedINA228(constant(48.0, 6.0), 16.2e-3))
    bench.write(2, 4050)
    bench.wait(0.01)
    assert bench.read(4) >> 4 == 311040
    assert bench.read(5) >> 4 == 245760
    assert bench.read(7) >> 4 == 314572
    assert bench.read(8) == pytest.approx(4718604, rel=1e-5)
    bench.wait(1.0)
    # 288 W × 1 s at 976.5625 µJ, 6 C at 19.073486 µC.
    assert bench.read(9) == pytest.approx(288 * 1.01 / 976.5625e-6, rel=0.005)
    assert bench.read(10) == pytest.approx(6 * 1.01 / 19.073486e-6, rel=0.005)
    assert bench.read(6) == 3200


def test_ina228_narrow_range_and_sign():
    bench = Bench(SimulatedINA228(constant(5.0, -0.01), 1.0))
    bench.write(0, 0x0010)
    bench.wait(0.01)
    assert bench.read(4) >> 4 == (1 << 20) - 128000
    assert bench.read(10) > 1 << 39, "charge is signed"


def test_ina228_flag_is_kept_only_while_latched():
    bench = Bench(SimulatedINA228(constant(5.0, 0.1)))
    bench.wait(3.4e-3)
    assert not bench.read(11) & 2, "without ALATCH it goes by itself"
    bench.write(11, 0x8000)
    bench.wait(3.4e-3)
    assert bench.read(11) & 2 and not bench.read(11) & 2


def test_ina228_accumulators_wrap_and_reset():
    bench = Bench(SimulatedINA228(constant(5.0, 1.0), 0.1))
    bench.chip.energy = float((1 << 40) - 10)
    bench.wait(0.1)
    assert bench.read(11) & 0x0800
    assert bench.read(9) < 1 << 20
    assert not bench.read(11) & 0x0800, "reading the energy clears its overflow"
    bench.write(0, 0x4000)
    assert bench.read(10) == 0


@pytest.mark.parametrize(("amps", "code"), [(6.0, 19440), (-6.0, 0xB410)])
def test_ina238_worked_example(amps, code):
    bench = Bench(SimulatedINA238(constant(48.0, amps), 16.2e-3))
    bench.write(2, 4050)
    bench.wait(0.01)
    assert (bench.read(4), bench.read(5), bench.read(6)) == (code, 15360, 200 << 4)
    raw = bench.read(7)
    assert raw - (raw >> 15 << 16) == (19661 if amps > 0 else -19661) or abs(raw - (raw >> 15 << 16)) == 19660
    assert bench.read(8) == pytest.approx(4718604, rel=1e-4)


# The bus ------------------------------------------------------------------------------------------


def test_a_hang_times_out_and_passes():
    bus = SimulatedBus().add(0x40, SimulatedINA219(constant(5.0, 0.1)))
    bus.hang()
    with pytest.raises(OSError) as caught:
        bus.read_word_data(0x40, 0)
    assert caught.value.errno == errno.ETIMEDOUT
    bus.hang(False)
    assert bus.read_word_data(0x40, 0) == 0x9F39


def test_words_are_little_endian_and_the_pointer_stays():
    bus = SimulatedBus().add(0x40, SimulatedINA226(constant(5.0, 0.1)))
    assert bus.read_word_data(0x40, 0xFE) == 0x4954
    assert bus.read_byte(0x40) == 0x54


def test_more_than_one_read_is_refused_as_on_a_raspberry_pi():
    smbus2 = pytest.importorskip("smbus2")
    bus = SimulatedBus(single_read=True).add(0x40, SimulatedINA226(constant(5.0, 0.1)))
    pair = smbus2.i2c_msg.write(0x40, [0xFE]), smbus2.i2c_msg.read(0x40, 2)
    bus.i2c_rdwr(*pair)
    assert bytes(pair[1]) == b"TI"
    with pytest.raises(OSError) as caught:
        bus.i2c_rdwr(*pair, *pair)
    assert caught.value.errno == errno.EOPNOTSUPP


# For people without hardware ----------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_virtual_bus_gives_the_load_asked_for(model):
    source = registry.source(f"{model}://virtual/0x40?shunt=0.1ohm&load=5.0,0.4&rate=200Hz")
    assert isinstance(source, PolledSource)
    source.open()
    row = None
    for _ in range(40):
        row = source.sample()
        if row is not None and row.codes[0]:
            break
    source.close()
    assert row is not None
    volts, amps = (code * c.scale for code, c in zip(row.codes[:2], source.channels[:2], strict=True))
    assert volts == pytest.approx(5.0, abs=0.01) and amps == pytest.approx(0.4, abs=0.001)


def test_a_virtual_bus_has_no_chip_that_is_not_simulated():
    with pytest.raises(ConfigurationError, match="no simulated ina260"):
        registry.source("ina260://virtual/0x40").open()
    with pytest.raises(ConfigurationError, match="volts,amps"):
        registry.source("ina219://virtual/0x40?shunt=0.1ohm&load=5V").open()
