"""What nobody stated stands in one table, which does not grow; every other accuracy names what was read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from powermeter.platforms.assumptions import ASSUMED, assumed

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("powermeter", "drivers")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "assumptions.py"
)
MOST = 15
MOST_PLACES = 50
"""Channels and kinds of log that rest on an assumption; they may only become fewer."""


def test_at_most_fifteen_each_with_a_reason() -> None:
    assert len(ASSUMED) <= MOST
    for code, reason in ASSUMED.items():
        assert len(reason) > 40, code


def test_a_figure_stands_before_its_reason() -> None:
    assert assumed("gauge").startswith("assumed: 3 %")
    assert assumed("scpi", "2 %").startswith("assumed: 2 %; the URL's gain")
    with pytest.raises(KeyError):
        assumed("nothing")


def strings_of_accuracies(path: Path) -> list[str]:
    """Return the texts given as `source=` of an Accuracy or Limits."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "source":
                    found += [
                        part.value
                        for part in ast.walk(keyword.value)
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    ]
    return found


def test_no_accuracy_is_assumed_beside_the_table() -> None:
    for path in SOURCES:
        for text in strings_of_accuracies(path):
            assert not text.startswith("assumed"), (
                f"{path.name}: {text!r} belongs into powermeter/platforms/assumptions.py"
            )


def test_every_assumption_is_used() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    for name in ASSUMED:
        assert f'assumed("{name}"' in code or f"assumed('{name}'" in code, name


def test_no_more_channels_rest_on_an_assumption_than_the_page_states() -> None:
    places = [
        node
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "assumed"
    ]
    page = (ROOT / "docs" / "footprint.md").read_text(encoding="utf-8")
    assert f"{len(places)} channels and kinds of log" in page
    assert len(places) <= MOST_PLACES


@pytest.mark.parametrize("word", ["recalled", "from memory", "as I remember"])
def test_no_limit_is_recalled(word: str) -> None:
    for path in SOURCES:
        for text in strings_of_accuracies(path):
            assert word not in text, path.name
