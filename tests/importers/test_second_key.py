"""Devices that two columns distinguish: their mean is no reading of any, so the table is refused."""

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
def test_cards_of_two_nodes_are_refused_and_those_of_one_add_up(tmp_path, order):
    def rows(nodes):
        for i, node, gpu in product(range(11), nodes, "01"):
            named = {"node": node, "gpu": gpu}
            yield i, named[order[0]], named[order[1]], WATTS[node, gpu]

    names = ("time_s", *order, "power_W")
    with pytest.raises(
        ConfigurationError, match=r"are several, one for each '(node|gpu)'.*into a file of its own"
    ):
        convert(table(tmp_path, names, rows(["n0", "n1"])), tmp_path / "o.power")
    convert(table(tmp_path, names, rows(["n1"])), tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(700.0)  # (30 + 40) W x 10 s


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
