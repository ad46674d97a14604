"""Which processor this machine has and how much power it is rated for.

The rating comes from codecarbon's table where codecarbon is installed (its data file is read without
importing it), from a short table of published whole-board figures for small boards, or, failing
both, from a stated assumption.
"""

from __future__ import annotations

import csv
import os
import platform
import re
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from powermeter.errors import ReadError

from .child_program import ask

WATT_PER_THREAD = 4.0
"""Assumed power of one busy hardware thread where no rating is known, in W.

AMD EPYC 7763: 280 W / 128 threads = 2.2 W; Intel Core i7-8650U: 15 W / 8 = 1.9 W; Core i7-12700H:
45 W / 20 = 2.3 W; Xeon E5-2640: 95 W / 12 = 7.9 W; codecarbon 3 assumes 4 W."""


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """Power against load, straight between its points.

    Attributes:
        points: (load 0 to 1, share of the rated power), from 0 to 1 load.
        source: Where the points come from.
    """

    points: tuple[tuple[float, float], ...]
    source: str

    def at(self, load: float) -> float:
        """Return the share of the rated power at a load, which is clipped to 0 to 1."""
        load = min(1.0, max(0.0, load))
        for (x0, y0), (x1, y1) in pairwise(self.points):
            if load <= x1:
                return y0 + (y1 - y0) * (load - x0) / (x1 - x0)
        return self.points[-1][1]


SERVER_CURVE = LoadCurve(
    ((0.0, 0.12), (0.1, 0.32), (0.5, 0.75), (1.0, 1.02)),
    "B. Davy, Building an AWS EC2 Carbon Emissions Dataset (2021): measured on bare-metal servers",
)


_AT_FULL_LOAD = f"{SERVER_CURVE.at(1.0):g} times that at full load"


@dataclass(frozen=True, slots=True)
class Rating:
    """What the machine draws at full load, and how that is known.

    Attributes:
        processor: The processor's or board's own name.
        watt: At full load, in W.
        curve: Its power against load.
        covers: What the figure covers.
        model_error: Half-width of the estimate's relative error, 0 to 1.
        source: Where `watt` comes from, in words.
    """

    processor: str
    watt: float
    curve: LoadCurve
    covers: str
    model_error: float
    source: str


# Half-widths of the relative error.  Errors of up to 40 % against external meters are reported for
# CodeCarbon over hundreds of runs (R. Fischer, arXiv 2509.22092, 2025), about twice the power of
# RAPL-based tools in another comparison (Jay et al., CCGrid 2023): 50 % of the estimate either way.
RATED_ERROR = 0.5
BOARD_ERROR = 0.3
ASSUMED_ERROR = 0.8

_PROCESSOR_ONLY = (
    "the processor by its rated power and load; not in it: memory, disk, screen, GPU, the power supply's loss"
)
_WHOLE_BOARD = (
    "the whole board by published figures for idle and full CPU load; not in it: anything plugged in"
)


def _board(idle_w: float, full_w: float, source: str) -> tuple[float, LoadCurve, str]:
    return full_w, LoadCurve(((0.0, idle_w / full_w), (1.0, 1.0)), source), source


BOARDS = (
    (
        "Raspberry Pi Zero 2",
        *_board(0.7, 2.5, "assumed from the official 350 mA typical and the Pi 3B's range"),
    ),
    (
        "Raspberry Pi Zero W",
        *_board(0.5, 1.0, "Raspberry Pi StackExchange 26526: 100 mA idle, 160-230 mA load"),
    ),
    ("Raspberry Pi Zero", *_board(0.4, 1.2, "PiDramble: 80 mA idle, 240 mA full CPU")),
    ("Raspberry Pi 3 Model B Plus", *_board(1.9, 5.1, "PiDramble: 1.9 W idle, 5.1 W full CPU")),
    ("Raspberry Pi 3 Model B", *_board(1.4, 3.7, "PiDramble: 1.4 W idle, 3.7 W full CPU")),
    ("Raspberry Pi 4", *_board(2.7, 6.4, "PiDramble: 2.7 W idle, 6.4 W with four busy cores")),
    ("Raspberry Pi 5", *_board(3.0, 8.8, "raspberry.tips: about 3 W idle, 8.8 W full CPU")),
)
"""Device-tree model → full power, curve and source, longest names first."""


def rating(root: str | Path = "/", table: str | Path | None = None, watt: float | None = None) -> Rating:
    """Return what this machine's processor is rated for.

    Args:
        root: Where `proc` and `sys` are.
        table: A CSV with columns Name, TDP; codecarbon's own where None.
        watt: A rated power typed in by the user, which goes before any table.
    """
    root = Path(root)
    info = _read(root / "proc/cpuinfo")
    name = _field(info, "model name") or _device_tree(root) or _own_name() or "unknown processor"
    if watt is not None:
        return Rating(name, watt, SERVER_CURVE, _PROCESSOR_ONLY, RATED_ERROR, f"{watt:g} W as given")
    board = _device_tree(root)
    for model, full_w, curve, source in BOARDS:
        if model in board:
            return Rating(board, full_w, curve, _WHOLE_BOARD, BOARD_ERROR, source)
    threads = max(1, len(re.findall(r"^processor\s*:", info, re.MULTILINE)) or (os.cpu_count() or 1))
    if re.search(r"^flags\s*:.*\bhypervisor\b", info, re.MULTILINE):
        where = f"an assumed {WATT_PER_THREAD:g} W for each of {threads} threads, {_AT_FULL_LOAD} (a virtual machine hides its host)"
        return Rating(name, WATT_PER_THREAD * threads, SERVER_CURVE, _PROCESSOR_ONLY, ASSUMED_ERROR, where)
    path = Path(table) if table is not None else codecarbon_table()
    if path is not None:
        found = look_up(name, path)
        if found is not None:
            listed, tdp = found
            sockets = max(1, len(set(re.findall(r"^physical id\s*:\s*(\d+)", info, re.MULTILINE))))
            source = f"{tdp:g} W rated for {listed} in codecarbon's table"
            source += f", {sockets} sockets" if sockets > 1 else ""
            source += f", {_AT_FULL_LOAD}"
            return Rating(name, tdp * sockets, SERVER_CURVE, _PROCESSOR_ONLY, RATED_ERROR, source)
        why = "is not in codecarbon's table"
    else:
        why = "codecarbon's table is not installed (pip install 'powermeter[carbon]')"
    where = f"{name}: {why}; {WATT_PER_THREAD:g} W assumed for each of {threads} threads, {_AT_FULL_LOAD}"
    return Rating(name, WATT_PER_THREAD * threads, SERVER_CURVE, _PROCESSOR_ONLY, ASSUMED_ERROR, where)


def codecarbon_table() -> Path | None:
    """Return the path of codecarbon's table of rated powers without importing codecarbon, or None."""
    try:
        spec = find_spec("codecarbon")
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "data" / "hardware" / "cpu_power.csv"
    return path if path.is_file() else None


def look_up(name: str, path: Path) -> tuple[str, float] | None:
    """Return the listed name and rated power in W of a processor, or None where none fits or several disagree.

    Args:
        name: As the processor names itself: `Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz`.
        path: CSV with the columns Name and TDP.
    """
    wanted = _words(name)
    number = {word for word in wanted if any(map(str.isdigit, word))}
    near: list[tuple[str, float]] = []
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.reader(file):
                try:
                    tdp = float(row[1])
                except (IndexError, ValueError):
                    continue
                if not 0 < tdp < 2000:
                    continue
                listed = _words(row[0])
                if listed == wanted:
                    return row[0], tdp
                if number and number <= set(listed) and set(listed) <= set(wanted):
                    near.append((row[0], tdp))
    except OSError:
        return None
    return near[0] if near and len({tdp for _, tdp in near}) == 1 else None


_NOISE = re.compile(
    r"\((?:r|tm|c)\)|@.*|\b\d+-core\b|\b(?:cpu|processor|apu)\b|\bwith\b.*|\bw/.*|\b\d+(?:st|nd|rd|th) gen\b",
    re.IGNORECASE,
)


def _words(name: str) -> tuple[str, ...]:
    return tuple(_NOISE.sub(" ", name).lower().split())


def _own_name() -> str:
    """Return the processor's name where there is no /proc/cpuinfo (macOS, Windows)."""
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        try:
            return ask(command).stdout.strip()
        except ReadError:
            return ""
    return platform.processor() if sys.platform == "win32" else ""


def _read(path: Path) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(4_000_000)
    except OSError:
        return ""


def _field(info: str, key: str) -> str:
    match = re.search(rf"^{re.escape(key)}\s*:\s*(\S.*)$", info, re.MULTILINE)
    return match[1].strip() if match else ""


def _device_tree(root: Path) -> str:
    return _read(root / "proc/device-tree/model").strip("\0 \n")
