"""The Raspberry Pi 5's power-management chip, and the throttling flags of every Raspberry Pi.

`pmic_read_adc` reports current and voltage of twelve outputs of the chip.  Their sum is what the chip
puts out: it does not hold the chip's own loss nor anything fed from 5 V directly (USB ports, HATs,
the fan), so it is recorded as the part it is and never called board power.  A user who has compared
it with a meter can store that as a calibration of `pmic.power`; none is built in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Quantity, Rail
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.platforms.assumptions import assumed
from powermeter.platforms.throttling import flag_channel, flag_names
from powermeter.result import Grade
from powermeter.source import Found, Option, PolledSource, Row
from powermeter.units import NS

from .system.firmware import GRANT, Firmware, is_raspberry_pi

_LINE = re.compile(r"\s*(\w+?)_(A|V)\s+(?:current|volt)\((\d{1,3})\)=(\d{1,4})\.(\d{1,8})(A|V)\s*", re.ASCII)
_THROTTLED = re.compile(r"throttled=0x([0-9a-fA-F]{1,8})\s*")
_FLAGS_EVERY_NS = NS

_COVERS = "the outputs of the Pi 5's power-management chip; not in it: its own loss, USB ports, HATs and the fan on 5 V"
_INPUT = "the 5 V input: voltage only, no current is sensed there"
_SOURCE = assumed("unstated")

_FLAG_OPTIONS = {"program": Option(str, None, "where vcgencmd is, to run it in place of the mailbox")}


def parse_adc(text: str) -> dict[str, dict[str, int]]:
    """Return rail → {"A": current, "V": voltage} in units of 1e-8 A and 1e-8 V; other lines are skipped."""
    found: dict[str, dict[str, int]] = {}
    for line in text.splitlines()[:200]:
        match = _LINE.fullmatch(line)
        if match is not None and match[2] == match[6]:
            found.setdefault(match[1], {})[match[2]] = int(match[4]) * 10**8 + int(match[5].ljust(8, "0"))
    return found


def parse_throttled(text: str) -> int | None:
    """Return the flag bits of `throttled=0x50005`, or None for any other answer."""
    match = _THROTTLED.fullmatch(text.strip())
    return int(match[1], 16) if match else None


def _obstacle() -> tuple[str, str]:
    """Return why the firmware may not be asked and what to do about it; two empty texts where it may."""
    try:
        Firmware().close()
    except OpenError as error:
        denied = error.reason is Reason.PERMISSION
        return str(error), GRANT if denied else "install vcgencmd: sudo apt install raspi-utils"
    return "", ""


class Pmic(PolledSource):
    """A Raspberry Pi 5's PMIC rails by current and voltage, their sum, and the throttling flags."""

    scheme = "pmic"
    summary = "Raspberry Pi 5: the outputs of its power-management chip"
    example = "pmic://"
    OPTIONS: ClassVar = _FLAG_OPTIONS
    default_period_s: ClassVar[float] = 0.1
    stale_when_equal: ClassVar[bool] = True

    _firmware: Firmware | None = None
    _rails: tuple[str, ...] = ()
    _volts: tuple[str, ...] = ()

    def open(self) -> None:
        """Ask once, to learn which rails there are."""
        self.close()
        self._firmware = Firmware(self.options["program"])
        self._bits, self._flags_ns = MISSING, 0
        try:
            answer = self._firmware.ask("pmic_read_adc")
        except ReadError as error:
            self.close()
            raise OpenError(f"pmic://: {error}", error.reason) from error
        values = parse_adc(answer)
        rails = tuple(name for name, pair in values.items() if len(pair) == 2)
        if not rails:
            self.close()
            shown = answer.strip().splitlines()[0][:80] if answer.strip() else "nothing"
            message = (
                f"pmic://: the firmware reports no rails ({shown}): only the Raspberry Pi 5 family has them"
            )
            raise OpenError(message, Reason.WRONG_DEVICE)
        self._rails = rails
        self._volts = tuple(name for name in ("EXT5V",) if "V" in values.get(name, {}))
        self.channels = tuple(_channels(rails, self._volts))

    def sample(self) -> Row:
        """Ask for all rails at once, and once a second for the throttling flags."""
        if self._firmware is None:
            raise ReadError("pmic:// is not open", Reason.ABSENT)
        values = parse_adc(self._firmware.ask("pmic_read_adc"))
        row: list[int] = []
        total = 0
        for name in self._rails:
            pair = values.get(name, {})
            if "A" not in pair or "V" not in pair:
                raise ReadError(f"pmic://: the answer lacks {name}", Reason.BAD_DATA)
            row += [pair["A"], pair["V"]]
            total += pair["A"] * pair["V"]
        row += [values.get(name, {}).get("V", MISSING) for name in self._volts]
        return Row([round(total * 1e-10), *row, self._throttled()])

    def _throttled(self) -> int:
        now = time.monotonic_ns()
        if self._firmware is not None and (not self._flags_ns or now - self._flags_ns >= _FLAGS_EVERY_NS):
            bits = parse_throttled(self._firmware.ask("get_throttled"))
            self._bits, self._flags_ns = MISSING if bits is None else bits, now
        return self._bits

    def close(self) -> None:
        """Let go of the firmware."""
        if self._firmware is not None:
            self._firmware.close()
            self._firmware = None

    def info(self) -> dict[str, Any]:
        """Return the model, what is covered, and the flags in words."""
        if not self.channels:
            return {}
        flags = flag_names(self._bits) if self._bits != MISSING else []
        return {
            "model": is_raspberry_pi(),
            "not_covered": _COVERS.partition("not in it: ")[2],
            "throttling": flags,
        }

    @classmethod
    def discover(cls) -> list[Found]:
        """Return the PMIC of a Raspberry Pi 5."""
        model = is_raspberry_pi()
        if "Raspberry Pi 5" not in model and "Compute Module 5" not in model and "Pi 500" not in model:
            return []
        problem, remedy = _obstacle()
        found = Found(
            "pmic://",
            f"{model}: power-management chip",
            Boundary.PART,
            Grade.DERIVED,
            ("PMIC",),
            rate_hz=20.0,
            covers=_COVERS,
            problem=problem,
            remedy=remedy,
        )
        return [found]


def _channels(rails: Sequence[str], volts: Sequence[str]) -> list[Channel]:
    whole = Rail("PMIC", None, Boundary.PART, _COVERS)
    accuracy = Accuracy(gain=0.05, step=1e-3, source=_SOURCE)
    found = [Channel("pmic.power", Quantity.POWER, 1e-6, whole, grade=Grade.DERIVED, accuracy=accuracy)]
    for name in rails:
        rail = Rail(name, "PMIC", Boundary.PART, f"output {name} of the power-management chip")
        found.append(Channel(f"{name.lower()}.current", Quantity.CURRENT, 1e-8, rail, accuracy=accuracy))
        found.append(Channel(f"{name.lower()}.voltage", Quantity.VOLTAGE, 1e-8, rail, accuracy=accuracy))
    for name in volts:
        rail = Rail(name, None, Boundary.BOARD, _INPUT, 5.0)
        found.append(Channel(f"{name.lower()}.voltage", Quantity.VOLTAGE, 1e-8, rail, accuracy=accuracy))
    return [*found, flag_channel()]


class Throttled(PolledSource):
    """The firmware's under-voltage and throttling flags alone, for any Raspberry Pi beside a meter."""

    scheme = "throttled"
    summary = "Raspberry Pi under-voltage and throttling flags, to record beside a meter"
    example = "throttled://"
    OPTIONS: ClassVar = _FLAG_OPTIONS
    default_period_s: ClassVar[float] = 1.0

    _firmware: Firmware | None = None

    def open(self) -> None:
        """Ask once, to see whether the firmware answers."""
        self.close()
        self._firmware = Firmware(self.options["program"])
        try:
            self._bits = self._ask()
        except ReadError as error:
            self.close()
            raise OpenError(f"throttled://: {error}", error.reason) from error
        self.channels = (flag_channel(),)

    def _ask(self) -> int:
        if self._firmware is None:
            raise ReadError("throttled:// is not open", Reason.ABSENT)
        answer = self._firmware.ask("get_throttled")
        bits = parse_throttled(answer)
        if bits is None:
            raise ReadError(
                f"throttled://: {answer.strip()[:60]!r} is not an answer to get_throttled", Reason.BAD_DATA
            )
        return bits

    def sample(self) -> Row:
        """Ask for the flags."""
        self._bits = self._ask()
        return Row([self._bits])

    def close(self) -> None:
        """Let go of the firmware."""
        if self._firmware is not None:
            self._firmware.close()
            self._firmware = None

    def info(self) -> dict[str, Any]:
        """Return the model and the flags in words."""
        return {"model": is_raspberry_pi(), "throttling": flag_names(self._bits)} if self.channels else {}

    @classmethod
    def discover(cls) -> list[Found]:
        """Return the flags of any Raspberry Pi whose firmware may be asked."""
        model = is_raspberry_pi()
        if not model:
            return []
        problem, remedy = _obstacle()
        return [
            Found(
                "throttled://",
                f"{model}: under-voltage and throttling flags",
                Boundary.BOARD,
                rate_hz=1.0,
                covers="no power: marks to be recorded beside a meter",
                problem=problem,
                remedy=remedy,
            )
        ]
