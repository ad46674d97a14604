"""RuiDeng UM24C, UM25C and UM34C USB meters, over Bluetooth: what it promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from memory_link import MemoryLink
from meter_frames import UM_VECTOR, refused, um_block

from powermeter import registry
from powermeter.drivers import atorch, rdtech_um
from powermeter.drivers.meters import um_frame
from powermeter.errors import DataError
from powermeter.source import Address, now_ns
from powermeter.testing.load import Load
from powermeter.testing.request_meters import SimulatedUM25C


def test_um_vector_decodes_with_the_check_off() -> None:
    reading = um_frame.decode(UM_VECTOR, check=False)
    assert reading.model.title == "UM25C"
    assert reading.voltage_v == pytest.approx(0.510) and reading.current_a == pytest.approx(0.0328)
    assert (reading.power_mw, reading.temperature_c, reading.temperature_f, reading.group) == (
        1672,
        20,
        68,
        8,
    )
    assert reading.groups == ((11, 56), *((0, 0),) * 9)
    assert reading.charging_mode == "DCP 1.5 A"
    assert "is not" in reading.problem()  # 1.672 W against 0.510 V × 0.0328 A: said, not crashed on


def test_um_vector_is_refused_with_the_check_on() -> None:
    with pytest.raises(DataError, match="688c"):
        um_frame.decode(UM_VECTOR)


@pytest.mark.parametrize(("model", "name"), [(0x0963, "UM24C"), (0x09C9, "UM25C"), (0x0D4C, "UM34C")])
def test_um_block_of_each_model(model: int, name: str) -> None:
    reading = um_frame.decode(um_block(model))
    assert reading.model.title == name and not reading.problem()
    assert reading.voltage_v == pytest.approx(5.06, abs=0.003) and reading.current_a == pytest.approx(
        0.114, abs=7e-4
    )
    assert reading.groups[0] == (1, 9)


@pytest.mark.parametrize("model", [0x0963, 0x09C9, 0x0D4C])
def test_um_damaged_blocks_are_refused_or_show_no_other_voltage_current_or_power(model: int) -> None:
    good = um_block(model)
    truth = um_frame.decode(good)
    for length in range(130):
        assert refused(um_frame.decode, good[:length])
    for at in range(130):
        for bit in (0x01, 0x10, 0x80, 0xFF):
            bad = bytearray(good)
            bad[at] ^= bit
            try:
                reading = um_frame.decode(bytes(bad))
            except DataError:
                continue
            if reading.problem():
                continue
            # Without a sum over the block only power = V × I guards these; it lets the last digits through.
            assert reading.voltage_v == pytest.approx(truth.voltage_v, rel=0.02)
            assert reading.current_a == pytest.approx(truth.current_a, rel=0.02, abs=2e-3)
            assert reading.power_mw == pytest.approx(truth.power_mw, rel=0.03, abs=8)


def test_another_data_group_goes_on_from_where_the_totals_were() -> None:
    """A meter keeps ten groups of totals: what another one has counted long ago is not what flowed since the last reading."""
    source = rdtech_um.UM25C(Address.parse("um25c:///dev/nobody"))
    first = um_frame.decode(um_block(0x09C9))
    source.describe(first)
    groups = ((100, 500), (7000, 35_000), *((0, 0),) * 8)
    rows = [
        source.row(replace(first, group=group, groups=totals))
        for group, totals in (
            (0, groups),
            (1, groups),
            (1, ((100, 500), (7001, 35_001), *groups[2:])),
            (0, ((100, 500), (7001, 35_001), *groups[2:])),
        )
    ]
    assert [list(row.codes)[3:5] for row in rows] == [[100, 500], [100, 500], [101, 501], [101, 501]]
    assert source.counts()["counter_resets"] == 4, "charge and energy, two changes"


def test_totals_carry_over_a_reconnection(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    link = MemoryLink(SimulatedUM25C(Load("constant", 3.0, 3.0)))
    source = connect("um25c://x", link)
    place = [channel.name for channel in source.channels].index("energy")
    before = source.sample().codes[place]
    source.close()
    assert link.closed
    link.now_s += 3600.0
    monkeypatch.setattr(rdtech_um, "now_ns", lambda: now_ns() + 3600 * 10**9)  # on the driver's clock too
    source.open()
    assert (source.sample().codes[place] - before) * 3.6 == pytest.approx(3.0 * 3600, abs=3.7)


def test_um_refresh_is_told() -> None:
    source = registry.source("um25c:///dev/rfcomm0")
    assert isinstance(source, rdtech_um.UM25C) and source.stale_when_equal
    assert atorch.Atorch.example == "atorch:///dev/rfcomm0"
