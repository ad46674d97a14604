"""A footprint with everything asked beside it: per item, scores, places, hours, minerals, in words and for JSON.

found = find(Path("run.power"), Asked(label="infer"))
report = assess(found, Wanted(place="FRA", device="board", sci="inference"))
print(report.text())
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from powermeter import toml
from powermeter.errors import ConfigurationError
from powermeter.formatting import format_range
from powermeter.result import Result, plain
from powermeter.units import format_number, parse_quantity

from .allocation import break_even
from .assessment import Footprint, footprint
from .best_hours import best_and_worst, saving
from .charging import parse_chain
from .factors import Factor
from .formula import AccountLine, Input, total
from .grid import carbon_of_mix, grid, intensity_of, water_of_mix
from .intensity import Intensity, as_factor, mean_of, of_events, show_time, weigh
from .intensity_file import parse_time, read
from .minerals import MINERALS_METHOD, as_rows, composition
from .network import Transfer
from .place import Place, parse_place
from .place_ranking import standing
from .sci import sci_of
from .sci_ai import CONSUMER_UNITS, AiScore, consumer, of_tokens
from .text import amount, interval, to_text
from .wanted import Making, Wanted, making_of, read_mix
from .water_intensity import WaterIntensity, check_stress

if TYPE_CHECKING:
    from powermeter.analysis.subject import Subject

G_PER_LB = 453.59237


@dataclass(frozen=True)
class Report:
    """A footprint and what was asked beside it.

    Attributes:
        found: What it is of.
        wanted: What was asked.
        whole: The footprint.
        making: What was made.
        series: The intensity file, where there is one.
        notes: What a reader must know.
    """

    found: Subject
    wanted: Wanted
    whole: Footprint
    making: Making
    series: Intensity | None
    notes: tuple[str, ...]

    def text(self, explain: bool = False) -> str:
        """Return the report for people."""
        lines = [f"of: {self.found.title}", *(f"note: {note}" for note in self.notes)]
        if self.wanted.mass == "lb":
            lines.append("carbon in pounds: " + self._pounds())
        lines.append(to_text(self.whole, explain))
        for part in self._parts():
            lines += part[1]
        return "\n".join(lines)

    def record(self) -> dict[str, Any]:
        """Return the same numbers unrounded, for JSON."""
        said: dict[str, Any] = {"of": self.found.title, **self.whole.record(), "notes": list(self.notes)}
        if self.wanted.mass == "lb":
            said["carbon_lb"] = plain(self.whole.carbon.scaled(1 / G_PER_LB, "lb"))
        for part in self._parts():
            said |= part[0]
        return said

    def _pounds(self) -> str:
        digits, carbon = self.whole.digits("carbon"), self.whole.carbon
        ends = (carbon.value, carbon.low, carbon.high)
        value, low, high = (grams / G_PER_LB for grams in ends)
        return format_range(value, low, high, "lb CO2e", digits).text

    def _parts(self) -> list[tuple[dict[str, Any], list[str]]]:
        """Return (for JSON, for people) of everything asked beside the footprint."""
        wanted = self.wanted
        asked = (
            (bool(self.found.items), self._per_item),
            (wanted.stress is not None, self._stress),
            (wanted.device is not None, self._minerals),
            (wanted.sci is not None, self._sci),
            (wanted.ai is not None, self._ai),
            (wanted.swi is not None, self._swi),
            (wanted.traffic is not None, self._traffic),
            (wanted.everywhere, self._everywhere),
            (wanted.hours, self._hours),
            (wanted.equivalents, self._equivalents),
        )
        return [part() for is_asked, part in asked if is_asked]

    def _per_item(self) -> tuple[dict[str, Any], list[str]]:
        items, whole = self.found.items or 1.0, self.whole
        each = {name: account.result.scaled(1 / items) for name, account in whole.accounts.items()}
        shown = interval(each["carbon"], whole.digits("carbon"))
        lines = [f"per item ({items:g} × {self.found.item}): carbon {shown}"]
        said: dict[str, Any] = {"per_item": {name: plain(result) for name, result in each.items()}}
        even = self.break_even()
        if even is not None:
            lines.append(f"break-even: use equals making after {even} items")
            said["break_even"] = plain(even)
        return said, lines

    def break_even(self) -> Result | None:
        """Return after how many items the use equals the whole making; None where one is not known or 0."""
        making, count = self.making.carbon, self.found.items
        if not making or not count:
            return None
        use = self.whole.accounts["carbon"].lines[0]
        per_item = AccountLine(
            "use of one item", "g", use.inputs, lambda x: use.compute(x) / count, f"({use.formula}) / items"
        )
        inputs: dict[str, Input] = {
            f"{i} {key}": item for i, line in enumerate(making) for key, item in line.inputs.items()
        }
        made = AccountLine(
            "making",
            "g",
            inputs,
            lambda x: sum(
                line.compute({key: x[f"{i} {key}"] for key in line.inputs}) for i, line in enumerate(making)
            ),
            "making",
        )
        if per_item.value <= 0 or total(making).value <= 0:
            return None
        return break_even(made, per_item).result()

    def _stress(self) -> tuple[dict[str, Any], list[str]]:
        assert self.wanted.stress is not None
        factor = check_stress(self.wanted.stress)
        weighted = self.whole.water.value * factor / 1000
        line = (
            f"water scarcity: {format_number(weighted, 2)} m3 world eq (your factor {factor:g}); not litres"
        )
        return {"water_scarcity_m3_world_eq": weighted}, [line]

    def _minerals(self) -> tuple[dict[str, Any], list[str]]:
        assert self.wanted.device is not None
        try:
            rows = as_rows(composition(self.wanted.device))
        except ConfigurationError as error:
            return {"minerals": None}, [f"minerals in the device: – ({error})"]
        names = ("element", "mass", "eu_law", "adpe")
        said = [dict(zip(names, row, strict=True)) for row in rows]
        lines = [
            "minerals tied up in the whole device (not consumed):",
            *(f"  {'; '.join(row)}" for row in rows),
        ]
        return {"minerals": said, "minerals_method": MINERALS_METHOD}, [*lines, f"  {MINERALS_METHOD}"]

    def _average_only(self, what: str) -> None:
        if "marginal" in self.whole.grid.carbon.basis:
            raise ConfigurationError(f"{what} takes average, location-based intensity; this file is marginal")

    def _sci(self) -> tuple[dict[str, Any], list[str]]:
        assert self.wanted.sci is not None
        self._average_only("SCI")
        method = f"energy {self.whole.energy.grade.value}, {self.found.title}"
        score = sci_of(self.whole, self.found.items or 1, self.wanted.sci, method)
        said = {"score": plain(score.score), "unit": self.wanted.sci, "disclosure": score.disclosure()}
        return {"sci": said}, score.disclosure().splitlines()

    def ai_scores(self) -> tuple[AiScore, ...]:
        """Return the carbon of this run in the units of SCI for AI.

        Raises:
            ConfigurationError: The kind is not known, or its units were not counted.
        """
        kind, found = self.wanted.ai or "llm", self.found
        self._average_only("SCI for AI")
        boundary = ("client devices",) if self.wanted.pue is None else ("inference servers",)
        if CONSUMER_UNITS.get(kind) != "token":
            if not found.items:
                raise ConfigurationError(f"--ai {kind}: how many? use --label or --items")
            return (consumer(self.whole.carbon, found.items, kind, boundary=boundary),)
        tokens = self.wanted.tokens if self.wanted.tokens is not None else found.tokens
        prompt = self.wanted.prompt_tokens if self.wanted.prompt_tokens is not None else found.prompt_tokens
        if not tokens:
            raise ConfigurationError(
                "--ai llm: how many tokens were generated? no event carries generated_tokens; use --tokens"
            )
        return of_tokens(self.whole.carbon, tokens, prompt, boundary=boundary)

    def _ai(self) -> tuple[dict[str, Any], list[str]]:
        scores = self.ai_scores()
        said = [
            {
                "persona": score.persona,
                "unit": score.unit,
                "units": score.units,
                "score": plain(score.score),
                "is_score": score.whole_period,
                "notes": list(score.notes),
            }
            for score in scores
        ]
        return {"sci_ai": said}, [line for score in scores for line in score.lines()]

    def water_scores(self) -> list[WaterIntensity]:
        """Return the Software Water Intensity of consumption, and of withdrawal where the cooling is known."""
        unit, items, whole = self.wanted.swi or "item", self.found.items or 1, self.whole
        used = {"off site": whole.accounts["water"].lines[0].result()}
        if whole.water_on_site is not None:
            used["on site"] = whole.water_on_site
        made = whole.accounts.get("water_of_making")
        embodied = None if made is None else made.result
        scores = [WaterIntensity(used, embodied, items, unit)]
        if whole.water_withdrawal is not None:
            scores.append(
                WaterIntensity({"off site": whole.water_withdrawal}, embodied, items, unit, "withdrawal")
            )
        return scores

    def _swi(self) -> tuple[dict[str, Any], list[str]]:
        scores = self.water_scores()
        said = {
            score.kind: {
                "score": plain(score.score),
                "operational": plain(score.used),
                "embodied": plain(score.embodied),
                "unit": score.unit,
                "units": score.units,
            }
            for score in scores
        }
        lines = [line for score in scores for line in score.lines()]
        if len(scores) == 1:
            lines.append("SWI (withdrawal): – (needs the cooling systems: --cooling)")
        return {"swi": said}, lines

    def _traffic(self) -> tuple[dict[str, Any], list[str]]:
        assert self.wanted.traffic is not None
        if not self.found.duration_s:
            raise ConfigurationError("--traffic: over what time? give a recording or --duration")
        size = parse_quantity(self.wanted.traffic, "B", bare=False)
        moved = Transfer(size, self.found.duration_s, self.wanted.line)
        by_bytes, by_power = moved.both()
        said = {"by_bytes": plain(by_bytes), "by_power": plain(by_power), "rising_j": moved.rising()}
        return {"network": said}, [*moved.lines(), "  neither is in the footprint above"]

    def _everywhere(self) -> tuple[dict[str, Any], list[str]]:
        ranks = standing(self.whole.place)
        scale = self._grams_per_intensity()
        places = [
            {"place": place.code, "name": place.name, "g": value * scale} for place, value in ranks.ranked
        ]
        (best, low), (worst, high) = ranks.ranked[0], ranks.ranked[-1]
        ends = f"best {amount(low * scale, 'g')} in {best.name}, worst {amount(high * scale, 'g')} in {worst.name}"
        lines = [f"same energy over {len(ranks.ranked)} places ({ranks.basis}, this place's losses): {ends}"]
        if ranks.here is not None and self.whole.place is not None:
            here = amount(ranks.ranked[ranks.here][1] * scale, "g")
            lines.append(
                f"  here {here} in {self.whole.place.name}: number {ranks.here + 1} of {len(ranks.ranked)}"
            )
        return {"everywhere": {"basis": ranks.basis, "places": places}}, lines

    def _grams_per_intensity(self) -> float:
        return self.whole.accounts["carbon"].lines[0].value / self.whole.grid.carbon.central

    def _hours(self) -> tuple[dict[str, Any], list[str]]:
        series, duration_s = self.series, self.found.duration_s
        if self.found.analysis is not None:
            duration_s = (self.found.analysis.end_ns - self.found.analysis.start_ns) / 1e9
        if series is None or not duration_s:
            raise ConfigurationError("--hours needs --intensity FILE, and a recording or --duration")
        hours = best_and_worst(series, int(duration_s * 1e9))
        scale, here = self._grams_per_intensity(), self.whole.grid.carbon.central
        moved = saving(series, hours, here, scale)
        said = {
            "best": {"start": show_time(hours.best_start_ns), "g": hours.best * scale},
            "here": {"g": here * scale},
            "worst": {"start": show_time(hours.worst_start_ns), "g": hours.worst * scale},
            "saving": plain(moved.grams),
            "kind": series.kind,
            "resolved": moved.resolved,
        }
        as_run = "as run" if self.found.analysis is not None else "as planned"
        line = (
            f"same run in {series.name}: best {amount(hours.best * scale, 'g')} "
            f"(start {show_time(hours.best_start_ns)}), {as_run} {amount(here * scale, 'g')}, "
            f"worst {amount(hours.worst * scale, 'g')} (start {show_time(hours.worst_start_ns)})"
        )
        return {"hours": said}, [line, *moved.lines()]

    def _equivalents(self) -> tuple[dict[str, Any], list[str]]:
        from .equivalent import of_footprint

        lines = of_footprint(self.whole)
        return {"equivalents": lines}, [
            "equivalents, each as good as its assumption:",
            *(f"  {text}" for text in lines),
        ]


def assess(found: Subject, wanted: Wanted) -> Report:
    """Return the footprint of a subject with what is wanted beside it.

    Raises:
        ConfigurationError: Its energy is not known or is negative, or an option cannot be used.
        DataError: The intensity file cannot be used.
    """
    if found.energy is None:
        raise ConfigurationError(
            "a footprint needs energy: a recording that knows it, --energy, or --power with --duration"
        )
    making = making_of(wanted, found)
    text = wanted.place or found.metadata.get("place")
    place = parse_place(text) if isinstance(text, str) and text else None
    met = _intensity(wanted, found, place)
    intensity, water = met.factor, wanted.ewif_factor
    if wanted.mix is not None:
        if intensity is not None:
            raise ConfigurationError("--mix and --intensity both say what a kWh emits; use one of them")
        shares = read_mix(wanted.mix)
        intensity, water = carbon_of_mix(shares), water or water_of_mix(shares, "own mix")
    whole = footprint(
        found.energy,
        place,
        chain=parse_chain(wanted.chain),
        losses=wanted.losses,
        intensity=intensity,
        water=water,
        cooling=toml.read(wanted.cooling) if wanted.cooling is not None else None,
        making=making.allocated,
        pue=wanted.pue_factor,
        wue=wanted.wue_factor,
    )
    return Report(found, wanted, whole, making, met.series, (*found.notes, *met.notes, *making.notes))


@dataclass(frozen=True, slots=True)
class _Met:
    """The intensity of a run: None for the place's, with the series of a file and what must be said."""

    factor: Factor | None = None
    series: Intensity | None = None
    notes: tuple[str, ...] = ()


def _intensity(wanted: Wanted, found: Subject, place: Place | None) -> _Met:
    if wanted.start is not None and found.analysis is not None:
        raise ConfigurationError("--start is for a planned run; a recording has its own hours")
    number = None if wanted.intensity is None else _number(wanted.intensity)
    if wanted.start is not None and (wanted.intensity is None or number is not None):
        raise ConfigurationError("--start needs --intensity FILE, whose hours it meets")
    if wanted.intensity is None:
        return _Met()
    if number is not None:
        return _Met(intensity_of(number))
    series = read(wanted.intensity, wanted.basis)
    code = place.code if place else "as the file"
    if found.analysis is None:
        return _planned(wanted, found, series, code)
    return _met(wanted, found, series, place)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _planned(wanted: Wanted, found: Subject, series: Intensity, code: str) -> _Met:
    """Return the intensity of a run that is planned: from its start, or the file's mean."""
    if not found.duration_s:
        raise ConfigurationError(
            "an intensity file needs a recording with a wall clock, or --duration (and --start) of a planned run"
        )
    start = None if wanted.start is None else parse_time(wanted.start, "--start")
    mean, filled = mean_of(series, start, int(found.duration_s * 1e9))
    note = (
        f"no start given: the mean of all {len(series.values)} intervals of {series.name}; use --start"
        if start is None
        else f"planned from {show_time(start)} at even power"
    )
    notes = [note]
    if filled:
        notes.append(f"{series.name} ends or has a gap in the run: {filled:.0%} of it takes the hour before")
    return _Met(as_factor(series, mean, filled, code), series, (*notes, *_marginal(series)))


def _marginal(series: Intensity) -> list[str]:
    if series.kind != "marginal":
        return []
    return [
        "marginal intensity states what one kWh more or less changes, not what a kWh of that hour carried"
    ]


def _met(wanted: Wanted, found: Subject, series: Intensity, place: Place | None) -> _Met:
    """Return the intensity of a recording, met with the hours of a file."""
    from powermeter.analysis.subject import row_of

    if not found.clock:
        raise ConfigurationError("an intensity file needs a recording with a wall clock, to know its hours")
    annual = None
    if place is not None and series.kind == "average":
        carbon = grid(place).carbon
        annual = carbon.central if carbon.basis.startswith(series.basis) else None
    analysis = found.analysis
    running = analysis.integral.at
    if found.asked.label is not None:
        row = row_of(analysis, found.asked.label)
        spans = [(analysis.events[i].start_ns, analysis.events[i].end_ns) for i in row.index]
        running = of_events(running, spans)
    weighted = weigh(series, running, analysis.start_ns, analysis.end_ns, found.clock, annual)
    notes = list(weighted.notes)
    if found.asked.baseline is not None:
        notes.append("the hours are weighted with the energy before the baseline was subtracted")
    if analysis.gap_s:
        notes.append(f"the recording has {analysis.gap_s:.3g} s of gaps, bridged")
    code = place.code if place else "as the file"
    factor = as_factor(series, weighted.mean, weighted.filled_share, code)
    return _Met(factor, series, (*notes, *_marginal(series)))
