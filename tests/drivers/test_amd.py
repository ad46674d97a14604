"""AMD readings from fake hwmon trees."""

from __future__ import annotations

import pytest

from powermeter import registry
from powermeter.channel import Boundary, Kind, Quantity
from powermeter.drivers import amd
from powermeter.errors import OpenError, ReadError
from powermeter.testing.sysfs import FakeTree


def chip(tree: FakeTree, number: int, name: str, **files: object) -> None:
    tree.write(f"sys/class/hwmon/hwmon{number}/name", name)
    for file, value in files.items():
        tree.write(f"sys/class/hwmon/hwmon{number}/{file}", value)


def opened(tmp_path):
    source = registry.source(f"amd://?root={tmp_path}")
    source.open()
    return source


def test_a_graphics_card_gives_its_instantaneous_power_before_its_average(tmp_path):
    tree = FakeTree(tmp_path)
    chip(tree, 0, "nvme", temp1_input=30000)
    chip(tree, 2, "amdgpu", power1_input=23_000_000, power1_average=25_000_000, power1_cap=180_000_000)
    source = opened(tmp_path)
    (channel,) = source.channels
    assert (channel.name, channel.kind, channel.rail.boundary) == (
        "gpu0.power",
        Kind.INSTANT,
        Boundary.DEVICE,
    )
    assert channel.scale * source.sample().codes[0] == pytest.approx(23.0)
    assert source.info() == {"power_limits_w": {"gpu0.power": pytest.approx(180.0)}}


def test_older_cards_give_an_average(tmp_path):
    chip(FakeTree(tmp_path), 2, "amdgpu", power1_average=25_000_000)
    assert opened(tmp_path).channels[0].kind is Kind.MEAN


def test_two_cards_are_siblings(tmp_path):
    tree = FakeTree(tmp_path)
    for number in (3, 10):
        chip(tree, number, "amdgpu", power1_average=number * 1_000_000)
    source = opened(tmp_path)
    assert [channel.rail.name for channel in source.channels] == ["gpu0", "gpu1"]
    assert source.sample().codes == [3_000_000, 10_000_000]
    assert {channel.rail.parent for channel in source.channels} == {"gpus"}


@pytest.mark.parametrize("name", ["amd_hsmp_hwmon", "amd_hsmp"])
def test_epyc_sockets_are_averaged_by_their_firmware(tmp_path, name):
    chip(FakeTree(tmp_path), 1, name, power1_input=120_000_000)
    channel = opened(tmp_path).channels[0]
    assert channel.kind is Kind.MEAN and channel.rail.boundary is Boundary.PART


def test_socket_energies_count_and_core_energies_are_inside_them(tmp_path):
    chip(
        FakeTree(tmp_path),
        1,
        "amd_energy",
        energy1_label="Ecore000",
        energy1_input=11,
        energy2_label="Esocket0",
        energy2_input=100,
        energy3_label="Esocket1",
        energy3_input=200,
    )
    source = opened(tmp_path)
    assert [(c.name, c.quantity, c.kind) for c in source.channels] == [
        ("socket0.energy", Quantity.ENERGY, Kind.COUNTER),
        ("socket1.energy", Quantity.ENERGY, Kind.COUNTER),
    ]
    assert source.sample().codes == [100, 200]
    assert source.channels[0].rail.parent == "sockets"


def test_a_card_asleep_is_a_gap(tmp_path):
    chip(FakeTree(tmp_path), 2, "amdgpu", power1_average=1)
    source = opened(tmp_path)
    (tmp_path / "sys/class/hwmon/hwmon2/power1_average").unlink()
    with pytest.raises(ReadError):
        source.sample()


def test_nothing_here_points_to_rapl(tmp_path):
    chip(FakeTree(tmp_path), 0, "amdgpu", temp1_input=40000)
    with pytest.raises(OpenError, match="rapl://"):
        opened(tmp_path)
    assert amd.look(tmp_path) == []


def test_devices_gives_cards_and_sockets_apart(tmp_path):
    tree = FakeTree(tmp_path)
    chip(tree, 0, "amdgpu", power1_average=1)
    chip(tree, 1, "amd_hsmp_hwmon", power1_input=1)
    assert [(f.boundary, f.rails) for f in amd.look(tmp_path)] == [
        (Boundary.DEVICE, ("gpu0",)),
        (Boundary.PART, ("socket0",)),
    ]


def test_a_reading_that_may_not_be_read_is_named_with_what_to_do(tmp_path, monkeypatch):
    def refused(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    chip(FakeTree(tmp_path), 2, "amdgpu", power1_average=25_000_000)
    (found,) = amd.look(tmp_path)
    assert (found.problem, found.remedy) == ("", "")
    monkeypatch.setattr(amd, "read_bytes", refused)
    (found,) = amd.look(tmp_path)
    assert (
        found.problem.endswith("hwmon2/power1_average: Permission denied") and "[Errno" not in found.problem
    )
    assert "power1_average" in found.remedy
    monkeypatch.setattr(amd, "read_bytes", lambda *_: (_ for _ in ()).throw(OSError("gone")))
    (found,) = amd.look(tmp_path)
    assert found.problem.endswith(": gone") and found.remedy == ""
