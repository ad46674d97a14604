"""Apple's `powermetrics` as a source: macOS's own estimate of what its chip draws.

It needs root.  It is run as root only where that works without asking (`sudo -n`); no password is
ever prompted for.  Powers are means over the printed time, recorded with the stamp of the block's end.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
from typing import Any, ClassVar

from powermeter.channel import MISSING, Boundary, Channel, Kind, Quantity
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.platforms.powermetrics import ACCURACY, parse_block, parse_power, rail_of
from powermeter.result import Grade
from powermeter.source import Block, Found, Option, StreamingSource, now_ns
from powermeter.units import NS, parse_period

from .system.child_program import PrintingProgram, ask

GRANT = (
    'allow it once without a password: echo "$USER ALL=(root) NOPASSWD: /usr/bin/powermetrics" | '
    "sudo tee /etc/sudoers.d/powermetrics"
)
_PROGRAM = "/usr/bin/powermetrics"
_SCALE = 1e-4


class Powermetrics(StreamingSource):
    """The chip of a Mac by Apple's own model."""

    scheme = "powermetrics"
    summary = "macOS: Apple's own estimate of CPU, GPU and neural engine power"
    example = "powermetrics://?interval=200ms"
    OPTIONS: ClassVar = {
        "interval": Option(parse_period, 0.2, "period asked of powermetrics: 200ms"),
        "program": Option(str, None, "another program that prints the same, run as it is"),
    }

    _program: PrintingProgram | None = None
    _names: tuple[str, ...] = ()

    def open(self) -> None:
        """Start it and learn the powers from its first block."""
        self.close()
        self._buffer = b""
        self._powers: dict[str, float] = {}
        self._ended_ns: int | None = None
        self._program = PrintingProgram(self._command(), "powermetrics")
        deadline = time.monotonic() + 5.0 + 2 * self.options["interval"]
        names: dict[str, float] = {}
        try:
            while time.monotonic() < deadline and not names:
                for _, powers in self._blocks(0.25):
                    names = names or powers
        except ReadError as error:
            self.close()
            raise OpenError(f"powermetrics://: {error}", error.reason) from error
        if not names:
            self.close()
            raise OpenError("powermetrics://: it printed no power", Reason.NO_ANSWER)
        channels = tuple(
            Channel(
                f"{rail_of(name).name}.power",
                Quantity.POWER,
                _SCALE,
                rail_of(name),
                Kind.MEAN,
                grade=Grade.ESTIMATED,
                accuracy=ACCURACY,
            )
            for name in names
            if not (name == "Combined" and "Package" in names)
        )
        if self.channels and self.channels != channels:
            self.close()
            raise OpenError("powermetrics://: its powers are not those of before", Reason.WRONG_DEVICE)
        self.channels = channels
        self._names = tuple(name for name in names if not (name == "Combined" and "Package" in names))

    def _command(self) -> list[str]:
        program = self.options["program"]
        if program is None:
            if not is_mac() or not shutil.which(_PROGRAM):
                raise OpenError("powermetrics:// is for macOS", Reason.ABSENT)
            if os.geteuid() and not may_run():
                raise OpenError(f"powermetrics needs root; {GRANT}", Reason.PERMISSION)
        command = [program] if program else ([] if os.geteuid() == 0 else ["sudo", "-n"]) + [_PROGRAM]
        interval_ms = max(1, round(self.options["interval"] * 1000))
        return [*command, "--samplers", "cpu_power,gpu_power", "-i", str(interval_ms)]

    def read_block(self, timeout_s: float) -> Block | None:
        """Return the blocks that have been printed to their end."""
        found = self._blocks(timeout_s)
        if not found:
            return None
        import numpy as np

        rows = [
            [round(powers[name] / _SCALE) if name in powers else MISSING for name in self._names]
            for _, powers in found
        ]
        return Block(np.array([at_ns for at_ns, _ in found], np.int64), np.array(rows, np.int64))

    def _blocks(self, timeout_s: float) -> list[tuple[int, dict[str, float]]]:
        """Return (end of its time, powers) of each block; a block is complete when the next one begins.

        powermetrics prints a block at the end of its time and then waits, so the arrival of a block's
        first line is the end of what it reports, give or take the printing.
        """
        self._buffer += self._read(timeout_s)
        *lines, self._buffer = self._buffer.split(b"\n")
        arrived = now_ns()
        found = []
        for raw in lines:
            line = raw.decode("utf-8", "replace")
            opening = parse_block(line)
            if opening is not None:
                if self._powers and self._ended_ns is not None:
                    found.append((self._ended_ns, self._powers))
                self._powers, self._ended_ns = {}, arrived
                continue
            power = parse_power(line)
            if power is not None and self._ended_ns is not None:
                self._powers.setdefault(*power)
        return found

    def _read(self, timeout_s: float) -> bytes:
        if self._program is None:
            raise ReadError("powermetrics:// is not open", Reason.ABSENT)
        return self._program.read(timeout_s)

    def close(self) -> None:
        """Stop the program."""
        program, self._program = self._program, None
        if program is not None:
            program.close()

    def info(self) -> dict[str, Any]:
        """Return the period asked for."""
        return {"interval_s": self.options["interval"], "period_ns": round(self.options["interval"] * NS)}

    @classmethod
    def discover(cls) -> list[Found]:
        """Return Apple's model on a Mac, and how it may be run without a password."""
        if not is_mac() or not shutil.which(_PROGRAM):
            return []
        allowed = os.geteuid() == 0 or may_run()
        return [
            Found(
                cls.example,
                "this Mac's chip by Apple's powermetrics",
                Boundary.PART,
                Grade.ESTIMATED,
                ("package", "cpu", "gpu", "ane"),
                rate_hz=5.0,
                resolution_w=1e-3,
                covers="the chip only; not display, storage, charger",
                problem="" if allowed else "powermetrics needs root",
                remedy="" if allowed else GRANT,
            )
        ]


def is_mac() -> bool:
    return platform.system() == "Darwin"


def may_run() -> bool:
    """Whether sudo would run it without asking; asks sudo's list, runs nothing."""
    try:
        return ask(["sudo", "-n", "-l", _PROGRAM]).returncode == 0
    except ReadError:
        return False
