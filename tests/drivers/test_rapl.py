"""RAPL counters from fake powercap trees: overlaps, wraps, resets, and what a missing permission says."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter import registry
from powermeter.channel import Boundary, Kind
from powermeter.drivers import rapl
from powermeter.drivers.system import sysfs
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.recording.counter_wraps_and_resets import unwrap
from powermeter.signals import headline_rail, rails
from powermeter.testing.sysfs import FakeTree

RANGE = 262_143_328_850  # a client processor: (2**32 - 1) × 61.035 µJ


def laptop(tmp_path) -> FakeTree:
    """A laptop: package with core and uncore, memory, the platform, and the mmio copy of the package."""
    tree = FakeTree(tmp_path)
    tree.rapl_zone("intel-rapl:0", "package-0", 1_000_000)
    tree.rapl_zone("intel-rapl:0:0", "core", 600_000)
    tree.rapl_zone("intel-rapl:0:1", "uncore", 100_000)
    tree.rapl_zone("intel-rapl:0:2", "dram", 200_000, 65_712_999_613)
    tree.rapl_zone("intel-rapl:1", "psys", 5_000_000)
    tree.rapl_zone("intel-rapl-mmio:0", "package-0", 1_000_500)
    return tree


def server(tmp_path) -> FakeTree:
    tree = FakeTree(tmp_path)
    for socket in (0, 1):
        tree.rapl_zone(f"intel-rapl:{socket}", f"package-{socket}", 1_000_000)
        tree.rapl_zone(f"intel-rapl:{socket}:0", "dram", 300_000)
    return tree


def opened(tree: FakeTree):
    source = registry.source(f"rapl://?root={tree}")
    source.open()
    return source


def lines_of(source, rows) -> tuple[rails.Line, ...]:
    times = np.arange(len(rows), dtype=np.int64) * 1_000_000_000
    codes = {
        channel.name: np.array(column)
        for channel, column in zip(source.channels, zip(*rows, strict=True), strict=True)
    }
    recording = SimpleNamespace(
        metadata={},
        facts=lambda name: [],
        sources=[SimpleNamespace(id=1, url="rapl://", name="rapl", channels=source.channels, info={})],
        samples=lambda _: SimpleNamespace(times_ns=times, codes=codes, flags=np.zeros(len(rows), np.uint8)),
        gaps=lambda _: [],
    )
    return rails.lines(recording)


def test_zones_are_named_and_the_mmio_copy_is_left_out(tmp_path):
    source = opened(laptop(tmp_path))
    assert [channel.name for channel in source.channels] == [
        "package-0.energy",
        "package-0.core.energy",
        "package-0.uncore.energy",
        "package-0.dram.energy",
        "psys.energy",
    ]
    assert source.sample().codes == [1_000_000, 600_000, 100_000, 200_000, 5_000_000]
    assert all(channel.kind is Kind.COUNTER and channel.scale == 1e-6 for channel in source.channels)
    assert source.channels[0].wrap == RANGE and source.channels[3].wrap == 65_712_999_613


def test_platform_package_and_cores_are_never_added(tmp_path):
    source = opened(laptop(tmp_path))
    lines = lines_of(source, [[0] * 5, [1_000_000] * 5])
    assert headline_rail.whole(lines) == ()
    assert headline_rail.choose(lines).rail.name == "psys"
    by_name = {line.rail.name: line for line in lines}
    assert headline_rail.overlap(by_name["package-0"], by_name["psys"], lines)
    assert headline_rail.overlap(by_name["package-0.core"], by_name["psys"], lines)
    assert not headline_rail.overlap(by_name["package-0.core"], by_name["package-0.uncore"], lines)


def test_sockets_and_their_memories_are_added(tmp_path):
    source = opened(server(tmp_path))
    lines = lines_of(source, [[0, 0, 0, 0], [10_000_000, 3_000_000, 20_000_000, 4_000_000]])
    chosen = headline_rail.choose(lines)
    assert chosen.rail.name == "CPU"
    power = chosen.power()
    assert power is not None and float(power.values[-1]) == pytest.approx(37.0)


def test_one_package_alone_stands_alone(tmp_path):
    tree = FakeTree(tmp_path)
    tree.rapl_zone("intel-rapl:0", "package-0", 1)
    tree.rapl_zone("intel-rapl:0:0", "core", 1)
    source = opened(tree)
    assert source.channels[0].rail.parent is None
    assert source.channels[1].rail.parent == "package-0"


def test_zones_are_found_in_the_control_types_folder_too(tmp_path):
    tree = FakeTree(tmp_path)
    tree.rapl_zone("intel-rapl/intel-rapl:0", "package-0", 7)
    tree.rapl_zone("intel-rapl/intel-rapl:0/intel-rapl:0:0", "core", 3)
    assert opened(tree).sample().codes == [7, 3]


def test_dies_of_one_socket_are_two_rails(tmp_path):
    tree = FakeTree(tmp_path)
    tree.rapl_zone("intel-rapl:0", "package-0-die-0", 5)
    tree.rapl_zone("intel-rapl:1", "package-0-die-1", 6)
    source = opened(tree)
    assert [channel.rail.name for channel in source.channels] == ["package-0-die-0", "package-0-die-1"]
    assert {channel.rail.parent for channel in source.channels} == {"CPU"}


def test_a_wrap_goes_on_and_a_reset_is_a_gap(tmp_path):
    """65 W for a second a sample; the counter passes its maximum once and is set to zero once."""
    channel = opened(laptop(tmp_path)).channels[0]
    step = 65_000_000
    before = RANGE - 2 * step - 10
    codes = [before, before + step, before + 2 * step, step - 10, 2 * step - 10]
    times = np.arange(5, dtype=np.int64) * 1_000_000_000
    total, gaps = unwrap(times, np.array(codes, np.int64), channel.scale, channel.wrap)
    assert total.tolist() == pytest.approx([0, 65, 130, 195, 260], abs=1e-3) and gaps == []
    restarted = [50_000_000_000, 50_065_000_000, 0, 65_000_000, 130_000_000]
    total, gaps = unwrap(times, np.array(restarted, np.int64), channel.scale, channel.wrap)
    assert total[-1] == pytest.approx(260, rel=1e-6)  # the lost second at the rate beside it
    assert [gap.reason for gap in gaps] == ["lost setup"]


def test_an_unreadable_counter_is_a_gap(tmp_path):
    tree = laptop(tmp_path)
    source = opened(tree)
    file = tmp_path / "sys/class/powercap/intel-rapl:0:2/energy_uj"
    file.unlink()
    with pytest.raises(ReadError) as caught:
        source.sample()
    assert caught.value.reason is Reason.ABSENT
    file.write_text("200100\n")
    assert source.sample().codes[3] == 200_100


@pytest.mark.parametrize("value", [-1, RANGE + 1])
def test_a_value_outside_the_range_is_refused(tmp_path, value):
    tree = laptop(tmp_path)
    source = opened(tree)
    (tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj").write_text(f"{value}\n")
    with pytest.raises(ReadError) as caught:
        source.sample()
    assert caught.value.reason is Reason.BAD_DATA


def test_missing_permission_says_how_to_grant_it_without_a_root_shell(tmp_path, monkeypatch):
    tree = laptop(tmp_path)
    real = os.open

    def refuse(path, flags, *rest, **more):
        if str(path).endswith("energy_uj"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(sysfs.os, "open", refuse)
    with pytest.raises(OpenError) as caught:
        opened(tree)
    assert caught.value.reason is Reason.PERMISSION
    assert "udev/rules.d" in str(caught.value) and "sudo su" not in str(caught.value)
    (found,) = rapl.look(tmp_path)
    assert found.problem == "only root may read the counters" and found.remedy == rapl.GRANT


def test_devices_lists_what_is_covered(tmp_path):
    (found,) = rapl.look(laptop(tmp_path).root)
    assert found.url == "rapl://" and not found.problem
    assert "psys" in found.rails and "disk" in found.covers
    assert rapl.look(tmp_path / "nothing") == []


def test_a_virtual_machine_says_why(tmp_path):
    with pytest.raises(OpenError, match="virtual machines"):
        opened(FakeTree(tmp_path))


def test_other_counters_after_reopening_are_refused(tmp_path):
    tree = laptop(tmp_path)
    source = opened(tree)
    source.close()
    with pytest.raises(ReadError):
        source.sample()
    tree.rapl_zone("intel-rapl:2", "package-1", 1)
    with pytest.raises(OpenError) as caught:
        source.open()
    assert caught.value.reason is Reason.WRONG_DEVICE


def test_what_a_counter_resolves_at_its_rate(tmp_path):
    """A step of 61 µJ at 100 readings a second is 6.1 mW."""
    (found,) = rapl.look(laptop(tmp_path).root)
    assert (found.rate_hz, found.resolution_w) == (100.0, pytest.approx(6.1e-3))
    assert found.boundary is Boundary.PART and found.rails[0] == "package-0" and not found.problem
