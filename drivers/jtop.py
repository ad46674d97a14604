"""Jetson rails through jetson-stats (`jtop.service`), for boards where its root service sees more.

jetson-stats is an optional program of its own (AGPL-3.0), used only through its published client
class.  Two shapes of its `power` exist: a pair (total, rails) up to 4.1 and a dictionary from 4.2.
Its `avg` is a running filter, not a mean over anything, and is never used; its total is used only
where it is a rail of its own and not the sum of everything found.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from powermeter.channel import MISSING, Boundary, Channel, Quantity
from powermeter.errors import NotInstalledError, OpenError, ReadError, Reason
from powermeter.platforms.jetson_rails import BOARDS, VOLTAGE_ACCURACY, current_accuracy, layout
from powermeter.platforms.tegrastats import is_connected
from powermeter.source import Block, Found, Option, StreamingSource, now_ns
from powermeter.units import parse_period

from .system.jetson_facts import facts, is_jetson, model

_FIRST_S = 10.0
_MOST = 10_000

Rails = dict[str, dict[str, int]]
"""Rail → power in mW, volt in mV, curr in mA, as far as given."""

_SENSORS = ("INA", "I2C", "SYSTEM_I2C")
"""What the `type` of a measured rail begins with; batteries, mains and USB-C entries begin otherwise."""

_MISSING, _INSTALL = "jtop:// needs jetson-stats", "run: pip install 'powermeter[jetson]'"


def rails_of(power: Any, machine: str = "") -> Rails:
    """Return the measured rails in what jetson-stats calls `power`, whatever its version.

    Args:
        power: The pair of versions up to 4.1, or the dictionary of 4.2 and later.
        machine: The device tree's model, to undo the shortened names of old versions.

    Raises:
        ReadError: It is neither.
    """
    if isinstance(power, Mapping):
        return _from_dictionary(power)
    if (
        isinstance(power, (tuple, list))
        and len(power) == 2
        and all(isinstance(part, Mapping) for part in power)
    ):
        rails = {
            name: {"power": v} for name, value in power[1].items() if (v := _number(value, "cur")) is not None
        }
        names = _full_names(rails, machine)
        found: Rails = {names[name]: value for name, value in rails.items()}
        total, whole = _number(power[0], "cur"), _input_rail(found, machine)
        if total is not None and whole is not None:
            found = {whole: {"power": total}, **found}
        return found
    raise ReadError(
        f"jtop://: power is a {type(power).__name__}, which no known jetson-stats returns", Reason.BAD_DATA
    )


def _from_dictionary(power: Mapping[str, Any]) -> Rails:
    found: Rails = {}
    entries = dict(power.get("rail") or {})
    total = power.get("tot")
    if isinstance(total, Mapping) and isinstance(total.get("name"), str):
        entries[total["name"]] = total  # jetson-stats takes the input rail out of the others
    for name, entry in entries.items():
        if not isinstance(entry, Mapping) or not is_connected(str(name)):
            continue
        kind = str(entry.get("type", ""))
        if entry.get("online") is False or (kind and not kind.upper().startswith(_SENSORS)):
            continue
        values = {key: v for key in ("power", "volt", "curr") if (v := _number(entry, key)) is not None}
        if "power" in values:
            found[str(name)] = values
    return found


def _number(entry: Any, key: str) -> int | None:
    value = entry.get(key) if isinstance(entry, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9 else None


def _full_names(short: Iterable[str], machine: str) -> dict[str, str]:
    """Return the rails' own names for those of versions up to 4.1 (`CPU GPU CV` was `VDD_CPU_GPU_CV`)."""
    short = list(short)
    best: dict[str, str] = {}
    for board in BOARDS:
        names = {_shortened(name): name for name in board.lines}
        known = {name: names[name] for name in short if name in names}
        named = any(part in machine for part in board.models)
        if known and (len(known) > len(best) or (named and len(known) == len(best))):
            best = known
    return {name: best.get(name, name) for name in short}


def _input_rail(rails: Rails, machine: str) -> str | None:
    """Return the rail that versions up to 4.1 took out of the others as their total.

    None where the board has no such rail: there the total is the sum of everything and is not used.
    """
    title = layout(rails, machine).board
    for board in BOARDS:
        if board.title == title and not board.summed:
            return next((n for n, place in board.lines.items() if place.boundary is Boundary.MODULE), None)
    return None


def _shortened(name: str) -> str:
    for prefix in ("VDDQ_", "VDD_", "POM_"):
        name = name.replace(prefix, "")
    return name.replace("_", " ")


class Jtop(StreamingSource):
    """A Jetson's rails as jetson-stats' service hands them out."""

    scheme = "jtop"
    summary = "Jetson rails through jetson-stats' service"
    example = "jtop://?interval=500ms"
    OPTIONS: ClassVar = {
        "interval": Option(parse_period, 0.5, "period asked of the service; its first client decides"),
        "root": Option(str, "/", "where proc, sys and etc are, for tests"),
    }

    _client: Any = None

    def open(self) -> None:
        """Connect to the service and wait for its first values."""
        self.close()
        module = _load()
        arrived: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._arrived = arrived
        client = module.jtop(interval=self.options["interval"])
        client.attach(lambda jetson: arrived.put((now_ns(), jetson.power)))
        try:
            client.start()
        except (module.JtopException, OSError) as error:
            reply = " ".join(str(error).split()) or type(error).__name__
            denied = "access" in reply or isinstance(error, PermissionError)
            remedy = "; join its group: sudo usermod -aG jtop $USER" if denied else ""
            raise OpenError(
                f"jtop://: {reply}{remedy}", Reason.PERMISSION if denied else Reason.ABSENT
            ) from error
        self._client, self._failure = client, module.JtopException
        self._machine = model(self.options["root"])
        try:
            _, power = arrived.get(timeout=_FIRST_S)
            rails = rails_of(power, self._machine)
        except queue.Empty:
            self.close()
            raise OpenError(f"jtop://: no values within {_FIRST_S:g} s", Reason.NO_ANSWER) from None
        except ReadError as error:
            self.close()
            raise OpenError(str(error), error.reason) from error
        if not rails:
            self.close()
            raise OpenError("jtop://: the service sees no power sensors on this board", Reason.ABSENT)
        self._list_channels(rails)

    def _list_channels(self, rails: Rails) -> None:
        found = self._layout = layout(rails, self._machine)
        current = current_accuracy(found.shunt_ohm, found.shunt_source)
        channels, places = [], []
        for rail, power in zip(found.rails, found.accuracies, strict=True):
            for key, quantity, accuracy in (
                ("power", Quantity.POWER, power),
                ("volt", Quantity.VOLTAGE, VOLTAGE_ACCURACY),
                ("curr", Quantity.CURRENT, current),
            ):
                if key in rails[rail.name]:
                    name = f"{rail.name.lower().replace(' ', '_')}.{quantity.value}"
                    channels.append(Channel(name, quantity, 1e-3, rail, accuracy=accuracy))
                    places.append((rail.name, key))
        if self.channels and self.channels != tuple(channels):
            self.close()
            raise OpenError("jtop://: the rails are not those of before", Reason.WRONG_DEVICE)
        self.channels, self._places = tuple(channels), tuple(places)

    def read_block(self, timeout_s: float) -> Block | None:
        """Return what the service has sent."""
        if self._client is None:
            raise ReadError("jtop:// is not open", Reason.ABSENT)
        taken = []
        try:
            taken.append(self._arrived.get(timeout=max(0.0, timeout_s)))
            while len(taken) < _MOST:
                taken.append(self._arrived.get_nowait())
        except queue.Empty:
            pass
        if not taken:
            self._check()
            return None
        import numpy as np

        times, rows = [], []
        for at_ns, power in taken:
            rails = rails_of(power, self._machine)
            times.append(at_ns)
            rows.append([rails.get(rail, {}).get(key, MISSING) for rail, key in self._places])
        return Block(np.array(times, np.int64), np.array(rows, np.int64))

    def _check(self) -> None:
        """Find out whether the client still runs."""
        try:
            alive = self._client.ok(spin=True)
        except (self._failure, OSError, EOFError) as error:
            raise ReadError(f"jtop://: {error or type(error).__name__}", Reason.NO_ANSWER) from error
        if not alive:
            raise ReadError("jtop://: the service is gone", Reason.ABSENT)

    def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.close()
            except (OSError, EOFError, RuntimeError):
                pass  # the service went away before us

    def info(self) -> dict[str, Any]:
        """Return the service's interval, the board, its power mode, and what no rail covers."""
        if not self.channels or self._client is None:
            return {}
        return {
            **facts(self.options["root"]),
            "interval_s": getattr(self._client, "interval", None),
            "jetson_stats": getattr(_load(), "__version__", None),
            "board": self._layout.board,
            "not_covered": self._layout.uncovered,
            "no_total_because": self._layout.refusal or None,
        }

    @classmethod
    def discover(cls) -> list[Found]:
        """Return whether jetson-stats could be used on this Jetson; the service is not asked."""
        from pathlib import Path

        if not is_jetson():
            return []
        problem = remedy = ""
        try:
            _load()
        except NotInstalledError:
            problem, remedy = _MISSING, _INSTALL
        if not problem and not Path("/run/jtop.sock").exists():
            problem, remedy = "jtop.service is not running", "sudo systemctl start jtop.service"
        return [
            Found(
                "jtop://",
                f"jetson-stats on {model() or 'this Jetson'}",
                Boundary.MODULE,
                rate_hz=2.0,
                covers="the same rails as jetson://, at the service's pace",
                certainty="likely",
                problem=problem,
                remedy=remedy,
                rank=5,
            )
        ]


def _load() -> Any:
    try:
        import jtop
    except ImportError:
        raise NotInstalledError(f"{_MISSING}; {_INSTALL}") from None
    return jtop
