"""Every driver's accuracy, channel by channel, against what its maker, a measurement or our own assumption states.

No constant may change unseen: each channel of each registered driver stands in one of the two tables, with the
document that its figures are from.  Where nobody states an accuracy, the figure is ours and the row says so.
"""

from __future__ import annotations

import functools
import json
import math
import sys
from pathlib import Path

import pytest
from chip_data_sheets import CHIP_LIMITS, DRIFT, SISTERS
from driver_cases import CASES, missing_library

from powermeter import registry, toml
from powermeter.channel import Channel
from powermeter.drivers.ina.layout import CHIPS
from powermeter.drivers.links.link import Link
from powermeter.source import Source

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")

PERCENT, M, U, PPM = 0.01, 1e-3, 1e-6, 1e-6
MILLI_AMPERE_HOUR, MILLI_WATT_HOUR, CENTI_WATT_HOUR = 3.6, 3.6, 36.0  # C, J, J
WARMER_K = 15.0
"""An INA is taken to lie 15 K from the 25 °C of its data sheet where the URL says nothing."""
SHUNT = math.hypot(1 * PERCENT, 75 * U * WARMER_K)
"""A 1 % resistor of 75 ppm/K, which `docs/i2c.md` states for a URL that names neither."""
RC_CLOCK = 1.5 * PERCENT
"""A tester's own clock, as an RC oscillator from 0 to 55 degrees (ST DocID17659 Rev 10, STM32L151, table 30)."""
NONE = (0.0, 0.0, 0.0, 0.0)

# scheme: {channel: (gain, offset, step, clock)}; the URL of the driver's case stands in `driver_cases`.
STATED: dict[str, dict[str, tuple[float, float, float, float]]] = {
    # No document of their makers was found: at most 1 % in volts and 2 % in amperes of two other testers (yktoo.com,
    # post 0251), power both; the makers' digits: two in volts, four (TC66 five) in amperes.  Totals of 1 mAh and 1 mWh.
    **{
        name: {
            "voltage": (1 * PERCENT, 2 * 10 * M, 10 * M, 0.0),
            "current": (2 * PERCENT, 4 * 1 * M, 1 * M, 0.0),
            "power": (3 * PERCENT, 0.0, 1 * M, 0.0),
            "charge": (2 * PERCENT, 0.0, MILLI_AMPERE_HOUR, RC_CLOCK),
            "energy": (3 * PERCENT, 0.0, MILLI_WATT_HOUR, RC_CLOCK),
            "temperature": (0.0, 0.0, 1.0, 0.0),
        }
        for name in ("um24c", "um34c")
    },
    "um25c": {
        "voltage": (1 * PERCENT, 2 * 1 * M, 1 * M, 0.0),
        "current": (2 * PERCENT, 4 * 0.1 * M, 0.1 * M, 0.0),
        "power": (3 * PERCENT, 0.0, 1 * M, 0.0),
        "charge": (2 * PERCENT, 0.0, MILLI_AMPERE_HOUR, RC_CLOCK),
        "energy": (3 * PERCENT, 0.0, MILLI_WATT_HOUR, RC_CLOCK),
        "temperature": (0.0, 0.0, 1.0, 0.0),
    },
    "tc66": {
        "voltage": (1 * PERCENT, 2 * 0.1 * M, 0.1 * M, 0.0),
        "current": (2 * PERCENT, 5 * 0.01 * M, 0.01 * M, 0.0),
        "power": (3 * PERCENT, 0.0, 0.1 * M, 0.0),
        "charge": (2 * PERCENT, 0.0, MILLI_AMPERE_HOUR, RC_CLOCK),
        "energy": (3 * PERCENT, 0.0, MILLI_WATT_HOUR, RC_CLOCK),
        "temperature": (0.0, 0.0, 1.0, 0.0),
    },
    # FNIRSI: 0.5 % + 2 digits (a manual retyped by an owner); 0.01 mV and mA on the cable, 0.1 mV and mA over radio.
    "fnirsi": {
        "voltage": (0.5 * PERCENT, 2 * 0.01 * M, 0.01 * M, 0.0),
        "current": (0.5 * PERCENT, 2 * 0.01 * M, 0.01 * M, 0.0),
        "temperature": (0.0, 0.0, 0.1, 0.0),
    },
    "fnirsi-ble": {
        "voltage": (0.5 * PERCENT, 2 * 0.1 * M, 0.1 * M, 0.0),
        "current": (0.5 * PERCENT, 2 * 0.1 * M, 0.1 * M, 0.0),
        "power": ((0.5 + 0.5) * PERCENT, 1 * M, 0.1 * M, 0.0),
        "temperature": (0.0, 0.0, 0.1, 0.0),
    },
    # KM003C: an INA228 (SLYS021A) behind 20 mohm in its sister (AnandTech, 2023): 0.5 % and 1 mV, 0.5 % and 1 mA.
    # Its fields count 1 uV and 1 uA; the die's temperature 1/128 degree (SLYS021A, DIETEMP: 7.8125 m degree).
    "km003c": {
        "voltage": (0.5 * PERCENT, 1 * M, 1 * U, 0.0),
        "current": (0.5 * PERCENT, 1 * M, 1 * U, 0.0),
        "temperature": (0.0, 0.0, 7.8125 * M, 0.0),
    },
    "km003c-stream": {
        "voltage": (0.5 * PERCENT, 1 * M, 1 * U, 0.0),
        "current": (0.5 * PERCENT, 1 * M, 1 * U, 0.0),
    },
    # As for the RuiDengs; type 03 of the Atorch counts 10 mV, 10 mA, 1 mAh and 10 mWh.
    "atorch": {
        "voltage": (1 * PERCENT, 10 * M, 10 * M, 0.0),
        "current": (2 * PERCENT, 10 * M, 10 * M, 0.0),
        "charge": (2 * PERCENT, 0.0, MILLI_AMPERE_HOUR, RC_CLOCK),
        "energy": (3 * PERCENT, 0.0, CENTI_WATT_HOUR, RC_CLOCK),
        "temperature": (0.0, 0.0, 1.0, 0.0),
    },
    "avhzy": {
        "voltage": (1 * PERCENT, 1 * M, 0.1 * M, 0.0),
        "current": (2 * PERCENT, 1 * M, 0.1 * M, 0.0),
        "power": (3 * PERCENT, 5 * M, 0.1 * M, 0.0),
    },
    "witrn": {
        "voltage": (1 * PERCENT, 1 * M, 0.01 * M, 0.0),
        "current": (2 * PERCENT, 1 * M, 0.01 * M, 0.0),
        "charge": (2 * PERCENT, 0.0, MILLI_AMPERE_HOUR / 1000, RC_CLOCK),
        "energy": (3 * PERCENT, 0.0, MILLI_WATT_HOUR / 1000, RC_CLOCK),
        "temperature": (0.0, 0.0, 0.01, 0.0),
    },
    # SmartPower3 (Hardkernel's wiki): 3 % above 5 V and 1 A, typical; 1 mV, 1 mA, 1 mW.
    "smartpower3": {
        f"{rail}.{name}": (3 * PERCENT, 1 * M, 1 * M, 0.0)
        for rail in ("input", "out0", "out1")
        for name in ("voltage", "current", "power")
    },
    # PPK2 (Nordic, as transcribed by ppk2lab): 15 % in the worst range, typical; 0.2 uA in the finest.
    "ppk2": {"current": (15 * PERCENT, 0.0, 0.2 * U, 0.0), "logic": NONE},
    # Korad: 10 mV, 1 mA; within 0.2 V of its set point it answers the set point (whiteboard.ping.se); 10 steps in current.
    "korad": {
        "voltage": (0.5 * PERCENT, 0.2, 10 * M, 0.0),
        "current": (0.5 * PERCENT, 10 * 1 * M, 1 * M, 0.0),
    },
    # Joulescope: ours, 0.1 % and 1 uA, 0.1 % and 1 mV; codes of 1 nA and 1 uV.
    "joulescope": {
        "current": (0.1 * PERCENT, 1 * U, 1e-9, 0.0),
        "voltage": (0.1 * PERCENT, 1 * M, 1 * U, 0.0),
    },
    # Yocto-Watt: ours, 1.5 % and 0.1 W; codes of 1 mW and 1 mWh.
    "yocto": {
        "power": (1.5 * PERCENT, 0.1, 1 * M, 0.0),
        "energy": (1.5 * PERCENT, 0.0, MILLI_WATT_HOUR, 1 * M),
    },
    # Twelve plug meters against a calibrated one (HIIT 2009-1): 5 %; Shelly prints 0.1 W, Tasmota whole watts.
    "shelly": {
        f"outlet{i}.{name}": (5 * PERCENT, 0.0, 0.1 if name == "power" else 0.0, 0.0)
        for i in range(8)
        for name in ("power", "voltage", "current", "energy")
    },
    "tasmota": {
        f"outlet0.{name}": (5 * PERCENT, 0.0, 1.0 if name == "power" else 0.0, 0.0)
        for name in ("power", "voltage", "current", "energy")
    },
    # Instruments of which nothing is known: what their URL's `gain` states, or 1 %; codes of 100 nV.
    "lines": {"voltage": (1 * PERCENT, 0.0, 1e-7, 0.0), "current": (1 * PERCENT, 0.0, 1e-7, 0.0)},
    "scpi": {"voltage": (1 * PERCENT, 0.0, 0.0, 0.0), "current": (1 * PERCENT, 0.0, 0.0, 0.0)},
    "manual": {"display": (2 * PERCENT, 0.0, 0.1, 0.0)},
    "replay": {"power": NONE},
    "throttled": {"throttled.bits": NONE},
    # NVML's documentation: +-5 %, in mW and mJ.
    "nvml": {f"gpu0.{name}": (5 * PERCENT, 0.0, 1 * M, 0.0) for name in ("energy", "power", "power_average")},
    # RAPL: within 5.6 % of the wall (Khan et al., Comput. Sci. Res. Dev. 31, 2016); its usual unit is 2**-14 J = 61 uJ (Intel SDM, MSR_RAPL_POWER_UNIT).
    "rapl": {
        f"package-0{core}.energy": (5.6 * PERCENT, 0.0, pytest.approx(2**-14, rel=0.002), 0.0)  # type: ignore[dict-item]
        for core in ("", ".core")
    },
    # Nothing published: 5 %.
    "amd": {"gpu0.power": (5 * PERCENT, 0.0, 0.0, 0.0)},
    "pmic": {
        name: (5 * PERCENT, 0.0, 1 * M, 0.0)
        for name in (
            "pmic.power",
            "vdd_core.current",
            "vdd_core.voltage",
            "3v3_sys.current",
            "3v3_sys.voltage",
            "ext5v.voltage",
        )
    }
    | {"throttled.bits": NONE},
    # A battery's gauge: 3 %, in mV and mW.
    "power_supply": {
        f"{battery}.{name}": (3 * PERCENT, 0.0, 1 * M, 0.0)
        for battery in ("bat0", "bat1")
        for name in ("voltage", "power")
    },
    # INA3221 (SBOS576A) behind 5 mohm: 0.25 % and 16 mV, 8 mV; 0.25 % and 80 uV, 40 uV; 1 % for the shunt added;
    # a power is both, at 5 V: 80 uV / 5 mohm x 5 V = 80 mW.
    "jetson": {
        f"{rail}.{name}": figures
        for rail in ("vdd_in", "vdd_cpu_gpu_cv", "vdd_soc")
        for name, figures in (
            ("voltage", (0.25 * PERCENT, 16 * M, 8 * M, 0.0)),
            ("current", ((0.25 + 1) * PERCENT, 80 * U / (5 * M), 40 * U / (5 * M), 0.0)),
        )
    },
    "jtop": {
        "vdd_in.power": ((0.25 + 0.25 + 1) * PERCENT, 80 * U / (5 * M) * 5.0, 40 * U / (5 * M) * 5.0, 0.0)
    },
    "tegrastats": {
        f"{rail}.power": ((0.25 + 0.25 + 1) * PERCENT, 80 * U / (5 * M) * 5.0, 40 * U / (5 * M) * 5.0, 0.0)
        for rail in ("vdd_in", "vdd_cpu_gpu_cv", "vdd_soc")
    }
    | {"cpu.temperature": NONE, "cpu.load": NONE, "gpu.load": NONE},
    # The simulation's own definition.
    "virtual": {
        "virtual.voltage": (0.2 * PERCENT, 2 * M, 1 * M, 0.0),
        "virtual.current": (0.5 * PERCENT, 0.1 * M, 10 * U, 0.0),
    },
    # Models have an error of their own kind, below.
    "estimate": dict.fromkeys(("machine.power", "program.power", "machine.load", "program.load"), NONE),
    "powermetrics": dict.fromkeys(("cpu.power", "gpu.power", "ane.power", "package.power"), NONE),
}
MODELS = {"estimate": 0.5, "powermetrics": 0.4}
"""Half-widths of models: +-50 % at a known rating (arXiv 2509.22092, CCGrid 2023), +-40 % for Apple's (arXiv 2509.22092)."""
TYPICAL = {"smartpower3", "ppk2"}
"""Whose makers state typical figures, no limits."""
BY_OTHERS = {"ina", "hwmon", "iio", "ssh"}
"""Drivers of any INA, with the limits of the chips, and what passes a board's own sources on."""


DECLARED = toml.read(Path(__file__).with_name("channels_as_declared.toml"))
OF_THIS_MACHINE = (
    "processor",
    "program_pid",
    "row_s",
    "python",
    "period_ns",
    "cards",
    "calibration",
    "board",
)
"""Facts about an instrument that differ between machines and runs, or are long and tested elsewhere."""


def declared(channel: Channel) -> str:
    """Return everything that a channel states of its codes, in a line."""
    rail = channel.rail
    where = f", {channel.grade.value}"
    if rail is not None:
        inside = f" in {rail.parent}" if rail.parent else ""
        nominal = f", {rail.nominal_v:g} V" if rail.nominal_v else ""
        where += f", {rail.boundary.value} {rail.name}{inside}{nominal}: {rail.covers}"
    limits = ("offset", "wrap", "window_ns", "refresh_ns", "low_code", "high_code")
    more = [f"; {name} {value:g}" for name in limits if (value := getattr(channel, name))]
    return f"{channel.name}: {channel.kind.value}, a code is {channel.scale:.9g} {channel.unit}{where}{''.join(more)}"


def facts(info: object) -> object:
    """Return what an instrument states of itself, without what differs between runs; numbers to six digits."""
    if isinstance(info, dict):
        return {name: facts(value) for name, value in info.items() if name not in OF_THIS_MACHINE}
    if isinstance(info, (list, tuple)):
        return [facts(value) for value in info]
    return float(f"{info:.6g}") if isinstance(info, float) else info


def assert_declared(scheme: str, source: Source) -> None:
    """Compare what an opened instrument states with its table, or print the table that is missing."""
    channels, known = [declared(channel) for channel in source.channels], facts(source.info())
    lines = "".join(f"    {json.dumps(channel, ensure_ascii=False)},\n" for channel in channels)
    table = f"[{json.dumps(scheme)}]\nchannels = [\n{lines}]\nfacts = '''{json.dumps(known, ensure_ascii=False)}'''"
    assert scheme in DECLARED, f"look this through and add it to channels_as_declared.toml:\n{table}"
    assert channels == DECLARED[scheme]["channels"]
    assert known == json.loads(DECLARED[scheme]["facts"])


def test_a_table_that_is_missing_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    source = registry.source("virtual://")
    source.open()
    monkeypatch.delitem(DECLARED, "virtual", raising=False)
    with pytest.raises(AssertionError, match=r"add it to channels_as_declared") as caught:
        assert_declared("virtual", source)
    source.close()
    table = toml.parse(str(caught.value).partition("\n")[2].partition("\nassert")[0], "the message")
    assert table["virtual"]["channels"] == [declared(channel) for channel in source.channels]
    assert json.loads(table["virtual"]["facts"]) == facts(source.info())


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instruments that people wait seconds for are simulated ten times as fast."""
    from powermeter.drivers import fnirsi
    from powermeter.drivers.links.hid import drain
    from powermeter.testing.line_meters import SimulatedAtorch

    monkeypatch.setattr(fnirsi, "drain", functools.partial(drain, quiet_s=0.1, limit_s=0.3))
    monkeypatch.setattr(fnirsi, "START_S", 0.2)
    monkeypatch.setattr(SimulatedAtorch, "interval_s", 0.10117)


@pytest.fixture(autouse=True)
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables state what an instrument is; that one is simulated stands in `links/test_serial_port.py`."""
    monkeypatch.setattr(Link, "graded", lambda _, channels: tuple(channels))


def close(found: tuple[float | None, float], wanted: tuple[float | None, float]) -> bool:
    """Whether two pairs of a typical and a largest value agree."""
    return all(
        a == b if a is None or b is None else a == pytest.approx(b)
        for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("scheme", sorted(STATED))
def test_a_driver_s_accuracies_are_those_that_are_stated(scheme: str, tmp_path: Path) -> None:
    (case,) = (case for case in CASES if case.scheme == scheme)
    if library := missing_library(case):
        pytest.skip(f"pip install {library}")
    with case.source(tmp_path) as (source, _):
        source.open()
        found = {channel.name: channel.accuracy for channel in source.channels}
        assert_declared(scheme, source)
    found.pop("clock", None)  # of a machine that shows its clock
    assert sorted(found) == sorted(STATED[scheme])
    for name, accuracy in found.items():
        figures = accuracy.gain, accuracy.offset, accuracy.step, accuracy.clock
        wanted = STATED[scheme][name]
        for number, expected in zip(figures, wanted, strict=True):
            assert number == (
                pytest.approx(expected, rel=1e-9) if isinstance(expected, float) else expected
            ), name
        assert accuracy.noise == 0.0
        assert accuracy.model == (MODELS.get(scheme, 0.0) if name.endswith("power") else 0.0)
        assert accuracy.typical == (scheme in TYPICAL and name != "logic")


@pytest.mark.parametrize("chip", sorted(CHIP_LIMITS))
def test_a_chip_s_limits_are_those_of_its_data_sheet(chip: str) -> None:
    same = [chip, *(name for name, other in SISTERS.items() if other == chip)]
    for name in same:
        model = CHIPS[name][1]
        shunt, bus = next(iter(model.shunt_limits.values())), next(iter(model.bus_limits.values()))
        for limits, register, figures in zip(
            (shunt, bus), (model.shunts[0], model.buses[0]), CHIP_LIMITS[chip], strict=True
        ):
            step, gain, offset, gain_drift, offset_drift = figures
            assert register.lsb == pytest.approx(step), name
            assert close(limits.gain, gain) and close(limits.offset, offset), name
            assert close(limits.gain_drift, gain_drift), name
            assert close(limits.offset_drift, offset_drift), name


def test_better_grades_are_those_of_their_data_sheets() -> None:
    newer = CHIPS["ina230"][1]  # SBOS601A (2021): 0.3 %, 25 uV
    assert close(newer.shunt_limits["2021"].gain, (None, 0.3 * PERCENT))
    assert close(newer.shunt_limits["2021"].offset, (None, 25 * U))
    assert close(newer.shunt_limits["2021"].gain_drift, DRIFT)
    assert close(newer.shunt_limits["2021"].offset_drift, (0.1 * U, 0.5 * U))
    assert close(newer.bus_limits["2021"].gain, (None, 0.3 * PERCENT))
    sorted_out = CHIPS["ina745"][1]  # SBOSAC3A, INA745A
    shunt, bus = sorted_out.shunt_limits["a"], sorted_out.bus_limits["a"]
    assert close(shunt.gain, (0.1 * PERCENT, 0.75 * PERCENT)) and close(shunt.offset, (0.9 * M, 6.25 * M))
    assert close(shunt.gain_drift, (None, 25 * PPM)) and close(shunt.offset_drift, (5 * U, 30 * U))
    assert close(bus.gain, (0.01 * PERCENT, 0.1 * PERCENT)) and close(bus.offset, (2 * M, 5 * M))
    assert close(bus.gain_drift, (None, 25 * PPM)) and close(bus.offset_drift, (8 * U, 40 * U))


@pytest.mark.parametrize("scheme", sorted(set(DECLARED) - set(STATED)))
def test_a_chip_s_channels_and_settings_are_those_of_its_data_sheet(scheme: str, tmp_path: Path) -> None:
    (case,) = (case for case in CASES if case.scheme == scheme)
    with case.source(tmp_path) as (source, _):
        source.open()
        assert_declared(scheme, source)


@pytest.mark.parametrize(
    ("scheme", "name", "gain", "offset"),
    [
        ("ina226", "voltage", math.hypot(0.001, 50 * PPM * WARMER_K), math.hypot(7.5 * M, 40 * U * WARMER_K)),
        # Behind 10 mohm: 10 uV are 1 mA.
        (
            "ina226",
            "current",
            math.hypot(0.001, 50 * PPM * WARMER_K, SHUNT),
            math.hypot(1 * M, 0.01 * M * WARMER_K),
        ),
        ("ina228", "energy", math.hypot(1 * PERCENT, SHUNT), 0.0),  # SLYS021A: energy and charge to 1 %
        ("ina228", "charge", math.hypot(1 * PERCENT, SHUNT), 0.0),
        (
            "ina745",
            "current",
            math.hypot(1.25 * PERCENT, 75 * PPM * WARMER_K),
            math.hypot(62.5 * M, 30 * U * WARMER_K),
        ),
        # The kernel's INA219 behind 0.1 ohm: 200 uV are 2 mA.
        (
            "hwmon",
            "current",
            math.hypot(0.5 * PERCENT, 83 * PPM * WARMER_K, SHUNT),
            math.hypot(2 * M, 1 * U * WARMER_K),
        ),
    ],
)
def test_a_chip_s_limits_and_its_shunt_s_join_in_quadrature(
    scheme: str, name: str, gain: float, offset: float, tmp_path: Path
) -> None:
    (case,) = (case for case in CASES if case.scheme == scheme)
    with case.source(tmp_path) as (source, _):
        source.open()
        (found,) = (c.accuracy for c in source.channels if c.name.endswith(f".{name}"))
    assert found.gain == pytest.approx(gain) and found.offset == pytest.approx(offset)


def test_every_driver_stands_in_a_table() -> None:
    assert {case.scheme for case in CASES} == {*STATED, *BY_OTHERS, *CHIP_LIMITS, *SISTERS}
