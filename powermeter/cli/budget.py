"""`powermeter budget`: what a battery charge means for a recording, a schedule, or a number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from powermeter import toml
from powermeter.cli import subject
from powermeter.errors import ConfigurationError
from powermeter.result import plain
from powermeter.units import format_number, parse_quantity

OVER_BUDGET = 8


@click.command()
@click.argument("recording", required=False, type=click.Path(path_type=Path, dir_okay=False))
@subject.options
@click.option(
    "--battery",
    "-b",
    metavar="WHAT",
    help="4Ah (charge on the rail), 4Ah@3.85V or 15.4Wh (energy), or a "
    "preset: phone, 18650, lipo-2000, powerbank-10000, cr2032, aa-alkaline-2 …  [default: 4Ah]",
)
@click.option(
    "--efficiency", metavar="RATIO", help="Converter between cells and rail: 0.9, or 0.1W:0.6,1W:0.85."
)
@click.option("--usable", metavar="RATIO", help="Share of the capacity that may be used.")
@click.option("--health", metavar="RATIO", help="Share left by ageing.")
@click.option("--temperature", type=float, metavar="CELSIUS", help="Derate for this temperature (presets).")
@click.option("--self-discharge", metavar="RATIO", help="Share lost a month.")
@click.option("--peukert", type=float, metavar="K", help="Peukert exponent, 1 for lithium cells.")
@click.option("--rail-voltage", metavar="VOLT", help="Converts energy to charge where only one was measured.")
@click.option(
    "--stage",
    "-s",
    "stages",
    multiple=True,
    metavar="LABEL[:N][=BATTERY]",
    help="Check a label's events against a budget; N items; * is the whole recording.",
)
@click.option(
    "--simulate", is_flag=True, help="Empty the battery by the recorded profile, repeated (presets)."
)
@click.option(
    "--schedule",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A duty cycle in TOML: [rest] and [[state]] with name, rate, and power, energy or event.",
)
@click.option(
    "--what-if",
    "what_ifs",
    multiple=True,
    metavar="STATE=RATE|FILE:LABEL",
    help="The schedule again with another rate, or with a state from another recording.",
)
@click.option("--sent", metavar="SIZE", help="Federated learning: bytes a round sends, for example 5MB.")
@click.option("--received", metavar="SIZE", help="Federated learning: bytes a round receives.")
@click.option(
    "--link-rate",
    metavar="UP[/DOWN]",
    default="8Mbit/40Mbit",
    show_default=True,
    help="Of the client, each second.",
)
@click.option("--radio-power", metavar="POWER", help="While it transfers, where the meter did not see it.")
@click.option("--json", "as_json", is_flag=True, help="The same numbers unrounded.")
def budget(recording: Path | None, as_json: bool, **chosen: Any) -> int:
    """Set a recording against a battery charge.

    \b
    Example:
        powermeter budget run.power --battery 4Ah
        powermeter budget run.power --stage infer=4Ah --stage train=4Ah --stage '*=4Ah'
        powermeter budget run.power --schedule node.toml --battery cr2032 --what-if infer=1/h
        powermeter budget --current 0.571A --battery 4Ah

    Exit status 8 where a stage uses more than its budget, else 0.
    """
    names = ("label", "rail", "baseline", "energy", "power", "current", "duration", "items", "rail_voltage")
    found = None
    if recording is not None or chosen["schedule"] is None:
        found = subject.find(recording, **{name: chosen[name] for name in names})
    battery, preset = _battery(chosen, found)
    said: dict[str, Any] = {"battery": battery.convention_text}
    lines: list[str] = []
    if found is not None:
        lines.append(f"of: {found.title}")
        lines += _plain(battery, found, said)
        lines += _preset_source(preset, said)
    if chosen["sent"] is not None or chosen["received"] is not None:
        lines += _round(battery, found, chosen, said)
    failed = _stages(chosen["stages"], battery, found, lines, said)
    if chosen["simulate"]:
        lines += _simulated(battery, preset, found, said)
    if chosen["schedule"] is not None:
        lines += _scheduled(battery, found, chosen, said)
    click.echo(json.dumps(said, indent=2) if as_json else "\n".join(lines))
    return OVER_BUDGET if failed else 0


def _battery(chosen: dict[str, Any], found: subject.Subject | None) -> tuple[Any, str]:
    from powermeter.battery.battery import parse_battery
    from powermeter.battery.converter import Curve
    from powermeter.battery.discharge import derating_at
    from powermeter.battery.presets import presets

    recorded = (found.metadata.get("battery") if found else None) or "4Ah"
    text = chosen["battery"] or (recorded if isinstance(recorded, str) else "4Ah")
    fields: dict[str, Any] = {}
    efficiency = chosen["efficiency"]
    if efficiency is not None:
        fields["efficiency"] = (
            Curve.parse(efficiency) if ":" in efficiency else parse_quantity(efficiency, "1")
        )
    for name in ("usable", "health", "self_discharge"):
        if chosen[name] is not None:
            fields[name] = parse_quantity(chosen[name], "1")
    if chosen["peukert"] is not None:
        fields["peukert"] = chosen["peukert"]
    if chosen["temperature"] is not None:
        entry = presets().get(text, {})
        if "chemistry" not in entry:
            raise ConfigurationError("--temperature needs a battery preset, whose chemistry is known")
        fields["derating"] = derating_at(entry["chemistry"], chosen["temperature"])
    return parse_battery(text, **fields), text


def _plain(battery: Any, found: subject.Subject, said: dict[str, Any]) -> list[str]:
    by_charge = battery.convention == "charge"
    used = found.charge if by_charge and found.charge is not None else found.energy
    rate = found.current if by_charge and found.current is not None else found.power or found.current
    per_item = found.per_item_charge if by_charge and found.per_item_charge is not None else found.per_item
    whole = battery.budget(used, rate, per_item, items=found.item, rail_voltage_v=found.rail_voltage_v)
    said["of"] = found.title
    said["charge_grade"] = None if found.charge is None else found.charge.grade.value
    for name in ("share_used", "remaining", "hours", "count"):
        said[name] = plain(getattr(whole, name))
    lines = list(whole.lines())
    if by_charge and found.charge is not None and found.charge.grade.value != "measured":
        volts = format_number(found.rail_voltage_v or 0.0, 3)
        lines.append(
            f"charge {found.charge.grade.value}: energy over {volts} V of the rail, not a measured current"
        )
    return lines


def _preset_source(preset: str, said: dict[str, Any]) -> list[str]:
    """Say where a preset's numbers come from."""
    from powermeter.battery.presets import presets
    from powermeter.footprint.factors import PROVENANCE

    entry = presets().get(preset)
    if entry is None or "source" not in entry:
        return []
    said["preset"] = {"source": entry["source"], "provenance": entry["provenance"]}
    return [f"preset {preset}: {entry['source']} ({PROVENANCE[entry['provenance']]})"]


def _round(
    battery: Any, found: subject.Subject | None, chosen: dict[str, Any], said: dict[str, Any]
) -> list[str]:
    from powermeter.footprint.federated import Round, default_router
    from powermeter.units import format_quantity

    training = None if found is None else found.per_item or found.energy
    if found is None or training is None:
        raise ConfigurationError(
            "a federated round needs its training: a recording (with --label), or --energy"
        )
    up, _, down = chosen["link_rate"].partition("/")
    radio = 0.0 if chosen["radio_power"] is None else parse_quantity(chosen["radio_power"], "W", bare=False)
    client = Round(
        training,
        parse_quantity(chosen["sent"] or "0B", "B", bare=False),
        parse_quantity(chosen["received"] or "0B", "B", bare=False),
        parse_quantity(up, "bit", bare=False),
        parse_quantity(down or up, "bit", bare=False),
        radio,
        default_router(),
    )
    energy, shares = client.line().result(), client.shares()
    device = training.scaled(1 + shares["radio"] / training.value)
    count = battery.count(device, found.rail_voltage_v)
    said["round"] = {
        "energy": plain(energy),
        "device": plain(device),
        "parts_j": shares,
        "rounds_per_charge": plain(count),
    }
    split = ", ".join(f"{name} {format_quantity(joule, 'J')}" for name, joule in shares.items())
    return [
        f"federated round: {format_quantity(energy.value, 'J')} ({split}; the router is not on this battery)",
        f"rounds per charge: {count.value:,.3g}",
    ]


def _stages(
    stages: tuple[str, ...],
    battery: Any,
    found: subject.Subject | None,
    lines: list[str],
    said: dict[str, Any],
) -> bool:
    from powermeter.battery.stages import check, parse_stage

    if not stages:
        return False
    if found is None or found.analysis is None:
        raise ConfigurationError("--stage needs a recording with events")
    outcomes = [check(parse_stage(text, battery), found.analysis, found.rail_voltage_v) for text in stages]
    lines.append("stages:")
    lines += [f"  {outcome.line()}" for outcome in outcomes]
    said["stages"] = [
        {
            "label": outcome.stage.label,
            "budget": outcome.stage.battery.convention_text,
            "share": plain(outcome.share),
            "verdict": outcome.verdict.value,
            "passed": outcome.passed,
        }
        for outcome in outcomes
    ]
    return not all(outcome.passed for outcome in outcomes)


def _simulated(battery: Any, preset: str, found: subject.Subject | None, said: dict[str, Any]) -> list[str]:
    from powermeter.battery.discharge import cell_of, discharge, profile_of

    if found is None:
        raise ConfigurationError("--simulate needs a recording, or --power")
    if found.analysis is not None:
        durations, powers = profile_of(found.analysis)
    elif found.power is not None:
        durations, powers = [found.duration_s or 1.0], [found.power.value]
    else:
        raise ConfigurationError("--simulate needs a power profile: a recording, or --power")
    run = discharge(battery, cell_of(preset), durations, powers)
    said["discharge"] = {
        "hours": run.hours,
        "reason": run.reason,
        "repeats": run.repeats,
        "delivered_j": run.delivered_j,
        "charge_left": run.left,
    }
    return run.lines()


def _scheduled(
    battery: Any, found: subject.Subject | None, chosen: dict[str, Any], said: dict[str, Any]
) -> list[str]:
    from powermeter.battery.duty_cycle import read_schedule, states_of

    path: Path = chosen["schedule"]
    data = toml.read(path)
    measured = states_of(found.analysis) if found is not None and found.analysis is not None else {}
    schedule = read_schedule(data, measured, path.name)
    volts = found.rail_voltage_v if found is not None else None
    if volts is None and chosen["rail_voltage"] is not None:
        volts = parse_quantity(chosen["rail_voltage"], "V", bare=False)
    lines = [f"schedule {path.name}:", *(f"  {line}" for line in schedule.lines(battery, volts))]
    said["schedule"] = _schedule_json(schedule, battery, volts)
    said["what_if"] = {}
    for text in chosen["what_ifs"]:
        changed = _changed(schedule, text)
        lines += [f"what if {text}:", *(f"  {line}" for line in changed.lines(battery, volts))]
        said["what_if"][text] = _schedule_json(changed, battery, volts)
    return lines


def _schedule_json(schedule: Any, battery: Any, volts: float | None) -> dict[str, Any]:
    return {
        "mean_power": plain(schedule.mean_power),
        "life": plain(schedule.life(battery, volts)),
        "states": [
            {"name": name, "time_share": busy, "power": plain(power), "energy_share": share}
            for name, busy, power, share in schedule.shares()
        ],
    }


def _changed(schedule: Any, text: str) -> Any:
    from dataclasses import replace

    from powermeter.battery.duty_cycle import parse_rate, states_of

    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigurationError(f"--what-if {text!r}: write STATE=RATE or STATE=FILE:LABEL")
    if value.partition(":")[0].endswith(".power"):
        file, _, label = value.partition(":")
        other = subject.find(
            Path(file),
            label=None,
            rail=None,
            baseline=None,
            energy=None,
            power=None,
            current=None,
            duration=None,
            items=None,
        )
        state = states_of(other.analysis, [label or name])[label or name]
        return schedule.with_state(replace(state, name=name, source=file))
    return schedule.with_rate(name, parse_rate(value))
