"""One name, one thing, and each used: what three files call alike is read wrongly in two of them, what tests alone call is gone."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

CLASS = re.compile(r"^ *class _*(\w+)", re.MULTILINE)

ONE_KIND = {"PowerCallback"}
"""Names that a user writes in several frameworks for the same thing."""


WINGS = ("powermeter", "drivers", "calibration", "reports")

CALLED_BY_OTHERS = re.compile(
    r"(on|do|pytest)_\w+|_repr_html_|format_commands|writelines|handle_error|log_message|readinto|teardown"
)
"""What frameworks and base classes of others call by its name."""


def test_no_three_classes_have_one_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for top in WINGS:
        for path in sorted((ROOT / top).rglob("*.py")):
            for name in CLASS.findall(path.read_text(encoding="utf-8")):
                places[name].append(path.relative_to(ROOT).as_posix())
    assert len(places) > 700
    assert {name: at for name, at in places.items() if len(at) > 2 and name not in ONE_KIND} == {}


@pytest.mark.thorough
def test_no_definition_is_used_by_tests_alone() -> None:
    """What `powermeter.testing` ships is for tests of others; a function of its own in the documentation is used by readers."""
    words: Counter[str] = Counter()
    defined: list[tuple[str, str]] = []
    for top in (*WINGS, "docs", "examples", "benchmarks", "reproduce"):
        for path in sorted((ROOT / top).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            past = name.startswith(("docs/reference/", "docs/decisions", "docs/validation"))
            if past or path.suffix not in (".py", ".pyi", ".md", ".toml", ".ipynb"):
                continue
            text = path.read_text(encoding="utf-8")
            words.update(re.findall(r"\w+", text))
            if top in WINGS and path.suffix == ".py" and not name.startswith("powermeter/testing/"):
                defined += [
                    (found, name) for found in re.findall(r"(?m)^ *(?:async )?(?:def|class) (\w+)", text)
                ]
    times = Counter(name for name, _ in defined)
    assert len(times) > 5000
    unused = [(path, name) for name, path in defined if words[name] <= times[name]]
    assert [
        (path, name)
        for path, name in unused
        if not (CALLED_BY_OTHERS.fullmatch(name) or name.startswith("__"))
    ] == []
