"""Bluetooth Low Energy as a link: notifications in, writes out, through the library bleak.

bleak is asynchronous; it runs in a thread of its own here, and what arrives waits in a queue.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from powermeter.errors import NotInstalledError, OpenError, ReadError, Reason

from .link import Link

CONNECT_TIMEOUT_S = 15.0
WRITE_TIMEOUT_S = 5.0


def characteristic(short: int) -> str:
    """Return the full name of a 16-bit characteristic."""
    return f"0000{short:04x}-0000-1000-8000-00805f9b34fb"


class BleLink(Link):
    """One device: bytes of its notify characteristic in, bytes to its write characteristic out."""

    def __init__(self, address: str, pairs: Sequence[tuple[int, int]], *, instrument: str) -> None:
        """Connect and subscribe.

        Args:
            address: The device's Bluetooth address (a UUID on macOS).
            pairs: (notify, write) characteristics to try, the first the device has.
            instrument: Its name, for messages.

        Raises:
            NotInstalledError: bleak is missing.
            OpenError: The device is not there, or has none of the characteristics.
        """
        try:
            from bleak import BleakClient
            from bleak.exc import BleakError
        except ModuleNotFoundError as error:
            raise NotInstalledError(
                f"{instrument} over Bluetooth LE needs bleak; run: pip install 'powermeter[bluetooth]'"
            ) from error
        self.where, self.instrument = address, instrument
        self.facts: dict[str, Any] = {}
        self._arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._rest = b""
        self._lost = threading.Event()
        self._write_to = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"ble {address}", daemon=True)
        self._thread.start()
        self._client = BleakClient(address, disconnected_callback=lambda _: self._lost.set())
        try:
            self._wait(self._connect(pairs), CONNECT_TIMEOUT_S + 5)
        except OpenError:
            self.close()
            raise
        except (BleakError, OSError, TimeoutError, asyncio.TimeoutError) as error:
            self.close()
            raise OpenError(
                f"{instrument}: no answer from {address} ({error or type(error).__name__}); is its Bluetooth on, in "
                "reach and not connected to a phone?",
                Reason.ABSENT,
            ) from error

    async def _connect(self, pairs: Sequence[tuple[int, int]]) -> None:
        await asyncio.wait_for(self._client.connect(), CONNECT_TIMEOUT_S)
        for notify, write in pairs:
            if self._client.services.get_characteristic(characteristic(notify)) is not None:
                self._write_to = characteristic(write)
                await self._client.start_notify(
                    characteristic(notify), lambda _, data: self._arrived.put(bytes(data))
                )
                return
        raise OpenError(f"{self.instrument}: {self.where} is another kind of device", Reason.WRONG_DEVICE)

    def _wait(self, work: Coroutine[Any, Any, Any], timeout_s: float) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)

    def read(self, limit: int, timeout_s: float) -> bytes:
        if not self._rest:
            deadline = time.monotonic() + timeout_s
            while True:
                try:
                    self._rest = self._arrived.get(timeout=max(0.0, min(0.1, deadline - time.monotonic())))
                    break
                except queue.Empty:
                    if self._lost.is_set():
                        raise ReadError(
                            f"{self.instrument} on {self.where} is out of reach", Reason.NO_ANSWER
                        ) from None
                    if time.monotonic() >= deadline:
                        return b""
        data, self._rest = self._rest[:limit], self._rest[limit:]
        return data

    def write(self, data: bytes) -> None:
        try:
            self._wait(self._client.write_gatt_char(self._write_to, data, response=False), WRITE_TIMEOUT_S)
        except Exception as error:  # whatever the radio raises, the device is gone
            raise ReadError(
                f"{self.instrument} on {self.where} is out of reach ({error})", Reason.NO_ANSWER
            ) from error

    def close(self) -> None:
        if self._loop.is_closed():
            return
        try:
            self._wait(self._client.disconnect(), WRITE_TIMEOUT_S)
        except Exception:  # noqa: BLE001, S110 – it is gone already, which is what was asked for
            pass
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(2)
        if not self._thread.is_alive():
            self._loop.close()
