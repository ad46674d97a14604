"""`powermeter budget`: what a battery charge means for a recording, a schedule, or a number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from powermeter.cli import subject_options
from powermeter.cli.options import json_option, line_option, renamed_option, take_renamed, tokens_option
from powermeter.cli.standard_output import put, put_json
from powermeter.errors.exit_codes import OVER_BUDGET


@click.command()
@click.argument("recording", required=False, type=click.Path(path_type=Path, dir_okay=False))
@subject_options.options
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
    multiple=True,
    metavar="LABEL[:N][=BATTERY]",
    help="Check a label's events against a budget; N items; * is the whole recording.",
)
@renamed_option("-s", multiple=True)
@tokens_option
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
    help="The client's data rate.",
)
@click.option(
    "--rounds", type=float, metavar="N", help="Rounds recorded.  [default: the label's events, or 1]"
)
@line_option
@click.option(
    "--radio-power",
    metavar="POWER",
    help="The radio's power while it transfers, where the meter does not cover it.",
)
@json_option("The same numbers unrounded, each with its unit.")
def budget(recording: Path | None, as_json: bool, **chosen: Any) -> int:
    """Compare a recording with a battery charge.

    \b
    Example:
        powermeter budget run.power --battery 4Ah --rail-voltage 5V
        powermeter budget run.power --stage infer=4Ah --stage train=4Ah --stage '*=4Ah'
        powermeter budget run.power --schedule node.toml --battery 18650 --what-if infer=1/h
        powermeter budget chat.power --label generate --battery phone-energy
        powermeter budget --current 0.571A --battery 4Ah

    Exit status 8 where the value of a stage is over its budget, also one that is unclear (its interval holds the limit); else 0.
    """
    from powermeter.analysis.subject import find
    from powermeter.battery.assessment import assess
    from powermeter.battery.budget_options import BudgetOptions

    take_renamed(chosen, {"-s": "--stage"}, until="1 June 2027")
    chosen["stages"] = chosen.pop("stage")
    found = None
    typed = any(chosen[name] is not None for name in ("power", "energy", "current"))
    if recording is not None or typed or chosen["schedule"] is None:
        found = find(recording, subject_options.asked(chosen))
    report = assess(
        found, BudgetOptions(**{name: chosen[name] for name in BudgetOptions.__dataclass_fields__})
    )
    failed = report.failed
    (put_json(report.record()) if as_json else put(report.text()))
    return OVER_BUDGET if failed else 0
