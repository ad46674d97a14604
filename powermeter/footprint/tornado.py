"""What decides between device and data centre: each factor at its low and at its high."""

from __future__ import annotations

from powermeter.errors import ConfigurationError
from powermeter.footprint.account_lines import Input, Measured
from powermeter.footprint.lifetime import Scenario, sides

from .factors import FIVE_TO_95, Factor, given


def tornado(scenario: Scenario, account: str = "carbon", most: int = 10) -> list[tuple[Factor, float, float]]:
    """Return what decides cloud minus device: (factor, at its low, at its high), the widest swing first.

    A measured request stands among the factors with its own 5 and 95 %.

    Raises:
        ConfigurationError: There is no such account.
    """
    device, cloud = sides(scenario)
    if account not in device.accounts:
        raise ConfigurationError(f"no account {account!r}; there are {', '.join(device.accounts)}")
    signed = [(line, -1) for line in device.accounts[account]] + [
        (line, 1) for line in cloud.accounts[account]
    ]

    def difference(changed: str, value: float) -> float:
        whole = 0.0
        for line, sign in signed:
            at = {
                symbol: value if _name(item) == changed else item.central
                for symbol, item in line.inputs.items()
            }
            whole += sign * line.compute(at)
        return whole

    ranged: dict[str, Factor] = {}
    for line, _ in signed:
        for item in line.inputs.values():
            ranged.setdefault(_name(item), item if isinstance(item, Factor) else _as_factor(item))
    swings = [
        (item, difference(name, item.low), difference(name, item.high))
        for name, item in ranged.items()
        if not item.exact
    ]
    swings = [swing for swing in swings if swing[1] != swing[2]]
    return sorted(swings, key=lambda swing: -abs(swing[2] - swing[1]))[:most]


def _name(item: Input) -> str:
    return item.key if isinstance(item, Factor) else f"measured:{item.name}"


def _as_factor(item: Measured) -> Factor:
    """Return a measured quantity with its 5 and 95 % as a factor, for the tornado."""
    half = FIVE_TO_95 / 2 * item.result.standard_uncertainty
    low = max(item.central - half, 1e-12 * abs(item.central))
    return given(f"{item.name}, measured", item.central, item.unit, low=low, high=item.central + half)
