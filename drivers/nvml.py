"""NVIDIA graphics cards through NVML (nvidia-ml-py), each card a rail of its own.

What a card offers differs by generation, and each thing is recorded as what it is: the energy counter
(Volta and newer, millijoule since the driver was loaded, advancing about every 100 ms), the
instantaneous power, and the mean power over the last second that newer cards report in its place.
What a card does not offer is left out, never 0.  On A100 and H100 the sensor looks at only a quarter
of the run time (arXiv 2312.02741), so short work can be far off.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, NotInstalledError, OpenError, ReadError, Reason
from powermeter.source import Found, Option, PolledSource, Row
from powermeter.units import NS

_GROUP = "GPUs"
_REFRESH_NS = NS // 10
"""How often a card forms each of its readings: measured on an H200 with driver 580 in November 2026, the
median of 2600 to 2900 changes of counter, power and mean power is 100.0 ms each."""

_AMPERE = 7
_GA100 = ("A100", "A800", "A30", "CMP 170HX", "DRIVE-PG199")
_NOT_COVERED = "the processor and the rest of the machine, the power supply's loss"
_COVERS = f"the whole card with its memory; not {_NOT_COVERED}"

# NVML documents ±5 % (Fermi and Kepler); nothing newer is stated, and field tests agree with it.
_POWER = Accuracy(gain=0.05, step=1e-3, source="NVML documentation: ±5 %")
_ENERGY = Accuracy(gain=0.05, step=1e-3, source="NVML documentation: ±5 %")


def _indices(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() and int(part) < 1024 for part in parts):
        raise ConfigurationError(f"{text!r}: write card numbers, for example 0,2, or all")
    return tuple(int(part) for part in parts)


@dataclass(slots=True)
class Card:
    """One opened card: NVML's handle, its number, name and id, and which readings it has."""

    handle: Any
    index: int
    name: str
    uuid: str
    mig: bool
    readings: tuple[str, ...] = ()


class Nvml(PolledSource):
    """NVIDIA cards by energy counter and power, all visible ones or those named."""

    scheme = "nvml"
    summary = "NVIDIA graphics cards: energy counter, instantaneous and averaged power"
    example = "nvml://?rate=20Hz"
    OPTIONS: ClassVar = {
        "cards": Option(
            lambda text: None if text == "all" else _indices(text),
            (),
            "card numbers as NVML counts them, or all (default: those in CUDA_VISIBLE_DEVICES, else all)",
        ),
    }
    default_period_s: ClassVar[float] = 0.05

    _cards: tuple[Card, ...] = ()
    _library: Any = None

    def open(self) -> None:
        """Start NVML and find out what each card offers."""
        self.close()
        self._library = _load()
        try:
            self._library.nvmlInit()
        except self._library.NVMLError as error:
            self._library = None
            raise OpenError(
                f"nvml://: {_error_text(error)}; is NVIDIA's driver loaded?", Reason.ABSENT
            ) from error
        try:
            self._cards = tuple(self._open_card(index) for index in self._wanted())
        except self._library.NVMLError as error:
            self.close()
            raise OpenError(f"nvml://: {_error_text(error)}", Reason.NO_ANSWER) from error
        silent = [card for card in self._cards if not card.readings]
        if silent or not self._cards:
            names = ", ".join(f"{card.index} ({card.name})" for card in silent) or "none found"
            self.close()
            raise OpenError(
                f"nvml://: no energy and no power reading from card {names}; on a Jetson use jetson://",
                Reason.NO_ANSWER,
            )
        self.channels = tuple(channel for card in self._cards for channel in self._list_channels(card))

    def _wanted(self) -> Sequence[int]:
        count = int(self._library.nvmlDeviceGetCount())
        chosen = self.options["cards"]
        if chosen is None:
            return range(count)
        if chosen:
            wrong = [index for index in chosen if index >= count]
            if wrong:
                raise OpenError(f"{self.address}: no card {wrong[0]}; there are {count}", Reason.ABSENT)
            return tuple(chosen)
        return self._visible(count)

    def _visible(self, count: int) -> Sequence[int]:
        """Return the cards that CUDA_VISIBLE_DEVICES names, by number or by id; all where it is not set.

        CUDA numbers cards by speed unless CUDA_DEVICE_ORDER is PCI_BUS_ID; with several different
        cards, name them by id or set that variable.
        """
        text = os.environ.get("CUDA_VISIBLE_DEVICES")
        if text is None or not text.strip():
            return range(count)
        found = []
        ids = [self._id(self._library.nvmlDeviceGetHandleByIndex(index)) for index in range(count)]
        for part in (piece.strip() for piece in text.split(",")):
            if part.isdigit() and int(part) < count:
                found.append(int(part))
            else:
                found += [index for index, uuid in enumerate(ids) if part and uuid.startswith(part)]
        return tuple(dict.fromkeys(found)) or range(count)

    def _id(self, handle: Any) -> str:
        return _text(self._library.nvmlDeviceGetUUID(handle))

    def _open_card(self, index: int) -> Card:
        nvml = self._library
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        try:
            mig = bool(nvml.nvmlDeviceGetMigMode(handle)[0])
        except nvml.NVMLError:
            mig = False
        card = Card(handle, index, _text(nvml.nvmlDeviceGetName(handle)), self._id(handle), mig)
        offered = []
        for reading in ("energy", "instant", "average", "usage"):
            if self._try(card, reading) is not None:
                offered.append(reading)
        if "instant" in offered or "average" in offered:
            offered = [reading for reading in offered if reading != "usage"]
        card.readings = tuple(offered)
        return card

    def _try(self, card: Card, reading: str) -> int | None:
        """Return a reading, or None where the card does not have it."""
        nvml = self._library
        try:
            value = self._read(card, reading)
        except nvml.NVMLError as error:
            if isinstance(error, (nvml.NVMLError_NotSupported, nvml.NVMLError_FunctionNotFound)):
                return None
            raise
        # Some boards answer an unsupported counter with 0 (they have then run without energy).
        return None if value is None or (reading == "energy" and value == 0) else value

    def _read(self, card: Card, reading: str) -> int | None:
        """Return a reading in mJ or mW; None where the driver does not offer it."""
        nvml = self._library
        if reading == "energy":
            return int(nvml.nvmlDeviceGetTotalEnergyConsumption(card.handle))
        if reading == "usage":
            return int(nvml.nvmlDeviceGetPowerUsage(card.handle))
        field = nvml.NVML_FI_DEV_POWER_INSTANT if reading == "instant" else nvml.NVML_FI_DEV_POWER_AVERAGE
        value = nvml.nvmlDeviceGetFieldValues(card.handle, [field])[0]
        if value.nvmlReturn != nvml.NVML_SUCCESS:
            return None
        return int(value.value.uiVal)

    def _list_channels(self, card: Card) -> list[Channel]:
        covers = _COVERS + ("; all MIG instances of the card together" if card.mig else "")
        group = _GROUP if len(self._cards) > 1 else None
        rail = Rail(
            f"gpu{card.index}", group, Boundary.DEVICE, covers, sum_lacks=_NOT_COVERED if group else ""
        )
        name = f"gpu{card.index}"
        channels = {
            "energy": Channel(
                f"{name}.energy",
                Quantity.ENERGY,
                1e-3,
                rail,
                Kind.COUNTER,
                accuracy=_ENERGY,
                refresh_ns=_REFRESH_NS,
            ),
            "instant": Channel(
                f"{name}.power", Quantity.POWER, 1e-3, rail, accuracy=_POWER, refresh_ns=_REFRESH_NS
            ),
            "average": Channel(
                f"{name}.power_average",
                Quantity.POWER,
                1e-3,
                rail,
                Kind.MEAN,
                accuracy=_POWER,
                window_ns=NS,
                refresh_ns=_REFRESH_NS,
            ),
            "usage": self._usage_channel(card, rail),
        }
        return [channels[reading] for reading in card.readings]

    def _usage_channel(self, card: Card, rail: Rail) -> Channel:
        """Return the channel of nvmlDeviceGetPowerUsage: a 1 s mean on Ampere (not GA100) and newer."""
        averaged = self._architecture(card) >= _AMPERE and not any(chip in card.name for chip in _GA100)
        return Channel(
            f"gpu{card.index}.power",
            Quantity.POWER,
            1e-3,
            rail,
            Kind.MEAN if averaged else Kind.INSTANT,
            accuracy=_POWER,
            window_ns=NS if averaged else None,
            refresh_ns=_REFRESH_NS,
        )

    def _architecture(self, card: Card) -> int:
        try:
            return int(self._library.nvmlDeviceGetArchitecture(card.handle))
        except (self._library.NVMLError, AttributeError):
            return 0

    def sample(self) -> Row:
        """Read everything the cards offer once."""
        if not self._cards:
            raise ReadError("nvml:// is not open", Reason.ABSENT)
        row = []
        for card in self._cards:
            for reading in card.readings:
                try:
                    value = self._read(card, reading)
                except self._library.NVMLError as error:
                    gone = isinstance(error, self._library.NVMLError_GpuIsLost)
                    reason = Reason.ABSENT if gone else Reason.NO_ANSWER
                    raise ReadError(
                        f"card {card.index} ({card.name}): {_error_text(error)}", reason
                    ) from error
                row.append(MISSING if value is None else value)
        return Row(row)

    def close(self) -> None:
        """Shut NVML down."""
        if self._library is not None:
            try:
                self._library.nvmlShutdown()
            except self._library.NVMLError:
                pass  # it went away before us
        self._library, self._cards = None, ()

    def info(self) -> dict[str, Any]:
        """Return the driver, the ids of all cards, by which others are noticed when they are opened again, and for each its name, id, MIG mode and limits."""
        nvml = self._library
        if nvml is None:
            return {}
        cards = []
        for card in self._cards:
            facts: dict[str, Any] = {
                "index": card.index,
                "rail": f"gpu{card.index}",
                "name": card.name,
                "uuid": card.uuid,
                "mig": card.mig,
            }
            facts["readings"] = list(card.readings)
            for name, ask in (
                ("power_limit_w", lambda c: nvml.nvmlDeviceGetEnforcedPowerLimit(c.handle) / 1e3),
                ("persistence", lambda c: bool(nvml.nvmlDeviceGetPersistenceMode(c.handle))),
            ):
                try:
                    facts[name] = ask(card)
                except nvml.NVMLError:
                    facts[name] = None
            cards.append(facts)
        uuids = " ".join(card.uuid for card in self._cards)
        return {"driver": _text(nvml.nvmlSystemGetDriverVersion()), "uuid": uuids, "cards": cards}

    @classmethod
    def discover(cls) -> list[Found]:
        """Return the NVIDIA cards of this machine, or what is missing to read them."""
        loaded = Path("/proc/driver/nvidia/version").exists()
        source = cls(_bare(cls.scheme))
        try:
            source.open()
        except NotInstalledError as error:
            return [_missing(str(error))] if loaded else []
        except OpenError as error:
            return [_missing(str(error))] if loaded else []
        try:
            names = ", ".join(f"{card.index}: {card.name}" for card in source._cards)
            counted = all("energy" in card.readings for card in source._cards)
            return [
                Found(
                    "nvml://",
                    f"NVIDIA {names}" + ("" if counted else " (power only, no energy counter)"),
                    Boundary.DEVICE,
                    rails=tuple(f"gpu{card.index}" for card in source._cards),
                    rate_hz=10.0,
                    covers=_COVERS,
                )
            ]
        finally:
            source.close()


def _bare(scheme: str) -> Any:
    from powermeter.source import Address

    return Address(scheme, "")


def _missing(problem: str) -> Found:
    return Found(
        None,
        "NVIDIA graphics card",
        Boundary.DEVICE,
        problem=problem,
        remedy="pip install 'powermeter[nvidia]'",
    )


def _load() -> Any:
    try:
        import pynvml
    except ImportError:
        raise NotInstalledError("nvml:// needs nvidia-ml-py; run: pip install 'powermeter[nvidia]'") from None
    return pynvml


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _error_text(error: Exception) -> str:
    return str(error) or type(error).__name__
