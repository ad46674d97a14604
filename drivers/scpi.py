"""SCPI meters and supplies over a serial port or TCP: queried only, never set.

`scpi://192.168.1.7:5025?measure=voltage,current` asks a supply; a bench multimeter measures one quantity
at a time and is asked with `READ?`: its function is the one set on its front panel.  Nothing is ever
switched, set or reset.  Voltage and current of one row are read one after the other; the row's stamp
is the middle of both.

Command sets: libsigrok (scpi-dmm, scpi-pps); numbers and overload values after SCPI-1999.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any, ClassVar

from powermeter.channel import MISSING, Accuracy, Channel, Quantity
from powermeter.errors import ConfigurationError, DataError, OpenError, ReadError, Reason
from powermeter.platforms.assumptions import assumed
from powermeter.source import SATURATED, Option, Row

from .links.link import RAIL_OPTIONS, parse_baud, rail_of
from .links.opening import closed_on_failure, open_link
from .meters.asked_instrument import AskedInstrument

TCP_PORT = 5025
OVERLOAD = 9.9e37
NOT_A_NUMBER = 9.91e37
LONGEST_ANSWER = 512
CODE = 1e-9
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\Z")
_UNITS = re.compile(r"\s*[VAW]\Z")
LARGEST = {Quantity.VOLTAGE: 1e4, Quantity.CURRENT: 1e3, Quantity.POWER: 1e6}
QUANTITIES = {"voltage": Quantity.VOLTAGE, "current": Quantity.CURRENT, "power": Quantity.POWER}


@dataclass(frozen=True, slots=True)
class ScpiFamily:
    """How one family is asked.

    Attributes:
        title: For people.
        identity: What its `*IDN?` answer must contain (regular expression, any case).
        queries: Quantity → query; `{channel}` is the output's number.
        read: The query of a multimeter that measures what its panel reports; empty for a supply.
        function: The query for which quantity that is.
    """

    title: str
    identity: str
    queries: dict[str, str]
    read: str = ""
    function: str = ""


SUPPLY = {"voltage": "MEAS:VOLT?", "current": "MEAS:CURR?"}
PROFILES = {
    "rigol-dp": ScpiFamily(
        "Rigol DP supply",
        r"RIGOL.*,DP[789]\d",
        {
            "voltage": ":MEAS:VOLT? CH{channel}",
            "current": ":MEAS:CURR? CH{channel}",
            "power": ":MEAS:POWE? CH{channel}",
        },
    ),
    "siglent-spd": ScpiFamily(
        "Siglent SPD supply",
        r"SIGLENT.*,SPD",
        {
            "voltage": "MEAS:VOLT? CH{channel}",
            "current": "MEAS:CURR? CH{channel}",
            "power": "MEAS:POWE? CH{channel}",
        },
    ),
    "gwinstek-8200": ScpiFamily("GW Instek GDM multimeter", r"GW.*,GDM-?8", {}, "VAL1?", "CONF:STAT:FUNC?"),
    "owon-xdm": ScpiFamily("OWON XDM multimeter", r"OWON.*,XDM", {}, "MEAS1?", "FUNC?"),
    "hp": ScpiFamily(
        "HP, Agilent, Keysight or Siglent multimeter", r"344\d\d|34405|3446\d|SDM3\d{3}", {}, "READ?", "CONF?"
    ),
    "supply": ScpiFamily("SCPI supply", "", SUPPLY),
    "supply-power": ScpiFamily("SCPI supply or load", "", {**SUPPLY, "power": "MEAS:POW?"}),
    "multimeter": ScpiFamily("SCPI multimeter", "", {}, "READ?", "CONF?"),
}
"""Family → how it is asked; the first whose identity fits is taken, the last three only by name."""

_ALTERNATING = re.compile(r"AC(?![A-Z])|ACV|ACI|ACA")
_FUNCTIONS = ((re.compile(r"CURR|DCI|DCA|ADC"), "current"), (re.compile(r"VOLT|DCV|VDC"), "voltage"))


def parse_number(answer: str) -> float | None:
    """Return the number of an answer; None for SCPI's not-a-number.

    Raises:
        DataError: It is not a number.
    """
    text = _UNITS.sub("", answer.strip())
    if not _NUMBER.match(text):
        raise DataError(f"{answer!r} is not a number")
    value = float(text)
    return None if abs(value) >= NOT_A_NUMBER * 0.999 else value


def _profile(text: str) -> str:
    if text in PROFILES:
        return text
    raise ConfigurationError("write one of " + ", ".join(PROFILES))


def _measure(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, text.split(",")))
    if not names or set(names) - set(QUANTITIES) or len(set(names)) != len(names):
        raise ConfigurationError("write voltage, current, power, or several with commas")
    return names


def _channel(text: str) -> int:
    if text.isdigit() and 1 <= int(text) <= 99:
        return int(text)
    raise ConfigurationError("write the number of an output, 1 to 99")


class Scpi(AskedInstrument):
    """One SCPI instrument."""

    scheme = "scpi"
    summary = "SCPI meters and supplies over serial or TCP; asked only, never set"
    example = "scpi://192.168.1.7:5025?measure=voltage,current"
    default_period_s = 0.1
    stale_when_equal = False
    covers = "what hangs on this instrument's terminals"
    OPTIONS: ClassVar[dict[str, Option]] = {
        **RAIL_OPTIONS,
        "measure": Option(_measure, None, "what to ask for: voltage,current,power; default: what it can"),
        "family": Option(
            _profile, None, "how to ask, where *IDN? does not identify it: " + ", ".join(PROFILES)
        ),
        "channel": Option(_channel, 1, "which output of a supply"),
        "baud": Option(parse_baud, 9600, "speed of a serial port"),
        "gain": Option(float, 0.01, "its accuracy as a ratio, from its own data sheet"),
    }

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._profile = PROFILES["supply"]
        self._queries: list[tuple[Quantity, str]] = []

    def open(self) -> None:
        self._link = open_link(
            self.address.location, instrument="scpi instrument", baud=self.options["baud"], tcp_port=TCP_PORT
        )
        with closed_on_failure(self):
            self._identify()
            self._link.is_simulated |= "SIMULATED" in self._identity
            self._choose_queries()
            self.sample()
        rail = rail_of(self.options, self.covers)
        stated = "gain" in self.address.options
        note = "the gain that the URL states" if stated else assumed("scpi")
        self.channels = self._link.graded(
            Channel(
                quantity.value,
                quantity,
                CODE,
                rail,
                accuracy=Accuracy(gain=self.options["gain"], source=note),
            )
            for quantity, _ in self._queries
        )

    def _identify(self) -> None:
        identity = self.ask("*IDN?", timeout_s=3.0)
        if identity.count(",") < 1 or not identity.isprintable():
            raise OpenError(f"{self.address}: {identity!r} is not an answer to *IDN?", Reason.WRONG_DEVICE)
        self._identity = identity
        named = self.options["family"]
        if named:
            self._profile = PROFILES[named]
            return
        for profile in PROFILES.values():
            if profile.identity and re.search(profile.identity, identity, re.IGNORECASE):
                self._profile = profile
                return
        self._profile = PROFILES["supply"]

    def _choose_queries(self) -> None:
        profile = self._profile
        wanted = self.options["measure"]
        if profile.read:
            function = self.ask(profile.function) if profile.function else ""
            upper = function.upper()
            is_now = next((name for pattern, name in _FUNCTIONS if pattern.search(upper)), None)
            if _ALTERNATING.search(upper):
                is_now = None
            if is_now is None:
                raise OpenError(
                    f"{self.address}: it measures {function!r}; set it to direct voltage or current on its panel",
                    Reason.WRONG_DEVICE,
                )
            if wanted is not None and wanted != (is_now,):
                raise OpenError(
                    f"{self.address}: it is set to {is_now}; a multimeter measures one quantity at a time: set "
                    f"{wanted[0]} on its panel",
                    Reason.WRONG_DEVICE,
                )
            self._queries = [(QUANTITIES[is_now], profile.read)]
            return
        names = wanted or tuple(name for name in QUANTITIES if name in profile.queries)
        missing = [name for name in names if name not in profile.queries]
        if missing:
            raise ConfigurationError(
                f"{self.address}: a {profile.title} is not asked for {missing[0]}; try family="
            )
        self._queries = [
            (QUANTITIES[name], profile.queries[name].format(channel=self.options["channel"]))
            for name in names
        ]

    def ask(self, query: str, timeout_s: float = 2.0) -> str:
        """Send one query and return its one-line answer.

        Raises:
            ReadError: No whole line came, or it is not text.
        """
        if self._link is None:
            raise ReadError("scpi instrument is not open", Reason.NO_ANSWER)
        self._link.clear()
        self._link.write(query.encode("ascii") + b"\n")
        line = self._link.read_line(LONGEST_ANSWER, timeout_s)
        if not line.endswith(b"\n"):
            raise ReadError(f"{self.address}: no answer to {query} within {timeout_s:g} s", Reason.NO_ANSWER)
        try:
            return line.decode("ascii").strip()
        except UnicodeDecodeError:
            raise ReadError(f"{self.address}: {query} is answered with {line!r}", Reason.BAD_DATA) from None

    def sample(self) -> Row:
        problem: Exception | None = None
        for attempt in range(3):
            if attempt:
                time.sleep(0.02)
            try:
                return self._ask_for_row()
            except DataError as error:
                self.refused += 1
                problem = ReadError(f"{self.address}: {error}", Reason.BAD_DATA)
            except ReadError as error:
                if error.reason is not Reason.BAD_DATA:
                    raise
                self.refused += 1
                problem = error
        assert problem is not None
        raise problem

    def _ask_for_row(self) -> Row:
        flags = 0
        row: list[int] = []
        have: dict[Quantity, float] = {}
        for quantity, query in self._queries:
            value = parse_number(self.ask(query).split(",")[0])
            if value is None:
                row.append(MISSING)
                continue
            if abs(value) >= OVERLOAD * 0.999:
                flags |= SATURATED
                row.append(MISSING)
                continue
            if abs(value) > LARGEST[quantity]:
                raise DataError(f"{value:g} {quantity.unit} cannot be")
            have[quantity] = value
            row.append(round(value / CODE))
        if {Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER} <= have.keys():
            product = abs(have[Quantity.VOLTAGE] * have[Quantity.CURRENT])
            if abs(abs(have[Quantity.POWER]) - product) > 0.05 + 0.5 * product:
                raise DataError(
                    f"power {have[Quantity.POWER]:g} W is far from voltage × current = {product:g} W"
                )
        return Row(row, flags)

    def info(self) -> dict[str, Any]:
        maker, model, serial, firmware = ([part.strip() for part in self._identity.split(",")] + [""] * 4)[:4]
        return {
            "maker": maker,
            "model": model,
            "serial": serial,
            "firmware": firmware,
            "family": self._profile.title,
            "queries": [query for _, query in self._queries],
        }
