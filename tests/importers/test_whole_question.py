"""Which of two answers is offered first where the whole is not known: a sum where no rail can be inside another."""

import pytest

from powermeter.channel import Boundary, Rail
from powermeter.errors import ConfigurationError
from powermeter.importers import open_log
from powermeter.importers.whole_or_sum import decide
from powermeter.importers.whole_question import RailsShown, are_apart, are_one_series, question


@pytest.mark.parametrize(
    ("names", "one"),
    [
        (("CH1", "CH2"), True),
        (("Server A", "Server B"), True),
        (("PSU1 Input", "PSU2 Input"), True),
        (("L1", "L2", "L3"), True),
        (("a", "b"), False),
        (("rail 2", "rail 3"), False),
        (("left", "right"), False),
        (("plug1 left", "plug2 right"), False),
        (("P_in", "P_out"), False),
    ],
)
def test_names_of_one_series_differ_in_a_number_or_a_letter(names, one):
    assert are_one_series(names) is one


@pytest.mark.parametrize(
    ("spans", "apart"),
    [
        ({"a": (1.0, 10.0), "b": (2.0, 5.0)}, True),
        ({"a": (2.0, 10.0), "b": (1.0, 5.0)}, False),
        ({"a": (2.0, 4.9), "b": (2.1, 4.7)}, False),
        ({"a": (1.0, 10.0)}, False),
    ],
)
def test_a_rail_that_reads_less_at_times_holds_no_other(spans, apart):
    """What holds a part is never below it, so none of its quantiles is."""
    assert are_apart(["a", "b"], spans) is apart
    first, second = ("--sum", "--rail") if apart else ("--rail", "--sum")
    said = question(["a", "b"], {}, spans, "f")
    assert said.index(first) < said.index(second)


def test_a_card_that_draws_more_than_the_package_at_times_is_not_inside_it():
    rails = [Rail(name, None, Boundary.BOARD, "") for name in ("Package", "GPU")]
    apart = {"Package": (20.0, 90.0), "GPU": (40.0, 60.0)}
    assert decide(rails, where="f", shown=RailsShown(apart)).is_sum
    with pytest.raises(ConfigurationError, match="--rail"):
        decide(rails, where="f", shown=RailsShown(apart | {"GPU": (5.0, 60.0)}))


def test_a_word_that_names_no_machine_holds_nothing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,fields_W,fields_dram_W\n" + "".join(f"{i},{60 + i % 3},5\n" for i in range(20)))
    with pytest.raises(ConfigurationError, match="which one is the whole"):
        open_log(path)


def test_nodes_hold_their_parts_by_their_names(tmp_path):
    path = tmp_path / "nodes.csv"
    path.write_text(
        "time_s,node1_W,node1_gpu_W,node2_W,node2_gpu_W\n" + "".join(f"{i},100,45,90,40\n" for i in range(20))
    )
    whole = open_log(path).facts["whole"]
    assert (whole["rail"], whole["sum"]) == ("all nodes", True)
    path.write_text(path.read_text().replace(",45,", ",145,"))
    with pytest.raises(ConfigurationError, match="which one is the whole"):
        open_log(path)
