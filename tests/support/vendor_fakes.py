"""Stand-ins for libraries of instrument makers and for programs, as far as drivers use them."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from powermeter.drivers.links.ble import characteristic


class FakeNvml(ModuleType):
    """The part of pynvml that the driver uses, over a list of cards."""

    NVML_SUCCESS, NVML_FI_DEV_POWER_AVERAGE, NVML_FI_DEV_POWER_INSTANT = 0, 185, 186

    class NVMLError(Exception):
        pass

    class NVMLError_NotSupported(NVMLError):
        pass

    class NVMLError_FunctionNotFound(NVMLError):
        pass

    class NVMLError_GpuIsLost(NVMLError):
        pass

    class NVMLError_LibraryNotFound(NVMLError):
        pass

    def __init__(self, *cards: dict, broken: str = "") -> None:
        super().__init__("pynvml")
        self.cards = list(cards)
        self.broken = broken
        self.running = 0

    def nvmlInit(self):
        if self.broken:
            raise self.NVMLError_LibraryNotFound(self.broken)
        self.running += 1

    def nvmlShutdown(self):
        self.running -= 1

    def nvmlDeviceGetCount(self):
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index):
        return self.cards[index]

    def _value(self, card, key):
        value = card.get(key, self.NVMLError_NotSupported("Not Supported"))
        if isinstance(value, Exception):
            raise value
        return value

    def nvmlDeviceGetName(self, card):
        return card["name"]

    def nvmlDeviceGetUUID(self, card):
        return card.get("uuid", "GPU-0").encode()  # bytes, as older versions give

    def nvmlDeviceGetMigMode(self, card):
        return [self._value(card, "mig"), 0]

    def nvmlDeviceGetArchitecture(self, card):
        return self._value(card, "architecture")

    def nvmlDeviceGetTotalEnergyConsumption(self, card):
        return self._value(card, "energy")

    def nvmlDeviceGetPowerUsage(self, card):
        return self._value(card, "usage")

    def nvmlDeviceGetEnforcedPowerLimit(self, card):
        return self._value(card, "limit")

    def nvmlDeviceGetPersistenceMode(self, card):
        return self._value(card, "persistence")

    def nvmlSystemGetDriverVersion(self):
        return "550.54.15"

    def nvmlDeviceGetFieldValues(self, card, fields):
        key = {185: "average", 186: "instant"}[fields[0]]
        value = card.get(key)
        return [
            SimpleNamespace(nvmlReturn=3 if value is None else 0, value=SimpleNamespace(uiVal=value or 0))
        ]


H100 = {
    "name": "NVIDIA H100 80GB HBM3",
    "architecture": 9,
    "energy": 5_000_000,
    "usage": 71_000,
    "instant": 70_000,
    "average": 71_500,
    "uuid": "GPU-aaaa",
    "limit": 700_000,
    "mig": 0,
}


class FakeJtop(ModuleType):
    """The part of the jtop module that the driver uses."""

    __version__ = "7.2.2"

    class JtopException(Exception):
        pass

    def __init__(self, *powers, refuse: Exception | None = None) -> None:
        super().__init__("jtop")
        self.powers = list(powers)
        self.refuse = refuse
        self.closed = 0
        outer = self

        class Client:
            interval = 1.0

            def __init__(self, interval: float) -> None:
                self.asked = interval
                self.observers: list = []
                self.alive = True
                outer.client = self

            def attach(self, observer) -> None:
                self.observers.append(observer)

            def start(self) -> None:
                if outer.refuse:
                    raise outer.refuse
                while outer.powers:
                    self.send(outer.powers.pop(0))

            def send(self, power) -> None:
                self.power = power
                for observer in self.observers:
                    observer(self)

            def ok(self, spin: bool = False) -> bool:
                assert spin
                if isinstance(self.alive, Exception):
                    raise self.alive
                return self.alive

            def close(self) -> None:
                outer.closed += 1

        self.jtop = Client


class FakeDriver:
    """What pyjoulescope_driver's Driver does with topics."""

    paths = ("u/js220/000123",)
    last: Any = None

    def __init__(self) -> None:
        self.published: list[tuple[str, Any]] = []
        self.handlers: dict[str, Any] = {}
        self.opened = self.finalized = False
        FakeDriver.last = self

    def device_paths(self) -> list[str]:
        return list(self.paths)

    def open(self, path: str, mode: str) -> None:
        self.opened = True

    def close(self, path: str) -> None:
        self.opened = False

    def finalize(self) -> None:
        self.finalized = True

    def publish(self, topic: str, value: Any) -> None:
        self.published.append((topic, value))

    def query(self, topic: str) -> Any:
        return "1.3.0"

    def subscribe(self, topic: str, flags: str, handler: Any) -> None:
        self.handlers[topic] = handler

    def unsubscribe(self, topic: str, handler: Any) -> None:
        assert self.handlers.pop(topic) is handler

    def send(self, signal: str, first: int, data: np.ndarray[Any, Any], factor: int = 100) -> None:
        topic = f"u/js220/000123/{signal}/!data"
        self.handlers[topic](topic, {"sample_id": first * factor, "decimate_factor": factor, "data": data})


class FakePower:
    """What YPower answers."""

    CURRENTVALUE_INVALID = METER_INVALID = -1.7e308
    watts, meter_wh = 12.5, 100.0

    def isOnline(self) -> bool:
        return True

    def get_currentValue(self) -> float:
        return self.watts

    def get_meter(self) -> float:
        return self.meter_wh

    def get_module(self) -> Any:
        return SimpleNamespace(
            get_productName=lambda: "Yocto-Watt",
            get_serialNumber=lambda: "YWATTMK1-1",
            get_firmwareRelease=lambda: "9",
        )


class FakeClient:
    """What bleak's client does, in its own event loop, in front of a simulated meter."""

    offered: ClassVar[set[int]] = {0xFFE4, 0xFFE9}
    meter: ClassVar[Any] = None
    greet: ClassVar[bytes] = b""

    def __init__(self, address: str, disconnected_callback: Any) -> None:
        self.services = self
        self.dropped = disconnected_callback
        self.written: list[bytes] = []
        FakeClient.last = self

    last: ClassVar[Any] = None

    def get_characteristic(self, name: str) -> Any:
        return name if name in {characteristic(short) for short in self.offered} else None

    async def connect(self) -> None:
        if "absent" in self.offered:
            raise OSError("not found")

    async def disconnect(self) -> None:
        pass

    async def start_notify(self, name: str, handler: Any) -> None:
        self.handler = handler

    async def write_gatt_char(self, name: str, data: bytes, response: bool) -> None:
        self.written.append(bytes(data))
        for answer in self.meter(bytes(data)):
            for at in range(0, len(answer), 20):  # a notification holds 20 bytes
                self.handler(None, bytearray(answer[at : at + 20]))


def bleak_of(client: type[FakeClient]) -> dict[str, ModuleType]:
    """Return the library's modules with `client` in the place of its own, by the names they are imported by."""
    library, exceptions = ModuleType("bleak"), ModuleType("bleak.exc")
    library.BleakClient, exceptions.BleakError = client, RuntimeError  # type: ignore[attr-defined]
    return {"bleak": library, "bleak.exc": exceptions}
