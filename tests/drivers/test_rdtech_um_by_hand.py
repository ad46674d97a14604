"""The 130 bytes of a UM24C, UM25C or UM34C, each field at its place, and which values contradict each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powermeter.drivers.meters.um_frame import CHARGING_MODES, UMFrame, decode
from powermeter.errors import DataError

UM24C, UM25C, UM34C = 0x0963, 0x09C9, 0x0D4C


def frame(model: int = UM25C, **words: tuple[int, int, int]) -> bytes:
    """Return an answer with (place, width, number) of some fields, big-endian."""
    data = bytearray(130)
    data[0:2] = model.to_bytes(2, "big")
    data[12:14] = (32).to_bytes(2, "big")  # 0 °C are 32 °F
    for place, width, number in words.values():
        data[place : place + width] = number.to_bytes(width, "big")
    data[128:] = b"\xff\xf1"
    return bytes(data)


def test_each_field_at_its_place() -> None:
    totals = {f"g{g}": (16 + 8 * g, 4, 1000 + g) for g in range(10)} | {
        f"h{g}": (20 + 8 * g, 4, 2000 + g) for g in range(10)
    }
    found = decode(
        frame(
            UM25C,
            volts=(2, 2, 5012),
            amps=(4, 2, 12345),
            watts=(6, 4, 6187),
            celsius=(10, 2, 25),
            fahrenheit=(12, 2, 77),
            group=(14, 2, 3),
            dp=(96, 2, 272),
            dm=(98, 2, 61),
            mode=(100, 2, 7),
            mah=(102, 4, 70_001),
            mwh=(106, 4, 80_002),
            threshold=(110, 2, 15),
            seconds=(112, 4, 90_003),
            on=(116, 2, 1),
            timeout=(118, 2, 4),
            light=(120, 2, 5),
            ohm=(122, 4, 41),
            screen=(126, 2, 6),
            **totals,
        )
    )
    assert (found.voltage_v, found.current_a) == pytest.approx((5.012, 1.2345))
    assert (found.power_mw, found.temperature_c, found.temperature_f, found.group) == (6187, 25, 77, 3)
    assert found.groups == tuple((1000 + g, 2000 + g) for g in range(10))
    assert (found.charging_mode, found.problem()) == ("DCP 1.5 A", "")


@pytest.mark.parametrize(
    ("model", "title", "volts", "amps"),
    [(UM24C, "UM24C", 0.01, 0.001), (UM25C, "UM25C", 0.001, 0.0001), (UM34C, "UM34C", 0.01, 0.001)],
)
def test_what_a_code_is_worth_and_how_sure_it_is(model: int, title: str, volts: float, amps: float) -> None:
    """1 % and two digits of a voltage, 2 % and four of a current."""
    found = decode(frame(model), check=False)
    assert (found.model.title, found.model.volts_per_code, found.model.amperes_per_code) == (
        title,
        volts,
        amps,
    )
    of_v, of_a = found.model.accuracy_voltage, found.model.accuracy_current
    assert (of_v.gain, of_v.offset, of_v.step) == (0.01, pytest.approx(2 * volts), volts)
    assert (of_a.gain, of_a.offset, of_a.step) == (0.02, pytest.approx(4 * amps), amps)


def test_charging_modes() -> None:
    assert [CHARGING_MODES[k] for k in (1, 2, 8)] == ["QC2.0", "QC3.0", "Samsung"]
    assert decode(frame(mode=(100, 2, 0))).charging_mode is None


def test_what_is_no_answer() -> None:
    for data, words in (
        (frame()[:-1], "130 bytes"),
        (frame(0x1234), "model 1234"),
        (frame()[:-1] + b"\0", "check fails"),
    ):
        with pytest.raises(DataError, match=words):
            decode(data)
    assert decode(frame()[:-1] + b"\0", check=False) == decode(frame())


def reading(**changed: object) -> UMFrame:
    return replace(decode(frame()), **changed)


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({"voltage_code": 30_000}, True),
        ({"voltage_code": 30_001}, False),
        ({"current_code": 60_000}, True),
        ({"current_code": 60_001}, False),
        ({"group": 9}, True),
        ({"group": 10}, False),
        ({"temperature_c": 25, "temperature_f": 80}, True),  # 77 °F, within 3
        ({"temperature_c": 25, "temperature_f": 81}, False),
        ({"temperature_c": 25, "temperature_f": 74}, True),
        ({"temperature_c": 25, "temperature_f": 73}, False),
        # 5 V × 2 A = 10 W: within 5 mW, 1 % and two roundings of 0.00125 W: 0.1075 W.
        ({"voltage_code": 5000, "current_code": 20_000, "power_mw": 10_107}, True),
        ({"voltage_code": 5000, "current_code": 20_000, "power_mw": 10_109}, False),
        ({"voltage_code": 5000, "current_code": 20_000, "power_mw": 9_893}, True),
        ({"voltage_code": 5000, "current_code": 20_000, "power_mw": 9_891}, False),
    ],
)
def test_values_that_contradict_each_other(changed: dict[str, int], fits: bool) -> None:
    assert (reading(**changed).problem() == "") is fits
