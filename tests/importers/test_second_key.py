"""Devices that two columns distinguish: they are split by both, and asked about where one may hold another."""

from itertools import product

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert

WATTS = {("n0", "0"): 10, ("n0", "1"): 20, ("n1", "0"): 30, ("n1", "1"): 40}


def table(tmp_path, names, rows):
    path = tmp_path / "t.csv"
    path.write_text("\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest.mark.parametrize("order", [("node", "gpu"), ("gpu", "node")])
def test_cards_of_two_nodes_are_four_cards(tmp_path, order):
    rows = [
        (i, *((node, gpu) if order[0] == "node" else (gpu, node)), watts)
        for i in range(11)
        for (node, gpu), watts in WATTS.items()
    ]
    convert(table(tmp_path, ("time_s", *order, "power_W"), rows), tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(1000.0)  # 100 W x 10 s


def test_three_columns_distinguish_as_well(tmp_path):
    rows = [
        (i, host, socket, domain, 10)
        for i, host, socket, domain in product(range(11), "ab", "01", ("pkg", "dram"))
    ]
    convert(table(tmp_path, ("time_s", "host", "socket", "domain", "power_W"), rows), tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(800.0)


@pytest.mark.parametrize("key", ["domain", "target"])
def test_what_may_hold_the_others_is_asked_about_and_offered_first(tmp_path, key):
    """As PowerAPI writes: each target on each socket; as RAPL: a core in its package."""
    inner, outer = ("core", "package") if key == "domain" else ("/job", "global")
    rows = [
        (i, socket, name, 30 if name == outer else 20)
        for i, socket, name in product(range(11), "01", (inner, outer))
    ]
    path = table(tmp_path, ("time_s", "socket", key, "power_W"), rows)
    with pytest.raises(ConfigurationError, match=f"one for each '{key}'.*--rail {outer} "):
        convert(path, tmp_path / "o.power")
    convert(path, tmp_path / "o.power", choices=Choices(rail=outer))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(600.0)  # two sockets of 30 W
    if key == "target":
        convert(path, tmp_path / "o.power", choices=Choices(add_up=True), force=True)
        assert analyse(tmp_path / "o.power").energy.value == pytest.approx(1000.0)


def test_the_column_may_be_left_out(tmp_path):
    rows = [(i, gpu, probe, 10) for i, gpu, probe in product(range(11), "01", ["front", "back"])]
    path = table(tmp_path, ("time_s", "gpu", "probe", "power_W"), rows)
    with pytest.raises(ConfigurationError, match="--column probe=-"):
        convert(path, tmp_path / "o.power")
    convert(path, tmp_path / "o.power", choices=Choices(columns={"probe": "-"}))
    found = analyse(tmp_path / "o.power")
    seconds = (found.end_ns - found.start_ns) * 1e-9
    assert found.energy.value / seconds == pytest.approx(20.0)  # two cards of 10 W


def test_a_word_that_differs_from_row_to_row_is_no_device(tmp_path):
    rows = [(i, gpu, "busy" if i % 3 else "idle", 10) for i, gpu in product(range(11), "01")]
    convert(table(tmp_path, ("time_s", "gpu", "state", "power_W"), rows), tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(200.0)
