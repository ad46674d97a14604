"""Tasmota plugs in the local network, by the status command that reads and never switches."""

from __future__ import annotations

from typing import Any, ClassVar

from powermeter.errors import ReadError, Reason
from powermeter.units import SECONDS_PER_HOUR

from .links.http import PlugConnection, number
from .meters.plug import Plug, Readings

_PATHS = ("/cm?cmnd=Status%2010", "/cm?cmnd=Status%208")  # sensors; energy on older firmware
_VALUES = {"Power": ("power", 1.0), "Voltage": ("voltage", 1.0), "Current": ("current", 1.0)}
_MOST_OUTLETS = 8


class Tasmota(Plug):
    """A plug with Tasmota firmware by its local address."""

    scheme = "tasmota"
    summary = "Tasmota plugs in the local network, at the address in the URL"
    example = "tasmota://192.168.1.21"
    # Whole watts unless the user has raised WattRes.
    power_step_w: ClassVar[float] = 1.0

    _path = ""

    def identify(self, plug: PlugConnection) -> None:
        """Find the status command that this firmware knows."""
        problem = ReadError(f"{plug.place} does not answer like Tasmota", Reason.WRONG_DEVICE)
        for path in _PATHS:
            try:
                if isinstance(plug.get(path).get("StatusSNS"), dict):
                    self._path = path
                    return
            except ReadError as error:
                if error.reason is Reason.NO_ANSWER:
                    raise
                problem = error
        raise problem

    def ask(self, plug: PlugConnection) -> Readings:
        """Return each outlet's readings; plugs with several return lists."""
        sensors = plug.get(self._path).get("StatusSNS")
        energy = sensors.get("ENERGY") if isinstance(sensors, dict) else None
        if not isinstance(energy, dict):
            raise ReadError(f"{plug.place} has no power meter (no ENERGY in its status)", Reason.WRONG_DEVICE)
        powers = energy.get("Power")
        count = min(_MOST_OUTLETS, len(powers)) if isinstance(powers, list) else 1
        found: dict[str, dict[str, float]] = {}
        for index in range(count):
            values = {}
            for key, (name, factor) in _VALUES.items():
                value = number(_item(energy.get(key), index))
                if value is not None:
                    values[name] = value * factor
            # One total for all outlets, in kWh; it belongs to none of several.
            total = number(energy.get("Total")) if count == 1 else None
            if total is not None:
                values["energy"] = total * 1000 * SECONDS_PER_HOUR
            found[f"outlet{index}"] = values
        return found


def _item(value: Any, index: int) -> Any:
    """Return a list's entry; a single value (the voltage all outlets share) as it is."""
    if isinstance(value, list):
        return value[index] if index < len(value) else None
    return value
