"""A submission of MLPerf Power as its folders hold it: sessions, analyser, log, loadgen's own report."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.importers.files import read_all, read_lines
from powermeter.importers.log import Choices, LogRows
from powermeter.importers.mlperf_power import MLPerfPower
from powermeter.units import NS

_MAX_JSON = 64 << 20


_PLACES = (".", "performance")


@dataclass
class Submission:
    """One power folder.

    Attributes:
        path: The folder that holds `power`, `ranging` and `run_1`.
        rows, window: Of the measured run.
        ranging_s: How long the ranging run's window was, or None.
        client, server: The session's records, or None.
        ptd: Lines of PTDaemon's log.
    """

    path: Path
    rows: LogRows
    window: Event
    ranging_s: float | None = None
    client: dict[str, Any] | None = None
    server: dict[str, Any] | None = None
    ptd: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The length of the measured window."""
        assert self.window.end_ns is not None
        return (self.window.end_ns - self.window.start_ns) / NS

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which samples lie in the window."""
        assert self.window.end_ns is not None
        times = self.rows.times_ns
        return (times > self.window.start_ns) & (times < self.window.end_ns)

    def asked(self, command: str) -> list[tuple[str, str]]:
        """Return (command, reply) of what PTDaemon was sent that begins so."""
        messages = (self.server or {}).get("ptd_messages") or []
        return [
            (str(m.get("cmd")), str(m.get("reply")))
            for m in messages
            if isinstance(m, dict) and str(m.get("cmd", "")).startswith(command)
        ]


def load(path: Path) -> Submission:
    """Return a submission's power folder.

    Raises:
        DataError: It has no measured run.
    """
    root = next((path / place for place in _PLACES if (path / place / "run_1").is_dir()), None)
    if root is None:
        raise DataError(
            f"{path}: no run_1 in it; name the folder that holds power, ranging and run_1 (…/performance)"
        )
    log = MLPerfPower.read(root / "run_1", Choices())
    if not log.events:
        raise DataError(f"{root / 'run_1'}: {log.warnings[-1] if log.warnings else 'no window'}")
    found = Submission(root, log.sources[0], log.events[0])
    if (root / "ranging").is_dir():
        try:
            ranging = MLPerfPower.read(root / "ranging", Choices())
        except DataError:
            ranging = None
        if ranging is not None and ranging.events and ranging.events[0].end_ns is not None:
            found.ranging_s = (ranging.events[0].end_ns - ranging.events[0].start_ns) / NS
    found.client, found.server = _json(root / "power/client.json"), _json(root / "power/server.json")
    ptd = root / "power/ptd_logs.txt"
    if ptd.is_file():
        found.ptd = list(read_lines(ptd))
    return found


def _json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        data = json.loads(read_all(path, _MAX_JSON))
    except ValueError:
        raise DataError(f"{path}: not JSON") from None
    return data if isinstance(data, dict) else None
