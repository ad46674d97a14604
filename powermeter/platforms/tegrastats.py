"""The grammar of one line that NVIDIA's `tegrastats` prints, for every release from L4T R28 to R39.

The live source and the importer of logs both read lines through here.  This file knows tokens only:
which rail feeds which is in `powermeter.platforms.jetson_rails`, time axes belong to the callers.

A power token is `NAME cur/avg` (R28 to R32), `NAME curmW/avgmW` (R34 to R38) or
`NAME curmW/avgmW/maxmW` (R39), always in integer milliwatt: the reading at the tick, the mean and the
maximum since tegrastats started.  Only the first is data; the mean includes everything before the
workload.  Everything else of the line (memory, clocks, loads, temperatures) looks different, and what
looks like nothing known is skipped, so that the next release's tokens do not become rails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

NOT_CONNECTED = "NC"
"""The name that AGX Orin (R34, R35) prints, twice a line, to unused inputs of its power monitors."""

MAX_LINE = 8192
"""Longest line looked at, in characters; real ones are below 1500."""

_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_PLAIN = re.compile(r"(\d{1,7})/(\d{1,7})", re.ASCII)
_MARKED = re.compile(r"(\d{1,7})mW/(\d{1,7})mW(?:/(\d{1,7})mW)?", re.ASCII)
_TEMPERATURE = re.compile(r"([A-Za-z]\w*)@(-?\d{1,4}(?:\.\d{1,6})?)C(?:/-?\d{1,4}(?:\.\d{1,6})?C)?", re.ASCII)
_CORES = re.compile(r"CPU \[([^\[\]]{0,2000})\](?:@(\d{1,5}))?", re.ASCII)
_CORE = re.compile(r"(\d{1,3})%(?:@(\d{1,5}))?", re.ASCII)
_GPU = re.compile(r"GR3D_FREQ (\d{1,3})%", re.ASCII)
_DATE = re.compile(r"(\d\d)-(\d\d)-(\d{4})", re.ASCII)
_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)", re.ASCII)
_EPOCH = re.compile(r"(\d{9,10})(?:\.(\d{1,9})\d*)?::", re.ASCII)

_FIRST = "RAM "

# `RAM 1179/3983` is what a cut `RAM 1179/3983MB` looks like.
_MEMORY = {"RAM", "SWAP", "IRAM", "lfb", "cached"}

# A powered-off sensor reads -256 °C; BCPU@-45C and the like are rails that are down.
_COLDEST = -40.0


@dataclass(frozen=True, slots=True)
class PowerToken:
    """One power token.

    Attributes:
        name: The rail as printed; a second `NC` of the line is `NC#2`.
        current_mw: The reading at the tick, in mW.
        average_mw: The mean since tegrastats started, in mW.
        maximum_mw: The maximum since tegrastats started, in mW; only R39 prints it.
    """

    name: str
    current_mw: int
    average_mw: int
    maximum_mw: int | None = None


@dataclass(frozen=True, slots=True)
class Core:
    """Load of one CPU core as a share (0 to 1) and its clock in MHz where printed."""

    load: float
    mhz: int | None = None


@dataclass(frozen=True, slots=True)
class TegrastatsLine:
    """What one line states.

    Attributes:
        powers: Its power tokens in the order printed; empty where it has none (which is not 0 W).
        stamp: Local wall-clock time, resolution 1 s, where the release prints it.
        epoch_ns: Nanoseconds since 1970 where a recorder wrote `seconds::` before the line.
        temperatures: °C by sensor, without the sensors that are off.
        cores: One entry per core; None for a core that is off.
        gpu_load: 0 to 1, where printed.
        problem: Why the line must not be used, or empty.
        head: What stands before its first token, `RAM`: its own stamp, or what a logger wrote there.
    """

    powers: tuple[PowerToken, ...] = ()
    stamp: datetime | None = None
    epoch_ns: int | None = None
    temperatures: Mapping[str, float] = field(default_factory=dict)
    cores: tuple[Core | None, ...] = ()
    gpu_load: float | None = None
    problem: str = ""
    head: str = ""

    @property
    def rails(self) -> tuple[str, ...]:
        """The rails' names in the order printed."""
        return tuple(power.name for power in self.powers)

    @property
    def is_tegrastats(self) -> bool:
        """Whether anything in it states that tegrastats wrote it."""
        return not self.problem and bool(self.powers or (self.cores and self.temperatures))


def parse_line(text: str) -> TegrastatsLine:
    """Return what one whole line states; never raises, whatever the text.

    The caller passes only lines that ended in a newline: in a line cut by a kill,
    `VDD_IN 4761/47` cannot be distinguished from a whole token.
    """
    text = text.rstrip("\r\n")
    if len(text) > MAX_LINE:
        return TegrastatsLine(problem=f"a line of {len(text)} characters")
    if "\0" in text:
        return TegrastatsLine(problem="NUL bytes, as after a power loss")
    epoch_ns = None
    prefix = _EPOCH.match(text)
    if prefix is not None:
        epoch_ns = int(prefix[1]) * 1_000_000_000 + int((prefix[2] or "0").ljust(9, "0"))
        text = text[prefix.end() :]
    words = text.split()
    powers, problem = _powers(words)
    if problem:
        return TegrastatsLine(epoch_ns=epoch_ns, problem=problem)
    cores = _CORES.search(text)
    gpu = _GPU.search(text)
    return TegrastatsLine(
        powers=powers,
        stamp=_stamp(words),
        epoch_ns=epoch_ns,
        temperatures=_temperatures(words),
        cores=_cores(cores[1], cores[2]) if cores else (),
        gpu_load=_share(gpu[1]) if gpu else None,
        head=_head(text),
    )


def _head(text: str) -> str:
    before, found, _ = text.partition(_FIRST)
    return before if found else ""


def _powers(words: list[str]) -> tuple[tuple[PowerToken, ...], str]:
    """Return the power tokens, and what is wrong with the line where two lines ran into each other."""
    found: dict[str, PowerToken] = {}
    for name, value in pairwise(words):
        if "/" not in value or not _NAME.fullmatch(name) or name in _MEMORY:
            continue
        match = _MARKED.fullmatch(value) or _PLAIN.fullmatch(value)
        if match is None:
            continue
        maximum = match[3] if match.re is _MARKED else None
        if name in found:
            if name != NOT_CONNECTED:
                return (), f"rail {name} twice: two lines ran into each other"
            name = f"{name}#{1 + sum(not is_connected(key) for key in found)}"
        found[name] = PowerToken(
            name, int(match[1]), int(match[2]), None if maximum is None else int(maximum)
        )
    return tuple(found.values()), ""


def _stamp(words: list[str]) -> datetime | None:
    if len(words) < 2:
        return None
    date, clock = _DATE.fullmatch(words[0]), _CLOCK.fullmatch(words[1])
    if date is None or clock is None:
        return None
    month, day, year = (int(part) for part in date.groups())
    hour, minute, second = (int(part) for part in clock.groups())
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def _temperatures(words: list[str]) -> dict[str, float]:
    found = {}
    for word in words:
        match = _TEMPERATURE.fullmatch(word)
        if match is not None and float(match[2]) > _COLDEST:
            found[match[1]] = float(match[2])
    return found


def _share(percent: str) -> float | None:
    value = int(percent)
    return value / 100 if value <= 100 else None


def _cores(body: str, shared_mhz: str | None) -> tuple[Core | None, ...]:
    """Return the cores of `2%@1190,off` or, on very old releases, of `2%,off` with one clock for all."""
    cores: list[Core | None] = []
    for part in body.split(","):
        match = _CORE.fullmatch(part.strip())
        load = _share(match[1]) if match else None
        if match is None or load is None:
            cores.append(None)
            continue
        mhz = match[2] or shared_mhz
        cores.append(Core(load, int(mhz) if mhz else None))
    return tuple(cores)


def is_connected(rail: str) -> bool:
    """Whether a rail's name stands for a line that power flows through (not `NC`)."""
    return rail.partition("#")[0] != NOT_CONNECTED
