"""NVIDIA cards through a stand-in for nvidia-ml-py: what each generation offers, and what is left out."""

from __future__ import annotations

import sys
import threading

import pytest
from vendor_fakes import H100, FakeNvml

from powermeter import registry
from powermeter.channel import Boundary, Kind, Quantity
from powermeter.errors import ConfigurationError, NotInstalledError, OpenError, ReadError, Reason
from powermeter.recorder.reader_output import Health
from powermeter.recorder.reopening import identity, reopen

AMPERE, TURING = 7, 6


T4 = {"name": "Tesla T4", "architecture": TURING, "energy": 900, "usage": 27_000, "uuid": "GPU-bbbb"}
P100 = {"name": "Tesla P100", "architecture": 4, "usage": 31_000, "uuid": "GPU-cccc"}
RTX3060 = {"name": "NVIDIA GeForce RTX 3060", "architecture": AMPERE, "usage": 15_000, "uuid": "GPU-dddd"}
A100 = {
    "name": "NVIDIA A100-SXM4-40GB",
    "architecture": AMPERE,
    "usage": 52_000,
    "uuid": "GPU-eeee",
    "mig": 1,
}
ORIN = {"name": "Orin (nvgpu)", "architecture": AMPERE}


@pytest.fixture
def nvml(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def install(*cards, broken=""):
        fake = FakeNvml(*(dict(card) for card in cards), broken=broken)
        monkeypatch.setitem(sys.modules, "pynvml", fake)
        return fake

    return install


def opened(query: str = ""):
    source = registry.source(f"nvml://{query}")
    source.open()
    return source


def test_counter_instant_and_average_are_three_things(nvml):
    nvml(H100)
    source = opened()
    energy, instant, average = source.channels
    assert (energy.quantity, energy.kind, energy.scale) == (Quantity.ENERGY, Kind.COUNTER, 1e-3)
    assert (instant.name, instant.kind, instant.window_ns) == ("gpu0.power", Kind.INSTANT, None)
    assert (average.kind, average.window_ns) == (Kind.MEAN, 1_000_000_000)
    # Cards were seen to refresh each of them every 100 ms (docs/validation.md, NVIDIA cards).
    assert {channel.refresh_ns for channel in (energy, instant)} == {100_000_000}
    assert source.sample().codes == [5_000_000, 70_000, 71_500]
    assert {channel.rail.boundary for channel in source.channels} == {Boundary.DEVICE}
    assert energy.rail.parent is None


@pytest.mark.parametrize(
    ("card", "kinds"),
    [
        (T4, [Kind.COUNTER, Kind.INSTANT]),  # Turing: nvmlDeviceGetPowerUsage is instantaneous
        (P100, [Kind.INSTANT]),  # no counter before Volta
        (RTX3060, [Kind.MEAN]),  # Ampere and newer: a mean over 1 s
        (A100, [Kind.INSTANT]),  # but not GA100
    ],
)
def test_what_power_usage_means_depends_on_the_generation(nvml, card, kinds):
    nvml(card)
    channels = opened().channels
    assert [channel.kind for channel in channels] == kinds
    assert all((channel.window_ns == 1_000_000_000) == (channel.kind is Kind.MEAN) for channel in channels)


def test_no_reading_is_an_error_not_zero(nvml):
    """As on classic Jetsons: NVML starts, and every power query is unsupported."""
    fake = nvml(ORIN)
    with pytest.raises(OpenError, match="jetson://") as caught:
        opened()
    assert caught.value.reason is Reason.NO_ANSWER
    assert fake.running == 0


def test_a_counter_that_answers_zero_is_none(nvml):
    nvml({**P100, "energy": 0})
    assert [channel.quantity for channel in opened().channels] == [Quantity.POWER]


def test_several_cards_are_siblings_that_may_be_added(nvml):
    nvml(H100, T4)
    source = opened()
    assert {channel.rail.name for channel in source.channels} == {"gpu0", "gpu1"}
    assert {channel.rail.parent for channel in source.channels} == {"GPUs"}


@pytest.mark.parametrize(
    ("visible", "query", "expected"),
    [
        (None, "", {"gpu0", "gpu1", "gpu2"}),
        ("1", "", {"gpu1"}),
        ("2,0", "", {"gpu0", "gpu2"}),
        ("GPU-bbbb", "", {"gpu1"}),
        ("1", "?cards=all", {"gpu0", "gpu1", "gpu2"}),
        ("1", "?cards=0,2", {"gpu0", "gpu2"}),
    ],
)
def test_the_cards_the_program_sees_are_recorded(nvml, monkeypatch, visible, query, expected):
    nvml(H100, T4, P100)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert {channel.rail.name for channel in opened(query).channels} == expected


def test_mig_says_that_the_whole_card_is_counted(nvml):
    nvml(A100)
    source = opened()
    assert "all MIG instances" in source.channels[0].rail.covers
    assert source.info()["cards"][0]["mig"] is True


def test_info_names_driver_and_cards(nvml):
    nvml(H100)
    info = opened().info()
    assert info["driver"] == "550.54.15" and info["uuid"] == "GPU-aaaa"
    card = info["cards"][0]
    assert (
        card["rail"] == "gpu0"
        and card["uuid"] == "GPU-aaaa"
        and card["power_limit_w"] == 700.0
        and card["persistence"] is None
    )
    assert card["readings"] == ["energy", "instant", "average"]


def test_a_lost_card_is_a_gap(nvml):
    fake = nvml(T4)
    source = opened()
    fake.cards[0]["energy"] = FakeNvml.NVMLError_GpuIsLost("GPU is lost")
    with pytest.raises(ReadError, match="GPU is lost") as caught:
        source.sample()
    assert caught.value.reason is Reason.ABSENT


def test_another_card_in_its_place_is_not_taken_for_it(nvml):
    """Cards are numbered anew where one has fallen off the bus: the next one was recorded as the first."""
    fake = nvml(T4, {**T4, "uuid": "GPU-ffff"})
    source = opened("?cards=0")
    first, lost = identity(source), fake.cards.pop(0)
    refused: list[str] = []

    def put_back(why: str) -> None:
        refused.append(why)
        fake.cards.insert(0, lost)

    assert reopen(source, threading.Event(), Health(), of=first, refused=put_back)
    assert (
        len(refused) == 1 and "another one answers" in refused[0] and identity(source) == first == "GPU-bbbb"
    )


def test_a_reading_missing_once_is_missing(nvml):
    fake = nvml(H100)
    source = opened()
    fake.cards[0]["instant"] = None
    assert source.sample().codes[1] == -(2**63)


def test_no_driver_no_library_no_card(nvml, monkeypatch):
    nvml(broken="NVML Shared Library Not Found")
    with pytest.raises(OpenError, match="driver loaded"):
        opened()
    nvml()
    with pytest.raises(OpenError, match="none found"):
        opened()
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(NotInstalledError, match=r"powermeter\[nvidia\]"):
        opened()


@pytest.mark.parametrize("query", ["?cards=x", "?cards=-1", "?cards=99999"])
def test_card_numbers_are_checked(nvml, query):
    nvml(T4)
    with pytest.raises(ConfigurationError):
        opened(query)


def test_a_card_that_is_not_there(nvml):
    nvml(T4)
    with pytest.raises(OpenError, match="no card 5; there are 1"):
        opened("?cards=5")


def test_discovery_lists_the_cards_and_closes_nvml(nvml):
    fake = nvml(T4, P100)
    (found,) = registry.driver_class("nvml").discover()
    assert found.rails == ("gpu0", "gpu1") and "no energy counter" in found.title
    assert found.boundary is Boundary.DEVICE and fake.running == 0


def test_discovery_is_silent_without_a_card(nvml):
    nvml(broken="NVML Shared Library Not Found")
    assert registry.driver_class("nvml").discover() == []


def test_closing_twice_and_reading_after(nvml):
    fake = nvml(T4)
    source = opened()
    source.close()
    source.close()
    assert fake.running == 0
    with pytest.raises(ReadError):
        source.sample()


@pytest.mark.parametrize("other", ["instant", "average"])
def test_what_it_used_of_late_is_not_read_beside_either_of_the_named_readings(nvml, other):
    """`nvmlDeviceGetPowerUsage` is one of the two under an older name: it would be the same power twice."""
    nvml({**RTX3060, other: 14_000})
    assert len(opened().channels) == 1
