"""Notebooks: `%load_ext powermeter`, then `%%power` records a cell and shows what it used."""

from __future__ import annotations

import asyncio
import shlex
from typing import Any

from powermeter.errors import ConfigurationError, PowermeterError

USAGE = "%%power [NAME] [-s, --source URL] [-o, --output FILE] [--n ITEMS] [--battery 4Ah] [--place FRA] [--force]"
NO_AWAIT = (
    "this cell awaits something, and %%power cannot run it inside the kernel's own loop; it has not been run. Write instead: "
    "with powermeter.Meter() as meter: await …"
)
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
        """Record a cell, or one statement, and show what it used; the recording is in `_power`.

        Raises:
            UsageError: It cannot be recorded, and has not been run: a notebook that is run as a whole stops here.
        """
        from IPython.core.error import UsageError
        from IPython.display import display

        words, statement = _words(line, cell)
        if isinstance(words, str):
            raise UsageError(f"{words}usage: {USAGE}")
        if self._is_awaited(statement):
            raise UsageError(f"powermeter: {NO_AWAIT}")
        from powermeter import Meter

        name, chosen = words
        sources = [chosen["source"]] if "source" in chosen else []
        failed: BaseException | None = None
        try:
            meter = Meter(
                *sources,
                path=chosen.get("output"),
                battery=chosen.get("battery"),
                place=chosen.get("place"),
                force="force" in chosen,
            )
            n = _number(chosen.get("n", "1"))
            with meter:
                if meter.choice:
                    print(meter.choice)
                with meter.event(name, n) as event:
                    failed = self._run(statement)
                    if failed is not None:
                        event["error"] = type(failed).__name__
        except (PowermeterError, ValueError) as error:
            raise UsageError(f"powermeter: {error}") from None
        self._shell.user_ns["_power"] = meter
        if failed is not None:
            display(meter)
            raise failed
        return meter

    def _run(self, statement: str) -> BaseException | None:
        """Run the code and return what it raised, which is shown once, by whoever runs the cell around it."""
        shown = {name: getattr(self._shell, name) for name in ("showtraceback", "showsyntaxerror")}
        for name in shown:
            setattr(self._shell, name, lambda *args, **kwargs: None)
        try:
            ran = self._shell.run_cell(statement)
        finally:
            for name, method in shown.items():
                setattr(self._shell, name, method)
        failed: BaseException | None = ran.error_before_exec or ran.error_in_exec
        return failed

    def _is_awaited(self, statement: str) -> bool:
        """Return whether the code needs an event loop while the kernel's own runs, which then cannot run it for us."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return False
        return bool(
            self._shell.should_run_async(statement, transformed_cell=self._shell.transform_cell(statement))
        )


def _number(text: str) -> float:
    try:
        n = float(text)
    except ValueError:
        n = -1.0
    if not 0 <= n < float("inf"):
        raise ConfigurationError(f"--n {text!r}: write how many items the cell stands for, for example 8")
    return int(n) if n == int(n) else n


def _words(line: str, cell: str | None) -> tuple[tuple[str, dict[str, str]] | str, str]:
    """Return the cell's name and options (or what is wrong with them), and what to run; of a line all is what to run."""
    if cell is None:
        return (("cell", {}), line) if line.strip() else ("", "")
    try:
        words = iter(shlex.split(line))
    except ValueError as error:
        return f"{line.strip()}: {error}\n", ""
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
            return f"{word!r} is not an option of %%power\n", ""
        elif "://" in word:
            chosen["source"] = word
        else:
            name = word
    return (name, chosen), cell
