"""Shelly plugs and meters in the local network: the first generation and Gen2 and later.

The switch is never touched: only status is asked for.
"""

from __future__ import annotations

from typing import Any, ClassVar

from powermeter.errors import ReadError, Reason
from powermeter.units import SECONDS_PER_HOUR

from .links.http import PlugConnection, number
from .meters.plug import Plug, Readings

# Component → RPC method, name of its active power; asked in this order until one answers.
_METHODS = (
    ("switch", "Switch.GetStatus", "apower"),
    ("pm1", "PM1.GetStatus", "apower"),
    ("em1", "EM1.GetStatus", "act_power"),
    ("em", "EM.GetStatus", "total_act_power"),
)
_MOST_OUTLETS = 8


class Shelly(Plug):
    """A Shelly plug, switch or meter by its local address."""

    scheme = "shelly"
    summary = "Shelly plugs and meters in the local network, at the address in the URL"
    example = "shelly://192.168.1.20"
    power_step_w: ClassVar[float] = 0.1

    _generation = 0
    _methods: tuple[tuple[str, int], ...] = ()
    _facts: dict[str, Any] | None = None

    def identify(self, plug: PlugConnection) -> None:
        """Ask which generation it is, and which meters it has."""
        device = plug.get("/shelly")
        known = ("type", "model", "gen", "fw", "fw_id", "ver", "app")
        self._facts = {name: device[name] for name in known if isinstance(device.get(name), (str, int))}
        generation = device.get("gen", 1)
        if not isinstance(generation, int) or not ("type" in device or "gen" in device):
            raise ReadError(f"{plug.place} does not describe itself as a Shelly", Reason.WRONG_DEVICE)
        self._generation = generation
        if generation >= 2:
            self._methods = self._find_methods(plug)

    def _find_methods(self, plug: PlugConnection) -> tuple[tuple[str, int], ...]:
        found: list[tuple[str, int]] = []
        for _, method, key in _METHODS:
            for index in range(_MOST_OUTLETS):
                try:
                    status = plug.get(f"/rpc/{method}?id={index}")
                except ReadError as error:
                    if error.reason is Reason.NO_ANSWER:
                        raise
                    break
                if number(status.get(key)) is not None:
                    found.append((method, index))
        if not found:
            raise ReadError(f"{plug.place} has no power meter", Reason.WRONG_DEVICE)
        return tuple(found)

    def ask(self, plug: PlugConnection) -> Readings:
        """Return each outlet's readings."""
        return self._ask_first(plug) if self._generation < 2 else self._ask_second(plug)

    def _ask_first(self, plug: PlugConnection) -> Readings:
        status = plug.get("/status")
        found: dict[str, dict[str, float]] = {}
        for group, wh_per_count in (("meters", 1 / 60), ("emeters", 1.0)):  # watt-minutes; watt-hours
            meters = status.get(group)
            for meter in meters[:_MOST_OUTLETS] if isinstance(meters, list) else []:
                if not isinstance(meter, dict) or meter.get("is_valid") is False:
                    continue
                values = _present(
                    power=meter.get("power"), voltage=meter.get("voltage"), current=meter.get("current")
                )
                total = number(meter.get("total"))
                if total is not None:
                    values["energy"] = total * wh_per_count * SECONDS_PER_HOUR
                if "power" in values:
                    found[f"outlet{len(found)}"] = values
        if not found:
            raise ReadError(f"{plug.place} returns no valid meter reading", Reason.NO_ANSWER)
        return found

    def _ask_second(self, plug: PlugConnection) -> Readings:
        found: dict[str, dict[str, float]] = {}
        for method, index in self._methods:
            status = plug.get(f"/rpc/{method}?id={index}")
            key = next(power for _, name, power in _METHODS if name == method)
            values = _present(
                power=status.get(key), voltage=status.get("voltage"), current=status.get("current")
            )
            energy = status.get("aenergy")
            total = number(energy.get("total")) if isinstance(energy, dict) else None
            if total is not None:
                values["energy"] = total * SECONDS_PER_HOUR
            found[f"outlet{len(found)}"] = values
        return found

    def info(self) -> dict[str, Any]:
        """Return model, generation and firmware; no serial number, no network address of its own."""
        return dict(self._facts or {}) if self.channels else {}


def _present(**values: Any) -> dict[str, float]:
    numbers = {name: number(value) for name, value in values.items()}
    return {name: value for name, value in numbers.items() if value is not None}
