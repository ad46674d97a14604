"""`powermeter calibrate`: gain and offset of a channel, found against something better, and put into recordings."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter.cli import load_prompt
from powermeter.cli.options import force_option, json_option, output_option, renamed_option, take_renamed
from powermeter.cli.standard_output import put, put_json, put_stderr
from powermeter.errors import ConfigurationError
from powermeter.recording.output_file import check_output, write_files
from powermeter.result import COVERAGE_95
from powermeter.result.notes import plain_notes
from powermeter.units import format_quantity, format_short, parse_duration, parse_quantity, parse_share

if TYPE_CHECKING:
    from powermeter.calibration.procedure import CalibratedChannel


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option(
    "--channel",
    "-c",
    "channels",
    multiple=True,
    metavar="NAME",
    help="The channel to calibrate; may be given several times.",
)
@click.option(
    "--reference",
    "-r",
    "references",
    multiple=True,
    metavar="NAME",
    help="Its counterpart: SOURCE/CHANNEL of the same recording, or a channel of --against.",
)
@click.option("--against", type=click.Path(path_type=Path), help="The recording that holds the reference.")
@click.option(
    "--load",
    "loads",
    multiple=True,
    metavar="SPAN=VALUE",
    help="A known load that was on, from the first sample: 10s-20s=0.5A; may be given several times.",
)
@click.option(
    "--source", "-s", metavar="URL", help="Measure now: RECORDING is written, loads are asked for one by one."
)
@click.option(
    "--dwell",
    metavar="TIME",
    default="3s",
    show_default=True,
    help="With --source: how long each load is read.",
)
@renamed_option("--hold")
@click.option(
    "--accuracy", metavar="SHARE", help="Limit of error of the reference, or of what the loads were known by."
)
@click.option(
    "--window", metavar="TIME", default="1s", show_default=True, help="Length of the stretches compared."
)
@click.option(
    "--order",
    type=click.IntRange(1, 2),
    help="1: gain and offset only; 2: a quadratic term too. Chosen from the data otherwise.",
)
@click.option("--temperature", metavar="NAME", help="A temperature channel that the gain may follow.")
@click.option("--find-shunt", is_flag=True, help="Print the shunt's true resistance too.")
@click.option(
    "--shunt",
    metavar="OHM",
    help="The resistance the currents were computed with, where the source does not report it.",
)
@click.option(
    "--instrument", metavar="NAME", help="What it was calibrated against; the reference's name otherwise."
)
@click.option("--note", metavar="TEXT", default="", help="Kept in the file.")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw the residuals: .png, .svg or .pdf."
)
@output_option("The calibration to write; RECORDING-calibration.toml otherwise.")
@click.option(
    "--apply",
    "apply_",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Store a calibration that was written earlier into RECORDING.",
)
@force_option
@json_option()
def calibrate(recording: Path, apply_: Path | None, **options: Any) -> None:
    """Find gain and offset of a channel against a reference or known loads; apply them to recordings.

    \b
    Example:
        powermeter calibrate both.power -c ina219/vdd_in.current -r dmm/current --accuracy 0.05% -o ina219.toml
        powermeter calibrate run.power --against reference.power --plot residuals.png
        powermeter calibrate loads.power --source "ina219://1/0x40?shunt=0.1ohm" --accuracy 0.1%
        powermeter calibrate run.power --apply ina219.toml

    A calibration is stored beside the samples, which stay as they are; the newest one of a channel counts.
    """
    take_renamed(options, {"--hold": "--dwell"}, until="1 June 2027")
    if apply_ is not None:
        changed = [
            name
            for name in ("channels", "references", "against", "loads", "source", "plot", "output")
            if options[name]
        ]
        if changed:
            raise ConfigurationError(
                f"--apply stores a finished calibration; it does not go with --{changed[0]}"
            )
        done = apply(recording, apply_, force=options["force"])
        if options["as_json"]:
            put_json({"channels": done.channels, "replaced": done.replaced, "written": [str(recording)]})
        else:
            put(done.text)
        return
    _calibrate(recording, _Typed(**options))


@dataclass(frozen=True, slots=True)
class _Typed:
    """The options of `powermeter calibrate` as they are typed; named as there."""

    channels: tuple[str, ...]
    references: tuple[str, ...]
    against: Path | None
    loads: tuple[str, ...]
    source: str | None
    dwell: str
    accuracy: str | None
    window: str
    order: int | None
    temperature: str | None
    find_shunt: bool
    shunt: str | None
    instrument: str | None
    note: str
    plot: Path | None
    output: Path | None
    force: bool
    as_json: bool

    @property
    def share(self) -> float | None:
        """The limit of error of the reference; None where it is not given."""
        share = None if self.accuracy is None else parse_share(self.accuracy)
        if share is not None and not 0 <= share < 1:
            raise ConfigurationError(f"--accuracy {self.accuracy}: write for example 0.05%")
        return share


def _calibrate(recording: Path, typed: _Typed) -> None:
    from powermeter.calibration.procedure import true_shunt
    from powermeter.calibration.residuals import plot
    from powermeter.calibration.store import to_toml

    out = typed.output or recording.with_name(f"{recording.stem}-calibration.toml")
    _check_files(recording, out, typed.plot, typed.force)
    share = typed.share
    assumed = None if typed.shunt is None else parse_quantity(typed.shunt, "ohm")
    dwell_s = parse_duration(typed.dwell)
    if parse_duration(typed.window) <= 0 or dwell_s <= 0:
        raise ConfigurationError("--window and --dwell must be above zero")
    if typed.source is not None:
        if typed.against is not None or typed.references or typed.loads:
            raise ConfigurationError(
                "--source asks for the loads; it does not go with --against, --reference, --load"
            )
        load_prompt.record(recording, typed.source, dwell_s, known=share is not None, force=typed.force)
        put_stderr(f"wrote {recording}")
    found = _found(recording, typed)
    if typed.as_json:
        shunts = [true_shunt(one, assumed) if typed.find_shunt else None for one in found]
        put_json({"channels": list(map(_plain, found, shunts)), "written": [str(out)]})
    for one in () if typed.as_json else found:
        _print(one)
        if typed.find_shunt:
            ohm, spread = true_shunt(one, assumed)
            put(
                f"shunt        {ohm:.6g} ohm ± {format_short(COVERAGE_95 * spread, 2)} ohm; "
                f"name it in the source from now on: ?shunt={ohm:.6g}ohm"
            )
    if typed.plot is not None:
        fits = [(one.fit, one.points, one.place.channel.unit) for one in found]
        write_files({typed.plot: plot(fits, typed.plot.suffix[1:].lower())}, force=typed.force)
        put_stderr(f"wrote {typed.plot}")
    write_files({out: to_toml([one.correction for one in found])}, force=typed.force)
    put_stderr(f"wrote {out}; store it in a recording with: powermeter calibrate RECORDING --apply {out}")


def _found(recording: Path, typed: _Typed) -> list[CalibratedChannel]:
    """Return a calibration for each channel, against known loads or a reference."""
    from powermeter.calibration.known_loads import loads_of
    from powermeter.calibration.procedure import CalibrationOptions, against_loads, against_reference
    from powermeter.recording import Recording

    compared = bool(typed.references) or typed.against is not None
    if typed.loads and compared:
        raise ConfigurationError("--load does not go with --reference or --against")
    options = CalibrationOptions(
        accuracy=typed.share,
        window_s=parse_duration(typed.window),
        order=typed.order,
        temperature=typed.temperature,
        instrument=typed.instrument or "",
        note=typed.note,
    )
    with ExitStack() as stack:
        opened = stack.enter_context(Recording.open(recording))
        known = typed.share is not None
        loads = [] if compared else loads_of(opened, typed.loads, known=known)
        if loads:
            if typed.temperature is not None:
                raise ConfigurationError("--temperature needs a reference, not known loads")
            found: list[CalibratedChannel] = against_loads(opened, loads, typed.channels, options)
            return found
        other = opened if typed.against is None else stack.enter_context(Recording.open(typed.against))
        found = against_reference(opened, other, typed.channels, typed.references, options)
        return found


def _check_files(recording: Path, out: Path, plot: Path | None, force: bool) -> None:
    """Refuse before anything is measured what could not be written after."""
    for path in (out, plot):
        if path is None:
            continue
        if path.absolute() == recording.absolute():
            raise ConfigurationError(f"{path} is the recording; choose another name")
        check_output(path, force=force)
    if plot is not None and plot.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise ConfigurationError(f"{plot}: a residual plot is a .png, .svg or .pdf file")


def _plain(one: CalibratedChannel, shunt: tuple[float, float] | None) -> dict[str, object]:
    correction = one.correction
    return {
        "channel": one.place.name,
        "against": str(one.against),
        "unit": one.place.channel.unit,
        "coefficients": list(correction.coefficients),
        "gain": correction.gain,
        "gain_half_width": COVERAGE_95 * one.gain_u,
        "offset": correction.offset,
        "offset_half_width": COVERAGE_95 * one.offset_u,
        "temperature_slope": correction.temperature_slope,
        "largest_residual": float(abs(one.fit.residuals).max()),
        "points": int(one.points.seen.size),
        "valid_from": correction.low,
        "valid_to": correction.high,
        "shunt_ohm": None if shunt is None else shunt[0],
        "shunt_half_width_ohm": None if shunt is None else COVERAGE_95 * shunt[1],
        "notes": list(map(str, one.fit.notes)),
        "remarks": plain_notes(one.fit.notes),
    }


def _print(one: CalibratedChannel) -> None:
    correction, unit = one.correction, one.place.channel.unit
    low, high = (format_quantity(x, unit) for x in (correction.low, correction.high))
    worst = float(abs(one.fit.residuals).max())
    put(f"{one.place.name} against {one.against}")
    put(f"gain         × {correction.gain:.6f} ± {format_short(COVERAGE_95 * one.gain_u, 2)} (95 %)")
    put(
        f"offset       {format_quantity(correction.offset, unit)} ± "
        f"{format_quantity(COVERAGE_95 * one.offset_u, unit, 2)} (95 %)"
    )
    for power, value in enumerate(correction.coefficients[2:], start=2):
        put(f"term of x^{power}  {format_short(value, 4)} per {unit}")
    if correction.temperature_slope:
        put(
            f"temperature  {correction.temperature_slope * 1e6:+.0f} ppm/°C from {correction.temperature_c:.1f} °C"
        )
    put(
        f"residuals    {format_quantity(worst, unit, 2)} at most, over {one.points.seen.size} points "
        f"from {low} to {high}"
    )
    put(f"valid        {low} to {high}; outside, intervals are wider, and a note states it")
    for note in one.fit.notes:
        put_stderr(f"note: {note}")


@dataclass(frozen=True, slots=True)
class Applied:
    """What was stored: the channels, how many calibrations it replaced, and both in a sentence."""

    channels: list[str]
    replaced: int
    text: str


def apply(path: Path, file: Path, *, force: bool) -> Applied:
    """Store the corrections of a file as facts of a recording and return which; the newest of a channel counts."""
    from powermeter.calibration.acceptance import accepted
    from powermeter.calibration.store import read
    from powermeter.recording import Recording, append_to

    corrections = read(file)
    with Recording.open(path) as recording:
        facts = [accepted(recording, correction, force=force) for correction in corrections]
        replaced = sum(
            any(
                old.get("channel") == new["channel"] and old.get("source") == new["source"]
                for old in recording.facts("calibration")
            )
            for new in facts
        )
    with append_to(path) as writer, writer.transaction():
        for fact in facts:
            writer.add_fact("calibration", fact)
    names = [str(fact["channel"]) for fact in facts]
    more = f", {replaced} replaced" if replaced else ""
    return Applied(names, replaced, f"wrote the calibration of {', '.join(names)} into {path}{more}")
