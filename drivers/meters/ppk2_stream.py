"""What a Nordic PPK2 sends, decoded: calibration, 4-byte samples, losses, the range switch's spikes.

Nothing here touches a port.  Every word indexes a table of 2¹⁷ currents made once from the unit's own
calibration, so that 100 000 samples a second cost a small share of a core.

Word, conversion and spike filter: Nordic's pc-nrfconnect-ppk, ppk2-api-python, ppk2lab.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.errors import DataError
from powermeter.source import SATURATED

RANGES = 5
ADC_VOLT = 1.8 / 163840
NANOAMPERE = 1e-9
FULL_SCALE = 0x3FFF
_INDEX_MASK = 0x1FFFF  # 14 bits of the converter, 3 of the range

# Nordic's values where a unit's metadata lack one.
DEFAULTS = {
    "R": (1031.64, 101.65, 10.15, 0.94, 0.043),
    "GS": (1.0,) * 5,
    "GI": (1.0,) * 5,
    "UG": (1.0,) * 5,
    "O": (0.0,) * 5,
    "S": (0.0,) * 5,
    "I": (0.0,) * 5,
}


@dataclass(frozen=True, slots=True)
class Calibration:
    """A unit's own constants, five of each, and what it states of itself.

    Attributes:
        constants: Name → value per range, after the names of the metadata.
        vdd_mv: The supply voltage it was left at.
        hardware: Its `HW` number.
        missing: Constants that were absent or no numbers; Nordic's defaults stand in for them.
    """

    constants: dict[str, tuple[float, ...]]
    vdd_mv: int | None = None
    hardware: str = ""
    mode: str = ""
    missing: tuple[str, ...] = field(default=())

    def current_a(self, adc: NDArray[np.float64], number: int, voltage_v: float) -> NDArray[np.float64]:
        """Return ampere for converter values in one range.

        I = UG · (x · (GS · x + GI) + S · VDD + I₀) with x = (4 · adc − O) · (1.8 / 163840) / R.
        """
        c = {name: values[number] for name, values in self.constants.items()}
        x = (4 * adc - c["O"]) * ADC_VOLT / c["R"]
        result: NDArray[np.float64] = c["UG"] * (x * (c["GS"] * x + c["GI"]) + c["S"] * voltage_v + c["I"])
        return result


def parse_metadata(text: str) -> Calibration:
    """Return the calibration in the answer to command 0x19.

    Raises:
        DataError: It does not end in END, or has no constant at all.
    """
    lines = text.replace("\r", "").split("\n")
    if "END" not in (line.strip() for line in lines):
        raise DataError("the metadata do not end in END")
    pairs = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    constants, missing = {}, []
    for name, defaults in DEFAULTS.items():
        values = []
        for number, default in enumerate(defaults):
            value = _number(pairs.get(f"{name}{number}"))
            if value is None or (name == "R" and value <= 0):
                missing.append(f"{name}{number}")
                value = default
            values.append(value)
        constants[name] = tuple(values)
    if len(missing) == RANGES * len(DEFAULTS):
        raise DataError("the metadata hold no calibration: is this a PPK2?")
    vdd = _number(pairs.get("VDD"))
    return Calibration(
        constants, round(vdd) if vdd else None, pairs.get("HW", ""), pairs.get("mode", ""), tuple(missing)
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def current_table(calibration: Calibration, voltage_v: float) -> NDArray[np.float64]:
    """Return ampere for each of the 2¹⁷ values of (range, converter); NaN for the ranges 5 to 7."""
    table = np.full((8, FULL_SCALE + 1), np.nan)
    adc = np.arange(FULL_SCALE + 1, dtype=np.float64)
    for number in range(RANGES):
        table[number] = calibration.current_a(adc, number, voltage_v)
    return table.reshape(-1)


class SpikeFilter:
    """Smooths the samples behind a change of range, as Nordic's own program does.

    Two running means, m ← 0.18 v + 0.82 m and m ← 0.06 v + 0.94 m, start with the first value.  The
    sample of a range change and the two behind it are replaced by the first (ranges 0 to 3) or the
    second (range 4); the first two in range 4 do not enter the means.  All other samples pass.
    """

    FAST, SLOW = 0.18, 0.06
    MEMORY = 512  # 0.94 to its power is 2e-14

    def __init__(self) -> None:
        self._history: NDArray[np.float64] = np.empty(0)
        self._range: int | None = None
        self._since = 1 << 30  # samples since the last change, of the sample before this block

    def apply(self, values: NDArray[np.float64], ranges: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the filtered values of the next block."""
        if not len(values):
            return values
        before = int(ranges[0]) if self._range is None else self._range
        changed = np.empty(len(ranges), bool)
        changed[0] = int(ranges[0]) != before
        np.not_equal(ranges[1:], ranges[:-1], out=changed[1:])
        self._range = int(ranges[-1])
        if self._since >= 2 and not changed.any():
            self._since = min(self._since + len(values), 1 << 30)
            self._remember(values)
            return values
        at = np.arange(len(values))
        since = at - np.maximum.accumulate(np.where(changed, at, -1 - self._since))
        self._since = int(since[-1])
        replaced = since <= 2
        skipped = (since < 2) & (ranges == 4)
        entering = np.concatenate([self._history, values[~skipped]])
        place = np.cumsum(~skipped) - 1 + len(self._history)
        output: NDArray[np.float64] = values.copy()
        for chosen, share in ((replaced & (ranges < 4), self.FAST), (replaced & (ranges == 4), self.SLOW)):
            where = np.flatnonzero(chosen & (place >= 0))
            if len(where):
                output[where] = running_mean(entering, share)[place[where]]
        self._remember(values[~skipped])
        return output

    def _remember(self, values: NDArray[np.float64]) -> None:
        if len(values) >= self.MEMORY:
            self._history = values[-self.MEMORY :]
        else:
            self._history = np.concatenate([self._history, values])[-self.MEMORY :]


def running_mean(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return m₀ = v₀, mₙ = share · vₙ + (1 − share) · mₙ₋₁, in blocks of 64 by one matrix product."""
    size = 64
    decay = 1.0 - share
    lag = np.arange(size)[:, None] - np.arange(size)[None, :]
    weights = np.where(lag >= 0, share * decay ** np.maximum(lag, 0), 0.0)
    fade = decay ** np.arange(1, size + 1)
    blocks = -(-len(values) // size)
    padded = np.zeros(blocks * size)
    padded[: len(values)] = values
    means = padded.reshape(blocks, size) @ weights.T
    carried = values[0]
    for row in means:
        row += carried * fade
        carried = row[-1]
    result: NDArray[np.float64] = means.reshape(-1)[: len(values)]
    return result


@dataclass(slots=True)
class Decoded:
    """Samples of one piece of the stream.

    Attributes:
        index: int64, running number of each sample, losses counted.
        current_na, unfiltered_na: int64 nanoampere; `MISSING` for a sample that cannot be trusted.
        logic: int64, D0 in bit 0 to D7 in bit 7.
        flags: uint8.
        losses: (index of the first lost sample, how many are known to be lost).
        refused: Words that were thrown away.
    """

    index: NDArray[np.int64]
    current_na: NDArray[np.int64]
    unfiltered_na: NDArray[np.int64]
    logic: NDArray[np.int64]
    flags: NDArray[np.uint8]
    losses: list[tuple[int, int]]
    refused: int = 0


class Decoder:
    """Turns the byte stream into samples, counts what is lost and finds the word boundary again.

    The counter has 6 bits: of a loss only the remainder by 64 shows here; the driver compares the
    running index with the clock for the rest.
    """

    PROBE = 16  # words looked at to distinguish a lost byte from a lost word

    def __init__(self, calibration: Calibration, voltage_v: float, *, spike_filter: bool = True) -> None:
        self._table = current_table(calibration, voltage_v)
        self._filter = SpikeFilter() if spike_filter else None
        self._rest = b""
        self._counter: int | None = None
        self._realigned = False
        self.next_index = 0

    def feed(self, data: bytes) -> Decoded:
        """Decode what can be decoded of the bytes so far."""
        stream = self._rest + data
        words: list[NDArray[np.uint32]] = []
        index: list[NDArray[np.int64]] = []
        bad: list[NDArray[np.bool_]] = []
        losses: list[tuple[int, int]] = []
        refused = 0
        while True:
            whole = np.frombuffer(stream, "<u4", len(stream) // 4)
            good, shift = self._aligned(whole, stream)
            piece = whole[:good]
            damaged, numbers = self._number(piece, losses)
            if self._realigned and len(damaged):
                damaged[0], self._realigned = True, False  # it may begin with a byte of the word before
            words.append(piece)
            index.append(numbers)
            bad.append(damaged)
            if shift == 0:
                self._rest = stream[4 * good :]
                break
            refused += 1
            self._realigned = True
            if len(damaged):
                damaged[-1] = True  # it may end with a byte of the next
            stream = stream[4 * good + shift :]
        return self._convert(
            np.concatenate(words), np.concatenate(index), np.concatenate(bad), losses, refused
        )

    def _aligned(self, words: NDArray[np.uint32], stream: bytes) -> tuple[int, int]:
        """Return how many words to take, and by how many bytes (1 to 3) the stream is off behind them."""
        counters = (words >> 18) & 63
        steps = np.diff(counters) & 63
        wrong = np.flatnonzero(steps != 1) + 1
        if self._counter is not None and len(words) and (int(counters[0]) - self._counter) & 63 != 1:
            wrong = np.concatenate([[0], wrong])
        passed = -1
        for start in wrong.tolist():
            if start <= passed:
                continue
            following = steps[start : start + self.PROBE]
            if len(following) < self.PROBE // 2:
                return start, 0  # wait for more before judging
            if np.count_nonzero(following == 1) * 2 >= len(following):
                continue
            for shift in (1, 2, 3):
                at = 4 * start + shift
                moved = np.frombuffer(stream, "<u4", min(self.PROBE, (len(stream) - at) // 4), at)
                if np.count_nonzero((np.diff((moved >> 18) & 63) & 63) == 1) >= len(moved) - 2:
                    return start, shift
            passed = start + self.PROBE
        return len(words), 0

    def _number(
        self, words: NDArray[np.uint32], losses: list[tuple[int, int]]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Number the words by their counters: which are damaged, and the running index of each."""
        count = len(words)
        damaged = np.zeros(count, bool)
        if not count:
            return damaged, np.empty(0, np.int64)
        counters = ((words >> 18) & 63).astype(np.int64)
        before = (int(counters[0]) - 1) & 63 if self._counter is None else self._counter
        steps = (np.diff(counters, prepend=before)) & 63
        extra = np.zeros(count, np.int64)
        last_good = before
        for at in np.flatnonzero(steps != 1).tolist():
            if at and damaged[at - 1]:
                # The step behind a damaged counter: judged against the word before that.
                lost = (int(counters[at]) - last_good - 2) & 63
            elif (
                at + 1 < count
                and (int(counters[at + 1]) - (int(counters[at - 1]) if at else before)) & 63 == 2
            ):
                damaged[at] = True
                last_good = int(counters[at - 1]) if at else before
                continue
            else:
                lost = (int(steps[at]) - 1) & 63
            if lost:
                extra[at] = lost
        numbers = self.next_index + np.arange(count) + np.cumsum(extra)
        for at in np.flatnonzero(extra).tolist():
            losses.append((int(numbers[at] - extra[at]), int(extra[at])))
        self.next_index = int(numbers[-1]) + 1
        self._counter = int(counters[-1]) if not damaged[-1] else (last_good + 1) & 63
        return damaged, numbers

    def _convert(
        self,
        words: NDArray[np.uint32],
        index: NDArray[np.int64],
        damaged: NDArray[np.bool_],
        losses: list[tuple[int, int]],
        refused: int,
    ) -> Decoded:
        current = self._table[words & _INDEX_MASK]
        ranges = ((words >> 14) & 7).astype(np.uint8)
        untrusted = damaged | (ranges >= RANGES)
        any_untrusted = bool(untrusted.any())
        if self._filter is None:
            filtered = current
        elif any_untrusted:
            filtered = current.copy()
            filtered[~untrusted] = self._filter.apply(current[~untrusted], ranges[~untrusted])
        else:
            filtered = self._filter.apply(current, ranges)
        flags = np.where(words & FULL_SCALE == FULL_SCALE, np.uint8(SATURATED), np.uint8(0))
        unfiltered_na = _codes(current, untrusted if any_untrusted else None)
        current_na = (
            unfiltered_na if filtered is current else _codes(filtered, untrusted if any_untrusted else None)
        )
        logic = (words >> 24).astype(np.int64)
        if any_untrusted:
            logic[untrusted] = MISSING
        return Decoded(
            index, current_na, unfiltered_na, logic, flags, losses, refused + int(np.count_nonzero(untrusted))
        )


def _codes(current_a: NDArray[np.float64], untrusted: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    scaled = np.rint(current_a * (1 / NANOAMPERE))
    if untrusted is None:
        return scaled.astype(np.int64)
    codes = np.where(untrusted, 0.0, scaled).astype(np.int64)
    codes[untrusted] = MISSING
    return codes
