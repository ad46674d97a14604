"""RuiDeng TC66 and TC66C USB-C meters, over their own USB serial port or Bluetooth LE (`tc66://ble:ADDRESS`).

`getva` is answered with 192 bytes: three blocks of 64, each with a tag and a CRC, encrypted with
AES-256 under a key that every unit shares.  The values change about twice a second though it answers
ten times.

Layout: libsigrok (rdtech-tc), tc66c-toolkit, tc66-serial, tc66c2mqtt; the CRC was found on captures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from powermeter.channel import Accuracy, Channel, Quantity
from powermeter.errors import ConfigurationError, DataError, NotInstalledError, OpenError, Reason
from powermeter.platforms.assumptions import (
    TESTERS,
    TESTERS_CURRENT,
    TESTERS_VOLTAGE,
)
from powermeter.source import Found, Option, Row, now_ns

from .links.link import RAIL_OPTIONS, Link
from .links.serial_port import list_ports
from .meters.checksums import crc16_modbus
from .meters.linked import thermometer
from .meters.request_response import RequestMeter
from .meters.running_total import ContinuousTotals, counted

FRAME_LENGTH = 192
KEY = bytes.fromhex("5821fa5601b2f02687ff1204622a4fb086f40260816f9a0ba7f106619ab87288")
TAGS = (b"pac1", b"pac2", b"pac3")
MAX_VOLTAGE_V = 30.0
MAX_CURRENT_A = 6.0
REFRESH_NS = 500_000_000
BLE_PAIRS = ((0xFFE4, 0xFFE9), (0xFFE1, 0xFFE2))  # (notify, write): older radio modules, newer ones


@dataclass(frozen=True, slots=True)
class TC66Frame:
    """One answer."""

    product: str
    firmware: str
    serial: int
    voltage_code: int  # 0.1 mV
    current_code: int  # 10 µA
    power_code: int  # 0.1 mW
    groups: tuple[tuple[int, int], tuple[int, int]]  # (mAh, mWh)
    temperature_c: int


def decrypt(frame: bytes) -> bytes:
    """Return the 192 plain bytes of an answer (AES-256, ECB, no padding).

    Raises:
        NotInstalledError: The library `cryptography` is missing.
    """
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ModuleNotFoundError as error:
        raise NotInstalledError("a TC66 encrypts its answers; run: pip install 'powermeter[tc66]'") from error
    decryptor = Cipher(algorithms.AES(KEY), modes.ECB()).decryptor()
    return decryptor.update(frame) + decryptor.finalize()


def decode(frame: bytes) -> TC66Frame:
    """Return the reading of an encrypted answer.

    Raises:
        DataError: Wrong length, or a block's tag or CRC is wrong.
        NotInstalledError: The library `cryptography` is missing.
    """
    if len(frame) != FRAME_LENGTH:
        raise DataError(f"an answer has {FRAME_LENGTH} bytes, not {len(frame)}")
    return decode_plain(decrypt(frame))


def decode_plain(plain: bytes) -> TC66Frame:
    """Return the reading of 192 decrypted bytes.

    Raises:
        DataError: Wrong length, or a block's tag or CRC is wrong.
    """
    if len(plain) != FRAME_LENGTH:
        raise DataError(f"an answer has {FRAME_LENGTH} bytes, not {len(plain)}")
    for number, tag in enumerate(TAGS):
        block = plain[64 * number : 64 * number + 64]
        if block[:4] != tag:
            raise DataError(f"block {number + 1} is not tagged {tag.decode()}: damaged, or another key")
        if int.from_bytes(block[60:], "little") != crc16_modbus(block[:60]):
            raise DataError(f"the CRC of block {number + 1} is wrong")

    def word(at: int) -> int:
        return int.from_bytes(plain[at : at + 4], "little")

    def text(at: int) -> str:
        return plain[at : at + 4].decode("ascii", "replace").strip("\x00 ")

    sign = -1 if word(88) == 1 else 1
    return TC66Frame(
        product=text(4),
        firmware=text(8),
        serial=word(12),
        voltage_code=word(48),
        current_code=word(52),
        power_code=word(56),
        groups=((word(72), word(76)), (word(80), word(84))),
        temperature_c=sign * word(92),
    )


def _group(text: str) -> int:
    if text in ("0", "1"):
        return int(text)
    raise ConfigurationError("write 0 or 1")


class TC66(RequestMeter):
    """RuiDeng TC66 or TC66C on its USB serial port."""

    scheme = "tc66"
    title = "TC66"
    summary = "RuiDeng TC66/TC66C USB-C meter over USB: V, A, W, mAh, mWh, about twice a second"
    example = "tc66:///dev/ttyACM0"
    request = b"getva"
    frame_length = FRAME_LENGTH
    default_period_s = 0.1
    stale_when_equal = True
    OPTIONS: ClassVar[dict[str, Option]] = {
        **RAIL_OPTIONS,
        "group": Option(_group, 0, "whose totals to record, 0 or 1 (1 counts only while selected)"),
    }

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._totals = ContinuousTotals(MAX_CURRENT_A, MAX_VOLTAGE_V)
        self._facts: dict[str, Any] = {}
        self._over_air = address.location.startswith("ble:")

    def connect(self) -> Link:
        if not self._over_air:
            return super().connect()
        from .links.ble import BleLink

        return BleLink(self.address.location.removeprefix("ble:"), BLE_PAIRS, instrument=self.title)

    def next_request(self) -> bytes:
        return b"bgetva\r\n" if self._over_air else self.request

    def identify(self, link: Link) -> None:
        if self._over_air:
            return  # it has no `query` there
        link.clear()
        link.write(b"query")
        answer = link.read_exactly(4, self.answer_s)
        if answer == b"boot":
            raise OpenError(
                f"{self.address}: the meter is in its bootloader; re-plug it", Reason.WRONG_DEVICE
            )
        if answer and answer != b"firm":
            raise OpenError(
                f"{self.address}: this is not a TC66 (it answers {answer!r})", Reason.WRONG_DEVICE
            )

    def decode(self, frame: bytes) -> TC66Frame:
        reading = decode(frame)
        if reading.voltage_code > MAX_VOLTAGE_V * 1e4 or reading.current_code > MAX_CURRENT_A * 1e5:
            raise DataError(
                f"{reading.voltage_code / 1e4} V, {reading.current_code / 1e5} A is out of its range"
            )
        return reading

    def describe(self, reading: TC66Frame) -> None:
        if not reading.product.startswith("TC66"):
            raise OpenError(f"{self.address}: a {reading.product} answers, not a TC66", Reason.WRONG_DEVICE)
        self._facts = {"model": reading.product, "firmware": reading.firmware, "serial": str(reading.serial)}
        voltage = Accuracy(gain=TESTERS_VOLTAGE, offset=2e-4, step=1e-4, source=TESTERS)
        current = Accuracy(gain=TESTERS_CURRENT, offset=5e-5, step=1e-5, source=TESTERS)
        both = TESTERS_VOLTAGE + TESTERS_CURRENT
        power = Accuracy(gain=both, step=1e-4, source=TESTERS)
        rail = self.rail
        self.channels = (
            Channel("voltage", Quantity.VOLTAGE, 1e-4, rail, accuracy=voltage, refresh_ns=REFRESH_NS),
            Channel("current", Quantity.CURRENT, 1e-5, rail, accuracy=current, refresh_ns=REFRESH_NS),
            Channel("power", Quantity.POWER, 1e-4, rail, accuracy=power, refresh_ns=REFRESH_NS),
            *counted(rail, TESTERS_CURRENT, both, REFRESH_NS),
            thermometer(1.0),
        )

    def row(self, reading: TC66Frame) -> Row:
        now = now_ns()
        charge, energy = reading.groups[self.options["group"]]
        return Row(
            [
                reading.voltage_code,
                reading.current_code,
                reading.power_code,
                *self._totals.feed(charge, energy, now),
                reading.temperature_c,
            ]
        )

    def info(self) -> dict[str, Any]:
        return {**super().info(), **self._facts}

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "counter_resets": self._totals.resets}

    @classmethod
    def discover(cls) -> list[Found]:
        """List ports whose own description states TC66; its USB ids are not established and nothing is asked."""
        return [
            cls.found_on(
                port.device, "RuiDeng TC66", rate_hz=2.0, resolution_w=5e-5, rank=20, certainty="likely"
            )
            for port in list_ports()
            if "TC66" in f"{port.product} {port.description}".upper()
        ]
