"""A footprint with everything asked beside it: per item, scores, places, hours, minerals, in words and for JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from powermeter.errors import ConfigurationError
from powermeter.result import Result, plain
from powermeter.result.formatting import format_range
from powermeter.result.notes import Note, doubts, facts, note_lines, plain_notes
from powermeter.units import SECONDS_PER_YEAR, format_count, format_number, parse_quantity

from .account_lines import AccountLine, Input, total
from .allocation import break_even
from .best_hours import best_and_worst, saving
from .footprint_of_energy import Footprint
from .footprint_options import FootprintOptions, Making
from .hourly_intensity import Intensity, show_time
from .minerals import MINERALS_METHOD, as_rows, composition
from .network import Transfer
from .place_ranking import standing
from .sci import sci_of
from .sci_ai import AiScore
from .sci_ai_units import ai_scores
from .swi import WaterIntensity, check_stress
from .text import amount, interval, to_text

if TYPE_CHECKING:
    from powermeter.analysis.subject import Subject

G_PER_LB = 453.59237


@dataclass(frozen=True)
class FootprintReport:
    """A footprint and what was asked beside it.

    Attributes:
        found: What it is of.
        wanted: What was asked.
        whole: The footprint.
        one: That of one more item, of the energy every report prints; None where that is not known.
        making: What was made.
        series: The intensity file, where there is one.
        notes: What a reader must know.
    """

    found: Subject
    wanted: FootprintOptions
    whole: Footprint
    one: Footprint | None
    making: Making
    series: Intensity | None
    notes: tuple[Note, ...]

    def text(self, explain: bool = False) -> str:
        """Return the report for people."""
        lines = [f"of: {self.found.title}", *note_lines(doubts(self.notes))]
        if self.wanted.mass == "lb":
            lines.append("carbon in pounds: " + self._pounds())
        lines.append(to_text(self.whole, explain))
        for part in self._parts():
            lines += part[1]
        return "\n".join([*lines, *note_lines(facts(self.notes))])

    def record(self) -> dict[str, Any]:
        """Return the same numbers unrounded, for JSON."""
        document: dict[str, Any] = {"of": self.found.title, **self.whole.record(), "notes": list(self.notes)}
        document["remarks"] = plain_notes((*self.whole.warnings, *self.notes))
        if self.wanted.mass == "lb":
            document["carbon_lb"] = plain(self.whole.carbon.scaled(1 / G_PER_LB, "lb"))
        for part in self._parts():
            document |= part[0]
        return document

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
        one = self.one
        shown = "–" if one is None else interval(one.carbon, one.digits("carbon"))
        lines = [f"per item ({_basis(self.found)}): carbon {shown}"]
        each = {} if one is None else {name: plain(account.result) for name, account in one.accounts.items()}
        document: dict[str, Any] = {"per_item": each or None, "per_item_basis": _basis(self.found)}
        even = self.break_even()
        if even is not None:
            lines.append(f"break-even: use equals making after {even} items{self._beyond_life(even)}")
            document["break_even"] = plain(even)
        return document, lines

    def break_even(self) -> Result | None:
        """Return after how many items the use equals the whole making; None where one is not known or 0."""
        making, one = self.making.carbon, self.one
        if not making or one is None:
            return None
        per_item = one.accounts["carbon"].lines[0]
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

    def _beyond_life(self, even: Result) -> str:
        """Return a sentence where a device's life is too short for so many items; empty where it is not, or its life is not known."""
        found = self.found
        if self.wanted.device is None or not found.duration_s or not found.items:
            return ""
        years = even.value * found.duration_s / found.items / SECONDS_PER_YEAR
        life = self.wanted.life_factor.central
        if years <= life:
            return ""
        return f": {format_number(years, 2)} years without a pause, longer than its life of {format_number(life, 2)} years"

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
        document = [dict(zip(names, row, strict=True)) for row in rows]
        lines = [
            "minerals tied up in the whole device (not consumed):",
            *(f"  {'; '.join(row)}" for row in rows),
        ]
        return {"minerals": document, "minerals_method": MINERALS_METHOD}, [*lines, f"  {MINERALS_METHOD}"]

    def _average_only(self, what: str) -> None:
        if "marginal" in self.whole.grid.carbon.basis:
            raise ConfigurationError(f"{what} takes average, location-based intensity; this file is marginal")

    def _all_counted(self) -> list[str]:
        """Return that a score of what was measured holds a warm-up, which the figure per item leaves out."""
        if not any(note.code == "warm-up" for note in self.found.notes):
            return []
        return ["counted: all that was measured, the warm-up too; the figure per item leaves it out"]

    def _sci(self) -> tuple[dict[str, Any], list[str]]:
        assert self.wanted.sci is not None
        self._average_only("SCI")
        method = f"energy {self.whole.energy.grade.value}, {self.found.title}"
        score = sci_of(self.whole, self.found.items or 1, self.wanted.sci, method)
        document = {"score": plain(score.score), "unit": self.wanted.sci, "disclosure": score.disclosure()}
        return {"sci": document}, [*score.disclosure().splitlines(), *self._all_counted()]

    def ai_scores(self) -> tuple[AiScore, ...]:
        """Return the carbon of this run in the units of SCI for AI.

        Raises:
            ConfigurationError: The kind is not known, or its units were not counted.
        """
        self._average_only("SCI for AI")
        digits = self.whole.digits("carbon")
        scores = ai_scores(self.wanted, self.found, self.whole.carbon)
        return tuple(replace(score, digits=digits) for score in scores)

    def _ai(self) -> tuple[dict[str, Any], list[str]]:
        scores = self.ai_scores()
        return {"sci_ai": [score.record() for score in scores]}, [
            *(line for score in scores for line in score.lines()),
            *self._all_counted(),
        ]

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
        document = {
            score.kind: {
                "score": plain(score.score),
                "operational": plain(score.used),
                "embodied": plain(score.embodied),
                "unit": score.unit,
                "units": score.units,
            }
            for score in scores
        }
        lines = [*(line for score in scores for line in score.lines()), *self._all_counted()]
        if len(scores) == 1:
            lines.append("SWI (withdrawal): – (needs the cooling systems: --cooling)")
        return {"swi": document}, lines

    def _traffic(self) -> tuple[dict[str, Any], list[str]]:
        assert self.wanted.traffic is not None
        if not self.found.duration_s:
            raise ConfigurationError("--traffic: over what time? name a recording or --duration")
        size = parse_quantity(self.wanted.traffic, "B", bare=False)
        moved = Transfer(size, self.found.duration_s, self.wanted.line)
        by_bytes, by_power = moved.both()
        document = {"by_bytes": plain(by_bytes), "by_power": plain(by_power), "rising_j": moved.rising()}
        return {"network": document}, [*moved.lines(), "  neither is in the footprint above"]

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
        document = {
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
        return {"hours": document}, [line, *moved.lines()]

    def _equivalents(self) -> tuple[dict[str, Any], list[str]]:
        from .equivalent import of_footprint

        lines = of_footprint(self.whole)
        return {"equivalents": lines}, [
            "equivalents, each as good as its assumption:",
            *(f"  {text}" for text in lines),
        ]


def _basis(found: Subject) -> str:
    """Return what an item's energy is: that of a label, as `show` prints it, or a whole over a count."""
    items = found.items or 0
    number = format_count(int(items) if items == int(items) else items)
    if found.analysis is None:
        whole = (
            "sum of the recordings" if found.asked.energy is found.asked.power is None else "energy typed in"
        )
        return f"{whole} ÷ {number}"
    if found.analysis.run_items is not None and found.asked.label is None:
        return f"whole run ÷ {number}"
    return f"energy per item of {found.asked.label or found.analysis.rows[0].title}; {number} × {found.item}"
