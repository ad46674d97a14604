"""Instruments of which each reading is a file of the kernel: what they share."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.drivers.system.kernel_files import KernelFiles
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.source import Address, Row

CHANNELS = tuple(Channel(name, Quantity.POWER, 1e-6, Rail(name)) for name in "ab")


class Two(KernelFiles):
    scheme, title = "two", "powers"

    def open(self) -> None:
        raise NotImplementedError

    def sample(self) -> Row:
        return Row(self.read_files())


@pytest.fixture
def source(tmp_path: Path) -> Two:
    for name, code in (("a", 7), ("b", -3)):
        (tmp_path / name).write_text(f"{code}\n")
    made = Two(Address.parse("two://"))
    made.keep(CHANNELS, [tmp_path / "a", tmp_path / "b"])
    return made


def test_files_are_read_in_their_order_until_it_is_closed(source: Two, tmp_path: Path) -> None:
    assert source.sample().codes == [7, -3] and source.channels == CHANNELS
    (tmp_path / "a").write_text("8\n")
    assert source.sample().codes == [8, -3]
    source.close()
    with pytest.raises(ReadError, match="two:// is not open") as caught:
        source.sample()
    assert caught.value.reason is Reason.ABSENT


def test_other_channels_than_before_are_refused_and_not_kept(source: Two, tmp_path: Path) -> None:
    with pytest.raises(OpenError, match="two://: the powers are not those of before") as caught:
        source.keep(CHANNELS[:1], [tmp_path / "a"])
    assert caught.value.reason is Reason.WRONG_DEVICE and source.channels == CHANNELS
