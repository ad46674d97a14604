"""Years on the device against years in a data centre, in words and for JSON: accounts, break-even, tornado."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from powermeter.result import Grade, plain
from powermeter.result.formatting import Shown, format_range
from powermeter.result.notes import Note, doubts, facts, note_lines, once, plain_notes
from powermeter.units import format_quantity

from .account_lines import Measured, factors_of
from .break_even import BreakEven, break_even
from .factors import Factor
from .grid_of_place import PLACE_UNKNOWN, grid
from .lifetime import LifetimeSide, Scenario, sides
from .lifetime_options import UNITS, LifetimeOptions
from .text import TITLES, ranged
from .tornado import tornado


@dataclass(frozen=True, slots=True)
class SideShown:
    """One side of an account in print, with what it consists of."""

    name: str
    shown: Shown
    terms: tuple[tuple[str, Shown], ...]


@dataclass(frozen=True, slots=True)
class AccountShown:
    """An account in print; `missing` states what it needs where it has no sides."""

    name: str
    title: str
    sides: tuple[SideShown, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Swing:
    """A bar of the tornado.

    Attributes:
        factor: Its name and geography.
        range: From its low to its high.
        ends: Cloud minus device at both.
        width: Of the widest bar.
    """

    factor: str
    range: str
    ends: str
    width: float


@dataclass(frozen=True)
class LifetimeReport:
    """A comparison over a lifetime."""

    wanted: LifetimeOptions
    scenario: Scenario
    notes: tuple[Note, ...]

    def text(self) -> str:
        """Return the report for people."""
        lines = [f"WARNING: {text}" for text in self.warnings()]
        lines += note_lines(doubts(self.notes))
        lines.append(self.headline())
        shown = ", ".join(f"{side} {text}" for side, (text, _) in self.requests().items())
        lines.append(f"energy of one: {shown}")
        lines += self.remarks()
        for account in self.accounts():
            lines.append(f"{account.title}:" if account.sides else f"{account.title}: – ({account.missing})")
            for side in account.sides:
                terms = ", ".join(f"{name} {shown.bare}" for name, shown in side.terms)
                lines.append(f"  {side.name}: {side.shown.text}" + (f" = {terms}" if terms else ""))
        lines += [f"{account} break-even: {even.text}" for account, even in self.break_evens.items()]
        lines += note_lines(facts(self.notes))
        lines.append(f"{self.tornado_title()}:")
        for swing in self.swings():
            bar = "█" * max(1, round(24 * swing.width))
            lines.append(f"  {swing.factor} ({swing.range}): {swing.ends} {bar}")
        return "\n".join([*lines, "factors used:", *(f"  {item.describe()}" for item in self.factors())])

    def headline(self) -> str:
        """Return how many requests are compared."""
        scenario = self.scenario
        return (
            f"{scenario.requests:,.0f} requests in {scenario.years:g} years "
            f"({scenario.requests_per_day:g} a day)"
        )

    def remarks(self) -> list[str]:
        """Return what must be read beside the accounts."""
        found = [
            "water and minerals are of use alone: the making of the chip and of the server is not in them"
        ]
        if self.scenario.link.central > 0:
            link = (
                "the link counts in full: fair only where it would be off without this function (--link 0W)"
            )
            found.insert(0, link)
        return found

    @cached_property
    def sides(self) -> tuple[LifetimeSide, LifetimeSide]:
        """Device and cloud."""
        return sides(self.scenario)

    @cached_property
    def break_even(self) -> BreakEven:
        """From how many requests a day on the device emits less."""
        return break_even(self.scenario)

    @cached_property
    def break_evens(self) -> dict[str, BreakEven]:
        """Account → from how many requests a day on: carbon, money where prices were given, what the tornado is of."""
        wanted = ["carbon"]
        if any(side.result("money").value for side in self.sides):
            wanted.append("money")
        found = {"carbon": self.break_even}
        for account in (*wanted[1:], self.wanted.tornado):
            if account not in found and (account != "money" or "money" in wanted):
                found[account] = break_even(self.scenario, account)
        return found

    def accounts(self) -> list[AccountShown]:
        """Return every account in print, both sides with their intervals."""
        return [self._account(account) for account in self.sides[0].accounts]

    def tornado_title(self) -> str:
        """Return what the tornado is of."""
        return f"what decides it (cloud minus device, {self.wanted.tornado}, each factor from low to high)"

    def swings(self) -> list[Swing]:
        """Return what decides the comparison, the widest first."""
        found = tornado(self.scenario, self.wanted.tornado)
        widest = max((abs(high - low) for _, low, high in found), default=0.0)
        return [
            Swing(
                item.name + ("" if item.geography == "WLD" else f" {item.geography}"),
                f"{item.low:g} to {item.high:g}",
                f"{self._shown(low, low, low, 3).bare} to {self._shown(high, high, high, 3).bare}",
                abs(high - low) / widest if widest else 0.0,
            )
            for item, low, high in found
        ]

    def record(self) -> dict[str, Any]:
        """Return the same numbers unrounded, for JSON."""
        scenario, both, even = self.scenario, self.sides, self.break_even
        document: dict[str, Any] = {
            "requests": scenario.requests,
            "hours": scenario.hours,
            "warnings": self.warnings(),
            "notes": list(self.notes),
            "remarks": plain_notes((*self.warnings(), *self.notes)),
        }
        for account in both[0].accounts:
            document[account] = {
                side.name: {
                    **(plain(side.result(account)) or {}),
                    "lines": {line.name: line.value for line in side.accounts[account]},
                }
                for side in both
            }
        document["request_grade"] = {side: grade.value for side, (_, grade) in self.requests().items()}
        document["money_in"] = self.wanted.money
        document["break_even"] = even.record()
        document["break_evens"] = {account: one.record() for account, one in self.break_evens.items()}
        document["tornado"] = [
            {"factor": item.name, "geography": item.geography, "at_low": low, "at_high": high}
            for item, low, high in tornado(scenario, self.wanted.tornado)
        ]
        document["factors"] = [item.record() for item in self.factors()]
        return document

    def requests(self) -> dict[str, tuple[str, Grade]]:
        """Return the energy of one request on each side, as printed, with its grade."""
        found = {}
        sides_of = {"device": self.scenario.device_request, "cloud": self.scenario.cloud_request}
        for side, request in sides_of.items():
            joule = request.central * (3600 if request.unit == "Wh" else 1)
            shown, grade = format_quantity(joule, "J", 3), Grade.ASSUMED
            if isinstance(request, Measured):
                grade = request.result.grade
                shown = request.result.show().text if request.result.half_width else shown
            found[side] = (f"{shown} ({grade.value})", grade)
        return found

    def warnings(self) -> list[Note]:
        """Return what both places warn of, once each."""
        grids = [grid(where) for where in (self.scenario.home, self.scenario.away)]
        sided = zip(("home", "away"), grids, strict=True)
        found = list(once(_of_side(note, side) for side, one in sided for note in one.warnings))
        bases = [one.carbon.basis for one in grids]
        if bases[0] != bases[1]:
            found.append(
                Note.warning(
                    "different-bases",
                    f"the places count different things ({bases[0]} at home, {bases[1]} away): carbon of the two "
                    "sides is not comparable; name countries (USA), which are all life cycle",
                )
            )
        return found

    def factors(self) -> list[Factor]:
        """Return the cited factors of both sides, once each."""
        lines = [line for side in self.sides for account in side.accounts.values() for line in account]
        return [item for item in factors_of(lines) if item.provenance != "U"]

    def _account(self, account: str) -> AccountShown:
        if account == "money" and not any(side.result(account).value for side in self.sides):
            need = "use --price-request, --price-chip, --connectivity, --tariff"
            return AccountShown(account, account, (), need)
        found = []
        for side, where in zip(self.sides, (self.scenario.home, self.scenario.away), strict=True):
            digits = 2 if where is not None or account in ("energy", "money") else 1
            result = side.result(account)
            terms = tuple(
                (x.name, self._shown(x.value, x.value, x.value, digits, account))
                for x in side.accounts[account]
                if x.value
            )
            shown = self._shown(result.value, result.low, result.high, digits, account)
            found.append(SideShown(side.name, shown, terms))
        title = f"money, in {self.wanted.money}" if account == "money" else TITLES.get(account, account)
        return AccountShown(account, title, tuple(found))

    def _shown(self, value: float, low: float, high: float, digits: int, account: str = "") -> Shown:
        """Return an amount of an account in print, through the formatter of every footprint."""
        unit = UNITS[account or self.wanted.tornado]
        if unit == "money":
            return format_range(value, low, high, self.wanted.currency or unit, digits)
        return ranged(value, low, high, unit, digits)


def _of_side(note: Note, side: str) -> Note:
    """Return a note of a place with the side that it is about, where that place is not known."""
    if note.code != PLACE_UNKNOWN:
        return note
    whose = {"home": "device", "away": "data centre"}[side]
    return Note.warning(
        note.code,
        f"PLACE OF THE {whose.upper()} UNKNOWN: world range used, good to one significant digit; "
        f'name it with {side}: --{side} USA of powermeter lifetime, or {side} = "USA" in the file of --lifetime',
    )
