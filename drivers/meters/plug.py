"""What Shelly and Tasmota plugs have in common: rails at the socket, read about once a second."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.source import Address, PolledSource, Row

from ..links.http import PlugConnection, parse_host

_COVERS = "everything behind the plug, with the power supply's loss"
_MEASURED_SPREAD = (
    "5 %: twelve plug meters against a calibrated one (Liikkanen and Nieminen, HIIT 2009-1); some are more than "
    "25 % low on small or reactive loads, so check yours on one"
)

# Reading → quantity, scale, and the step of its last printed digit.
QUANTITIES = {
    "power": (Quantity.POWER, 1e-3),
    "voltage": (Quantity.VOLTAGE, 1e-3),
    "current": (Quantity.CURRENT, 1e-3),
    "energy": (Quantity.ENERGY, 1e-3),
}

Readings = Mapping[str, Mapping[str, float]]
"""Rail → reading (power, voltage, current, energy) in SI units."""


class Plug(PolledSource):
    """A plug that is asked over HTTP; a subclass knows its paths and its words.

    Alternating current: voltage and current are root-mean-square values whose product is not power,
    so they hang on no rail, and neither does the plug's own energy counter, which many plugs advance
    only once a minute.
    """

    default_period_s: ClassVar[float] = 1.0
    stale_when_equal: ClassVar[bool] = True
    power_step_w: ClassVar[float] = 0.1

    _plug: PlugConnection | None = None
    _layout: tuple[tuple[str, str], ...] = ()

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._host, self._port = parse_host(address.location, self.scheme)

    @abstractmethod
    def ask(self, plug: PlugConnection) -> Readings:
        """Return the readings of all outlets.

        Raises:
            OpenError, ReadError: The plug does not answer, or has no meter.
        """

    def open(self) -> None:
        """Ask once, to see what the plug measures."""
        self.close()
        self._plug = PlugConnection(self._host, self._port)
        try:
            self.identify(self._plug)
            readings = self.ask(self._plug)
        except ReadError as error:
            self.close()
            raise OpenError(f"{self.scheme}://{self.address.location}: {error}", error.reason) from error
        except OpenError:
            self.close()
            raise
        if not any("power" in outlet for outlet in readings.values()):
            self.close()
            raise OpenError(
                f"{self.scheme}://{self.address.location}: this plug has no power meter", Reason.WRONG_DEVICE
            )
        layout, channels = [], []
        for outlet, values in readings.items():
            rail = Rail(outlet, "plug" if len(readings) > 1 else None, Boundary.WALL, _COVERS)
            for reading in (name for name in QUANTITIES if name in values):
                quantity, scale = QUANTITIES[reading]
                step = self.power_step_w if reading == "power" else 0.0
                channels.append(
                    Channel(
                        f"{outlet}.{reading}",
                        quantity,
                        scale,
                        rail if reading == "power" else None,
                        Kind.COUNTER if reading == "energy" else Kind.INSTANT,
                        accuracy=Accuracy(gain=0.05, step=step, source=_MEASURED_SPREAD),
                    )
                )
                layout.append((outlet, reading))
        if self.channels and self.channels != tuple(channels):
            self.close()
            raise OpenError(f"{self.address}: its readings are not those of before", Reason.WRONG_DEVICE)
        self.channels, self._layout = tuple(channels), tuple(layout)

    def identify(self, plug: PlugConnection) -> None:
        """Find out what kind of plug it is, where that decides the paths."""

    def sample(self) -> Row:
        """Ask the plug once."""
        if self._plug is None:
            raise ReadError(f"{self.address} is not open", Reason.ABSENT)
        try:
            readings = self.ask(self._plug)
        except OpenError as error:
            raise ReadError(str(error), error.reason) from error
        row = []
        for outlet, reading in self._layout:
            value = readings.get(outlet, {}).get(reading)
            row.append(MISSING if value is None else round(value / QUANTITIES[reading][1]))
        return Row(row)

    def close(self) -> None:
        """Close the connection."""
        if self._plug is not None:
            self._plug.close()
            self._plug = None

    def info(self) -> dict[str, Any]:
        """Return what the plug reports of itself."""
        return {}
