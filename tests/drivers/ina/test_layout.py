"""Which chips, rails and shunts a URL or a TOML file means, and how mistakes in them are answered."""

from __future__ import annotations

import pytest
from register_bus import RegisterBus

from powermeter import registry
from powermeter.channel import Boundary
from powermeter.errors import ConfigurationError, DataError
from powermeter.source import Address


def source(url: str):
    """Return an unopened source."""
    return registry.source(url)


def opened(url: str):
    """Open a source whose buses are plain registers; gives it and the buses by name."""
    buses: dict[str, RegisterBus] = {}
    address = Address.parse(url)

    def opener(name, placements):
        return buses.setdefault(name, RegisterBus({0xFE: 0x5449, 0xFF: 0x3220}))

    made = registry.driver_class(address.scheme)(address, opener)
    made.open()
    return made, buses


def test_the_shortest_url():
    made, buses = opened("ina219://1/0x40?shunt=0.1ohm")
    assert [channel.name for channel in made.channels] == ["ina219_40.voltage", "ina219_40.current"]
    assert list(buses) == ["1"]
    assert made.channels[1].scale == pytest.approx(1e-4)
    assert made.channels[0].rail.boundary is Boundary.BOARD


def test_two_chips_of_one_model_share_a_bus_and_each_has_its_shunt():
    made, _ = opened(
        "ina219://1/0x40,0x41?shunt=0.1ohm,10mohm&rails=board,usb&parents=,board&boundary=board,part"
    )
    rails = {channel.rail.name: channel.rail for channel in made.channels}
    assert rails["usb"].parent == "board" and rails["usb"].boundary is Boundary.PART
    scales = {channel.name: channel.scale for channel in made.channels}
    assert scales["board.current"] == pytest.approx(1e-4)
    assert scales["usb.current"] == pytest.approx(1e-3)


TOML = """
rate = "50Hz"
tolerance = "0.5%"

[[chip]]
model = "ina3221"
bus = 1
address = 0x40
averages = 4

[[chip.rail]]
channel = 1
name = "VDD_IN"
shunt = "5mohm"
boundary = "module"
covers = "the module, not its carrier"

[[chip.rail]]
channel = 3
name = "VDD_SOC"
parent = "VDD_IN"
shunt = "5mohm"
tolerance = "1%"
boundary = "part"

[[chip]]
model = "ina219"
bus = 2
address = "0x45"

[[chip.rail]]
name = "supply"
shunt = 0.1
"""


def test_a_toml_file_lays_out_several_chips(tmp_path):
    file = tmp_path / "rails.toml"
    file.write_text(TOML)
    made, buses = opened(f"ina://{file}")
    assert set(buses) == {"1", "2"}
    assert [channel.name for channel in made.channels] == [
        "vdd_in.voltage",
        "vdd_in.current",
        "vdd_soc.voltage",
        "vdd_soc.current",
        "supply.voltage",
        "supply.current",
    ]
    by_name = {channel.name: channel for channel in made.channels}
    assert by_name["vdd_in.current"].rail.covers == "the module, not its carrier"
    assert by_name["vdd_soc.current"].rail.parent == "VDD_IN"
    assert by_name["vdd_soc.current"].accuracy.gain > by_name["vdd_in.current"].accuracy.gain
    assert buses["1"].registers[0] & 0x7000 == 0x5000
    assert buses["1"].registers[0] >> 9 & 7 == 1  # four averages
    assert made.info()["chips"][1]["address"] == "0x45"


def test_a_row_of_several_chips_waits_for_all_of_them(tmp_path):
    file = tmp_path / "rails.toml"
    file.write_text(TOML)
    made, buses = opened(f"ina://{file}")
    buses["1"].registers.update({15: 0x7001, 1: 100 << 3, 2: 625 << 3, 5: 200 << 3, 6: 626 << 3})
    assert made.sample() is None
    buses["2"].registers.update({1: 1000, 2: 1250 << 3 | 2, 3: 1})
    assert made.sample().codes == [625, 100, 626, 200, 1250, 1000]


BAD_URLS = [
    ("ina219://1/0x40", "needs shunt="),
    ("ina219://1?shunt=0.1ohm", "which chip"),
    ("ina219://1/0x50?shunt=0.1ohm", "0x40 to 0x4f"),
    ("ina3221://1/0x44?shunt=0.1ohm", "0x40 to 0x43"),
    ("ina219://1/banana?shunt=0.1ohm", "not an I²C address"),
    ("ina219://1/0x40,0x40?shunt=0.1ohm", "twice"),
    ("ina219://1/0x40?shunt=100kohm", "not plausible"),
    ("ina219://1/0x40?shunt=0", "not plausible"),
    ("ina219://1/0x40?shunt=0.1ohm,0.1ohm", "2 values for 1"),
    ("ina260://1/0x40?shunt=0.1ohm", "shunt inside"),
    ("ina219://1/0x40?shunt=0.1ohm&grade=c", "no grade"),
    ("ina219://1/0x40?shunt=0.1ohm&range=3kg", "neither a current"),
    ("ina219://1/0x40?shunt=0.1ohm&ready=maybe", "poll, clock"),
    ("ina219://1/0x40?shunt=0.1ohm&boundary=moon", "moon"),
    ("ina219://1/0x40?shnt=0.1ohm", "did you mean shunt"),
    ("ina3221://1/0x40?shunt=0.1ohm&rails=a,a,b", "same name"),
    ("ina3221://1/0x40?shunt=0.1ohm&rails=a,b,c&parents=x", "not measured here"),
    ("ina3221://1/0x40?shunt=0.1ohm&rails=,,", "no channel"),
    ("ina219://1/0x40?shunt=0.1ohm&averages=0", "whole number"),
]


@pytest.mark.parametrize(("url", "words"), BAD_URLS)
def test_a_mistake_in_a_url_is_named_before_anything_is_opened(url, words):
    with pytest.raises(ConfigurationError) as caught:
        source(url)
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ina226://1/0x40?shunt=0.1ohm&range=2A", "81.92 mV"),
        ("ina219://1/0x40?shunt=0.1ohm&range=5A", "320.0 mV"),
        ("ina219://1/0x40?shunt=0.1ohm&bus_range=48V", "26.00 V, not 48.00 V; use another chip"),
        ("ina226://1/0x40?shunt=0.1ohm&averages=3", "1, 4, 16"),
        ("ina226://1/0x40?shunt=0.1ohm&conversion=3ms", "averages 1, 4"),
    ],
)
def test_what_the_chip_cannot_do_is_refused_with_what_it_can(url, words):
    with pytest.raises(ConfigurationError) as caught:
        opened(url)
    assert words in str(caught.value)


BAD_FILES = [
    ("", "[[chip]]"),
    ("chip = 3", "[[chip]]"),
    ("[[chip]]\nmodel = 'ina999'\n", "ina999"),
    ("[[chip]]\nmodel = 'ina219'\naddress = 0x40\n", "no bus"),
    ("[[chip]]\nmodel = 'ina219'\nbus = 1\naddress = 0x40\n", "no [[chip.rail]]"),
    ("[[chip]]\nmodel = 'ina219'\nbus = 1\naddress = 0x40\n[[chip.rail]]\nshunt = 1\n", "needs a name"),
    ("[[chip]]\nmodel = 'ina219'\nbus = 1\naddress = 0x40\n[[chip.rail]]\nname = 'a'\n", "needs shunt="),
    (
        "[[chip]]\nmodel='ina219'\nbus=1\naddress=0x40\n[[chip.rail]]\nname='a'\nchannel=2\nshunt=1\n",
        "channel '2'",
    ),
    ("[[chip]]\nmodel='ina219'\nbus=1\naddress=0x40\n[[chip.rail]]\nname='a'\nshunt=1\nweight=2\n", "weight"),
    (
        "[[chip]]\nmodel='ina219'\nbus=1\naddress=0x40\nspeed=1\n[[chip.rail]]\nname='a'\nshunt=1\n",
        "no option 'speed'",
    ),
    ("not toml at all [", "rails.toml"),
]


@pytest.mark.parametrize(("text", "words"), BAD_FILES)
def test_a_mistake_in_a_file_is_named(tmp_path, text, words):
    file = tmp_path / "rails.toml"
    file.write_text(text)
    with pytest.raises((ConfigurationError, DataError)) as caught:
        source(f"ina://{file}")
    assert words in str(caught.value) and "\n" not in str(caught.value)


def accuracy(url: str, name: str):
    made, _ = opened(url)
    return next(channel for channel in made.channels if channel.name.endswith(name)).accuracy


def test_limits_are_the_datasheets():
    # INA219A at ±40 mV: ±100 µV maximum, ±10 µV typical; 0.5 % of current; no shunt error assumed here.
    plain = "&tolerance=0&tempco=0&temperature=25degC"
    worst = accuracy(f"ina219://1/0x40?shunt=0.1ohm&range=0.4A{plain}", "current")
    assert (
        worst.offset == pytest.approx(100e-6 / 0.1)
        and worst.gain == pytest.approx(0.005)
        and not worst.typical
    )
    usual = accuracy(f"ina219://1/0x40?shunt=0.1ohm&range=0.4A&accuracy=typical{plain}", "current")
    assert usual.offset == pytest.approx(10e-6 / 0.1) and usual.gain == pytest.approx(0.002) and usual.typical
    better = accuracy(f"ina219://1/0x40?shunt=0.1ohm&range=0.4A&grade=b{plain}", "current")
    assert better.offset == pytest.approx(50e-6 / 0.1) and better.gain == pytest.approx(0.003)
    # Its widest range: ±200 µV, and over −25..85 °C 1 % in all.
    hot = accuracy("ina219://1/0x40?shunt=0.1ohm&tolerance=0&tempco=0&temperature=85degC", "current")
    assert hot.offset == pytest.approx((200e-6**2 + (0.1e-6 * 60) ** 2) ** 0.5 / 0.1)
    assert hot.gain == pytest.approx((0.005**2 + (83e-6 * 60) ** 2) ** 0.5)


def test_the_shunts_tolerance_joins_the_chips_gain_in_quadrature():
    found = accuracy("ina219://1/0x40?shunt=0.1ohm&temperature=25degC", "current")
    assert found.gain == pytest.approx((0.005**2 + 0.01**2) ** 0.5)
    assert "1.0 %" in found.source and "SBOS448G" in found.source


def test_an_old_ina230_is_budgeted_with_the_old_limits():
    old = accuracy("ina230://1/0x40?shunt=0.1ohm&temperature=25degC", "voltage")
    new = accuracy("ina230://1/0x40?shunt=0.1ohm&temperature=25degC&grade=2021", "voltage")
    assert old.gain == pytest.approx(0.005) and new.gain == pytest.approx(0.003)
    assert old.offset == pytest.approx(0.030)
