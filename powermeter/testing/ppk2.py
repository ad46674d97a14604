"""A simulated Nordic PPK2: metadata, 100 000 samples a second through a switching range, logic inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter

if TYPE_CHECKING:
    from numpy.typing import NDArray

# One real unit's constants, from the type documentation of the crate `ppk2`.
METADATA: dict[str, tuple[float, ...]] = {
    "R": (1003.3506, 101.5865, 10.3027, 0.9636, 0.0564),
    "GS": (0.0, 112.7890, 18.0115, 2.4217, 0.0729),
    "GI": (1.0, 0.9695, 0.9609, 0.9519, 0.9582),
    "O": (112.9420, 75.4627, 64.6020, 50.4983, 87.2177),
    "S": (0.000000048, 0.000000596, 0.000005281, 0.000062577, 0.002940743),
    "I": (-0.000000104, -0.000001443, 0.000036439, -0.000374119, -0.009388455),
    "UG": (1.0,) * 5,
}
RANGE_TOP_A = (50e-6, 500e-6, 5e-3, 50e-3, 1.0)


class SimulatedPPK2(SimulatedMeter):
    """A PPK2 whose load draws at the voltage it is set to; D0 is high while the load is above its middle.

    Attributes:
        noise: Standard deviation of the converter, in its steps.
    """

    kind = "ppk2"
    tick_s = 0.005
    states_times = False  # a count of six bits shows a loss, not how many times it went round meanwhile
    rate_hz = 100_000
    buffer_bytes = 65536
    buffer_s: ClassVar[float] = 0.5

    def __init__(self, load: Load, *, volts: float = 3.3) -> None:
        super().__init__(load, volts=volts)
        self._running = False
        self._pending = b""
        self._counter = 0
        self._sent = 0
        self._start_s = 0.0
        self._millivolt = round(volts * 1000)
        self._tables: Any = None
        self.noise = 0.6
        self.output = False

    def restart(self) -> None:
        self._running, self._pending, self.output = False, b"", False

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        answers = []
        self._pending += data
        while self._pending:
            length = {0x0C: 2, 0x0D: 3, 0x11: 2, 0x25: 6}.get(self._pending[0], 1)
            if len(self._pending) < length:
                break
            command, self._pending = self._pending[:length], self._pending[length:]
            if command[0] == 0x19:
                answers.append(self.metadata())
            elif command[0] == 0x06:
                self._running, self._start_s, self._sent, self._counter = True, now_s, 0, 0
            elif command[0] == 0x07:
                self._running = False
            elif command[0] == 0x0C:
                self.output = command[1] == 1
            elif command[0] == 0x0D:
                self._millivolt = int.from_bytes(command[1:], "big")
                self.volts = self._millivolt / 1000
                self._tables = None
        return answers

    def metadata(self) -> bytes:
        """Return the answer to 0x19."""
        lines = ["Calibrated: 0"]
        for name in ("R", "GS", "GI", "O"):
            lines += [f"{name}{number}: {value:.4f}" for number, value in enumerate(METADATA[name])]
        lines += [f"VDD: {self._millivolt}", "HW: 9173", "mode: 2"]
        for name in ("S", "I"):
            lines += [f"{name}{number}: {value:.9f}" for number, value in enumerate(METADATA[name])]
        lines += [f"UG{number}: {value:.2f}" for number, value in enumerate(METADATA["UG"])]
        return "\n".join([*lines, "IA: 56", "END\n"]).encode()

    def send(self, now_s: float) -> list[bytes]:
        """Return the samples due since the last call, in one piece."""
        if not self._running:
            return []
        due = int((now_s - self._start_s) * self.rate_hz)
        count = due - self._sent
        if count <= 0:
            return []
        most = int(self.rate_hz * self.buffer_s)
        if count > most:
            self.dropped += count - most
            self._counter += count - most
            self._sent += count - most
            count = most
        start_s = self._start_s + self._sent / self.rate_hz
        words = self.words(start_s, count)
        self._sent += count
        return [words.astype("<u4").tobytes()]

    def words(self, start_s: float, count: int) -> NDArray[Any]:
        """Return `count` sample words from a time on, the counter going on from the last call."""
        import numpy as np

        seconds = start_s + np.arange(count) / self.rate_hz
        watts = self.load.power_w(seconds)
        amperes = watts / self.volts if self.output else np.zeros(count)
        ranges = np.searchsorted(RANGE_TOP_A[:4], amperes, side="right")
        if self._tables is None:
            self._tables = [self._current_of(np.arange(16384.0), number) for number in range(5)]
            self._dice = np.random.default_rng(7)
        adc = np.empty(count)
        for number in np.unique(ranges):
            chosen = ranges == number
            adc[chosen] = np.interp(amperes[chosen], self._tables[number], np.arange(16384.0))
        noisy = np.rint(adc + self.noise * self._dice.standard_normal(count))
        words: NDArray[np.uint32] = np.clip(noisy, 0, 16383).astype(np.uint32)
        middle = (self.load.low_w + self.load.high_w) / 2
        logic = (watts > middle).astype(np.uint32)
        counter = (self._counter + np.arange(count)).astype(np.uint32) & 63
        self._counter += count
        words |= ranges.astype(np.uint32) << np.uint32(14)
        words |= counter << np.uint32(18)
        words |= logic << np.uint32(24)
        return words

    def _current_of(self, adc: NDArray[Any], number: int) -> NDArray[Any]:
        """Ampere for converter values in one range, after Nordic's pc-nrfconnect-ppk."""
        unit = {name: values[number] for name, values in METADATA.items()}
        without_gain = (adc * 4 - unit["O"]) * (1.8 / 163840 / unit["R"])
        current: NDArray[Any] = unit["UG"] * (
            without_gain * (unit["GS"] * without_gain + unit["GI"])
            + (unit["S"] * (self._millivolt / 1000) + unit["I"])
        )
        return current
