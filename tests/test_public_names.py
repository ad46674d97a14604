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


def test_a_channel_and_a_battery_are_one_short_line_at_a_prompt() -> None:
    rail = powermeter.Rail("VDD_IN", covers="everything that the module draws, with its regulators")
    channel = powermeter.Channel("VDD_IN.power", powermeter.Quantity.POWER, 1e-3, rail)
    assert repr(channel) == "<Channel VDD_IN.power: power on VDD_IN, instant, measured>"
    assert (
        repr(powermeter.Battery("4Ah")).startswith("<Battery ") and len(repr(powermeter.Battery("4Ah"))) < 100
    )
