"""The source behind a list of readings: times, grades, and what is refused."""

from __future__ import annotations

import time

import pytest

from powermeter import registry
from powermeter.channel import Boundary, Kind, Quantity
from powermeter.errors import ConfigurationError, OpenError
from powermeter.result import Grade


def listed(tmp_path, text: str, query: str = ""):
    path = tmp_path / "readings.txt"
    path.write_text(text)
    source = registry.source(f"manual://{path}?unit=W&step=0.1W{query}")
    source.open()
    return source, path


def test_a_list_with_times_becomes_samples(tmp_path):
    source, _ = listed(tmp_path, "# plug at the wall\n+0s 6.3\n\n+30s 6.4 W\n+60s 6100mW\n")
    block = source.read_block(0)
    assert block is not None
    assert block.codes.ravel().tolist() == [6_300_000, 6_400_000, 6_100_000]
    assert [int(t - block.times_ns[0]) for t in block.times_ns] == [0, 30 * 10**9, 60 * 10**9]


def test_lines_added_while_recording_are_stamped_on_arrival(tmp_path):
    source, path = listed(tmp_path, "")
    assert source.read_block(0) is None
    before = time.monotonic_ns()
    with open(path, "a") as file:
        file.write("6.3\n6.")
        file.flush()
        block = source.read_block(0.01)
        assert block is not None and block.codes.tolist() == [[6_300_000]]
        assert before <= block.times_ns[0] <= time.monotonic_ns()
        file.write("4\n")
        file.flush()
        block = source.read_block(0.01)
    assert block is not None and block.codes.tolist() == [[6_400_000]]


def test_what_cannot_be_read_is_a_gap(tmp_path):
    source, _ = listed(tmp_path, "+10s 6.3\nsix\n+5s 6.4\n+20s 6.5\n")
    block = source.read_block(0)
    assert block is not None
    assert block.codes.ravel().tolist() == [6_300_000, 6_500_000]
    assert [gap.reason for gap in block.gaps] == ["bad data", "bad data"]
    assert "before the last one" in block.gaps[1].detail


def test_only_bad_lines_are_gaps_without_samples(tmp_path):
    source, _ = listed(tmp_path, "six\n")
    block = source.read_block(0)
    assert block is not None and block.codes.shape == (0, 1) and len(block.gaps) == 1


def test_by_hand_is_said_beside_measured(tmp_path):
    source, _ = listed(tmp_path, "", "&accuracy=1%&nominal=230V")
    (channel,) = source.channels
    assert channel.grade is Grade.MEASURED and "by hand" in channel.rail.covers
    assert channel.rail.boundary is Boundary.WALL and channel.rail.nominal_v == 230.0
    assert channel.kind is Kind.INSTANT and channel.quantity is Quantity.POWER
    assert channel.accuracy.step == 0.1 and channel.accuracy.gain == 0.01
    assert source.info()["taken"] == "by hand"


def test_a_total_counts_and_its_moment_of_reading_is_noise(tmp_path):
    path = tmp_path / "r.txt"
    path.write_text("1.23\n")
    source = registry.source(f"manual://{path}?unit=kWh&step=0.01kWh&at=board&around=5W")
    source.open()
    (channel,) = source.channels
    assert channel.kind is Kind.COUNTER and channel.accuracy.step == 36_000
    assert channel.accuracy.noise == pytest.approx(2.5)  # half a second at 5 W
    assert channel.rail.boundary is Boundary.BOARD


def test_without_a_terminal_or_a_list_it_says_what_to_do(tmp_path):
    with pytest.raises(OpenError, match="file of readings"):
        registry.source("manual://").open()
    with pytest.raises(OpenError, match="no such file"):
        registry.source(f"manual://{tmp_path}/none.txt").open()
    with pytest.raises(ConfigurationError):
        registry.source("manual://?at=moon")
    with pytest.raises(ConfigurationError):
        registry.source("manual://?accuracy=200%")
