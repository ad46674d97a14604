"""`__init__.py` loads each public name from where `__init__.pyi` shows it to type checkers."""

from __future__ import annotations

import ast
from pathlib import Path

import powermeter
from powermeter import recording, registry

PACKAGE = Path(powermeter.__file__).parent


def test_the_stub_shows_what_is_loaded() -> None:
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    shown = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                assert alias.name == alias.asname, "a stub hands on what is imported as itself"
                shown[alias.name] = node.module
    assert set(shown) == set(powermeter.__all__)
    for name, home in shown.items():
        found = getattr(powermeter, name)
        if name not in ("each", "event", "mark", "track"):
            assert name in registry.PUBLIC[str(home)].split()
        assert getattr(found, "__module__", home).startswith(str(home).rpartition(".")[0] or str(home))


def test_what_the_room_of_recordings_lists_is_loaded() -> None:
    named = [name for public in registry.OF_RECORDING.values() for name in public.split()]
    assert sorted(named) == sorted(recording.__all__)
    assert all(getattr(recording, name).__name__ == name for name in named)
