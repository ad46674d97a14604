"""A radio that wakes, sends and lingers: BLE, Wi-Fi, LTE-M, NB-IoT.

    E_message = V (I_setup t_setup + I_transmit 8 B / rate + I_tail t_tail)

The bundled states are those of makers' data sheets where one was read, and judged (x/÷ 2) where none states
them: they show which term matters, no more.  A measured event takes their place with `measured`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.footprint.account_lines import AccountLine, Input, Measured
from powermeter.footprint.factors import Factor, factor, given
from powermeter.result import Result

KINDS = ("ble", "wifi", "lte-m", "nb-iot")
STATES = ("voltage", "sleep", "setup", "setup_ms", "transmit", "rate", "tail", "tail_ms")


@dataclass(frozen=True)
class RadioLink:
    """A radio by its states.

    Attributes:
        kind: One of `KINDS`, or a name of one's own.
        states: State → factor (`sleep`, `setup`, `transmit`, `tail` in mA, `setup_ms`, `tail_ms` in ms,
            `rate` in bit/s, `voltage` in V).
        per_message: A measured energy of one message in J that replaces the states.
    """

    kind: str
    states: Mapping[str, Factor]
    per_message: Result | None = None

    @classmethod
    def typical(cls, kind: str, **changes: float) -> RadioLink:
        """Return a radio from the cited states, single ones replaced by the user's.

        Raises:
            ConfigurationError: The radio or a state is not known.
        """
        if kind not in KINDS:
            raise ConfigurationError(f"no radio {kind!r}; {nearest(kind, KINDS)}")
        unknown = sorted(set(changes) - set(STATES))
        if unknown:
            raise ConfigurationError(f"no radio state {unknown[0]!r}; {nearest(unknown[0], STATES)}")
        states = {}
        for state in STATES:
            cited = factor("radios", f"radio.{kind}.{state}")
            value = changes.get(state)
            if value is not None and value < 0:
                raise ConfigurationError(f"radio {kind}: {state} of {value:g} cannot be negative")
            states[state] = cited if value is None else given(cited.name, value, cited.unit)
        if states["rate"].central <= 0 or states["voltage"].central <= 0:
            raise ConfigurationError(f"radio {kind}: rate and voltage must be above zero")
        return cls(kind, states)

    @classmethod
    def measured(cls, name: str, per_message: Result, sleep_w: Result | None = None) -> RadioLink:
        """Return a radio whose message was measured as an event.

        Raises:
            ConfigurationError: The energy is not in J.
        """
        if per_message.unit != "J":
            raise ConfigurationError(f"radio {name}: a message costs J, not {per_message.unit}")
        idle = given("radio.sleep_w", 0.0 if sleep_w is None else sleep_w.value, "W")
        return cls(name, {"sleep_w": idle}, per_message)

    @property
    def sleep_w(self) -> float:
        """Power between messages."""
        if "sleep_w" in self.states:
            return self.states["sleep_w"].central
        return self.states["sleep"].central * 1e-3 * self.states["voltage"].central

    def message(self, payload_b: float) -> AccountLine:
        """Return the energy of one message in J; a measured one does not depend on the payload.

        Raises:
            ConfigurationError: The payload is negative.
        """
        if payload_b < 0:
            raise ConfigurationError(f"a payload of {payload_b:g} bytes cannot be sent")
        if self.per_message is not None:
            return AccountLine(
                f"{self.kind} message",
                "J",
                {"message": Measured("message", self.per_message)},
                lambda x: x["message"],
                "as measured",
            )
        names = ("voltage", "setup", "setup_ms", "transmit", "rate", "tail", "tail_ms")
        inputs: dict[str, Input] = {name: self.states[name] for name in names}
        inputs["payload"] = given("payload", payload_b, "B")
        return AccountLine(
            f"{self.kind} message",
            "J",
            inputs,
            _message_j,
            "V (I_setup t_setup + I_transmit 8 B / rate + I_tail t_tail)",
        )


def _message_j(x: Mapping[str, float]) -> float:
    charge_mc = x["setup"] * x["setup_ms"] / 1000 + x["tail"] * x["tail_ms"] / 1000
    charge_mc += x["transmit"] * 8 * x["payload"] / x["rate"]
    return x["voltage"] * charge_mc * 1e-3
