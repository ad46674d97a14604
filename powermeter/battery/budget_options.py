"""What is asked of a battery: the options of a budget as they were typed, and the battery they describe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.units import parse_quantity

from .battery import Battery
from .cell import derating_at, spread_at
from .converter import EfficiencyCurve
from .preset_or_capacity import parse_battery
from .presets import presets


@dataclass(frozen=True)
class BudgetOptions:
    """Options of a budget; texts as typed, None where not given.

    Attributes:
        battery: `4Ah`, `4Ah@3.85V`, `15.4Wh` or a preset; the recording's own otherwise, or 4 Ah.
        efficiency, usable, health, self_discharge, temperature, peukert: What reduces a charge.
        stages: `LABEL=4Ah`, `LABEL:1000=4Ah`, `*=4Ah`.
        tokens: Generated tokens, where the events do not carry them.
        simulate: Whether the battery is emptied by the recorded profile.
        schedule: A duty cycle in TOML; `what_ifs` are changes to it.
        sent, received, link_rate, radio_power, rounds, line: A round of federated learning.
        rail_voltage: Of the rail, for a schedule without a recording.
    """

    battery: str | None = None
    efficiency: str | None = None
    usable: str | None = None
    health: str | None = None
    self_discharge: str | None = None
    temperature: float | None = None
    peukert: float | None = None
    stages: tuple[str, ...] = ()
    tokens: float | None = None
    simulate: bool = False
    schedule: Path | None = None
    what_ifs: tuple[str, ...] = ()
    sent: str | None = None
    received: str | None = None
    link_rate: str = "8Mbit/40Mbit"
    radio_power: str | None = None
    rounds: float | None = None
    line: str = "fixed"
    rail_voltage: str | None = None

    def pack(self, recorded: object = None) -> tuple[Battery, str]:
        """Return the battery and the text it was named by.

        Raises:
            ConfigurationError: It cannot be used.
        """
        text = self.battery or (recorded if isinstance(recorded, str) and recorded else "4Ah")
        fields: dict[str, Any] = {}
        if self.efficiency is not None:
            curve = ":" in self.efficiency
            fields["efficiency"] = (
                EfficiencyCurve.parse(self.efficiency) if curve else parse_quantity(self.efficiency, "1")
            )
        for name in ("usable", "health", "self_discharge"):
            value = getattr(self, name)
            if value is not None:
                fields[name] = parse_quantity(value, "1")
        if self.peukert is not None:
            fields["peukert"] = self.peukert
        if self.temperature is not None:
            entry = presets().get(text, {})
            if "chemistry" not in entry:
                raise ConfigurationError("--temperature needs a battery preset, whose chemistry is known")
            fields["derating"] = derating_at(entry["chemistry"], self.temperature)
        battery = parse_battery(text, **fields)
        return replace(battery, spread=spread_at(battery.derating, battery.spread)), text
