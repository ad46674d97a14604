"""Asks on the terminal for the readings of meters that only have a display, and keeps them for their sources."""

from __future__ import annotations

import os
import select
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from powermeter.errors import ConfigurationError
from powermeter.importers.manual_readings import Display, advice, append, parse_reading
from powermeter.source import Address

TAKEN_S = 0.2
"""The longest time from a reading being typed to its source having taken it, in s."""

_DEFAULT_STEP = "0.1W"


class Prompter:
    """Asks for the readings of all `manual://` sources of a run on the terminal.

    Each gets a text file of its own, to which the readings are appended and which its source follows.

    Args:
        urls: All sources of the run.
        terminal: Where to read and where to ask; None opens the controlling terminal.
    """

    def __init__(self, urls: Sequence[str], terminal: tuple[TextIO, TextIO] | None = None) -> None:
        self._terminal = terminal
        self._own = False
        self._displays: list[tuple[str, Display, Path]] = []
        self._readings: dict[Path, list[tuple[int, float]]] = {}
        self._made: list[Path] = []
        self.urls: list[str] = [self._prepare(url) for url in urls]

    def _prepare(self, url: str) -> str:
        if not url.startswith("manual://"):
            return url
        address = Address.parse(url)
        if address.location:
            return url  # somebody else writes that file
        display = Display.of(address.options.get("unit", "W"), address.options.get("step", _DEFAULT_STEP))
        handle, name = tempfile.mkstemp(prefix="powermeter-readings-", suffix=".txt")
        os.close(handle)
        path = Path(name)
        self._made.append(path)
        self._readings[path] = []
        self._displays.append((address.options.get("name", "the display"), display, path))
        return str(Address("manual", name, address.options))

    @property
    def is_needed(self) -> bool:
        """Whether any source of the run is read by eye."""
        return bool(self._displays)

    def ask(self, when: str) -> None:
        """Ask for one reading of each display, again until it is one; an empty line leaves it out.

        Args:
            when: `at the start`, `at the end`, `now`.

        Raises:
            ConfigurationError: There is no terminal to ask on.
        """
        for name, display, path in self._displays:
            while True:
                line = self._dialogue(f"powermeter: read {name} {when} in {display.unit}, then Enter: ")
                at_ns = time.monotonic_ns()
                if not line.strip():
                    break
                try:
                    reading = parse_reading(line, display, at_ns)
                except ConfigurationError as error:
                    self._print(f"{error}\n")
                    continue
                moment = at_ns if reading.at_ns is None else reading.at_ns
                self._keep(path, display, moment, reading.value)
                break
        time.sleep(TAKEN_S)

    def _keep(self, path: Path, display: Display, at_ns: int, value: float) -> None:
        append(path, at_ns, value / display.factor)
        self._readings[path].append((at_ns, value))

    def watch(self, stop: threading.Event) -> None:
        """Take readings that are typed of themselves until `stop` is set; for the first display.

        Only where the terminal is ours alone: a measured command reads it itself.
        """
        if not self._displays or self._terminal is None:
            return
        name, display, path = self._displays[0]
        self._print(f"powermeter: type a reading of {name} and Enter whenever you like\n")
        while not stop.is_set():
            if not select.select([self._terminal[0]], [], [], 0.1)[0]:
                continue
            line = self._terminal[0].readline()
            at_ns = time.monotonic_ns()
            if not line:
                return
            try:
                reading = parse_reading(line, display, at_ns)
            except ConfigurationError as error:
                self._print(f"{error}\n")
                continue
            self._keep(path, display, at_ns if reading.at_ns is None else reading.at_ns, reading.value)

    def close(self) -> str:
        """Remove the files and return one line of advice per display, from what was read."""
        lines = []
        for name, display, path in self._displays:
            lines.append(f"{name}: {advice(display, self._rate(path, display))}")
        for path in self._made:
            path.unlink(missing_ok=True)
        if self._own and self._terminal is not None:
            for side in self._terminal:
                side.close()
        return "\n".join(lines)

    def _rate(self, path: Path, display: Display) -> float | None:
        readings = self._readings[path]
        if not readings:
            return None
        if not display.is_counter:
            return sum(value for _, value in readings) / len(readings)
        (first_ns, first), (last_ns, last) = readings[0], readings[-1]
        return (last - first) / ((last_ns - first_ns) * 1e-9) if last_ns > first_ns else None

    def _dialogue(self, question: str) -> str:
        if self._terminal is None:
            try:
                # Two files: one opened for both ways would have to be seekable.
                reader = open("/dev/tty", encoding="utf-8", errors="replace")  # noqa: SIM115
                self._terminal = reader, open("/dev/tty", "w", encoding="utf-8")  # noqa: SIM115
            except OSError:
                raise ConfigurationError(
                    "manual:// asks on a terminal and there is none; name a file of readings: manual://readings.txt"
                ) from None
            self._own = True
        self._print(question)
        line = self._terminal[0].readline()
        if not line:
            raise ConfigurationError("manual://: the terminal was closed before a reading was typed")
        return line

    def _print(self, text: str) -> None:
        assert self._terminal is not None
        self._terminal[1].write(text)
        self._terminal[1].flush()
