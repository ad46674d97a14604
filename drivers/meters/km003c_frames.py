"""What a POWER-Z KM002C or KM003C is asked and answers, decoded: polled readings, and samples of its queue.

Layout: Linux drivers/hwmon/powerz.c, km003c-rs.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.errors import DataError

GET_DATA = 0x0C
PUT_DATA = 0x41
ATTRIBUTE_ADC = 1
ATTRIBUTE_QUEUE = 2
RATES_HZ = (2, 10, 50, 1000, 10000)
QUEUE_STEPS = (500, 100, 20, 1)  # sequence ticks per sample
QUEUE_SAMPLE_LENGTH = 20
SEQUENCE_WRAP = 65536
ANSWER_LENGTH = 52
MAX_VOLTAGE_UV = 60_000_000
MAX_CURRENT_UA = 12_000_000

_ADC = struct.Struct("<2i16xh10xB7x")
_SAMPLE = struct.Struct("<H2x2i8x")


@dataclass(frozen=True, slots=True)
class KM003CFrame:
    """One polled answer; current is positive from the female to the male connector."""

    voltage_uv: int
    current_ua: int
    temperature_code: int | None  # 1/128 °C; None: no reading in this answer
    rate: int


@dataclass(frozen=True, slots=True)
class QueueSample:
    """One sample of the queue; `sequence` ticks at 1 kHz and wraps at 65536."""

    sequence: int
    voltage_uv: int
    current_ua: int


def request(attribute: int, transaction: int) -> bytes:
    """Return the four bytes that ask for an attribute."""
    return bytes([GET_DATA, transaction & 0xFF]) + (attribute << 1).to_bytes(2, "little")


def _block(answer: bytes, wanted: int) -> tuple[int, int, bytes]:
    """Return (chunk, size, data) of the block with an attribute; the blocks must fill the answer exactly."""
    if len(answer) < 8 or answer[0] != PUT_DATA:
        raise DataError(f"no answer with data: {answer[:8].hex() or 'nothing'}")
    found = None
    at = 4
    more = True
    while more:
        if len(answer) < at + 4:
            raise DataError(f"an answer of {len(answer)} bytes ends inside a header")
        header = int.from_bytes(answer[at : at + 4], "little")
        attribute, more = header & 0x7FFF, bool(header & 0x8000)
        chunk, size = header >> 16 & 0x3F, header >> 22
        length = size * (chunk if attribute == ATTRIBUTE_QUEUE else 1)
        if attribute == wanted:
            found = chunk, size, answer[at + 4 : at + 4 + length]
        at += 4 + length
    if found is None or at != len(answer):
        raise DataError(
            f"an answer of {len(answer)} bytes does not hold attribute {wanted} and what it states to hold"
        )
    return found


def decode(answer: bytes, *, transaction: int | None = None) -> KM003CFrame:
    """Return the reading in a polled answer.

    Args:
        answer: All its bytes, headers included.
        transaction: The number the request carried, which the answer must repeat.

    Raises:
        DataError: Another kind of answer, wrong length or number, or values no meter can show.
    """
    chunk, size, data = _block(answer, ATTRIBUTE_ADC)
    if transaction is not None and answer[1] != transaction & 0xFF:
        raise DataError(f"the answer is to request {answer[1]}, not {transaction & 0xFF}")
    if size != _ADC.size or chunk:
        raise DataError(f"a reading has {_ADC.size} bytes, not {size}")
    volts, amperes, degrees, rate = _ADC.unpack(data)
    if not -1_000_000 <= volts <= MAX_VOLTAGE_UV or abs(amperes) > MAX_CURRENT_UA:
        raise DataError(f"{volts / 1e6:.3f} V, {amperes / 1e6:.3f} A is out of its range")
    if rate >= len(RATES_HZ):
        raise DataError(f"rate index {rate} is not known")
    return KM003CFrame(volts, amperes, None if degrees == -32768 else degrees, rate)


def decode_queue(answer: bytes) -> list[QueueSample]:
    """Return the samples in a queue answer.

    Args:
        answer: All its bytes, headers included.

    Raises:
        DataError: Another kind of answer or a wrong length.
    """
    _, size, data = _block(answer, ATTRIBUTE_QUEUE)
    if size != QUEUE_SAMPLE_LENGTH:
        raise DataError(f"a sample of the queue has {QUEUE_SAMPLE_LENGTH} bytes, not {size}")
    return [QueueSample(*values) for values in _SAMPLE.iter_unpack(data)]


LIMITS = (
    "0.5 % and 1 mV, 0.5 % and 1 mA: an INA228 (TI SLYS021A) behind a 20 mohm shunt, as photographed in its "
    "sister by AnandTech (2023); a trimmed shunt taken, its maker states nothing"
)
"""Source of its accuracy."""


def electrical(rail: Rail, refresh_ns: int | None) -> tuple[Channel, Channel]:
    """Return the channels of voltage and current, in codes of 1 µV and 1 µA."""
    accuracy = Accuracy(gain=5e-3, offset=1e-3, step=1e-6, source=LIMITS)
    return (
        Channel("voltage", Quantity.VOLTAGE, 1e-6, rail, refresh_ns=refresh_ns, accuracy=accuracy),
        Channel("current", Quantity.CURRENT, 1e-6, rail, refresh_ns=refresh_ns, accuracy=accuracy),
    )
