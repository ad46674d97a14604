"""Tables of power analysers: the readings of an element are one rail, and their sum is the whole."""

import pytest
from tool_log import load

from powermeter.importers.headers import heading

HEAD = "Store No.,Date,Time,Urms-1,Irms-1,P-1,Urms-2,Irms-2,P-2,P-SIGMA\n,,,V,A,kW,V,A,kW,kW\n"


def _rows():
    return "\n".join(f"{i},2025/03/14,09:26:{10 + i},230,5,0.6,230,2,0.3,0.9" for i in range(11))


def test_the_sum_of_the_elements_is_the_whole(tmp_path):
    """0.9 kW for 10 s; the apparent 230 V × 5 A of element 1 is no rail beside its power."""
    _, energies, counted = load(tmp_path, HEAD + _rows())
    assert counted == "SIGMA" and energies["SIGMA"] == pytest.approx(9000)
    assert {name for name in energies if name != "SIGMA"} == {"rail 1", "rail 2"}


def test_elements_added_up_count_each_power_once(tmp_path):
    """0.6 + 0.3 kW, without the column of their sum."""
    head, rows = HEAD.replace(",P-SIGMA", "").replace("kW,kW\n", "kW\n"), _rows().replace(",0.9", "")
    log, _, _ = load(tmp_path, head + rows, add_up=True)
    rails = {c.rail.name for c in log.sources[0].channels if c.rail is not None}
    assert rails == {"rail 1", "rail 2"}


@pytest.mark.parametrize("name", ["P-SIGMA", "P_SIGMA(W)", "P-ΣA"])
def test_sigma_behind_a_quantity_is_a_sum_and_no_statistic(name):
    assert not heading(name).is_aside


def test_sigma_behind_another_word_is_a_statistic():
    assert heading("power_sigma_W").is_aside


def test_the_period_above_a_supply_s_table_is_its_rate(tmp_path):
    """6 V × 1 A = 6 W, 11 rows at 2 s."""
    rows = "\n".join(f"{i},6.0,1.0,6.0" for i in range(11))
    _, energies, _ = load(tmp_path, f"Period(s),2\n\nNum,CH1_U(V),CH1_I(A),CH1_P(W)\n{rows}")
    assert list(energies.values()) == [pytest.approx(120)]
