"""Minerals tied up in a device: grams by element, which are critical in EU law, what ADPe sees of them: what it promises."""

from __future__ import annotations

import pytest

from powermeter.footprint import footprint, to_text
from powermeter.footprint.factors import given
from powermeter.footprint.minerals import adpe_of, as_rows, cathode, composition, mineral
from powermeter.result import Result

KWH = Result.of(3.6e6, "J", {"gain:x": 3.6e4})


def test_phone_minerals_and_what_the_indicator_cannot_see() -> None:
    found = {item.symbol: item for item in composition("phone")}
    assert found["Nd"].factor is None and found["Nd"].adpe_kg is None and found["Nd"].critical
    assert not found["Au"].critical and not found["Au"].strategic
    assert found["Co"].strategic and found["Co"].critical
    gold = found["Au"].adpe_kg
    assert gold is not None and gold / adpe_of(composition("phone")).value > 0.7
    assert "Nd" in adpe_of(composition("phone")).note
    rows = as_rows(composition("phone"))
    assert any("no factor" in row[3] for row in rows)
    assert any("critical and strategic" in row[2] for row in rows)
    assert "rare earths" in to_text(footprint(KWH, "FRA"))


def test_cathode_metals() -> None:
    """A 15 Wh LCO pack holds 14 g of cobalt by Olivetti's table, 5.4 to 8 g by assays."""
    cobalt = next(item for item in cathode("lco", 15) if item.symbol == "Co")
    assert cobalt.mass.central == pytest.approx(14.4, rel=0.01)
    assert cobalt.mass.low < 8
    assert cobalt.mass.provenance == "D"


CRITICAL_AND_STRATEGIC = "Al Bi B Co Cu Ga Ge Li Mg Mn C Ni Pt Pd Rh Ru Ir Os Nd Pr Tb Dy Gd Sm Ce Si Ti W"
CRITICAL = "Sb As Ba Be Hf La Eu Y Er Ho Tm Yb Lu Nb P Sc Sr Ta V"
NOT_LISTED = "Au Ag Sn Fe Pb Zn Cr In Mo Se Te Re"


@pytest.mark.parametrize(
    ("symbols", "law"),
    [(CRITICAL_AND_STRATEGIC, (True, True)), (CRITICAL, (True, False)), (NOT_LISTED, (False, False))],
)
def test_every_element_of_the_annexes_stands_as_the_regulation_lists_it(
    symbols: str, law: tuple[bool, bool]
) -> None:
    """Annexes I and II of Regulation (EU) 2024/1252; ten heavy and five light rare earths, six platinum metals."""
    for symbol in symbols.split():
        found = mineral(symbol, given("mass", 1.0, "g"))
        assert (found.critical, found.strategic) == law, symbol


def test_rows_are_shared_out_in_mg_of_antimony() -> None:
    """2 g (1 to 4) of gold with 52 kg Sb eq a kg, a quarter of it: 0.5 g and 2 × 52 × 0.25 × 1000 mg."""
    gold = mineral("Au", given("mass.Au", 2.0, "g", low=1.0, high=4.0))
    (row,) = as_rows([gold], 0.25)
    assert row[1] == "0.5 g (0.25 to 1)"
    assert row[3] == f"{2.0 / 1000 * gold.factor.central * 0.25 * 1e6:,.0f} mg Sb eq"
    (whole,) = as_rows([mineral("Au", given("mass.Au", 2.0, "g"))])
    assert whole[1] == "2 g" and row[2] == whole[2]
