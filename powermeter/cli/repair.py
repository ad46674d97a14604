"""`powermeter repair`: what can be saved of a damaged recording."""

from __future__ import annotations

from pathlib import Path

import click

from powermeter.cli.options import force_option, json_option, output_option
from powermeter.cli.standard_output import put_json, put_stderr
from powermeter.errors import plural


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@output_option("The file to write; NAME.repaired.power otherwise.")
@force_option
@json_option("Print what was lost as JSON.")
def repair(recording: Path, output: Path | None, force: bool, as_json: bool) -> None:
    """Copy everything sound of a damaged or unfinished recording into a new one.

    \b
    Example:
        powermeter repair run.power

    The damaged file is not touched.  Lost stretches become gaps, whose energy is bounded, not guessed.
    Calibrations, alignments, clock pairs, ticks and metadata are kept; what is lost is listed.
    """
    from powermeter.recording.encodable_text import encodable
    from powermeter.recording.salvage import salvage
    from powermeter.result.notes import plain_notes

    output = output or recording.with_suffix(".repaired.power")
    problems = salvage(recording, output, force=force)
    if as_json:
        put_json({"written": [str(output)], "problems": list(problems), "remarks": plain_notes(problems)})
        return
    for problem in problems:
        put_stderr(f"powermeter: {problem}")
    put_stderr(_saved(recording.name, len(problems)))
    put_stderr(f"wrote {encodable(str(output))}")


def _saved(name: str, problems: int) -> str:
    """Return what the new recording holds."""
    from powermeter.recording.encodable_text import encodable

    if not problems:
        return f"{encodable(name)} is sound: there was nothing to repair, and the copy holds all of it but a signature"
    noted = "is" if problems == 1 else "are"
    return f"everything else was brought back; {plural(problems, 'problem')}, listed above, {noted} noted in the new recording"
