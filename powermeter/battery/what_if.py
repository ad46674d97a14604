"""How long a battery lasts by a schedule, and by the same schedule with one state changed: `--what-if idle=0.2W`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powermeter import toml
from powermeter.errors import ConfigurationError
from powermeter.result import plain

from .battery import Battery
from .duty_cycle import Schedule, states_of
from .schedule_file import parse_rate, read_schedule

if TYPE_CHECKING:
    from powermeter.analysis.energy import Analysis


def scheduled(
    path: Path, what_ifs: Sequence[str], battery: Battery, volts: float | None, analysis: Analysis | None
) -> tuple[dict[str, Any], list[str]]:
    """Return what a schedule comes to, as it is and with each change, for JSON and for people.

    Args:
        path: The schedule's file.
        what_ifs: Changes: `STATE=RATE` or `STATE=FILE:LABEL`.
        battery: What it runs on.
        volts: The rail's voltage in V, or None where it is not known.
        analysis: Where states that the file only names come from.

    Raises:
        ConfigurationError: The file or a change cannot be used.
    """
    schedule = read_schedule(toml.read(path), states_of(analysis) if analysis else {}, path.name)
    lines = [f"schedule {path.name}:", *(f"  {line}" for line in schedule.lines(battery, volts))]
    records = {}
    for text in what_ifs:
        changed = _changed(schedule, text)
        lines += [f"what if {text}:", *(f"  {line}" for line in changed.lines(battery, volts))]
        records[text] = _record(changed, battery, volts)
    return {"schedule": _record(schedule, battery, volts), "what_if": records}, lines


def _record(schedule: Schedule, battery: Battery, volts: float | None) -> dict[str, Any]:
    return {
        "mean_power": plain(schedule.mean_power),
        "life": plain(schedule.life(battery, volts)),
        "states": [
            {"name": name, "time_share": busy, "power": plain(power), "energy_share": share}
            for name, busy, power, share in schedule.shares()
        ],
    }


def _changed(schedule: Schedule, text: str) -> Schedule:
    from powermeter.analysis.selection import Asked
    from powermeter.analysis.subject import find

    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigurationError(f"--what-if {text!r}: write STATE=RATE or STATE=FILE:LABEL")
    if value.partition(":")[0].endswith(".power"):
        file, _, label = value.partition(":")
        other = find(Path(file), Asked())
        assert other.analysis is not None  # what is found in a file was analysed
        state = states_of(other.analysis, [label or name])[label or name]
        return schedule.with_state(replace(state, name=name, source=file))
    return schedule.with_rate(name, parse_rate(value))
