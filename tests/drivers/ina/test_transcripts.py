"""Registers as the datasheets print them, through the whole driver: bytes in, volts and amperes out."""

from __future__ import annotations

import pytest
from register_bus import IDS, READY, RegisterBus

from powermeter import registry
from powermeter.channel import MISSING, rail_names
from powermeter.drivers.ina.ina219 import shunt_limits
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.source import SATURATED, Address, PolledSource, saturated


def opened(
    url: str, registers: dict[int, int] | None = None, **bus_options: bool
) -> tuple[PolledSource, RegisterBus]:
    """Open a source on plain registers."""
    address = Address.parse(url)
    bus = RegisterBus({**IDS.get(address.scheme, {}), **(registers or {})}, **bus_options)
    source = registry.driver_class(address.scheme)(address, lambda name, placements: bus)
    source.open()
    bus.log.clear()
    return source, bus


def values(url: str, registers: dict[int, int], **bus_options: bool) -> dict[str, float]:
    """Return the SI values of one row by the last part of the channel's name."""
    source, bus = opened(url, registers, **bus_options)
    bus.registers.update(READY[source.address.scheme])
    bus.registers.update(registers)
    row = source.sample()
    assert row is not None
    return {
        channel.name: code * channel.scale + channel.offset
        for channel, code in zip(source.channels, row.codes, strict=True)
        if code != MISSING
    }


# Register values → volts, amperes.  Sources: INA219 SBOS448G tables of shunt codes by gain; INA226
# SBOS547; INA238 SLYS025B design example; INA228 as printed in SLYS023A and seen on a chip; INA3221
# SBOS576; INA260 SBOS656; INA745 returned-values table; INA236 SBOSA81D.
WORKED = [
    ("ina219", "shunt=0.1ohm", {1: 0x7D00, 2: 0x1F42}, 4.0, 3.2),
    ("ina219", "shunt=0.1ohm", {1: 0x8300, 2: 0x1F42}, 4.0, -3.2),
    ("ina219", "shunt=0.1ohm", {1: 0xFFFF, 2: (1275 << 3) | 2}, 5.1, -0.0001),
    ("ina219", "shunt=0.1ohm", {1: 2500, 2: (1275 << 3) | 2}, 5.1, 0.25),
    ("ina219", "shunt=10mohm&range=40mV", {1: 0xF060, 2: (8000 << 3) | 2}, 32.0, -4.0),
    ("ina226", "shunt=10mohm", {1: 0x1F40, 2: 9600}, 12.0, 2.0),
    ("ina226", "shunt=0.1ohm", {1: 0x8300, 2: 0x2570}, 11.98, -0.8),
    ("ina231", "shunt=2mohm", {1: 0x7FFF, 2: 0}, 0.0, 40.95875),
    ("ina260", "", {1: 0x2710, 2: 9584}, 11.98, 12.5),
    ("ina260", "", {1: 0xFFFF, 2: 9584}, 11.98, -0.00125),
    ("ina236", "shunt=10mohm", {1: 400, 2: 3125}, 5.0, 0.1),
    ("ina238", "shunt=16.2mohm", {4: 19440, 5: 15360}, 48.0, 6.0),
    ("ina238", "shunt=16.2mohm", {4: 0xB410, 5: 15360}, 48.0, -6.0),
    ("ina237", "shunt=16.2mohm&range=40mV", {4: 19440, 5: 15360}, 48.0, 1.5),
    ("ina228", "shunt=16.2mohm", {4: 311040 << 4, 5: 245760 << 4}, 48.0, 6.0),
    ("ina228", "shunt=16.2mohm", {4: (-311040 << 4) & 0xFFFFFF, 5: 245760 << 4}, 48.0, -6.0),
    ("ina228", "shunt=1ohm&range=40mA", {4: 0x005900, 5: 0x0C6A30}, 9.93184, 0.11125e-3),
    ("ina745", "", {7: 0x3A98, 5: 0x1E00}, 24.0, 18.0),
    ("ina700", "", {7: 10417, 5: 3840}, 12.0, 5.00016),
    ("ina700", "", {7: 0xB410, 5: 3840}, 12.0, -9.3312),
]


@pytest.mark.parametrize(("scheme", "options", "registers", "volts", "amps"), WORKED)
def test_worked_examples(scheme, options, registers, volts, amps):
    found = list(values(f"{scheme}://1/0x40?{options}", registers).values())
    assert found[0] == pytest.approx(volts, rel=1e-5)
    assert found[1] == pytest.approx(amps, rel=1e-5)


@pytest.mark.parametrize(("scheme", "options", "registers", "volts", "amps"), WORKED[:14])
def test_the_same_by_smbus_words_alone(scheme, options, registers, volts, amps):
    found = list(values(f"{scheme}://1/0x40?{options}", registers, plain_i2c=False).values())
    assert found[:2] == pytest.approx([volts, amps], rel=1e-5)


def test_three_channels_of_an_ina3221():
    # −80 mV is C180h (SBOS576); shunt code 200 at 40 µV is 8 mV; bus code 625 at 8 mV is 5 V.
    registers = {1: 0xC180, 2: 625 << 3, 3: 200 << 3, 4: 1500 << 3, 5: 0xFFF8, 6: 0}
    found = values("ina3221://1/0x41?shunt=0.1ohm,10mohm,5mohm&rails=IN,CPU,GPU&parents=,IN,IN", registers)
    assert found == pytest.approx(
        {
            "in.voltage": 5.0,
            "in.current": -0.8,
            "cpu.voltage": 12.0,
            "cpu.current": 0.8,
            "gpu.voltage": 0.0,
            "gpu.current": -0.008,
        }
    )


def test_a_channel_left_out_is_not_converted_and_not_read():
    source, bus = opened("ina3221://1/0x40?shunt=5mohm&rails=VDD_IN,,VDD_SOC")
    assert [channel.name for channel in source.channels] == [
        "vdd_in.voltage",
        "vdd_in.current",
        "vdd_soc.voltage",
        "vdd_soc.current",
    ]
    assert bus.registers[0] & 0x7000 == 0x5000
    bus.registers[15] = 0x7001
    source.sample()
    assert {register for kind, register, _ in bus.log} <= {0, 15, 1, 2, 5, 6}


@pytest.mark.parametrize(
    ("rails", "bits", "read"),
    [
        ("IN", 0x4000, {1, 2}),
        (",CPU", 0x2000, {3, 4}),
        (",,SOC", 0x1000, {5, 6}),
        ("IN,CPU", 0x6000, {1, 2, 3, 4}),
        (",CPU,SOC", 0x3000, {3, 4, 5, 6}),
        ("IN,CPU,SOC", 0x7000, {1, 2, 3, 4, 5, 6}),
    ],
)
def test_the_enable_bits_of_an_ina3221_are_those_of_its_rails(rails, bits, read):
    """SBOS576C, table 8-4: bit 14 enables channel 1, bit 13 channel 2, bit 12 channel 3."""
    source, bus = opened(f"ina3221://1/0x40?shunt=5mohm&rails={rails}")
    assert bus.registers[0] & 0x7000 == bits
    bus.registers[15] = 0x7001
    source.sample()
    registers = {register for _, register, _ in bus.log} - {0, 15}
    assert registers & set(range(1, 7)) == read


def test_counters_of_an_ina228():
    # SLYS023A: with 10 A full scale and 16.2 mΩ an energy count is 976.5625 µJ and a charge count one
    # current LSB (19.073486 µC).  With SHUNT_CAL 4096 both scale by the ratio of the current LSBs.
    shunt_ohm = 16.2e-3
    ratio = (312.5e-9 / shunt_ohm) / 19.073486e-6
    energy, charge = 1061683200, 1132462080
    found = values(f"ina228://1/0x40?shunt={shunt_ohm}ohm", {9: energy, 10: charge, 4: 0, 5: 0})
    assert found["ina228_40.energy"] == pytest.approx(1_036_800 * ratio, rel=1e-6)
    assert found["ina228_40.charge"] == pytest.approx(21_600 * ratio, rel=1e-6)


def test_counters_of_an_ina745():
    found = values("ina745://1/0x40", {9: 0x30479E8, 10: 432_000_000})
    assert found["ina745_40.energy"] == pytest.approx(194_400)
    assert found["ina745_40.charge"] == pytest.approx(32_400)


def test_a_charge_one_below_zero_is_minus_one_and_not_two_to_the_40():
    source, bus = opened("ina228://1/0x40?shunt=1ohm")
    bus.registers.update(READY["ina228"])
    bus.registers[10] = 0xFFFFFFFFFF
    row = source.sample()
    assert row is not None and row.codes[3] == -1


def test_die_temperature():
    found = values("ina228://1/0x40?shunt=1ohm&die=yes", {6: 3200})
    assert found["ina228_40.die"] == pytest.approx(25.0)
    assert values("ina228://1/0x40?shunt=1ohm&die=yes", {6: 0x0BB5})["ina228_40.die"] == pytest.approx(
        23.414, abs=1e-3
    )
    assert values("ina238://1/0x40?shunt=1ohm&die=yes", {6: 200 << 4})["ina238_40.die"] == pytest.approx(25.0)
    assert values("ina238://1/0x40?shunt=1ohm&die=yes", {6: (-8 << 4) & 0xFFFF})["ina238_40.die"] == -1.0


# What is read, in order: INA219 leaves power to the end, which clears its flag; the others begin with
# the register that holds the flag.
ORDER = [
    ("ina219", "shunt=0.1ohm", {2: 2}, [2, 1, 3]),
    ("ina226", "shunt=0.1ohm", {}, [6, 1, 2]),
    ("ina260", "", {}, [6, 1, 2]),
    ("ina3221", "shunt=0.1ohm", {}, [15, 1, 2, 3, 4, 5, 6]),
    ("ina228", "shunt=0.1ohm", {}, [11, 4, 5, 9, 10]),
    ("ina228", "shunt=0.1ohm&counters=no", {}, [11, 4, 5]),
    ("ina238", "shunt=0.1ohm", {}, [11, 4, 5]),
]


@pytest.mark.parametrize(("scheme", "options", "registers", "order"), ORDER)
def test_what_a_row_reads_and_in_which_order(scheme, options, registers, order):
    source, bus = opened(f"{scheme}://1/0x40?{options}")
    bus.registers.update({**READY[scheme], **registers})
    assert source.sample() is not None
    assert [register for _, register, _ in bus.log] == order
    assert all(kind == "read" for kind, _, _ in bus.log)


@pytest.mark.parametrize("scheme", ["ina219", "ina226", "ina3221", "ina228", "ina238"])
def test_nothing_is_recorded_while_a_conversion_runs(scheme):
    source, bus = opened(f"{scheme}://1/0x40?shunt=0.1ohm")
    ready = {
        "ina219": {2: 8},
        "ina226": {6: 1},
        "ina3221": {15: 0x7000},
        "ina228": {11: 0x8001},
        "ina238": {11: 0x8001},
    }
    bus.registers.update(ready[scheme])
    assert source.sample() is None


SETUPS = [
    # Range, ADC and mode as the datasheets' bit tables give them for 100 Hz (10 ms less 10 %).
    # INA219: 32 V, ±320 mV, bus 12 bit (3), shunt 16 samples (Ch), mode 7; calibration 4096.
    ("ina219://1/0x40?shunt=0.1ohm&rate=100Hz", {0: 0x39E7, 5: 0x1000}),
    # INA219: 16 V, 0.4 A × 0.1 Ω = 40 mV, both 12 bit.
    (
        "ina219://1/0x40?shunt=0.1ohm&range=0.4A&bus_range=16V&bits=12&averages=1&rate=100Hz",
        {0: 0x019F, 5: 0x1000},
    ),
    # INA226: 16 averages of 1.1 ms (code 4) each, as the kernel's hwmon driver sets it: 4527h.
    ("ina226://1/0x40?shunt=0.1ohm&averages=16&conversion=1.1ms", {0: 0x4527, 5: 0x0800}),
    # INA260: the same, reset bits 110b: 6527h.
    ("ina260://1/0x40?averages=16&conversion=1.1ms", {0: 0x6527}),
    # INA3221, all channels, no averaging, 1.1 ms: the reset value 7127h.
    ("ina3221://1/0x40?shunt=0.1ohm&averages=1&conversion=1.1ms", {0: 0x7127}),
    # INA238: bus and shunt continuously (Bh), 1052 µs (5) each, 16 averages (2).
    ("ina238://1/0x40?shunt=15mohm&averages=16&conversion=1.052ms", {0: 0x0000, 1: 0xBB42, 2: 0x1000}),
    # INA228, ±40.96 mV.
    (
        "ina228://1/0x40?shunt=15mohm&range=2A&averages=16&conversion=1.052ms",
        {0: 0x0010, 1: 0xBB42, 2: 0x1000},
    ),
]


@pytest.mark.parametrize(("url", "registers"), SETUPS)
def test_what_is_written(url, registers):
    _, bus = opened(url)
    assert {register: bus.registers.get(register, 0) for register in registers} == registers


def test_a_chip_that_is_set_up_already_is_not_disturbed():
    source, bus = opened("ina226://1/0x40?shunt=0.1ohm")
    bus.log.clear()
    source.open()
    assert not [entry for entry in bus.log if entry[0] == "write"]


def test_the_end_of_the_range_is_marked():
    source, bus = opened("ina219://1/0x40?shunt=0.1ohm&range=0.4A")
    for shunt, flag in ((4000, SATURATED), (3999, 0), (0xF060, SATURATED), (0xF061, 0)):
        bus.registers.update({1: shunt, 2: (1250 << 3) | 2, 3: 1})
        row = source.sample()
        assert row is not None and row.flags == flag
    current = source.channels[1]
    assert (current.low_code, current.high_code) == (-4000, 4000)


def test_overflow_with_calibration_in_place_leaves_the_values_good():
    source, bus = opened("ina219://1/0x40?shunt=0.1ohm")
    bus.registers.update({1: 1000, 2: (1250 << 3) | 3, 3: 1})
    assert source.sample().codes == (1250, 1000)


def lost(source: PolledSource) -> ReadError:
    with pytest.raises(ReadError) as caught:
        source.sample()
    assert caught.value.reason is Reason.LOST_SETUP
    return caught.value


def test_an_ina219_without_calibration_multiplies_to_zero_and_is_found_out():
    source, bus = opened("ina219://1/0x40?shunt=0.1ohm")
    wanted = bus.registers[0]
    bus.registers.update({0: 0x399F, 5: 0, 1: 4000, 2: (1250 << 3) | 2, 3: 0})
    assert "lost its configuration" in str(lost(source))
    assert bus.registers[0] == wanted and bus.registers[5] == 0x1000
    bus.registers[3] = 5000 & 0xFFFF
    assert source.sample().codes == (1250, 4000)


def test_an_ina226_that_restarted_shows_it_in_the_flag_register():
    source, bus = opened("ina226://1/0x40?shunt=0.1ohm")
    bus.registers.update({0: 0x4127, 5: 0, 6: 0x0008})
    lost(source)
    assert bus.registers[5] == 0x0800 and bus.registers[6] & 1


def test_an_ina3221_that_restarted_shows_it_in_the_flag_register():
    source, bus = opened("ina3221://1/0x40?shunt=0.1ohm")
    bus.registers.update({0: 0x7127, 15: 0x0003})
    lost(source)
    assert bus.registers[15] & 0x7000


def test_an_ina228_that_restarted_is_no_longer_latched():
    source, bus = opened("ina228://1/0x40?shunt=0.1ohm&range=0.4A")
    bus.registers.update({0: 0, 1: 0xFB68, 11: 0x0003})
    lost(source)
    assert bus.registers[0] == 0x0010 and bus.registers[11] & 0x8000


def test_a_changed_configuration_is_noticed_even_at_rest():
    source, bus = opened("ina219://1/0x40?shunt=0.1ohm")
    bus.registers.update({0: 0x019F, 1: 0, 2: (1250 << 3) | 2, 3: 0})
    bus.clock.sleep(0.3)
    lost(source)


def test_alerts_that_somebody_set_are_left_as_they_are():
    source, bus = opened("ina226://1/0x40?shunt=0.1ohm", {6: 0x8000})
    bus.registers[6] = 0x8008
    assert source.sample() is not None and bus.registers[6] == 0x8008


def test_a_charge_counter_that_overflowed_is_a_gap_and_starts_again():
    source, bus = opened("ina228://1/0x40?shunt=0.1ohm")
    bus.registers.update({11: 0x8403})
    with pytest.raises(ReadError) as caught:
        source.sample()
    assert caught.value.reason is Reason.BAD_DATA
    assert ("write", 0, 0x4000) in bus.log


def test_a_chip_that_stops_converting_is_frozen():
    source, bus = opened("ina226://1/0x40?shunt=0.1ohm")
    bus.registers[6] = 1
    reasons = []
    for _ in range(100):
        bus.clock.sleep(0.01)
        try:
            assert source.sample() is None
        except ReadError as error:
            reasons.append(error.reason)
    assert reasons and set(reasons) == {Reason.FROZEN}


@pytest.mark.parametrize(
    ("scheme", "registers"), [("ina226", {0xFE: 0, 0xFF: 0}), ("ina228", {0x3F: 0x2381})]
)
def test_another_chip_is_not_taken_for_this_one(scheme, registers):
    with pytest.raises(OpenError) as caught:
        opened(f"{scheme}://1/0x40?shunt=0.1ohm", registers)
    assert caught.value.reason is Reason.WRONG_DEVICE
    assert "powermeter devices" in str(caught.value)


def test_a_restart_that_changes_the_scale_shows_at_once_even_at_full_speed():
    source, bus = opened("ina228://1/0x40?shunt=0.1ohm&range=0.4A&rate=max", {11: 0x8003})
    bus.registers.update({4: 1000 << 4, 5: 2000 << 4, 11: 0x8003})
    assert source.sample() is not None
    bus.registers.update({0: 0, 1: 0xFB68, 11: 0x0003})
    lost(source)


@pytest.mark.parametrize(
    ("grade", "full_v", "gain", "offset_v"),
    [  # TI SBOS448G, electrical characteristics: typical, maximum; shunt offset by PGA range
        ("a", 0.04, (0.002, 0.005), (10e-6, 100e-6)),
        ("a", 0.08, (0.002, 0.005), (20e-6, 125e-6)),
        ("a", 0.16, (0.002, 0.005), (30e-6, 150e-6)),
        ("a", 0.32, (0.002, 0.005), (40e-6, 200e-6)),
        ("b", 0.04, (0.002, 0.003), (10e-6, 50e-6)),
        ("b", 0.08, (0.002, 0.003), (20e-6, 75e-6)),
        ("b", 0.16, (0.002, 0.003), (30e-6, 75e-6)),
        ("b", 0.32, (0.002, 0.003), (40e-6, 100e-6)),
    ],
)
def test_the_limits_of_an_ina219_are_those_of_its_datasheet(grade, full_v, gain, offset_v):
    found = shunt_limits(grade, full_v)
    assert (found.gain, found.offset) == (gain, offset_v)
    assert found.offset_drift == (0.1e-6, 0.1e-6)  # V/°C
    assert found.gain_drift[1] * 60 == pytest.approx(0.005, rel=0.01)  # 0.5 % more at 85 °C than at 25 °C


@pytest.mark.parametrize("parents", ["", "&parents=,IN,IN"])
@pytest.mark.parametrize("at", [0, 1])
def test_the_end_of_one_rails_range_is_no_other_rails(at: int, parents: str) -> None:
    """One of three inputs at its largest code, 0x7FF8; what another one feeds has a shunt of its own."""
    source, bus = opened(f"ina3221://1/0x40?shunt=0.1ohm,10mohm,5mohm&rails=IN,CPU,GPU{parents}")
    bus.registers.update({1 + 2 * at: 0x7FF8, 15: 0x7001})
    row = source.sample()
    assert row is not None and row.flags == saturated(at)


def test_totals_are_marked_with_the_rail_whose_current_they_count() -> None:
    """An INA228's shunt at its largest code, 0x7FFFF: its rail, and the rail of its counters, which are all."""
    source, bus = opened("ina228://1/0x40?shunt=0.1ohm&rate=max")
    assert rail_names(source.channels) == ["ina228_40", "ina228_40.totals"]
    bus.registers.update({4: 0x7FFFF << 4, 11: 0x8003})
    row = source.sample()
    assert row is not None and row.flags == SATURATED
