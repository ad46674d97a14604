"""TI's power monitors as sources: `ina219://1/0x40?shunt=0.1ohm`, or several chips by `ina://FILE.toml`.

A row holds voltage and current of every rail, then temperature, energy and charge where a chip has
them.  Two ways to keep time:

* the period asked for is longer than a round of conversions: the chip is set to fill it, and every
  deadline finds a finished round;
* otherwise the chip (or the bus) sets the pace: `sample` waits for the ready flag, so that no
  conversion is read twice and none is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import MISSING, Channel, Rail, rail_names, saturated
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.result import Grade
from powermeter.source import SATURATED, Address, Found, PolledSource, Row, parse_options
from powermeter.units import NS

from ..links.i2c import Bus, BusClock, RegisterLink, open_bus
from ..meters.running_total import totals_of
from .channels_of_chips import channels_of
from .chip import Chip
from .layout import PlacedChip, from_toml, from_url
from .options import OPTIONS
from .pace import Pace, find_pace

CHECK_NS = NS // 4
"""How often configuration and calibration are compared with what was written."""

VIRTUAL_BUSES = ("virtual", "virtual-i2c")
"""Names of buses with simulated chips."""

PATIENCE_NS = NS // 10
"""A `sample` that waits for a slow chip comes back this often, so that it can be stopped."""


class INASource(PolledSource):
    """One or several chips of the INA family, described by a TOML file."""

    scheme = "ina"
    summary = "several TI power monitors (INA2xx, INA3221) as one source, laid out in a TOML file"
    example = "ina://rails.toml"
    OPTIONS = OPTIONS
    default_period_s: ClassVar[float] = 0.01

    def __init__(
        self, address: Address, bus_opener: Callable[[str, Sequence[PlacedChip]], Bus] | None = None
    ) -> None:
        super().__init__(address)
        self._bus_opener = bus_opener or open_bus_of
        self.placements = self._lay_out()
        self._buses: dict[str, Bus] = {}
        self._chips: list[Chip] = []
        self._clock = BusClock()
        self._pace: Pace | None = None
        self._age_ns = 0
        self._refused: ReadError | None = None
        self._fresh_ns = self._checked_ns = 0
        self._ends: list[tuple[int, int, Channel]] = []

    def _lay_out(self) -> list[PlacedChip]:
        """Return the chips."""
        path = Path(self.address.location)
        with suppress(RuntimeError):  # nobody of that name: the path as it is will not be found
            path = path.expanduser()
        return from_toml(path, self.options, self._parse_texts)

    def _parse_texts(self, texts: Mapping[str, str]) -> dict[str, Any]:
        parsed = parse_options(
            Address(self.address.scheme, self.address.location, texts),
            {**self.COMMON_OPTIONS, **self.OPTIONS},
        )
        return {name: parsed[name] for name in texts}

    # Opening ----------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the buses, make sure of the chips, set them up, and find out what pace they can keep."""
        self.close()
        try:
            self._connect()
            for chip in self._chips:
                chip.open()
            if self._pace is None:
                self._pace = find_pace(self._chips, self.placements)
            self._pace.apply(self._chips, self.placements)
        except (OpenError, ConfigurationError):
            self.close()
            raise
        self._clock = self._chips[0].link.clock
        round_s = max(chip.setting.round_s for chip in self._chips)
        self._age_ns = round(round_s * NS / (2 if self._pace.by_chip and self._pace.ask else 1))
        self._fresh_ns = self._checked_ns = self._clock.now_ns()
        self._seen_ns = 0
        self._refused = None
        self.channels = tuple(channels_of(self._chips, self.placements))
        if self.is_simulated:
            self.channels = tuple(replace(channel, grade=Grade.SIMULATED) for channel in self.channels)
        self._ends = [
            (i, _flag_of(c.rail, self.channels), c) for i, c in enumerate(self.channels) if c.rail is not None
        ]

    @property
    def is_simulated(self) -> bool:
        """Whether any of its chips is on a simulated bus."""
        return any(place.bus in VIRTUAL_BUSES for place in self.placements)

    def _connect(self) -> None:
        previous = self._chips
        self._chips = []
        for position, place in enumerate(self.placements):
            bus = self._buses.get(place.bus)
            if bus is None:
                mine = [p for p in self.placements if p.bus == place.bus]
                bus = self._buses[place.bus] = self._bus_opener(place.bus, mine)
            chip = place.chip(place.data, RegisterLink(bus, place.bus, place.address), place.request)
            if position < len(previous):
                chip.setting = previous[position].setting
            self._chips.append(chip)

    def close(self) -> None:
        """Let go of the buses; the chips go on converting."""
        for bus in self._buses.values():
            try:
                bus.close()
            except OSError:
                continue
        self._buses.clear()

    def info(self) -> dict[str, Any]:
        """Return chips, settings, and the rate and resolution that came of what was asked for."""
        pace = self._pace
        assert pace is not None
        chips = []
        for chip, place in zip(self._chips, self.placements, strict=True):
            setting = chip.setting
            per_input = [1.0 if place.data.internal else 1.0 / line.ohm for line in place.lines]
            chips.append(
                {
                    "model": place.data.name,
                    "bus": place.bus,
                    "address": f"0x{place.address:02x}",
                    "registers": {
                        f"{register:02X}h": f"{value:04X}h" for register, value, _ in setting.writes
                    },
                    "transfers": chip.link.transfers,
                    "round_s": setting.round_s,
                    "averages": setting.averages,
                    "conversion_s": setting.conversion_s,
                    "shunt_ohm": [line.ohm or None for line in place.lines],
                    "current_full_a": [setting.shunt_full * factor for factor in per_input],
                    "current_step_a": [setting.shunt_step * factor for factor in per_input],
                    "voltage_full_v": setting.bus_full,
                    "voltage_step_v": setting.bus_step,
                    "waits_for_ready": chip.wait_for_ready,
                    **setting.facts,
                }
            )
        return {
            "model": " + ".join(place.data.name for place in self.placements),
            **({"simulated": True} if self.is_simulated else {}),
            "rate_hz": NS / self.period_ns,
            "pace": "chip" if pace.by_chip else "clock",
            "row_s": pace.row_s,
            "chips": chips,
        }

    # Sampling ---------------------------------------------------------------------------------

    @property
    def period_ns(self) -> int:
        """The period in use: what was asked for, or what chip and bus can do where that is longer."""
        return self._pace.period_ns if self._pace is not None else super().period_ns

    @property
    def self_paced(self) -> bool:
        """Whether `sample` waits for the chip's next value."""
        return self._pace is not None and self._pace.by_chip

    @property
    def conversion_ns(self) -> int:
        """How long a round of conversions takes."""
        return round(NS * max((chip.round_max_s for chip in self._chips), default=0.0))

    def sample(self) -> Row | None:
        """Read one finished round of every chip; None where a chip is still converting.

        The row stands at the middle of its conversions: a round seen as it ended began one round
        before; any other ended, on average, half a round before it was read.
        """
        if self._refused is not None:
            raise self._refused
        clock = self._clock
        now = clock.now_ns()
        try:
            if now - self._checked_ns >= CHECK_NS:
                self._checked_ns = now
                self._check()
            return self._collect(now)
        except ReadError as error:
            if error.reason is Reason.LOST_SETUP:
                self._set_up_again()
            raise

    def _collect(self, began_ns: int) -> Row | None:
        clock, chips, pace = self._clock, self._chips, self._pace
        assert pace is not None
        limit_ns = began_ns + pace.period_ns // 2
        if pace.by_chip:
            limit_ns = began_ns + PATIENCE_NS
            if pace.spacing_ns:
                if not self._await(self._seen_ns + pace.spacing_ns, limit_ns):
                    return None
            elif pace.ask and self._seen_ns:
                self._await(self._seen_ns + round(0.95 * NS * chips[0].round_min_s), limit_ns)
        rows: list[Sequence[int] | None] = [None] * len(chips)
        missing = len(chips)
        while True:
            before = clock.now_ns()
            for position, chip in enumerate(chips):
                if rows[position] is None:
                    rows[position] = chip.poll()
                    missing -= rows[position] is not None
            after = clock.now_ns()
            if not missing:
                break
            if after >= limit_ns:
                self._complain(after)
                return None
            clock.sleep(min(pace.period_ns / 50, 0.002 * NS) / NS)
        self._fresh_ns, self._seen_ns = after, before
        row = rows[0] if len(chips) == 1 else [code for part in rows for code in part or ()]
        assert row is not None
        flags = 0
        for i, flag, channel in self._ends:
            code, low, high = row[i], channel.low_code, channel.high_code
            if code != MISSING and ((high is not None and code >= high) or (low is not None and code <= low)):
                flags |= flag
        return Row(row, flags, (before + after) // 2 - self._age_ns)

    def _await(self, ready_ns: int, limit_ns: int) -> bool:
        """Sleep until a time, or the limit; return whether the time has come."""
        left = min(ready_ns, limit_ns) - self._clock.now_ns()
        if left > 0:
            self._clock.sleep(left / NS)
        return ready_ns <= limit_ns

    def _complain(self, now_ns: int) -> None:
        """Report that a chip has stopped converting, once that is beyond doubt."""
        slowest = max(chip.round_max_s for chip in self._chips)
        silent_s = (now_ns - self._fresh_ns) / NS
        if silent_s > max(5 * slowest, 0.25):
            self._fresh_ns = now_ns
            where = ", ".join(chip.where for chip in self._chips)
            raise ReadError(f"{where}: no conversion finished for {silent_s:.2f} s", Reason.FROZEN)

    def _check(self) -> None:
        for chip in self._chips:
            if not chip.intact():
                raise chip.lost()

    def _set_up_again(self) -> None:
        """Set the chips up after a restart; what was asked for stays."""
        try:
            for chip in self._chips:
                chip.open()
        except OpenError as error:
            # Reads would still succeed past a kernel driver, with its settings: refuse until reopened.
            self._refused = ReadError(str(error), error.reason)
            raise self._refused from error
        self._seen_ns = 0

    @classmethod
    def discover(cls) -> list[Found]:
        """Scan the buses, read-only; once for the whole family, under the scheme `ina`."""
        if cls.scheme != "ina":
            return []
        from .scan import scan

        return scan()


def open_bus_of(name: str, placements: Sequence[PlacedChip]) -> Bus:
    """Open a bus by name; `virtual` (or `virtual-i2c`) opens simulated chips."""
    if name not in VIRTUAL_BUSES:
        return open_bus(name)
    from powermeter.testing.i2c_bus import virtual_bus

    return virtual_bus([(p.model, p.address, [line.ohm for line in p.lines], p.load) for p in placements])


class SingleModel(INASource):
    """Chips of one model, named by bus and addresses; its subclasses are in `drivers/ina219.py` and so on."""

    scheme = ""
    summary = ""
    example = ""

    def _lay_out(self) -> list[PlacedChip]:
        return from_url(self.address, self.options)


def _flag_of(rail: Rail, channels: Sequence[Channel]) -> int:
    """Return the flag of a rail at the end of its range; its totals are marked too: they count the same current."""
    names = rail_names(channels)
    places = [place for place, name in enumerate(names) if name in (rail.name, totals_of(rail).name)]
    return SATURATED if len(places) == len(names) else saturated(*places)
