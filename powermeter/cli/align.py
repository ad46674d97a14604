"""`powermeter align`: an external meter's recording put on the clock of the host's events."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from powermeter.cli.options import force_option, json_option, output_option
from powermeter.cli.standard_output import put, put_json, put_stderr
from powermeter.cli.word_choice import WordChoice
from powermeter.errors import ConfigurationError
from powermeter.result import COVERAGE_95
from powermeter.result.notes import plain_notes
from powermeter.units import format_duration, format_percent, format_quantity, format_short, parse_duration

if TYPE_CHECKING:
    from powermeter.calibration.align import AlignOptions, Placement
    from powermeter.recording import Recording

WAYS = ("pattern", "activity", "markers", "clock")


@click.command()
@click.argument("host", type=click.Path(path_type=Path))
@click.argument("meter", type=click.Path(path_type=Path), required=False)
@output_option("The recording that holds both; HOST-joined.power otherwise.")
@click.option(
    "--by", type=WordChoice(WAYS), help="How; by the pattern where one was played, else by activity."
)
@click.option(
    "--rail",
    metavar="NAME",
    help="The meter's rail in which the load is looked for; the widest one otherwise.",
)
@click.option("--label", "-l", metavar="NAME", help="Activity: only events of this label.")
@click.option(
    "--marker", metavar="NAME", help="Markers: the events at whose start and end the program set the line."
)
@click.option("--pin", type=click.IntRange(0, 15), help="Markers: the meter's input that saw it.")
@click.option(
    "--clock-error", metavar="TIME", help="Clock: how far off the meter's wall clock may be: 1ms, 2s."
)
@click.option("--between", metavar="SPAN", help="Look only in this part of the meter's recording: 10m-25m.")
@click.option("--source", "-s", metavar="NAME", help="Without METER: the source of HOST to align anew.")
@click.option("--dry-run", is_flag=True, help="Print what is found, and write nothing.")
@force_option
@json_option()
def align(
    host: Path,
    meter: Path | None,
    output: Path | None,
    by: str | None,
    rail: str | None,
    label: str | None,
    marker: str | None,
    pin: int | None,
    clock_error: str | None,
    between: str | None,
    source: str | None,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Put an external meter's recording on the clock of the host's events.

    \b
    Example:
        powermeter record -o host.power -- powermeter sync --meter 2Hz -- python infer.py
        powermeter import meter.csv -o meter.power
        powermeter align host.power meter.power -o joined.power
        powermeter show joined.power

    The new recording holds both; the meter's samples are as they were, and how its clock lies on the
    host's is a fact beside them.  `powermeter align joined.power --by ...` finds it anew.
    A place that is not clearly better than any other is refused with status 7.
    """
    from powermeter.calibration.align import AlignOptions, place
    from powermeter.recording import Recording, joining

    ways = AlignOptions(
        by=by,
        rail=rail,
        label=label,
        marker=marker,
        pin=pin,
        clock_error_s=parse_duration(clock_error) if clock_error else None,
        between_s=_span(between) if between else None,
    )
    if meter is None:
        if output is not None:
            raise ConfigurationError("-o is for two recordings; name the meter's too, or leave -o out")
        _anew(host, source, ways, dry_run, as_json)
        return
    if source is not None:
        raise ConfigurationError("--source is for aligning one recording anew; METER was given too")
    path = output or host.with_name(f"{host.stem}-joined.power")
    with Recording.open(host) as mine, Recording.open(meter) as theirs:
        joining.check(mine, theirs, path, force=force)
        placement = place(mine, theirs, theirs.sources, ways)
        if as_json:
            put_json({**placement_record(placement), "written": [] if dry_run else [str(path)]})
        else:
            print_placement(placement, theirs)
        if dry_run:
            return
        names = joining.join(mine, theirs, path, placement.alignment.to_fact(None), force=force)
        for warning in theirs.warnings:
            put_stderr(f"note: {warning}")
    if not as_json:
        put(f"wrote {path} with {', '.join(names)} on the host's clock")


def _span(text: str) -> tuple[float, float]:
    """Read `10m-25m` as seconds."""
    first, dash, last = text.partition("-")
    if not dash or parse_duration(first) >= parse_duration(last):
        raise ConfigurationError(f"--between {text}: write from and to, for example 10m-25m")
    return parse_duration(first), parse_duration(last)


def _anew(path: Path, source: str | None, ways: AlignOptions, dry_run: bool, as_json: bool) -> None:
    """Find the alignment of a joined recording's sources again and note it; the newest counts."""
    from powermeter.calibration.align import place
    from powermeter.recording import Recording, append_to

    with Recording.open(path) as recording:
        noted = {str(fact.get("source")) for fact in recording.facts("alignment")}
        if source is not None:
            chosen = [recording.source(source)]
        else:
            chosen = [one for one in recording.sources if str(one.id) in noted]
        if not chosen:
            raise ConfigurationError(
                f"{path.name} holds no source with a clock of its own; name the meter's recording too, or --source NAME"
            )
        placement = place(recording, recording, chosen, ways)
        if as_json:
            put_json({**placement_record(placement), "written": [] if dry_run else [str(path)]})
        else:
            print_placement(placement, recording)
        identifiers = [one.id for one in chosen]
        names = ", ".join(one.name for one in chosen)
    if dry_run:
        return
    with append_to(path) as writer:
        for identifier in identifiers:
            writer.add_fact("alignment", placement.alignment.to_fact(identifier))
    if not as_json:
        put(f"wrote the alignment of {names} into {path}")


def placement_record(placement: Placement) -> dict[str, object]:
    """Return an alignment as `--json` prints it."""
    found = placement.alignment
    return {
        "by": found.method,
        "places": found.places,
        "offset_s": found.offset_ns * 1e-9,
        "offset_half_width_s": COVERAGE_95 * found.offset_u_ns * 1e-9,
        "drift": found.drift,
        "drift_half_width": COVERAGE_95 * found.drift_u,
        "residual_s": found.residual_ns * 1e-9 if found.places > 2 else None,
        "confidence": found.confidence if found.method != "clock" else None,
        "notes": list(map(str, placement.notes)),
        "remarks": plain_notes(placement.notes),
    }


def print_placement(placement: Placement, meter: Recording) -> None:
    """Print where a meter lies on the host's clock, and how sure that is."""
    found, interval = placement.alignment, placement.interval_ns
    half = COVERAGE_95 * found.offset_u_ns
    share = f", {format_percent(half / interval)} of its sample interval" if interval else ""
    places = {"pattern": "patterns", "activity": "stretches", "markers": "edges", "clock": "clock pairs"}
    rows = [
        ("by", f"{found.method}, {found.places} {places[found.method]}"),
        ("offset", f"{signed_duration(found.offset_ns * 1e-9)} (host - meter, at the middle)"),
        ("drift", f"{found.drift * 1e6:+.2f} ppm ± {format_short(COVERAGE_95 * found.drift_u * 1e6, 2)} ppm"),
        ("uncertainty", f"± {format_quantity(half * 1e-9, 's', 2)} (95 %){share}"),
        ("residual", format_quantity(found.residual_ns * 1e-9, "s", 2) if found.places > 2 else "–"),
    ]
    if found.method != "clock":
        rows.append(
            (
                "confidence",
                f"{found.confidence:.2f}: the next best position fits {likelihood_text(found.confidence)}",
            )
        )
    for name, text in rows:
        put(f"{name:12} {text}")
    for note in placement.notes:
        put_stderr(f"note: {note}")


def signed_duration(seconds: float) -> str:
    """Return seconds with their sign; long ones as a duration too."""
    sign = "-" if seconds < 0 else "+"
    long = f" = {sign}{format_duration(abs(seconds))}" if 100 <= abs(seconds) < 1e8 else ""
    return f"{seconds:+.6f} s{long}"


def likelihood_text(confidence: float) -> str:
    """Return how well the next best position fits, in words."""
    return "not at all" if math.isclose(confidence, 1.0) else f"{format_percent(1 - confidence)} as well"
