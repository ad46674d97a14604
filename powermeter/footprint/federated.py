"""A round of federated learning on a client: training measured, bytes counted.

    E_client = E_train + (P_radio + P_router) × (t_up + t_down),   t = bytes × 8 / rate

A data centre's PUE does not apply to clients, and clients in different countries are summed each with
its own grid.  The router's share is what carries the transfer, not the household's.
"""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.errors import ConfigurationError
from powermeter.footprint.account_lines import AccountLine, Input, Measured
from powermeter.footprint.factors import Factor, default, given
from powermeter.result import Result


@dataclass(frozen=True)
class Round:
    """One client's part of one round.

    Attributes:
        training: Measured energy of its training events, in J.
        sent_b, received_b: Bytes of updates and of the model.
        up_bit_s, down_bit_s: Rates of its link.
        radio_w: Power of the device's radio while it transfers; 0 where the meter saw it already.
        router: Power of the router while it transfers, or None to leave it out.
    """

    training: Result
    sent_b: float
    received_b: float
    up_bit_s: float
    down_bit_s: float
    radio_w: float = 0.0
    router: Factor | None = None

    def __post_init__(self) -> None:
        if self.training.unit != "J":
            raise ConfigurationError(f"a client's training costs J, not {self.training.unit}")
        if self.sent_b < 0 or self.received_b < 0 or self.radio_w < 0:
            raise ConfigurationError("a round's bytes and the radio's power cannot be negative")
        if self.up_bit_s <= 0 or self.down_bit_s <= 0:
            raise ConfigurationError("a link's rates must be above zero")

    @property
    def transfer_s(self) -> float:
        """Seconds of transfer, up and down."""
        return 8 * self.sent_b / self.up_bit_s + 8 * self.received_b / self.down_bit_s

    def line(self) -> AccountLine:
        """Return the energy of the client's round in J."""
        router = self.router if self.router is not None else given("router.power", 0.0, "W")
        inputs: dict[str, Input] = {
            "training": Measured("training", self.training),
            "P_radio": given("radio.power", self.radio_w, "W"),
            "P_router": router,
            "transfer": given("transfer", self.transfer_s, "s"),
        }
        return AccountLine(
            "client, one round",
            "J",
            inputs,
            lambda x: x["training"] + (x["P_radio"] + x["P_router"]) * x["transfer"],
            "training + (P_radio + P_router) × transfer",
        )

    def shares(self) -> dict[str, float]:
        """Return training, radio and router in J."""
        router = 0.0 if self.router is None else self.router.central
        return {
            "training": self.training.value,
            "radio": self.radio_w * self.transfer_s,
            "router": router * self.transfer_s,
        }


def default_router() -> Factor:
    """Return the cited router power (4 to 16.5 W)."""
    return default("router.power")
