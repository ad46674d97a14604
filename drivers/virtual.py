"""`virtual://`: an instrument that is not there, with a load you choose and faults on request.

It is a real driver behind the real contract: tests, examples and the first five minutes of someone
without hardware run on it.  Its truth is known, so that what a report states can be checked.
"""

from __future__ import annotations

import math
import random
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from powermeter.channel import Accuracy, Boundary, Channel, Quantity, Rail
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.result import Grade
from powermeter.source import REPEAT, Address, Option, PolledSource, Row, now_ns
from powermeter.units import NS, parse_duration, parse_quantity

_VOLT = partial(parse_quantity, unit="V")
_WATT = partial(parse_quantity, unit="W")
_SHARE = partial(parse_quantity, unit="1")

VOLTAGE_STEP_V, CURRENT_STEP_A = 1e-3, 1e-5

_MOST_CODES = 2.0**53
"""Whole numbers that a float holds exactly."""

_SPREAD = 10
"""Standard deviations of noise that a code has room for."""


def constant(seconds: float, low_w: float, high_w: float, period_s: float) -> float:
    """Return `high_w` always."""
    return high_w


def ramp(seconds: float, low_w: float, high_w: float, period_s: float) -> float:
    """Rise from low to high over each period."""
    return low_w + (high_w - low_w) * (seconds % period_s) / period_s


def square(seconds: float, low_w: float, high_w: float, period_s: float) -> float:
    """Be high in the first half of each period, low in the second."""
    return high_w if seconds % period_s < period_s / 2 else low_w


def sine(seconds: float, low_w: float, high_w: float, period_s: float) -> float:
    """Swing between low and high once a period, from the middle upwards."""
    return (low_w + high_w) / 2 + (high_w - low_w) / 2 * math.sin(2 * math.pi * seconds / period_s)


SHAPES: dict[str, Callable[[float, float, float, float], float]] = {
    "constant": constant,
    "ramp": ramp,
    "sine": sine,
    "square": square,
}

FAULTS = (
    "absent",  # cannot be opened
    "bad-data",  # one reading fails its check
    "block",  # a read never returns
    "block-open",  # opening never returns
    "disconnect",  # away for a second
    "exit",  # the driver calls sys.exit
    "fraction",  # it returns fractions in place of codes
    "no-answer",  # no answer for half a second
    "nothing",  # it returns nothing any more
    "stall",  # one read keeps the processor for half a second
    "stuck",  # it repeats its last value for ever
)


def _shape(text: str) -> str:
    if text not in SHAPES:
        raise ConfigurationError(f"{text!r} is not a shape; choose {', '.join(sorted(SHAPES))}")
    return text


def _faults(text: str) -> dict[str, float]:
    """Read `no-answer@2s,disconnect@5s` into fault → seconds after the start."""
    faults = {}
    for item in filter(None, text.split(",")):
        name, _, when = item.partition("@")
        if name not in FAULTS:
            raise ConfigurationError(f"{name!r} is not a fault; choose {', '.join(FAULTS)}")
        faults[name] = parse_duration(when) if when else 0.0
    return faults


class Virtual(PolledSource):
    """A simulated voltage and current meter on one rail."""

    scheme = "virtual"
    summary = "a simulated meter with a known load, for trying things out"
    example = "virtual://?shape=square&low=1W&high=5W&period=2s"
    OPTIONS: ClassVar[dict[str, Option]] = {
        "shape": Option(_shape, "square", "constant, ramp, sine or square"),
        "low": Option(_WATT, 1.0, "power at the bottom"),
        "high": Option(_WATT, 5.0, "power at the top"),
        "period": Option(parse_duration, 2.0, "length of one swing"),
        "volts": Option(_VOLT, 5.0, "the rail's voltage"),
        "noise": Option(_SHARE, 0.001, "standard deviation of one sample, relative"),
        "gain": Option(_SHARE, 0.0, "a gain error of the current, relative, that the meter does not know of"),
        "refresh": Option(parse_duration, 0.0, "how often its value changes, where slower than it is read"),
        "fault": Option(_faults, {}, f"what goes wrong and when: no-answer@2s ({', '.join(FAULTS)})"),
        "seed": Option(int, 1, "of the noise"),
    }
    default_period_s = 0.01

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        if self.options["period"] <= 0 or self.options["volts"] <= 0:
            raise ConfigurationError(f"{address}: period and volts must be above 0")
        self._random = random.Random(self.options["seed"])
        self._start_ns: int | None = None
        self._fired: set[str] = set()
        self._held: tuple[int, tuple[int, int]] | None = None
        self._down_until = 0
        # Looked up once: a thousand samples a second are read from here.
        options = self.options
        self._faults: dict[str, float] = options["fault"]
        self._noise: float = options["noise"]
        self._refresh_ns = round(options["refresh"] * NS)
        self._volts_code = round(min(options["volts"] / VOLTAGE_STEP_V, _MOST_CODES))
        self._codes_per_watt = (1 + options["gain"]) / options["volts"] / CURRENT_STEP_A
        most_w = max(abs(options["low"]), abs(options["high"])) * (1 + _SPREAD * abs(self._noise))
        codes = most_w * abs(self._codes_per_watt) if math.isfinite(self._codes_per_watt) else math.inf
        if self._volts_code < 1 or not max(codes, self._volts_code) < _MOST_CODES:
            raise ConfigurationError(
                f"{address}: power, volts, noise or gain beyond what a meter of {CURRENT_STEP_A:g} A and {VOLTAGE_STEP_V:g} V a step can return"
            )
        self._shape = (SHAPES[options["shape"]], options["low"], options["high"], options["period"])

    def open(self) -> None:
        if self.options["fault"].get("absent") == 0.0 or now_ns() < self._down_until:
            raise OpenError("virtual://: absent, as asked for by fault=", Reason.ABSENT)
        if self._faults.get("block-open") == 0.0:
            threading.Event().wait()
        rail = Rail(
            "VIRTUAL", boundary=Boundary.BOARD, covers="a simulated load", nominal_v=self.options["volts"]
        )
        known = "the simulation's own definition (drivers/virtual.py)"
        self.channels = (
            Channel(
                "virtual.voltage",
                Quantity.VOLTAGE,
                VOLTAGE_STEP_V,
                rail,
                grade=Grade.SIMULATED,
                accuracy=Accuracy(gain=0.002, offset=2e-3, step=VOLTAGE_STEP_V, source=known),
            ),
            Channel(
                "virtual.current",
                Quantity.CURRENT,
                CURRENT_STEP_A,
                rail,
                grade=Grade.SIMULATED,
                accuracy=Accuracy(gain=0.005, offset=1e-4, step=CURRENT_STEP_A, source=known),
            ),
        )
        if self._start_ns is None:
            self._start_ns = now_ns()

    def info(self) -> dict[str, Any]:
        return {
            "simulated": True,
            **{name: self.options[name] for name in ("shape", "low", "high", "period")},
        }

    def power_w(self, at_ns: int) -> float:
        """Return the true power at a time of the monotonic clock."""
        assert self._start_ns is not None
        shape, low_w, high_w, period_s = self._shape
        return shape((at_ns - self._start_ns) / NS, low_w, high_w, period_s)

    def sample(self) -> Row | None:
        at_ns = now_ns()
        if self._faults:
            self._maybe_fail(at_ns)
            if "nothing" in self._fired:
                return None
            if "fraction" in self._fired:
                return Row([0.5, 0.5])  # type: ignore[list-item]
        held = self._held
        if held is not None and (at_ns - held[0] < self._refresh_ns or "stuck" in self._fired):
            return Row(held[1], REPEAT)
        watts = self.power_w(at_ns)
        if self._noise:
            watts *= 1 + self._random.gauss(0, self._noise)
        row = (self._volts_code, round(watts * self._codes_per_watt))
        self._held = (at_ns, row)
        return Row(row)

    def _maybe_fail(self, at_ns: int) -> None:
        assert self._start_ns is not None
        if at_ns < self._down_until:
            raise ReadError("virtual://: does not answer, as asked for by fault=", Reason.NO_ANSWER)
        for name, after_s in self.options["fault"].items():
            if name in self._fired or at_ns - self._start_ns < after_s * NS:
                continue
            self._fired.add(name)
            if name == "no-answer":
                self._down_until = at_ns + NS // 2
                raise ReadError("virtual://: does not answer, as asked for by fault=", Reason.NO_ANSWER)
            if name == "disconnect":
                self._down_until = at_ns + NS
                raise ReadError("virtual://: unplugged, as asked for by fault=", Reason.ABSENT)
            if name == "bad-data":
                raise ReadError("virtual://: checksum wrong, as asked for by fault=", Reason.BAD_DATA)
            if name == "block":
                threading.Event().wait()
            if name == "exit":
                sys.exit("virtual://: ends, as asked for by fault=")
            if name == "stall":
                end = at_ns + NS // 2
                while now_ns() < end:
                    pass
