"""Joulescope JS110 and JS220 through their maker's own driver library.

Current and voltage come sample by sample with the instrument's sample number, which is the clock: a
hole in it is a loss, and samples are placed by it.  General-purpose inputs come in the same clock.

Topics and fields: the package pyjoulescope_driver.
"""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from powermeter.channel import Accuracy, Channel, Kind, Quantity
from powermeter.errors import ConfigurationError, NotInstalledError, OpenError, ReadError, Reason
from powermeter.platforms.assumptions import assumed
from powermeter.source import INTERPOLATED_TIME, Block, Found, Gap, Option, StreamingSource, now_ns
from powermeter.units import NS, parse_quantity

from .links.link import RAIL_OPTIONS, UsbId, rail_of
from .meters.losses import Losses
from .meters.tick_clock import TickClock, refuse

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

USB = (UsbId(0x16D0, 0x0E88, "Joulescope JS110"), UsbId(0x16D0, 0x10BA, "Joulescope JS220"))
NATIVE_HZ = {"js110": 2_000_000, "js220": 1_000_000}
RANGE_TOPIC = {"js110": "s/i/range/select", "js220": "s/i/range/mode"}
RATES_HZ = (1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000)
CURRENT_CODE_A, VOLTAGE_CODE_V = 1e-9, 1e-6
SILENCE_S = 2.0


def _rate(text: str) -> int:
    rate = round(parse_quantity(text, "Hz"))
    if rate in RATES_HZ:
        return rate
    raise ConfigurationError("write one of " + ", ".join(f"{rate:,}Hz".replace(",", "") for rate in RATES_HZ))


def _inputs(text: str) -> tuple[int, ...]:
    numbers = tuple(int(part) for part in text.split(",") if part.isdigit())
    if text and (len(numbers) != len(text.split(",")) or max(numbers) > 3):
        raise ConfigurationError("write the inputs to record: 0 to 3, with commas")
    return numbers


@dataclass(slots=True)
class SignalPieces:
    """What has arrived of one signal and was not handed over yet: pieces that follow one another."""

    first: int = 0
    pieces: list[NDArray[Any]] = field(default_factory=list)
    length: int = 0
    started: bool = False

    def add(self, first: int, data: NDArray[Any]) -> int:
        """Append a piece and return how many samples are missing before it (the column then starts anew there)."""
        missing = first - (self.first + self.length) if self.started else 0
        self.started = True
        if missing:
            self.pieces, self.length = [], 0
        if not self.length:
            self.first = first
        self.pieces.append(data)
        self.length += len(data)
        return max(0, missing)

    def take(self, first: int, count: int) -> NDArray[Any]:
        """Return `count` samples from number `first` on and forget them and what came before."""
        import numpy as np

        whole = np.concatenate(self.pieces)
        start = first - self.first
        rest = whole[start + count :]
        self.first, self.pieces, self.length = first + count, [rest] if len(rest) else [], len(rest)
        result: NDArray[Any] = whole[start : start + count]
        return result


class Joulescope(StreamingSource):
    """A JS110 or JS220."""

    scheme = "joulescope"
    summary = "Joulescope JS110/JS220: A and V up to 2 MS/s and 1 MS/s, inputs in the same clock"
    example = "joulescope://?rate=10kHz"
    covers = "everything behind the Joulescope's output"
    OPTIONS: ClassVar[dict[str, Option]] = {
        **RAIL_OPTIONS,
        "rate": Option(_rate, 10_000, "samples a second: 1kHz to 2MHz in steps of 1, 2, 5"),
        "inputs": Option(_inputs, (), "general-purpose inputs to record: 0,1"),
    }

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._driver: Any = None
        self._path = ""
        self._model = ""
        self._clock = TickClock(NS / self.options["rate"])
        self.losses = Losses()
        self._arrived: queue.SimpleQueue[tuple[str, dict[str, Any], int]] = queue.SimpleQueue()
        self._handlers: list[tuple[str, Any]] = []

    def open(self) -> None:
        try:
            from pyjoulescope_driver import Driver
        except ModuleNotFoundError as error:
            raise NotInstalledError(
                "a Joulescope needs its maker's driver; run: pip install 'powermeter[joulescope]'"
            ) from error
        try:
            self._driver = Driver()
            self._path = self._find(self._driver)
            self._model = self._path.split("/")[1].lower()
            if self.options["rate"] > NATIVE_HZ.get(self._model, 1_000_000):
                raise ConfigurationError(
                    f"{self.address}: a {self._model.upper()} has no {self.options['rate']} Hz"
                )
            self._driver.open(self._path, mode="defaults")
            self._start()
        except (RuntimeError, TimeoutError, OSError) as error:
            if isinstance(error, (OpenError, ConfigurationError)):
                self.close()
                raise
            self.close()
            raise OpenError(
                f"Joulescope: cannot be opened ({error}); close other programs that use it, and on Linux add its "
                "udev rule",
                Reason.BUSY,
            ) from error
        except BaseException:
            self.close()
            raise

    def _find(self, driver: Any) -> str:
        wanted = self.address.location
        paths = [str(path) for path in driver.device_paths() if str(path).split("/")[1].lower() in NATIVE_HZ]
        if wanted:
            paths = [path for path in paths if path.rsplit("/", 1)[-1] == wanted]
        if not paths:
            raise OpenError(
                f"Joulescope: none plugged in{f' with serial number {wanted}' * bool(wanted)}", Reason.ABSENT
            )
        if len(paths) > 1:
            numbers = ", ".join(path.rsplit("/", 1)[-1] for path in paths)
            raise OpenError(
                f"Joulescope: several are plugged in; choose one by serial number: {numbers}", Reason.ABSENT
            )
        return paths[0]

    def _start(self) -> None:
        signals = {"i": "s/i", "v": "s/v", **{f"input{n}": f"s/gpi/{n}" for n in self.options["inputs"]}}
        self._columns = {name: SignalPieces() for name in signals}
        self._clock = TickClock(NS / self.options["rate"])
        self._last_ns = 0
        self._heard_s = time.monotonic()
        self._arrived = queue.SimpleQueue()
        self._describe()
        publish = self._driver.publish
        publish(f"{self._path}/{RANGE_TOPIC[self._model]}", "auto")
        publish(f"{self._path}/h/fs", self.options["rate"])
        for name, topic in signals.items():
            handler = self._handler(name)
            self._driver.subscribe(f"{self._path}/{topic}/!data", "pub", handler)
            self._handlers.append((f"{self._path}/{topic}/!data", handler))
        for topic in signals.values():
            publish(f"{self._path}/{topic}/ctrl", "on")

    def _handler(self, name: str) -> Any:
        arrived = self._arrived

        def handle(topic: str, value: dict[str, Any]) -> None:
            arrived.put((name, value, now_ns()))

        return handle

    def _describe(self) -> None:
        note = assumed("joulescope", "0.1 % and 1 µA, 0.1 % and 1 mV")
        rail = rail_of(self.options, self.covers)
        window = round(NS / self.options["rate"])
        self.channels = (
            Channel(
                "current",
                Quantity.CURRENT,
                CURRENT_CODE_A,
                rail,
                Kind.MEAN,
                window_ns=window,
                accuracy=Accuracy(gain=1e-3, offset=1e-6, step=CURRENT_CODE_A, source=note),
            ),
            Channel(
                "voltage",
                Quantity.VOLTAGE,
                VOLTAGE_CODE_V,
                rail,
                Kind.MEAN,
                window_ns=window,
                accuracy=Accuracy(gain=1e-3, offset=1e-3, step=VOLTAGE_CODE_V, source=note),
            ),
            *((Channel("inputs", Quantity.MARKER, 1.0),) if self.options["inputs"] else ()),
        )

    def read_block(self, timeout_s: float) -> Block | None:
        if self._driver is None:
            raise ReadError("Joulescope is not open", Reason.NO_ANSWER)
        gaps: list[Gap] = []
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                name, value, arrival_ns = self._arrived.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            self._heard_s = time.monotonic()
            self._take_in(name, value, arrival_ns, gaps)
            if self._arrived.empty() and min(column.length for column in self._columns.values()):
                break
        self._check_rate(self._clock.mismatch)
        block = self._common(gaps)
        if block is None and time.monotonic() - self._heard_s > SILENCE_S:
            self._heard_s = time.monotonic()
            raise ReadError("Joulescope: it sends nothing; plug it in again", Reason.NO_ANSWER)
        return block

    def finish(self) -> None:
        """Refuse samples that do not come at the rate asked for, also where only a second passed."""
        self._check_rate(self._clock.mismatch_so_far)

    def _check_rate(self, found: tuple[float, float] | None) -> None:
        refuse(found, "Joulescope", f" at the {self.options['rate']} Hz of its URL; choose another rate")

    def _take_in(self, name: str, value: dict[str, Any], arrival_ns: int, gaps: list[Gap]) -> None:
        import numpy as np

        factor = int(value.get("decimate_factor") or 1)
        first = int(value["sample_id"]) // factor
        data = np.asarray(value["data"])
        if name.startswith("input") and data.dtype == np.uint8:
            data = np.unpackbits(data, bitorder="little")
        missing = self._columns[name].add(first, data)
        if name == "i":
            self._clock.arrived(first + len(data) - 1, arrival_ns)
            if missing:
                end = self._clock.time_ns(first)
                gaps.append(self.losses.dropped(end - round(missing * self._clock.tick_ns), end, missing))

    def _common(self, gaps: list[Gap]) -> Block | None:
        import numpy as np

        columns = self._columns
        first = max(column.first for column in columns.values())
        end = min(column.first + column.length for column in columns.values())
        count = end - first
        if count <= 0 or not all(column.length for column in columns.values()):
            return None
        taken = {name: column.take(first, count) for name, column in columns.items()}
        rows = [codes_of(taken["i"], CURRENT_CODE_A), codes_of(taken["v"], VOLTAGE_CODE_V)]
        if self.options["inputs"]:
            bits = np.zeros(count, np.int64)
            for number in self.options["inputs"]:
                bits |= taken[f"input{number}"].astype(np.int64) << number
            rows.append(bits)
        times = np.array([self._clock.time_ns(first), self._clock.time_ns(end - 1)], np.int64)
        spread = np.linspace(times[0], times[1], count).astype(np.int64)
        spread = np.maximum(spread, self._last_ns)
        self._last_ns = int(spread[-1])
        flags = np.full(count, INTERPOLATED_TIME, np.uint8)
        return Block(spread, np.stack(rows, axis=1), flags, tuple(gaps))

    def close(self) -> None:
        driver, self._driver = self._driver, None
        if driver is None:
            return
        try:
            for topic, handler in self._handlers:
                driver.unsubscribe(topic, handler)
            if self._path:
                driver.close(self._path)
        except (RuntimeError, TimeoutError, OSError):
            pass  # it was pulled: there is nothing left to close
        finally:
            self._handlers = []
            driver.finalize()

    def counts(self) -> dict[str, int]:
        return {"samples_lost": self.losses.lost}

    def info(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"model": self._model.upper(), "serial": self._path.rsplit("/", 1)[-1]}
        if self._driver is not None:
            try:
                facts["firmware"] = str(self._driver.query(f"{self._path}/c/fw/version"))
            except (RuntimeError, TimeoutError, OSError, ValueError):
                facts["firmware"] = None
        return {**facts, "rate_hz": self.options["rate"]}

    @classmethod
    def discover(cls) -> list[Found]:
        """List Joulescopes by their USB ids in sysfs; nothing is opened."""
        from pathlib import Path

        found = []
        ids = {(entry.vendor, entry.product): entry for entry in USB}
        for device in sorted(Path("/sys/bus/usb/devices").glob("*")):
            try:
                key = int((device / "idVendor").read_text(), 16), int((device / "idProduct").read_text(), 16)
                number = (device / "serial").read_text().strip() if (device / "serial").exists() else ""
            except (OSError, ValueError):
                continue
            if key in ids:
                found.append(
                    Found(
                        f"joulescope://{number}",
                        f"{ids[key].title} {number}",
                        rails=("input",),
                        rate_hz=1e6,
                        resolution_w=1e-8,
                        covers=cls.covers,
                        rank=3,
                    )
                )
        return found


def codes_of(values: NDArray[np.float32], scale: float) -> NDArray[np.int64]:
    """Return integer codes; `MISSING` where the instrument had no valid sample (NaN, between its ranges)."""
    import numpy as np

    from powermeter.channel import MISSING

    valid = np.isfinite(values)
    codes = np.rint(np.where(valid, values, 0.0).astype(np.float64) / scale).astype(np.int64)
    codes[~valid] = MISSING
    return codes
