"""Which processor this machine has and how much power it is rated for: what it promises."""

from __future__ import annotations

import subprocess
import sys

import pytest
from processor_table import TABLE, machine

from powermeter.drivers.system import processor
from powermeter.result import COVERAGE_95
from powermeter.testing.sysfs import FakeTree


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "cpu.csv"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    ("name", "listed", "watt"),
    [
        ("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", "Intel Core i7-8650U", 15.0),
        ("AMD EPYC 7763 64-Core Processor", "AMD EPYC 7763", 280.0),
        ("Intel(R) Xeon(R) CPU E5-2640 v4 @ 2.40GHz", "Intel Xeon E5-2640 v4", 90.0),
        ("Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz", None, None),
        ("AMD Ryzen 7 5800H with Radeon Graphics", "AMD Ryzen 7 5800H", 45.0),
        ("Odd One", None, None),  # a rating that cannot be
        ("Intel(R) Xeon(R) CPU E7-8890 v4 @ 2.20GHz", "E7-8890 v4", 165.0),  # listed by its number alone
        ("Intel(R) Xeon(R) Processor", None, None),
        ("", None, None),
    ],
)
def test_names_find_their_rating(table, name, listed, watt):
    assert processor.look_up(name, table) == ((listed, watt) if listed else None)


def test_rating_counts_sockets(tmp_path, table):
    machine(tmp_path, "AMD EPYC 7763 64-Core Processor", threads=4, sockets=2)
    found = processor.rating(tmp_path, table)
    assert found.watt == 560.0 and "2 sockets" in found.source
    assert found.model_error == processor.RATED_ERROR


def test_an_unknown_processor_is_an_assumption_with_a_wider_interval(tmp_path, table):
    machine(tmp_path, "Somebody's Processor 9000")
    found = processor.rating(tmp_path, table)
    assert found.watt == 4 * processor.WATT_PER_THREAD
    assert "assumed" in found.source and found.model_error > processor.RATED_ERROR


def test_a_virtual_machine_does_not_take_its_hosts_rating(tmp_path, table):
    machine(tmp_path, "AMD EPYC 7763 64-Core Processor", threads=2, flags="fpu hypervisor lm")
    found = processor.rating(tmp_path, table)
    assert found.watt == 2 * processor.WATT_PER_THREAD and "virtual machine" in found.source


def test_what_is_assumed_comes_to_the_power_of_a_busy_machine(tmp_path, table):
    """8.2 W stood beside "4 W for each of 2 threads": servers draw 1.02 times their rating at full load (Davy 2021)."""
    machine(tmp_path, "AMD EPYC 7763 64-Core Processor", threads=2, flags="fpu hypervisor lm")
    found = processor.rating(tmp_path, table)
    assert "4 W for each of 2 threads, 1.02 times that at full load" in found.source
    assert found.watt * found.curve.at(1.0) == pytest.approx(4 * 2 * 1.02)


def test_longest_board_names_go_first():
    models = [model for model, *_ in processor.BOARDS]
    for place, model in enumerate(models):
        assert not any(model in later for later in models[place + 1 :]), model


@pytest.mark.thorough
def test_codecarbons_table_is_found_without_importing_it():
    pytest.importorskip("codecarbon")
    code = (
        "import sys; from powermeter.drivers.system.processor import codecarbon_table; "
        "path = codecarbon_table(); assert path.is_file(); assert 'codecarbon' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
    path = processor.codecarbon_table()
    assert path is not None
    assert processor.look_up("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", path) == (
        "Intel Core i7-8650U",
        15.0,
    )


@pytest.mark.parametrize(
    ("load", "share"), [(0, 0.12), (0.05, 0.22), (0.1, 0.32), (0.3, 0.535), (1, 1.02), (7, 1.02)]
)
def test_curve_is_straight_between_its_points(load, share):
    assert processor.SERVER_CURVE.at(load) == pytest.approx(share)


def test_the_interval_holds_the_errors_reported_for_such_models():
    """Errors up to 40 % (arXiv 2509.22092) and a factor of two (CCGrid 2023): truth half of the estimate."""
    half = processor.RATED_ERROR * COVERAGE_95 / 3**0.5
    assert 1 - half <= 1 / 2 and half >= 0.4
    assert processor.ASSUMED_ERROR > processor.RATED_ERROR > processor.BOARD_ERROR


@pytest.mark.parametrize(
    ("model", "idle_w", "full_w"),
    [  # pidramble.com/wiki/benchmarks/power-consumption; StackExchange 26526 (at 5 V) for the Zero W; raspberry.tips for the 5
        ("Raspberry Pi Zero W Rev 1.1", 0.5, 1.0),
        ("Raspberry Pi Zero 2 W Rev 1.0", 0.7, 2.5),
        ("Raspberry Pi Zero Rev 1.3", 0.4, 1.2),
        ("Raspberry Pi 3 Model B Rev 1.2", 1.4, 3.7),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", 1.9, 5.1),
        ("Raspberry Pi 4 Model B Rev 1.4", 2.7, 6.4),
        ("Raspberry Pi 5 Model B Rev 1.0", 3.0, 8.8),
    ],
)
def test_each_board_has_its_published_power(tmp_path, model, idle_w, full_w):
    tree = FakeTree(tmp_path)
    tree.write("proc/cpuinfo", "processor\t: 0\nmodel name\t: ARMv7 Processor rev 3 (v7l)\n")
    tree.device_tree(model)
    found = processor.rating(tmp_path)
    assert found.watt * found.curve.at(0.0) == pytest.approx(idle_w)
    assert found.watt * found.curve.at(1.0) == pytest.approx(full_w)
    assert "whole board" in found.covers


@pytest.mark.parametrize(("watts", "found"), [((280, 280), 280.0), ((280, 225), None)])
def test_of_several_listed_names_none_is_taken_where_they_disagree(tmp_path, watts, found):
    """A name of more words than two rows of its number: both say 280 W, or one of them 225 W."""
    table = tmp_path / "ratings.csv"
    names = ("AMD EPYC 7763", "EPYC 7763")
    table.write_text("Name,TDP\n" + "".join(f"{name},{w}\n" for name, w in zip(names, watts, strict=True)))
    listed = processor.look_up("AMD EPYC 7763 Milan", table)
    assert (None if listed is None else listed[1]) == found
