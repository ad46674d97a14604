"""Yoctopuce Yocto-Watt wattmeters through their maker's API.

The first generation averages alternating current over about a second; the V2 refreshes ten times as
often.  The energy meter inside counts Wh and is recorded as a counter.  Method names: the package
`yoctopuce` (YPower).
"""

from __future__ import annotations

from typing import Any, ClassVar

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity
from powermeter.errors import NotInstalledError, OpenError, ReadError, Reason
from powermeter.platforms.assumptions import assumed
from powermeter.source import Option, PolledSource, Row, now_ns

from .links.link import RAIL_OPTIONS, rail_of
from .meters.running_total import Odometer, totals_of

POWER_CODE_W = 1e-3
ENERGY_CODE_J = 3.6  # 1 mWh
MAX_POWER_W = 10_000.0


class YoctoWatt(PolledSource):
    """A Yocto-Watt on USB, or behind a YoctoHub."""

    scheme = "yocto"
    summary = "Yoctopuce Yocto-Watt: W and Wh at the socket or on direct current, 1 to 10 a second"
    example = "yocto://"
    default_period_s = 0.1
    stale_when_equal = True
    covers = "everything behind the Yocto-Watt, power supply included where it sits at the socket"
    OPTIONS: ClassVar[dict[str, Option]] = {
        **RAIL_OPTIONS,
        "boundary": Option(
            Boundary, Boundary.WALL, "what that line feeds: wall, battery, board, module, device, part"
        ),
        "hub": Option(str, "usb", "usb, or the address of a YoctoHub or VirtualHub"),
    }

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._api: Any = None
        self._sensor: Any = None
        self._energy = Odometer(MAX_POWER_W / ENERGY_CODE_J)

    def open(self) -> None:
        try:
            from yoctopuce.yocto_api import YAPI, YRefParam
            from yoctopuce.yocto_power import YPower
        except ModuleNotFoundError as error:
            raise NotInstalledError(
                "a Yocto-Watt needs its maker's API; run: pip install 'powermeter[yocto]'"
            ) from error
        message = YRefParam()
        if YAPI.RegisterHub(self.options["hub"], message) != YAPI.SUCCESS:
            raise OpenError(f"Yocto-Watt: {self.options['hub']}: {message.value}", Reason.ABSENT)
        self._api = YAPI
        name = f"{self.address.location}.power" if self.address.location else ""
        self._sensor = YPower.FindPower(name) if name else YPower.FirstPower()
        if self._sensor is None or not self._sensor.isOnline():
            self.close()
            raise OpenError(f"Yocto-Watt: {self.address.location or 'none'} is not there", Reason.ABSENT)
        rail = rail_of(self.options, self.covers)
        note = assumed("yocto")
        self.channels = (
            Channel(
                "power",
                Quantity.POWER,
                POWER_CODE_W,
                rail,
                accuracy=Accuracy(gain=0.015, offset=0.1, step=POWER_CODE_W, source=note),
            ),
            Channel(
                "energy",
                Quantity.ENERGY,
                ENERGY_CODE_J,
                totals_of(rail),
                Kind.COUNTER,
                accuracy=Accuracy(gain=0.015, step=ENERGY_CODE_J, clock=1e-3, source=note),
            ),
        )

    def sample(self) -> Row:
        if self._sensor is None:
            raise ReadError("Yocto-Watt is not open", Reason.NO_ANSWER)
        watts, energy_wh = self._sensor.get_currentValue(), self._sensor.get_meter()
        if watts == self._sensor.CURRENTVALUE_INVALID:
            raise ReadError("Yocto-Watt does not answer; plug it in again", Reason.NO_ANSWER)
        if abs(watts) > MAX_POWER_W:
            raise ReadError(f"Yocto-Watt: {watts:g} W cannot be", Reason.BAD_DATA)
        known = energy_wh != self._sensor.METER_INVALID
        counted = self._energy.feed(round(energy_wh * 1000), now_ns()) if known else MISSING
        return Row([round(watts / POWER_CODE_W), counted])

    def close(self) -> None:
        api, self._api, self._sensor = self._api, None, None
        if api is not None:
            api.FreeAPI()

    def counts(self) -> dict[str, int]:
        return {"counter_resets": self._energy.resets}

    def info(self) -> dict[str, Any]:
        if self._sensor is None:
            return {}
        module = self._sensor.get_module()
        return {
            "model": module.get_productName(),
            "serial": module.get_serialNumber(),
            "firmware": module.get_firmwareRelease(),
        }
