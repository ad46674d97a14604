"""ChargerLAB POWER-Z KM002C and KM003C over USB serial or HID: polled, or up to 1000 samples a second from the queue.

Polling yields about two fresh readings a second.  Where Linux's own `powerz` driver holds the meter,
read it through hwmon instead; this driver takes the serial or HID interface, which that one leaves
alone.

The queue must be unlocked by an exchange that the package `km003c` (the parser's own Python binding)
knows; where it is not installed the queue is tried as it is.  The meter converts voltage and current
in turn, so at 1000/s each value stands for two samples: 500 a second of each are news.

The sequence ticks at 1 kHz: it places the samples and shows losses.  What is sent rests on km003c-rs's
description; its exchange was never tried on an instrument here.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

from powermeter.channel import MISSING
from powermeter.errors import ConfigurationError, DataError, OpenError, ReadError, Reason
from powermeter.source import (
    INTERPOLATED_TIME,
    REPEAT,
    Block,
    Found,
    Option,
    Row,
    StreamingSource,
    now_ns,
)
from powermeter.units import parse_quantity

from .links.hid import hid_devices, open_hid
from .links.link import RAIL_OPTIONS, Link, UsbId, rail_of
from .links.opening import closed_on_failure, open_link
from .links.serial_port import usb_ports
from .meters import km003c_frames
from .meters.linked import thermometer
from .meters.losses import Losses
from .meters.request_response import RequestMeter
from .meters.tick_clock import TickClock, TickCounter, refuse

USB = (UsbId(0x5FC9, 0x0061, "POWER-Z KM002C"), UsbId(0x5FC9, 0x0063, "POWER-Z KM003C"))

START, STOP, ACCEPT = 0x0E, 0x0F, 0x05
ANSWER_S = 0.5
POLL_S = {0: 0.25, 1: 0.1, 2: 0.05, 3: 0.02}
SILENCE_S = 2.0
TICK_NS = 1_000_000


class KM003C(RequestMeter):
    """A KM002C or KM003C, polled."""

    scheme = "km003c"
    title = "KM003C"
    summary = "ChargerLAB POWER-Z KM002C/KM003C over USB serial or HID: V, A (signed), about twice a second"
    example = "km003c:///dev/ttyACM0"
    frame_length = km003c_frames.ANSWER_LENGTH
    answer_s = 0.5
    default_period_s = 0.2
    stale_when_equal = True
    usb = USB

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._transaction = 0
        self._model = self.title

    def connect(self) -> Link:
        location = self.address.location
        if location.startswith("/dev/hidraw") or (not location and not usb_ports(USB)):
            link, known = open_hid(location, USB, self.title)
            self._model = known.usb.title if known else self.title
            return link
        return super().connect()

    def next_request(self) -> bytes:
        self._transaction = (self._transaction + 1) & 0xFF
        return km003c_frames.request(km003c_frames.ATTRIBUTE_ADC, self._transaction)

    def decode(self, frame: bytes) -> km003c_frames.KM003CFrame:
        return km003c_frames.decode(frame[: km003c_frames.ANSWER_LENGTH], transaction=self._transaction)

    def describe(self, reading: km003c_frames.KM003CFrame) -> None:
        if self.link is not None and self.link.facts.get("usb") == "5fc9:0061":
            self._model = "POWER-Z KM002C"
        self.channels = (
            *km003c_frames.electrical(self.rail, round(1e9 / km003c_frames.RATES_HZ[reading.rate])),
            thermometer(1 / 128),
        )

    def row(self, reading: km003c_frames.KM003CFrame) -> Row:
        degrees = reading.temperature_code
        return Row([reading.voltage_uv, reading.current_ua, MISSING if degrees is None else degrees])

    def info(self) -> dict[str, Any]:
        return {**super().info(), "model": self._model}

    @classmethod
    def discover(cls) -> list[Found]:
        """List KM002C and KM003C by their USB ids."""
        paths = [(port.device, entry.title) for port, entry in usb_ports(USB)]
        paths += [(device.path, device.usb.title) for device in hid_devices(USB)] if not paths else []
        return [cls.found_on(path, title, rate_hz=2.0, resolution_w=1e-5, rank=15) for path, title in paths]


def _rate(text: str) -> int:
    rate = round(parse_quantity(text, "Hz"))
    if rate in km003c_frames.RATES_HZ[:4]:
        return km003c_frames.RATES_HZ.index(rate)
    raise ConfigurationError("write 2Hz, 10Hz, 50Hz or 1000Hz")


class KM003CStream(StreamingSource):
    """A KM003C's queue."""

    scheme = "km003c-stream"
    summary = (
        "ChargerLAB POWER-Z KM003C's queue: V and A in turn, up to 1000/s (never tried on an instrument)"
    )
    example = "km003c-stream://?rate=1000Hz"
    covers = "everything behind the meter, cable losses after it included"
    OPTIONS: ClassVar[dict[str, Option]] = {
        **RAIL_OPTIONS,
        "rate": Option(_rate, 3, "2Hz, 10Hz, 50Hz or 1000Hz"),
    }

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._link: Link | None = None
        self._number = 0
        self.losses = Losses()
        self.refused = 0
        self._forget()

    def _forget(self) -> None:
        self._clock = TickClock(TICK_NS)
        self._ticks = TickCounter(km003c_frames.SEQUENCE_WRAP)
        self._last_tick: int | None = None
        self._last_ns = 0
        self._previous: tuple[int, int] | None = None
        self._heard_s = time.monotonic()
        self._polled_s = 0.0

    def open(self) -> None:
        self._forget()
        location = self.address.location
        if location.startswith("/dev/hidraw") or (not location and not usb_ports(USB)):
            self._link, _ = open_hid(location, USB, "KM003C")
        else:
            self._link = open_link(location, instrument="KM003C", usb=USB)
        with closed_on_failure(self, "is this a KM003C?"):
            self._send(bytes([STOP, self._next(), 0, 0]))
            self._link.clear()
            self._unlock()
            self._command(START, self.options["rate"])
            self._first_samples()
        refresh_ns = 2 * TICK_NS if self.options["rate"] == 3 else None
        channels = km003c_frames.electrical(rail_of(self.options, self.covers), refresh_ns)
        self.channels = self._link.graded(channels)

    def _next(self) -> int:
        self._number = (self._number + 1) & 0xFF
        return self._number

    def _send(self, request: bytes) -> Link:
        if self._link is None:
            raise ReadError("KM003C is not open", Reason.NO_ANSWER)
        self._link.write(request)
        return self._link

    def _command(self, code: int, value: int) -> None:
        answer = self._send(bytes([code, self._next()]) + (value << 1).to_bytes(2, "little")).read(
            64, ANSWER_S
        )
        if answer[:1] != bytes([ACCEPT]):
            raise ReadError(
                f"KM003C: command {code:02x} is answered with {answer[:8].hex() or 'nothing'}",
                Reason.NO_ANSWER,
            )

    def _unlock(self) -> None:
        """Ask for the hardware's number and show it, where the package that knows how is installed."""
        try:
            import km003c as package
        except ModuleNotFoundError:
            return
        link = self._send(
            package.build_memory_read_packet(package.ADDR_HARDWARE_ID, package.HARDWARE_ID_SIZE, self._next())
        )
        link.read(64, ANSWER_S)  # its confirmation
        secret = link.read(64, ANSWER_S)
        if len(secret) < 16:
            return  # it answers nothing of the kind: try the queue as it is
        credential = package.decrypt_memory_payload(secret[:16])[: package.HARDWARE_ID_SIZE]
        self._send(package.build_streaming_auth_packet(bytes(credential), self._next())).read(64, ANSWER_S)

    def _first_samples(self) -> None:
        deadline = time.monotonic() + SILENCE_S
        while time.monotonic() < deadline:
            time.sleep(POLL_S[self.options["rate"]])
            if self._ask():
                return
        raise OpenError(
            "KM003C: its queue stays empty; it wants to be unlocked: pip install km003c, or read it by km003c:// "
            "(about 2 a second)",
            Reason.NO_ANSWER,
        )

    def _ask(self) -> list[km003c_frames.QueueSample]:
        """Ask for what is queued.

        Raises:
            ReadError: Nothing came.
            DataError: What came cannot be trusted.
        """
        link = self._send(km003c_frames.request(km003c_frames.ATTRIBUTE_QUEUE, self._next()))
        answer = link.read_exactly(8, ANSWER_S)
        if len(answer) < 8:
            raise ReadError(f"KM003C on {link.where}: no answer", Reason.NO_ANSWER)
        header = int.from_bytes(answer[4:8], "little")
        length = (header >> 16 & 0x3F) * (header >> 22)
        if answer[0] != km003c_frames.PUT_DATA or length > 63 * km003c_frames.QUEUE_SAMPLE_LENGTH:
            link.clear()
            raise DataError(f"{answer.hex()} is not an answer of the queue")
        return km003c_frames.decode_queue(answer + link.read_exactly(length, ANSWER_S))

    def read_block(self, timeout_s: float) -> Block | None:
        pause = self._polled_s + POLL_S[self.options["rate"]] - time.monotonic()
        time.sleep(min(max(0.0, pause), max(0.0, timeout_s)))
        self._polled_s = time.monotonic()
        try:
            samples = self._ask()
        except DataError:
            self.refused += 1
            samples = []
        arrival_ns = now_ns()
        if not samples:
            if time.monotonic() - self._heard_s > SILENCE_S:
                raise ReadError("KM003C: its queue stays empty", Reason.NO_ANSWER)
            return None
        self._heard_s = time.monotonic()
        block = self._block(samples, arrival_ns)
        self._check_ticks(self._clock.mismatch)
        return block

    def finish(self) -> None:
        """Refuse a sequence that does not count milliseconds, also where only a second passed."""
        self._check_ticks(self._clock.mismatch_so_far)

    def _check_ticks(self, found: tuple[float, float] | None) -> None:
        refuse(found, "KM003C", ": its sequence is not in milliseconds; read it by km003c://")

    def _block(self, samples: list[km003c_frames.QueueSample], arrival_ns: int) -> Block:
        import numpy as np

        step = km003c_frames.QUEUE_STEPS[self.options["rate"]]
        ticks = [self._ticks.feed(sample.sequence) for sample in samples]
        self._clock.arrived(ticks[-1], arrival_ns)
        times = np.maximum([self._clock.time_ns(tick) for tick in ticks], self._last_ns).astype(np.int64)
        times = np.maximum.accumulate(times)
        gaps, flags = [], []
        for sample, tick, at_ns in zip(samples, ticks, times.tolist(), strict=True):
            missing = 0 if self._last_tick is None else round((tick - self._last_tick) / step) - 1
            if missing > 0:
                gaps.append(self.losses.dropped(self._last_ns, at_ns, missing))
            value = (sample.voltage_uv, sample.current_ua)
            flags.append(INTERPOLATED_TIME | (REPEAT if value == self._previous else 0))
            self._previous, self._last_tick, self._last_ns = value, tick, at_ns
        codes = np.array([[sample.voltage_uv, sample.current_ua] for sample in samples], np.int64)
        return Block(times, codes, np.array(flags, np.uint8), tuple(gaps))

    def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            try:
                link.write(bytes([STOP, self._next(), 0, 0]))
            except ReadError:
                pass  # pulled: it stops by itself
            link.close()

    def counts(self) -> dict[str, int]:
        return {"samples_lost": self.losses.lost, "frames_refused": self.refused}

    def info(self) -> dict[str, Any]:
        facts = dict(self._link.facts) if self._link else {}
        return {**facts, "model": "KM003C", "rate_hz": km003c_frames.RATES_HZ[self.options["rate"]]}

    @classmethod
    def discover(cls) -> list[Found]:
        """Leave it to `km003c://`, which needs no unlocking."""
        return []
