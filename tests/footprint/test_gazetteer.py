"""Names keep their letters in every script, and a name of several places keeps them all."""

from __future__ import annotations

import pytest

from powermeter.footprint.gazetteer import gazetteer, spelled


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("København", "kobenhavn"),
        ("ŁÓDŹ", "lodz"),
        ("U.S._Virgin  Islands", "us virgin islands"),
        ("İstanbul", "istanbul"),
    ],
)
def test_spellings_without_case_and_accents(one: str, other: str) -> None:
    assert spelled(one) == other


def test_other_scripts_stay_distinct() -> None:
    assert len({spelled(name) for name in ("日本", "中国", "Россия", "भारत")}) == 4


def test_the_most_populous_comes_first() -> None:
    assert gazetteer()[spelled("Birmingham")].places == ("GBR", "USA-AL")
    assert gazetteer()[spelled("Norwegen")].places == ("NOR",)
    assert gazetteer()[spelled("Monaco")].places == ()
