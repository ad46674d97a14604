"""What a transfer costs the network, by the byte and by the power of a line, side by side.

    by the byte     E = bytes × kWh/GB
    by the power    E = (P_idle + p_bit × rate) × time,   rate = 8 × bytes / time

The first is a yearly average: near zero at the margin of a fixed line.  The second (Malmodin 2020) separates
what is there anyway from what rises with the bits: core and access of the line, the home router or the
base station, and 7 W of a data centre for a stream.  They answer different questions and are never
averaged; `Transfer.lines` prints both and their difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.result import Result
from powermeter.units import format_quantity, format_short

from .account_lines import AccountLine, Input, total
from .factors import default, given
from .text import interval

LINES = ("fixed", "mobile")
B_PER_GB = 1e9
J_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True)
class Transfer:
    """Bytes over a line in a time.

    Attributes:
        size_b: Bytes both ways.
        duration_s: How long the line carries them.
        line: `fixed` or `mobile`.
        stream: Whether a data centre sends a stream for that time.
    """

    size_b: float
    duration_s: float
    line: str = "fixed"
    stream: bool = False

    def __post_init__(self) -> None:
        if self.line not in LINES:
            raise ConfigurationError(f"no network line {self.line!r}; {nearest(self.line, LINES)}")
        if not 0 <= self.size_b < 1e18 or not 0 < self.duration_s < 1e12:
            raise ConfigurationError(
                f"transfer of {self.size_b:g} bytes in {self.duration_s:g} s: bytes cannot be negative, "
                "and the time must be above zero"
            )

    @property
    def mbit_s(self) -> float:
        """Mean rate in Mbit/s."""
        return 8 * self.size_b / self.duration_s / 1e6

    def by_bytes(self) -> AccountLine:
        """Return the energy by the average kWh/GB, in J."""
        inputs: dict[str, Input] = {
            "D": given("transfer.size", self.size_b, "B"),
            "k_net": default(f"network.{self.line}"),
        }
        return AccountLine(
            "network, by the byte",
            "J",
            inputs,
            lambda x: x["D"] / B_PER_GB * x["k_net"] * J_PER_KWH,
            "D × k_net",
        )

    def by_power(self) -> list[AccountLine]:
        """Return the energy by the power model in J: the line, its router or base station, the data centre."""
        router = "home router" if self.line == "fixed" else "base station"
        lines = [
            self._carrier("line", f"network.line.{self.line}"),
            self._carrier(router, f"network.router.{self.line}"),
        ]
        if self.stream:
            inputs: dict[str, Input] = {
                "P": default("network.datacentre.stream"),
                "t": given("transfer.time", self.duration_s, "s"),
            }
            lines.append(AccountLine("data centre", "J", inputs, lambda x: x["P"] * x["t"], "P × t"))
        return lines

    def _carrier(self, name: str, factor: str) -> AccountLine:
        inputs: dict[str, Input] = {
            "P_idle": default(f"{factor}.idle"),
            "p_bit": default(f"{factor}.bit"),
            "rate": given("transfer.rate", self.mbit_s, "Mbps"),
            "t": given("transfer.time", self.duration_s, "s"),
        }

        def compute(x: Mapping[str, float]) -> float:
            return (x["P_idle"] + x["p_bit"] * x["rate"]) * x["t"]

        return AccountLine(name, "J", inputs, compute, "(P_idle + p_bit × rate) × t")

    def rising(self) -> float:
        """Return the part of the power model that rises with the bits, in J (central values)."""
        per_mbps = sum(line.inputs["p_bit"].central for line in self.by_power() if "p_bit" in line.inputs)
        return per_mbps * self.mbit_s * self.duration_s

    def both(self) -> tuple[Result, Result]:
        """Return (energy by the byte, energy by the power model), in J."""
        return self.by_bytes().result(), total(self.by_power())

    def lines(self) -> list[str]:
        """Return both ways for people, and their difference."""
        bytes_, power = self.both()

        parts = ", ".join(f"{line.name} {format_quantity(line.value, 'J', 2)}" for line in self.by_power())
        ratio = power.value / bytes_.value if bytes_.value else None
        more = "" if ratio is None else f", {format_short(ratio, 2)} times the other"
        return [
            f"network by the byte ({self.line} line, average): {interval(bytes_)}",
            f"network by its power ({format_short(self.mbit_s)} Mbit/s for {format_short(self.duration_s, 4)} s): {interval(power)}{more}",
            f"  = {parts}; of it {format_quantity(self.rising(), 'J', 2)} rises with the bits, the rest is there anyway",
        ]


def streaming(duration_s: float, mbit_s: float = 5.0, line: str = "fixed") -> Transfer:
    """Return the transfer of a stream of a bit rate for a time."""
    return Transfer(mbit_s * 1e6 / 8 * duration_s, duration_s, line, stream=True)
