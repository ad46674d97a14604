"""From how many requests a day on doing it on the device is lighter, or cheaper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from powermeter.footprint.account_lines import AccountLine, Input
from powermeter.footprint.lifetime import HOURS_PER_YEAR, Scenario, sides
from powermeter.units import format_short

from .factors import Factor


@dataclass(frozen=True)
class BreakEven:
    """From how many requests on the device is lighter.

    Attributes:
        requests, per_day: None where it never is, or always is.
        text: In words.
    """

    requests: float | None
    per_day: float | None
    low_per_day: float | None
    high_per_day: float | None
    text: str

    def record(self) -> dict[str, float | str | None]:
        """Return its fields for JSON, the requests of a whole life as `requests`; an end at never is null."""
        return {
            "requests_per_day": self.per_day,
            "low_per_day": self.low_per_day,
            "high_per_day": None if self.high_per_day == math.inf else self.high_per_day,
            "requests": self.requests,
            "text": self.text,
        }


_LESS = {"carbon": ("is lighter", "emits"), "money": ("is cheaper", "costs")}
"""Account → what the device is past the break-even, and what a request does; the others use something."""


def break_even(scenario: Scenario, account: str = "carbon", draws: int = 2000, seed: int = 1) -> BreakEven:
    """Return the requests a day above which the device emits, uses or costs less, with a Monte-Carlo 95 % interval."""
    device, cloud = sides(scenario)
    lines = (*device.accounts[account], *cloud.accounts[account])
    fixed = [line for line in lines if "N" not in line.inputs]
    days = scenario.years * HOURS_PER_YEAR / 24
    own = {id(line) for line in device.accounts[account]}
    keys = {id(line): [(symbol, drawn_key(item)) for symbol, item in line.inputs.items()] for line in lines}

    def solve(values: Mapping[str, float]) -> float:
        def amount(line: AccountLine) -> float:
            return line.compute({symbol: values[key] for symbol, key in keys[id(line)]})

        standing = sum(amount(line) * (1 if id(line) in own else -1) for line in fixed)
        moving = sum(amount(line) * (-1 if id(line) in own else 1) for line in lines if "N" in line.inputs)
        per_request = moving / scenario.requests
        if standing <= 0:
            return 0.0 if per_request >= 0 else -1.0
        return standing / per_request if per_request > 0 else math.inf

    central = solve({drawn_key(item): item.central for line in lines for item in line.inputs.values()})
    spread = sorted(solve(values) for values in _drawn(lines, draws, seed))
    low, high = spread[int(0.025 * draws)] / days, spread[min(draws - 1, int(0.975 * draws))] / days
    less, does = _LESS.get(account, ("uses less", "uses"))
    if central < 0:
        text = f"the device {less} only below a number of requests: each of its requests {does} more than the cloud's"
        return BreakEven(None, None, None, None, text)
    if central == 0:
        sure = "" if high <= 0 else f" (95 %: from 0 to {_shown(high)} requests a day on)"
        sure = " (95 %: from 0 requests a day on to never)" if math.isinf(high) else sure
        text = f"the device {less} from the first request{sure}: its fixed part is smaller"
        return BreakEven(0.0, 0.0, max(low, 0.0), max(high, 0.0), text)
    if math.isinf(central):
        text = f"never: a request on the device {does} as much as in the cloud, or more, and its fixed part is larger"
        if not math.isinf(low):
            text += f"; by the interval perhaps from {_shown(low)} requests a day on"
        return BreakEven(None, None, None, None, text)
    text = f"from {format_short(central / days)} requests a day on ({_shown(low)} to {_shown(high)}), {format_short(central)} over its life"
    return BreakEven(central, central / days, low, high, text)


def _shown(per_day: float) -> str:
    return "never" if math.isinf(per_day) else format_short(max(per_day, 0.0))


def drawn_key(item: Input) -> str:
    if isinstance(item, Factor):
        return f"{item.key}={item.central!r}"  # two chips have two areas
    return f"measured:{item.name}"


def _drawn(lines: Sequence[AccountLine], draws: int, seed: int) -> list[dict[str, float]]:
    import random

    generator = random.Random(seed)
    items = {drawn_key(item): item for line in lines for item in line.inputs.values()}
    spreads = [
        (key, item.central, (item.sigma,) if isinstance(item, Factor) else tuple(item.parts().values()))
        for key, item in items.items()
    ]
    multiplies = {key for key, item in items.items() if isinstance(item, Factor)}
    found = []
    for _ in range(draws):
        values = {}
        for key, central, parts in spreads:
            error = sum(part * generator.gauss(0, 1) for part in parts)
            values[key] = central * math.exp(error) if key in multiplies else max(central + error, 0.0)
        found.append(values)
    return found
