"""Numbers as SCPI instruments print them (SCPI-1999 vol. 1, 7.2.1: NR3, 9.9E37 and 9.91E37)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from memory_link import MemoryLink

from powermeter.channel import MISSING, SATURATED
from powermeter.drivers.links.link import Link
from powermeter.drivers.scpi import Scpi, parse_number
from powermeter.errors import DataError, OpenError, ReadError
from powermeter.result import Grade
from powermeter.source import Address
from powermeter.testing.line_meters import SimulatedMultimeter, SimulatedScpi
from powermeter.testing.load import Load


@pytest.mark.parametrize(
    ("answer", "value"), [("+1.23456E-03\n", 1.23456e-3), ("5.01", 5.01), ("-0.5", -0.5), ("+9.9E37", 9.9e37)]
)
def test_numbers_are_read(answer, value):
    assert parse_number(answer) == pytest.approx(value)


def test_not_a_number_is_none():
    assert parse_number("9.91E37") is None and parse_number("+9.910000E+37\n") is None


@pytest.mark.parametrize("answer", ["", "ERR", "1,2", "0x10", "nan", "1_0", "--1"])
def test_what_is_no_number_is_refused(answer):
    with pytest.raises(DataError):
        parse_number(answer)


class Answers(Link):
    """An instrument that answers each query from a table."""

    def __init__(self, answers):
        self.answers, self.asked, self.line = answers, [], b""

    def clear(self):
        pass

    def write(self, data):
        query = data.decode().strip()
        self.asked.append(query)
        self.line = self.answers[query].encode() + b"\n"

    def read(self, limit, timeout_s):
        return self.line

    def read_line(self, most, timeout_s):
        return self.line

    def close(self):
        pass


def scpi(monkeypatch, url="scpi://10.0.0.1", **answers):
    link = Answers(
        {"*IDN?": "Someone,Supply,1,2", **{name.replace("_", ":"): a for name, a in answers.items()}}
    )
    monkeypatch.setattr("powermeter.drivers.scpi.open_link", lambda *_, **__: link)
    source = Scpi(Address.parse(url))
    return source, link


def test_a_row_is_in_nanovolts_and_an_overload_is_missing_and_flagged(monkeypatch):
    """5.01 V are 5 010 000 000 codes of 1 nV; 9.9E37 is SCPI's overload: no number, at the end of the range."""
    source, _ = scpi(monkeypatch, **{"MEAS_VOLT?": "5.01", "MEAS_CURR?": "9.9E37"})
    source.open()
    row = source.sample()
    assert list(row.codes) == [5_010_000_000, MISSING] and row.flags == SATURATED
    source, link = scpi(monkeypatch, **{"MEAS_VOLT?": "-9.9E37", "MEAS_CURR?": "9.91E37"})
    source.open()
    assert (list(source.sample().codes), source.sample().flags) == ([MISSING, MISSING], SATURATED)
    link.answers["MEAS:VOLT?"] = "9.91E37"  # not a number is missing, and no overload
    assert (list(source.sample().codes), source.sample().flags) == ([MISSING, MISSING], 0)


@pytest.mark.parametrize(
    ("volts", "amps", "words"),
    [("1.1E4", "1", "cannot be"), ("1", "1001", "cannot be"), ("x", "1", "not a number")],
)
def test_what_no_meter_shows_is_asked_three_times_and_then_refused(monkeypatch, volts, amps, words):
    source, link = scpi(monkeypatch, **{"MEAS_VOLT?": "1", "MEAS_CURR?": "1"})
    source.open()
    link.answers |= {"MEAS:VOLT?": volts, "MEAS:CURR?": amps}
    with pytest.raises(ReadError, match=words):
        source.sample()
    assert source.counts() == {"answers_refused": 3}


@pytest.mark.parametrize(
    ("volts", "amps", "watts", "fits"),
    [
        ("5", "2", "10", True),
        ("5", "2", "15.0", True),
        ("5", "2", "15.1", False),
        ("5", "2", "4.9", False),
        ("0", "0", "0.05", True),
    ],
)
def test_a_power_far_from_the_product_is_no_reading(monkeypatch, volts, amps, watts, fits):
    """Half of the product and 50 mW may lie between them: a supply asks one after the other."""
    source, _ = scpi(
        monkeypatch,
        "scpi://10.0.0.1?family=supply-power",
        **{"MEAS_VOLT?": volts, "MEAS_CURR?": amps, "MEAS_POW?": watts},
    )
    if fits:
        source.open()
        assert [c.quantity.value for c in source.channels] == ["voltage", "current", "power"]
    else:
        with pytest.raises(OpenError, match="far from voltage × current"):
            source.open()


@pytest.mark.parametrize(
    ("identity", "grade"),
    [
        (SimulatedScpi.identity, Grade.SIMULATED),
        (SimulatedMultimeter.identity, Grade.SIMULATED),
        ("HEWLETT-PACKARD,34401A,0,11-5-2", Grade.MEASURED),
    ],
)
def test_what_the_tests_play_over_a_network_is_graded_simulated(monkeypatch, identity, grade):
    answers = {"CONF?": '"VOLT +1.0E1"', "READ?": "1.5", "MEAS_VOLT?": "5", "MEAS_CURR?": "1"}
    source, link = scpi(monkeypatch, **answers)
    link.answers["*IDN?"] = identity
    source.open()
    assert {channel.grade for channel in source.channels} == {grade}


@pytest.mark.parametrize(
    ("identity", "family"),
    [
        ("RIGOL TECHNOLOGIES,DP832,1,2", "Rigol DP supply"),
        ("Siglent Technologies,SPD3303X,1,2", "Siglent SPD supply"),
        ("GWInstek,GDM8261,1,2", "GW Instek GDM multimeter"),
        ("OWON,XDM1041,1,2", "OWON XDM multimeter"),
        ("HEWLETT-PACKARD,34401A,0,1", "HP, Agilent, Keysight or Siglent multimeter"),
        ("Somebody,Else,1,2", "SCPI supply"),
    ],
)
def test_a_family_is_known_by_its_identity_and_asked_in_its_own_way(monkeypatch, identity, family):
    source, link = scpi(monkeypatch)
    link.answers |= {
        "*IDN?": identity,
        **{f":MEAS:{q}? CH1": "1" for q in ("VOLT", "CURR", "POWE")},
        **{f"MEAS:{q}? CH1": "1" for q in ("VOLT", "CURR", "POWE")},
        **{f"MEAS:{q}?": "1" for q in ("VOLT", "CURR")},
        **dict.fromkeys(("CONF:STAT:FUNC?", "FUNC?", "CONF?"), '"VOLT +1.0E1"'),
        **dict.fromkeys(("VAL1?", "MEAS1?", "READ?"), "1.5"),
    }
    source.open()
    found = source.info()
    assert found["family"] == family and found["maker"] == identity.split(",")[0]
    assert len(found["queries"]) == (1 if "multimeter" in family else 2 if family == "SCPI supply" else 3)


@pytest.mark.parametrize("function", ["VOLT:AC", "ACV", "RES", "FREQ"])
def test_a_multimeter_on_another_function_is_refused(monkeypatch, function):
    source, link = scpi(monkeypatch)
    link.answers |= {"*IDN?": "HP,34401A,0,1", "CONF?": function, "READ?": "1"}
    with pytest.raises(OpenError, match="direct voltage or current"):
        source.open()


def test_a_multimeter_of_currents_is_asked_for_no_voltage(monkeypatch):
    source, link = scpi(monkeypatch, "scpi://10.0.0.1?measure=voltage")
    link.answers |= {"*IDN?": "HP,34401A,0,1", "CONF?": '"CURR:DC"', "READ?": "0.25"}
    with pytest.raises(OpenError, match="it is set to current"):
        source.open()
    source, link = scpi(monkeypatch)
    link.answers |= {"*IDN?": "HP,34401A,0,1", "CONF?": '"CURR:DC"', "READ?": "0.25"}
    source.open()
    assert source.channels[0].quantity.value == "current" and list(source.sample().codes) == [250_000_000]


def test_scpi_supply_is_asked_only(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedScpi(Load("constant", 1.5, 1.5)))
    source = connect("scpi://x?family=supply-power", link)
    assert source.sample().codes == [5 * 10**9, 3 * 10**8, 15 * 10**8]
    assert all(command.rstrip().endswith(b"?") for command in link.written)
    assert source.info()["serial"] == "0001" and source.info()["firmware"] == "1.0"
