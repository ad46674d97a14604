"""What nobody stated stands in one table, which does not grow; every other accuracy names what was read."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from powermeter.platforms.assumptions import ASSUMED, assumed

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "powermeter" / "platforms" / "assumptions.py"
SOURCES = sorted(
    path for folder in ("powermeter", "drivers") for path in (ROOT / folder).rglob("*.py") if path != TABLE
)
MOST = 8
MOST_PLACES = 14
"""Assumed figures, each of one instrument, board or kind of log; they may only become fewer."""


def test_few_and_each_with_a_reason() -> None:
    assert len(ASSUMED) <= MOST
    for code, reason in ASSUMED.items():
        assert len(reason) > 40, code


def test_a_figure_stands_before_its_reason() -> None:
    assert assumed("gauge").startswith("assumed: 3 %")
    assert assumed("scpi", "2 %").startswith("assumed: 2 %; 1 % where")
    with pytest.raises(KeyError):
        assumed("nothing")


@cache
def calls(path: Path) -> list[ast.Call]:
    """Return the calls in a file that could concern an accuracy; files without its words are not parsed."""
    text = path.read_text(encoding="utf-8")
    if not any(word in text for word in ("source=", "assumed(", "NO_LIMITS")):
        return []
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]


@cache
def strings_of_accuracies(path: Path) -> list[str]:
    """Return the texts passed as `source=` to an Accuracy or Limits."""
    return [
        part.value
        for node in calls(path)
        for keyword in node.keywords
        if keyword.arg == "source"
        for part in ast.walk(keyword.value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


def test_no_accuracy_is_assumed_beside_the_table() -> None:
    for path in SOURCES:
        for text in strings_of_accuracies(path):
            assert not text.startswith("assumed"), (
                f"{path.name}: {text!r} belongs into powermeter/platforms/assumptions.py"
            )


def test_every_assumption_is_used() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (TABLE, *SOURCES))
    for name in ASSUMED:
        assert f'assumed("{name}"' in code or f"assumed('{name}'" in code, name


def test_no_more_figures_are_assumed_than_the_page_states() -> None:
    places = [
        node
        for path in (TABLE, *SOURCES)
        for node in calls(path)
        if isinstance(node.func, ast.Name) and node.func.id == "assumed"
    ]
    page = (ROOT / "docs" / "footprint.md").read_text(encoding="utf-8")
    assert f"{len(places)} assumed figures" in page
    assert len(places) <= MOST_PLACES


@pytest.mark.parametrize("word", ["recalled", "from memory", "as I remember"])
def test_no_limit_is_recalled(word: str) -> None:
    for path in SOURCES:
        for text in strings_of_accuracies(path):
            assert word not in text, path.name


def test_a_thermometer_without_limits_claims_none() -> None:
    claims = [
        (path.name, {one.arg for one in node.keywords})
        for path in SOURCES
        for node in calls(path)
        if any(isinstance(one.value, ast.Name) and one.value.id == "NO_LIMITS" for one in node.keywords)
    ]
    assert claims and all(names == {"step", "source"} for _, names in claims), claims
