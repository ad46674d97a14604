"""The reference in docs/reference/ is what the code makes: whoever changes an option changes the page."""

from __future__ import annotations

import dataclasses
import importlib.util
import inspect
import re
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

import powermeter
from powermeter.analysis.label_row import LabelRow

ROOT = Path(__file__).resolve().parents[2]


def _generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_reference", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = _generate()


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(GENERATE.PAGES))
def test_a_page_is_up_to_date(name: str) -> None:
    path = GENERATE.REFERENCE / name
    stored, made = (
        GENERATE.core(name, text) for text in (path.read_text(encoding="utf-8"), GENERATE.page(name))
    )
    assert stored == made, "stale; run: python3 tasks.py docs"


def test_no_page_is_left_over() -> None:
    assert {path.name for path in GENERATE.REFERENCE.iterdir()} == set(GENERATE.PAGES)


@pytest.mark.thorough
def test_every_option_and_name_has_a_sentence() -> None:
    for name in GENERATE.PAGES:
        for line in GENERATE.page(name).splitlines():
            if line.startswith("| `"):
                assert not re.search(r"\|\s*\|$", line), f"{name}: {line}"


def test_a_stale_page_is_reported_and_not_written(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(GENERATE, "PAGES", dict(list(GENERATE.PAGES.items())[:2]))
    monkeypatch.setattr(GENERATE, "REFERENCE", tmp_path)
    assert GENERATE.main(["--check"]) == 1 and not list(tmp_path.iterdir())
    assert "python3 tasks.py docs" in capsys.readouterr().err
    assert GENERATE.main([]) == 0 and GENERATE.main(["--check"]) == 0


FUNCTIONS = [name for name in powermeter.__all__ if inspect.isroutine(getattr(powermeter, name))]


@pytest.mark.parametrize("name", ["Meter", *FUNCTIONS])
def test_every_public_function_has_an_example_that_compiles(name: str) -> None:
    text = inspect.getdoc(getattr(powermeter, name)) or ""
    blocks = re.findall(r"::\n\n((?:    .*\n|\n)+)", f"{text}\n")
    assert blocks, f"powermeter.{name} has no example"
    for block in blocks:
        code = textwrap.dedent(block)
        compile(code, name, "exec")
        for used in re.findall(r"(?<![\w.])powermeter\.([A-Za-z]\w*)", code):
            assert hasattr(powermeter, used), f"powermeter.{name}: {used}"


def test_what_an_analysis_returns_a_row_of_is_documented_with_all_its_fields() -> None:
    """`.events`, `.items` and `.energy` of a `LabelRow` had to be guessed."""
    _, _, page = (GENERATE.REFERENCE / "python.md").read_text(encoding="utf-8").partition("\n## LabelRow\n")
    heads = {name for line in page.splitlines() for name in line.partition(":")[0].split(", ")}
    assert page and {field.name for field in dataclasses.fields(LabelRow)} <= heads
