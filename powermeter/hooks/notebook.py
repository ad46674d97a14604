"""Notebooks: `%load_ext powermeter`, then `%%power` records a cell and shows what it used."""

from __future__ import annotations

import shlex
from typing import Any

from powermeter.errors import PowermeterError

USAGE = "%%power [NAME] [-s, --source URL] [-o, --output FILE] [--n ITEMS] [--battery 4Ah] [--place FRA] [--force]"
OPTIONS = ("source", "output", "n", "battery", "place")
SHORT = {"-s": "source", "-o": "output"}


def load_ipython_extension(shell: Any) -> None:
    """Register `%power` and `%%power` with IPython."""
    shell.register_magic_function(_Power(shell).power, "line_cell", "power")


def unload_ipython_extension(shell: Any) -> None:
    """Forget them."""
    shell.magics_manager.magics["cell"].pop("power", None)
    shell.magics_manager.magics["line"].pop("power", None)


class _Power:
    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def power(self, line: str, cell: str | None = None) -> Any:
        """Record a cell, or one statement, and show what it used; the recording is in `_power`."""
        words, statement = _words(line, cell)
        if words is None:
            print(f"usage: {USAGE}")
            return None
        from powermeter import Meter

        name, chosen = words
        sources = [chosen["source"]] if "source" in chosen else []
        try:
            meter = Meter(
                *sources,
                path=chosen.get("output"),
                battery=chosen.get("battery"),
                place=chosen.get("place"),
                force="force" in chosen,
            )
            n = float(chosen["n"]) if "n" in chosen else 1
            with meter:
                if meter.choice:
                    print(meter.choice)
                with meter.event(name, int(n) if n == int(n) else n):
                    self._shell.run_cell(statement)
        except (PowermeterError, ValueError) as error:
            print(f"powermeter: {error}")
            return None
        self._shell.user_ns["_power"] = meter
        return meter


def _words(line: str, cell: str | None) -> tuple[tuple[str, dict[str, str]] | None, str]:
    """Return the cell's name and options, and what to run; of a line all is what to run."""
    if cell is None:
        return (("cell", {}), line) if line.strip() else (None, "")
    try:
        words = iter(shlex.split(line))
    except ValueError:
        return None, ""
    name, chosen = "cell", {}
    for word in words:
        option, equals, value = word.removeprefix("--").partition("=")
        if word == "--force":
            chosen["force"] = ""
        elif word.startswith("--") and option in OPTIONS:
            chosen[option] = value if equals else next(words, "")
        elif word in SHORT:
            chosen[SHORT[word]] = next(words, "")
        elif word.startswith("-"):
            return None, ""
        elif "://" in word:
            chosen["source"] = word
        else:
            name = word
    return (name, chosen), cell
