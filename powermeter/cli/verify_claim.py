"""`powermeter verify-claim`: published figures beside what the recordings show."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from powermeter.cli.options import json_option, rail_option
from powermeter.cli.standard_output import put, put_json
from powermeter.errors import plural
from powermeter.errors.exit_codes import CLAIM_FAILED

if TYPE_CHECKING:
    from powermeter.comparison.claims import Checked, Claim


@click.command("verify-claim", short_help="Check published figures against a recording, with intervals.")
@click.argument("table", type=click.Path(path_type=Path), metavar="TABLE")
@click.argument("recording", type=click.Path(path_type=Path), metavar="RECORDING|DIR")
@rail_option
@click.option("--baseline", metavar="POWER|LABEL", help="What to subtract for energy_above_idle.")
@json_option("Print JSON.")
def verify_claim(table: Path, recording: Path, rail: str | None, baseline: str | None, as_json: bool) -> None:
    """Check published figures against a recording or a folder of recordings.

    \b
    Example:
      powermeter verify-claim published.csv run.power
      powermeter verify-claim published.csv recordings/

    TABLE is a CSV with the columns quantity, value and unit, and if needed label, plus_minus (95 %) and recording
    (a file in DIR).  Quantities: energy, energy_per_item, energy_above_idle, charge, charge_per_item, power,
    duration, latency, items.  Without plus_minus a figure is known to half a unit of its last digit.  A figure per
    item is held against the mean of further items, which is what show prints, and else against the mean of all recorded events.

    The exit status is 0 only where every figure agrees; 11 where one differs, cannot be decided, or has no number.
    """
    from powermeter.analysis.energy import analyse
    from powermeter.comparison.claims import Agreement, check_table, read_claims

    claims = read_claims(table)
    checked = check_table(
        claims,
        lambda claim: _path(claim, recording),
        lambda path: analyse(path, rail=rail, baseline=baseline),
    )
    (put_json([_plain(one) for one in checked]) if as_json else put(_text(checked)))
    if any(one.agreement is not Agreement.AGREES for one in checked):
        raise click.exceptions.Exit(CLAIM_FAILED)


def _path(claim: Claim, recording: Path) -> Path:
    from powermeter.errors import DataError

    if not claim.recording:
        return recording
    path = recording / claim.recording
    if not path.resolve().is_relative_to(recording.resolve()):
        raise DataError(f"{claim.recording!r} lies outside {recording}")
    return path


def _plain(one: Checked) -> dict[str, object]:
    from powermeter.result import plain

    claim = one.claim
    return {
        "quantity": claim.quantity,
        "label": claim.label or None,
        "recording": claim.recording or None,
        "published": {"value": claim.value, "plus_minus": claim.half_width, "unit": claim.unit},
        "ours": plain(one.ours),
        "agreement": one.agreement.value,
        "why": one.why or None,
    }


def _text(checked: list[Checked]) -> str:
    from powermeter.recording.encodable_text import encodable

    lines = []
    for one in checked:
        claim = one.claim
        what = " ".join(
            part for part in (claim.recording, claim.label, claim.quantity.replace("_", " ")) if part
        )
        lines.append(
            f"{one.agreement.value:<11}  {encodable(what)}: published {encodable(claim.shown)}, ours {one.ours or '-'}"
        )
        if one.why:
            lines.append(f"{'':<11}  {encodable(one.why)}")
    counts = Counter(one.agreement.value for one in checked)
    lines.append(
        f"{plural(len(checked), 'figure')}: " + ", ".join(f"{count} {word}" for word, count in counts.items())
    )
    return "\n".join(lines)
