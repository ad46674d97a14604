"""A battery as it is typed: a preset's name, or a capacity."""

from __future__ import annotations

from typing import Any

from powermeter.battery.battery import Battery
from powermeter.battery.presets import deliverable_w, preset_names, presets
from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import close_names, meant

_MILLIAMPERE_HOURS_FROM = 100.0
"""From this number on a capacity without a unit was read off a label in mAh."""


def parse_battery(text: str, **changes: Any) -> Battery:
    """Return the battery of a preset's name or of a specification.

    Args:
        text: `phone`, `18650`, `cr2032`, … or `4Ah`, `4Ah@3.85V`, `15.4Wh`.
        changes: Fields of `Battery` that replace the preset's.

    Raises:
        ConfigurationError: Neither a preset nor a specification.
    """
    entry = presets().get(text, presets().get(text.casefold()))
    if text.casefold() in ("ocv", "temperature"):
        entry = None
    if entry is None:
        if not any(character.isdigit() for character in text):
            known = ", ".join(preset_names())
            raise ConfigurationError(f"no battery {text!r}; known are {known}, or write 4Ah")
        close = close_names(text, preset_names(), cutoff=0.7)
        if close and not text.endswith(("Ah", "Wh", "C", "J", "V")):
            raise ConfigurationError(f"no battery {text!r}; {meant(close)}")
        if text.replace(".", "", 1).isdigit():
            unit = "mAh" if float(text) >= _MILLIAMPERE_HOURS_FROM else "Ah"
            raise ConfigurationError(
                f"battery {text!r} has no unit: write {text}{unit}, {text}{unit}@3.85V or {text}Wh"
            )
        return Battery(text, **changes)
    kept = ("efficiency", "usable", "self_discharge", "peukert", "rated_hours", "title")
    fields: dict[str, Any] = {name: entry[name] for name in kept if name in entry}
    if "range" in entry:
        fields["spread"] = (float(entry["range"][0]), float(entry["range"][1]))
    return Battery(entry["spec"], **{"name": text, "most_w": deliverable_w(entry), **fields, **changes})
