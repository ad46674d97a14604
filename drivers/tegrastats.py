"""NVIDIA's own tool as a source: run it, or follow a log that it is writing.

Each whole line is stamped on arrival with the monotonic clock; the wall clock in the line has a
resolution of one second and is not used.  Only the reading at the tick is recorded: the averages that
tegrastats prints include everything since it was started.  Its reading is one snapshot per interval,
so bursts between two ticks are not seen; `jetson://` reads the same sensors faster.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ClassVar

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity
from powermeter.errors import OpenError, ReadError, Reason, plural
from powermeter.platforms.jetson_rails import BoardRails, layout
from powermeter.platforms.tegrastats import MAX_LINE, TegrastatsLine, is_connected, parse_line
from powermeter.source import INTERPOLATED_TIME, Block, Found, Gap, Option, StreamingSource, now_ns
from powermeter.units import NS, parse_duration, parse_period

from .system.child_program import PrintingProgram
from .system.jetson_facts import facts, is_jetson, model

_READ = 65_536
_POLL_S = 0.02
_WHERE = ("/usr/bin/tegrastats", "~/tegrastats")


class Tegrastats(StreamingSource):
    """A Jetson's rails, temperatures and loads as tegrastats prints them."""

    scheme = "tegrastats"
    summary = "Jetson rails through NVIDIA's tegrastats, or a log that it is writing"
    example = "tegrastats://?interval=100ms"
    OPTIONS: ClassVar = {
        "interval": Option(parse_period, 0.1, "period asked of tegrastats: 100ms"),
        "program": Option(str, None, "where tegrastats is, if not in the path"),
        "wait": Option(
            parse_duration, None, "how long to wait for the first line (default: 5 s and an interval)"
        ),
        "root": Option(str, "/", "where proc, sys and etc are, for tests"),
    }

    _program: PrintingProgram | None = None
    _file: IO[bytes] | None = None

    def open(self) -> None:
        """Start the program or go to the end of the log, and learn the rails from the first line."""
        self.close()
        self._buffer = b""
        self._last_ns = 0
        self._good_ns: int | None = None
        self._skipped = ""
        self._pending: list[str] = []
        self._interval_ns = round(self.options["interval"] * NS)
        path = self.address.location
        if path:
            self._follow(Path(path))
        else:
            self._start()
        first = self._first_line()
        self._temperatures = tuple(first.temperatures)
        self._rails = tuple(rail for rail in first.rails if is_connected(rail))
        self._layout = layout(self._rails, model(self.options["root"]))
        channels = list(self._list_channels(first, self._layout))
        if self.channels and self.channels != tuple(channels):
            self.close()
            raise OpenError(f"{self.address}: the rails are not those of before", Reason.WRONG_DEVICE)
        self.channels = tuple(channels)

    def _start(self) -> None:
        program = self.options["program"] or _program()
        if program is None:
            raise OpenError("tegrastats:// needs NVIDIA's tegrastats, which is not here: is this a Jetson?")
        command = [program, "--interval", str(max(1, self._interval_ns // 1_000_000))]
        self._program = PrintingProgram(command, "tegrastats")
        self._read: Callable[[float], bytes] = self._program.read

    def _follow(self, path: Path) -> None:
        try:
            self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed in `close`
            self._file.seek(0, os.SEEK_END)
            # What stands before the next newline is the end of a line that began earlier.
            self._torn = self._file.tell() > 0 and not _ends_whole(self._file)
        except PermissionError as error:
            raise OpenError(f"{path}: this user may not read it: {error}", Reason.PERMISSION) from error
        except OSError as error:
            raise OpenError(f"{path}: cannot be read: {error}") from error
        self._path = path
        self._read = self._read_log

    def _first_line(self) -> TegrastatsLine:
        deadline = time.monotonic() + (self.options["wait"] or 5.0 + 2 * self.options["interval"])
        seen = 0
        try:
            while (left := deadline - time.monotonic()) > 0:
                texts = self._lines(min(left, 0.25))
                for place, text in enumerate(texts):
                    seen += 1
                    line = parse_line(text)
                    if line.powers:
                        # The first line of a run is not data: on Thor it holds zeros (R38, R39).
                        self._pending = texts[place + (self._program is not None) :]
                        return line
        except ReadError as error:
            self.close()
            raise OpenError(f"{self.address}: {error}", error.reason) from error
        self.close()
        if seen:
            raise OpenError(
                f"{self.address}: {plural(seen, 'line')} without any power rail: this board has no power monitor "
                "(Nano 2 GB), or it shows them to root only",
                Reason.NO_ANSWER,
            )
        raise OpenError(f"{self.address}: no line in time; set wait= if it is slow", Reason.NO_ANSWER)

    def _list_channels(self, first: TegrastatsLine, found: BoardRails) -> list[Channel]:
        channels = [
            Channel(f"{rail.name.lower()}.power", Quantity.POWER, 1e-3, rail, Kind.INSTANT, accuracy=accuracy)
            for rail, accuracy in zip(found.rails, found.accuracies, strict=True)
        ]
        sensed = Accuracy(source="the chip's own thermal sensors; accuracy not published")
        channels += [
            Channel(f"{name.lower()}.temperature", Quantity.TEMPERATURE, 1e-3, accuracy=sensed)
            for name in self._temperatures
        ]
        self._has_cpu = any(core is not None for core in first.cores)
        self._has_gpu = first.gpu_load is not None
        if self._has_cpu:
            channels.append(Channel("cpu.load", Quantity.LOAD, 1e-4))
        if self._has_gpu:
            channels.append(Channel("gpu.load", Quantity.LOAD, 1e-4))
        return channels

    def read_block(self, timeout_s: float) -> Block | None:
        """Return the lines that have arrived."""
        if self._file is None and self._program is None:
            raise ReadError(f"{self.address} is not open", Reason.ABSENT)
        texts, self._pending = self._pending, []
        texts = texts or self._lines(timeout_s)
        if not texts:
            return None
        arrived = now_ns()
        rows: list[list[int]] = []
        times: list[int] = []
        gaps: list[Gap] = []
        for place, text in enumerate(texts):
            stamp = max(self._last_ns + 1, arrived - (len(texts) - 1 - place) * self._interval_ns)
            line = parse_line(text)
            if line.problem or not line.powers:
                self._skipped = line.problem or "a line without power"
                continue
            if self._skipped and self._good_ns is not None:
                gaps.append(Gap(self._good_ns, stamp, Reason.BAD_DATA.value, self._skipped))
            self._skipped = ""
            rows.append(self._row(line))
            times.append(stamp)
            self._last_ns = self._good_ns = stamp
        if not rows:
            return None
        import numpy as np

        flags = np.full(len(rows), INTERPOLATED_TIME, np.uint8)
        flags[-1] = 0
        return Block(np.array(times, np.int64), np.array(rows, np.int64), flags, gaps=gaps)

    def _row(self, line: TegrastatsLine) -> list[int]:
        powers = {power.name: power.current_mw for power in line.powers}
        row = [powers.get(rail, MISSING) for rail in self._rails]
        for name in self._temperatures:
            value = line.temperatures.get(name)
            row.append(MISSING if value is None else round(value * 1e3))
        if self._has_cpu:
            loads = [core.load for core in line.cores if core is not None]
            row.append(round(1e4 * sum(loads) / len(line.cores)) if loads else MISSING)
        if self._has_gpu:
            row.append(MISSING if line.gpu_load is None else round(line.gpu_load * 1e4))
        return row

    def _lines(self, timeout_s: float) -> list[str]:
        """Return the whole lines that arrive within the time; a line without its newline waits."""
        self._buffer += self._read(timeout_s)
        *whole, self._buffer = self._buffer.split(b"\n")
        if len(self._buffer) > MAX_LINE:
            self._buffer = b""
            self._skipped = "a line without end"
        return [line.decode("utf-8", "replace") for line in whole if line.strip()]

    def _read_log(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        while True:
            if self._file is None:
                raise ReadError(f"{self.address} is not open", Reason.ABSENT)
            try:
                data = self._file.read(_READ) or b""
                if not data and self._replaced():
                    self._file.close()
                    self._file = open(self._path, "rb", buffering=0)  # noqa: SIM115 - closed in `close`
                    self._buffer, self._torn = b"", False
                    continue
            except OSError as error:
                raise ReadError(f"{self._path}: {error}", Reason.ABSENT) from error
            if data and self._torn:
                _, newline, data = data.partition(b"\n")
                self._torn = not newline
            left = deadline - time.monotonic()
            if data or left <= 0:
                return data
            time.sleep(min(_POLL_S, left))

    def _replaced(self) -> bool:
        """Whether the log was rotated or cut since it was opened."""
        assert self._file is not None
        here = os.fstat(self._file.fileno())
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False  # between two files of a rotation
        return there.st_ino != here.st_ino or there.st_size < self._file.tell()

    def close(self) -> None:
        """Stop the program that was started."""
        program, self._program = self._program, None
        if program is not None:
            program.close()
        if self._file is not None:
            self._file.close()
            self._file = None

    def info(self) -> dict[str, Any]:
        """Return the board, its release and power mode, and what no rail covers."""
        if not self.channels:
            return {}
        return {
            **facts(self.options["root"]),
            "board": self._layout.board,
            "interval_s": self.options["interval"],
            "not_covered": self._layout.uncovered,
            "no_total_because": self._layout.refusal or None,
        }

    @classmethod
    def discover(cls) -> list[Found]:
        """Return whether tegrastats is here; it is not started."""
        program = _program()
        if program is None and not is_jetson():
            return []
        return [
            Found(
                cls.example if program else None,
                f"tegrastats on {model() or 'this Jetson'}",
                Boundary.MODULE,
                rate_hz=10.0,
                covers="the rails that tegrastats prints, one snapshot per interval",
                certainty="likely",
                problem="" if program else "tegrastats is not in the path",
                remedy="" if program else "name its place: tegrastats://?program=/path/to/tegrastats",
                rank=2,
            )
        ]


def _program() -> str | None:
    found = shutil.which("tegrastats")
    if found:
        return found
    return next((str(p) for p in (Path(w).expanduser() for w in _WHERE) if os.access(p, os.X_OK)), None)


def _ends_whole(file: IO[bytes]) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
