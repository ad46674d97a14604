"""Readings taken by eye from a meter that has only a display, and how far such readings can carry.

A plug meter or a USB multimeter without a cable is measured by hand: somebody reads it at the start,
at the end and now and then.  This file knows what such a reading looks like when typed, asks for it
on the terminal, hands it to the recorder through a text file, and computes how long a run must be before
the display can resolve it.
"""

from __future__ import annotations

import math
import os
import re
import select
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TextIO

from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError
from powermeter.events import now_ns
from powermeter.result import COVERAGE_95
from powermeter.source import Address
from powermeter.units import format_duration, format_quantity, parse_duration, parse_quantity, unit_factor

TIMING_S = 0.5
"""Standard deviation of the moment at which a person reads a display and presses a key, in s; assumed."""

TAKEN_S = 0.2
"""How long after a reading was typed its source has taken it at the latest, in s."""

SCALE = 1e-6
"""SI units of one code of a reading."""

TARGET = 0.05
"""The relative half-width (95 %) that the advice aims at."""

QUANTITIES = {
    "W": Quantity.POWER,
    "J": Quantity.ENERGY,
    "C": Quantity.CHARGE,
    "A": Quantity.CURRENT,
    "V": Quantity.VOLTAGE,
}

_LINE = re.compile(
    r"(?:(@\d{1,19}|\+\S{1,20}|\d{1,4}[-:/T0-9.+Z ]{3,30}?[0-9Z])\s+)?([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*([A-Za-zµμ]{0,4})"
)


@dataclass(frozen=True, slots=True)
class Display:
    """A meter's display.

    Attributes:
        unit: As printed on it: W, kWh, mAh.
        quantity: What that measures.
        factor: SI units per displayed unit.
        step: One step of its last digit, in SI.
    """

    unit: str
    quantity: Quantity
    factor: float
    step: float

    @classmethod
    def of(cls, unit: str, step: str) -> Display:
        """Return the display of a unit (`W`, `Wh`, `mAh`) and the step of its last digit (`0.1W`).

        Raises:
            ConfigurationError: The unit measures nothing that a power meter shows, or the step is none.
        """
        found = unit_factor(unit)
        if found is None or found[0] not in QUANTITIES:
            raise ConfigurationError(
                f"{unit!r} is not what a meter shows; write for example W, Wh, mAh, A or V"
            )
        size = parse_quantity(step, found[0], bare=False)
        if size <= 0:
            raise ConfigurationError(f"{step!r} is not a step of a display; write for example 0.1W")
        return cls(unit, QUANTITIES[found[0]], found[1], size)

    @property
    def is_counter(self) -> bool:
        """Whether it shows a running total."""
        return self.quantity in (Quantity.ENERGY, Quantity.CHARGE)


def rail_of(boundary: Boundary, step: str, nominal_v: float | None = None) -> Rail:
    """Return the rail of a display with steps of `step`."""
    return Rail("display", None, boundary, f"read by hand from a display in steps of {step}", nominal_v)


def channel_of(display: Display, rail: Rail, *, gain: float, noise: float = 0.0) -> Channel:
    """Return the channel of a display's readings, in codes of `SCALE`."""
    accuracy = Accuracy(
        gain=gain,
        step=display.step,
        noise=noise,
        source="by hand: the display's step, and its maker's accuracy as stated",
    )
    kind = Kind.COUNTER if display.is_counter else Kind.INSTANT
    return Channel("display", display.quantity, SCALE, rail, kind, accuracy=accuracy)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading: its value in SI, and its time in monotonic ns where one was typed."""

    value: float
    at_ns: int | None


def parse_reading(text: str, display: Display, start_ns: int) -> Reading:
    """Return the reading in a typed line: `6.3`, `6.3 W`, `+30s 6.3`, `2026-11-21T14:05:10 6.3 W`.

    Times of day without a date are of today, times without a zone are local.

    Args:
        text: One line.
        display: Its unit is taken where the line has none.
        start_ns: Where `+30s` counts from, in monotonic ns.

    Raises:
        ConfigurationError: It is not a reading of this display.
    """
    match = _LINE.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(
            f"{text.strip()[:60]!r} is not a reading; type for example 6.3 {display.unit}"
        )
    unit = match[3] or display.unit
    value = parse_quantity(match[2] + unit, display.quantity.unit)
    return Reading(value, None if match[1] is None else _moment(match[1], start_ns))


def _moment(text: str, start_ns: int) -> int:
    if text.startswith("@"):
        return int(text[1:])
    if text.startswith("+"):
        return start_ns + round(parse_duration(text[1:]) * 1e9)
    try:
        if re.fullmatch(r"\d{1,2}:\d\d(?::\d\d)?", text):
            today = datetime.now().date().isoformat()
            text = f"{today}T{text:0>5}" if text.count(":") == 1 else f"{today}T{text:0>8}"
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a time; type for example 14:05:10 or +30s") from None
    seconds_ago = (datetime.now(timezone.utc) - moment.astimezone(timezone.utc)).total_seconds()
    return now_ns() - round(seconds_ago * 1e9)


def steps_needed(target: float = TARGET) -> int:
    """Return how many steps a running total must advance until its difference is known to ±`target` (95 %).

    Two readings, each uniform within one step: u = step × √(2/12).
    """
    return math.ceil(COVERAGE_95 * math.sqrt(2 / 12) / target)


def least_run_s(display: Display, rate: float, target: float = TARGET) -> float:
    """Return how long a run must be for ±`target` (95 %), in s; infinite where no length is enough.

    Args:
        display: The display.
        rate: What it measures, in SI: the power or current itself, or what a total gains a second.
        target: Relative half-width of the 95 % interval.
    """
    timing_s = COVERAGE_95 * TIMING_S * math.sqrt(2) / target
    if rate <= 0:
        return math.inf
    if display.is_counter:
        return math.hypot(timing_s, COVERAGE_95 * math.sqrt(2 / 12) * display.step / rate / target)
    resolved = COVERAGE_95 * display.step / math.sqrt(12) / rate
    return math.inf if resolved >= target else timing_s / math.sqrt(1 - (resolved / target) ** 2)


def advice(display: Display, rate: float | None = None) -> str:
    """Return one line on what this display can resolve; more where the rate (as in `least_run_s`) is known."""
    step = format_quantity(display.step / display.factor, display.unit)
    if rate is None or rate <= 0:
        if display.is_counter:
            return f"let the display advance by at least {steps_needed()} steps of {step}: then ±{TARGET:.0%}"
        return f"runs that differ by less than about {step} cannot be distinguished with this display"
    least = least_run_s(display, rate)
    shown = format_quantity(
        rate, {Quantity.ENERGY: "W", Quantity.CHARGE: "A"}.get(display.quantity, display.quantity.unit)
    )
    if math.isinf(least):
        share = COVERAGE_95 * display.step / math.sqrt(12) / rate
        return f"at {shown} a step of {step} alone is ±{share:.0%}; a longer run does not help, a finer meter does"
    return f"at {shown} this display needs a run of {format_duration(math.ceil(least))} for ±{TARGET:.0%}"


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
                at_ns = now_ns()
                if not line.strip():
                    break
                try:
                    reading = parse_reading(line, display, at_ns)
                except ConfigurationError as error:
                    self._say(f"{error}\n")
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
        self._say(f"powermeter: type a reading of {name} and Enter whenever you like\n")
        while not stop.is_set():
            if not select.select([self._terminal[0]], [], [], 0.1)[0]:
                continue
            line = self._terminal[0].readline()
            at_ns = now_ns()
            if not line:
                return
            try:
                reading = parse_reading(line, display, at_ns)
            except ConfigurationError as error:
                self._say(f"{error}\n")
                continue
            self._keep(path, display, at_ns if reading.at_ns is None else reading.at_ns, reading.value)

    def close(self) -> str:
        """Remove the files and give one line of advice a display, from what was read."""
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
                    "manual:// asks on a terminal and there is none; give a file of readings: manual://readings.txt"
                ) from None
            self._own = True
        self._say(question)
        line = self._terminal[0].readline()
        if not line:
            raise ConfigurationError("manual://: the terminal was closed before a reading was typed")
        return line

    def _say(self, text: str) -> None:
        assert self._terminal is not None
        self._terminal[1].write(text)
        self._terminal[1].flush()


_DEFAULT_STEP = "0.1W"


def append(path: Path, at_ns: int, shown: float) -> None:
    """Append a reading to a file that a `manual://` source follows.

    Args:
        path: The file.
        at_ns: Monotonic ns.
        shown: In the display's unit.
    """
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"@{at_ns} {shown!r}\n")
