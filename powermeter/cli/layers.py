"""`powermeter layers`: what each layer of a network uses in one pass."""

from __future__ import annotations

import json
from pathlib import Path

import click

from powermeter.cli.options import json_option, rail_option


@click.command()
@click.argument("recording", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--label", "-l", metavar="NAME", help="The passes' label.  [default: that which holds most others]"
)
@rail_option
@json_option()
def layers(recording: Path, label: str | None, rail: str | None, as_json: bool) -> None:
    """Print what each layer of a network uses in one pass; the layers add up to the pass.

    \b
    Example:
        powermeter record -o run.power -- python infer.py    # with: model = powermeter.watch(model, layers=True)
        powermeter layers run.power

    Layers are shorter than readings: many passes and regression separate them.  Those that the readings cannot separate are merged,
    which is printed.
    """
    from powermeter.analysis.layers import layers as of_layers
    from powermeter.result import plain
    from powermeter.result.notes import plain_notes

    found = of_layers(recording, label, rail=rail)
    if not as_json:
        click.echo(str(found))
        return
    rows = [
        {
            "names": list(one.names),
            "energy": plain(one.energy),
            "seconds": one.seconds,
            "calls": one.calls,
            "share": one.share,
        }
        for one in (*found.layers, *([found.between] if found.between else []))
    ]
    record = {"label": found.label, "passes": found.passes, "whole": plain(found.whole), "layers": rows}
    click.echo(
        json.dumps({**record, "notes": list(found.notes), "remarks": plain_notes(found.notes)}, indent=2)
    )
