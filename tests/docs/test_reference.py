"""The reference in docs/reference/ is what the code makes: whoever changes an option changes the page."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_reference", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = _generate()


@pytest.mark.parametrize("name", sorted(GENERATE.PAGES))
def test_a_page_is_up_to_date(name: str) -> None:
    path = GENERATE.REFERENCE / name
    stored, made = (
        GENERATE.core(name, text) for text in (path.read_text(encoding="utf-8"), GENERATE.page(name))
    )
    assert stored == made, "stale; run: python3 tasks.py docs"


def test_no_page_is_left_over() -> None:
    assert {path.name for path in GENERATE.REFERENCE.iterdir()} == set(GENERATE.PAGES)


def test_every_option_and_name_has_a_sentence() -> None:
    for name in GENERATE.PAGES:
        for line in GENERATE.page(name).splitlines():
            if line.startswith("| `"):
                assert not re.search(r"\|\s*\|$", line), f"{name}: {line}"


def test_a_stale_page_is_reported_and_not_written(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(GENERATE, "REFERENCE", tmp_path)
    assert GENERATE.main(["--check"]) == 1 and not list(tmp_path.iterdir())
    assert "python3 tasks.py docs" in capsys.readouterr().err
    assert GENERATE.main([]) == 0 and GENERATE.main(["--check"]) == 0
