"""A simulated meter in a process of its own, as a context manager."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from powermeter.errors import OpenError
from powermeter.testing.load import Load
from powermeter.units import NS


class MeterProcess:
    """Starts `python -m powermeter.testing KIND …` and stops it again.

    Attributes:
        where: The port to read: a path, or `host:port`.
        origin_ns: Monotonic nanoseconds at the load's time 0.
        report: What it reported at its end: faults made, frames that overflowed, samples it dropped.
    """

    def __init__(
        self,
        kind: str,
        where: str | Path,
        load: Load,
        *,
        volts: float | None = None,
        faults: str = "",
        seed: int = 1,
    ) -> None:
        self.load = load
        self.where = str(where)
        self.origin_ns = 0
        self.report: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None
        self._command: Sequence[str] = [
            sys.executable,
            "-m",
            "powermeter.testing",
            kind,
            self.where,
            "--shape",
            load.shape,
            "--low",
            f"{load.low_w}W",
            "--high",
            f"{load.high_w}W",
            "--period",
            f"{load.period_s}s",
            "--faults",
            faults,
            "--seed",
            str(seed),
            *(["--volts", f"{volts}V"] if volts else []),
        ]

    def __enter__(self) -> MeterProcess:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None and self._process.stderr is not None
        line = self._process.stdout.readline()
        if not line:
            raise OpenError(
                f"the simulated meter did not start: {self._process.stderr.read().strip()[-400:]}"
            )
        ready = json.loads(line)
        self.where, self.origin_ns = str(ready["where"]), int(ready["origin_ns"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            try:
                text, _ = self._process.communicate(timeout=5)  # its standard input ends: it stops
                self.report = json.loads(text.splitlines()[-1]) if text.strip() else {}
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.communicate()

    def energy_j(self, start_ns: int, end_ns: int) -> float:
        """Return the true energy between two instants of the monotonic clock."""
        return self.load.energy_j((start_ns - self.origin_ns) / NS, (end_ns - self.origin_ns) / NS)

    def power_w(self, at_ns: int) -> float:
        """Return the true power at an instant of the monotonic clock."""
        return float(self.load.power_w((at_ns - self.origin_ns) / NS))
