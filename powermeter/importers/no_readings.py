"""Names of columns that no meter read: limits, ratings, peaks, percentiles, forecasts, and kinds of power that are not drawn."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from shlex import quote
from typing import Protocol

from powermeter.channel import Quantity
from powermeter.importers.header_words import LIMIT, NOT_ACTIVE

_ANY = LIMIT | NOT_ACTIVE
_BUT_AMOUNTS = frozenset(
    (
        *(
            "peak",
            "rating",
            "ratings",
            "headroom",
            "ceiling",
            "available",
            "reserved",
            "requested",
            "allowed",
        ),
        *("nompower", "nominv", "nombattv", "nomoutv"),
        *("predicted", "prediction", "forecast", "forecasted", "expected", "planned", "scheduled"),
        *("saved", "saving", "savings", "error", "uncertainty", "residual", "deviation"),
        *("pred", "bias", "zscore", "normalized", "normalised", "squared", "ln"),
        *("desired", "commanded", "command", "cmd", "reference", "ref", "optimal", "optimum", "opt"),
        *("vref", "vrefint", "vrefh", "avref", "aref", "nom", "vnom", "vnominal"),
        *("delta", "diff", "difference", "change", "derivative", "gradient", "slope", "noise", "sqrt"),
        *("scaled", "norm", "excess", "surplus", "curtailed", "curtailment", "cumulative", "cumul", "cumsum"),
    )
)
"""Of a power, a current or a voltage alone: a register of energy may be of peak hours."""

_NAMED = re.compile(
    r"(?<![a-z\d])(?:pl ?[124]|p(?:05|50|75|90|95|98|99)|\d\d(?:th|\.) ?percentile)(?![a-z\d])|(?<![a-z])log(?:2|10)(?!\d)|\Alog (?:of )?(?:p|power|current)(?![a-z])|demand response|\Ad ?p\Z"
)
"""Limits of a processor's package, percentiles, logarithms, what a load is asked to shed, and a differential."""


def is_no_reading(name: str, words: Collection[str], quantity: object) -> bool:
    """Return whether a header's name, split into words, is of no reading of what is drawn."""
    if not _ANY.isdisjoint(words):
        return True
    amount = quantity in (Quantity.ENERGY, Quantity.CHARGE)
    return not amount and (
        not _BUT_AMOUNTS.isdisjoint(words) or _NAMED.search(name.lower().replace("_", " ")) is not None
    )


_OTHER_WORDS = frozenset(
    (
        *(
            "sample",
            "id",
            "pid",
            "ppid",
            "tid",
            "uid",
            "jobs",
            "port",
            "line",
            "code",
            "user",
            "users",
            "threads",
        ),
        *(
            "sm",
            "mem",
            "memory",
            "ram",
            "enc",
            "dec",
            "bytes",
            "size",
            "loss",
            "score",
            "accuracy",
            "step",
        ),
        *("fps", "latency", "speed", "velocity", "distance", "humidity", "wind", "rain", "pressure", "noise"),
        *("tokens", "token", "hours", "cycles", "flops", "gflops", "tflops", "mflops", "tops", "gops"),
        *(
            "latitude",
            "longitude",
            "lat",
            "lon",
            "altitude",
            "rssi",
            "snr",
            "price",
            "rrp",
            "age",
            "brightness",
        ),
    )
)
_OTHER_UNIT = re.compile(
    r"(?:%|percent|(?:m|km|mi)/[sh]|mph|rpm|fps|[kmg]?hz|(?:[kmg]i?b|bytes)(?:/s|ps)?|hpa|bar|mmhg|lux|lx|ppm|db[am]?|deg|°[cf]?)\W*\Z"
)
_OF_ATOMS = re.compile(r"(?:pot|kin|tot)_?eng")
"""Energies of a simulation of molecules, as LAMMPS calls them."""

_WIRE = re.compile(r"(?:port|line)[ _-]?\d+")


def is_of_other_things(name: str, words: Collection[str]) -> bool:
    """Return whether a column's name is of something that is no electricity: a process, a share, a speed, the weather; `Port 1` or `Line 2` is a wire."""
    if _WIRE.fullmatch(name.strip().lower()):
        return False
    name = name.strip().lower()
    return (
        not _OTHER_WORDS.isdisjoint(words)
        or _OTHER_UNIT.search(name) is not None
        or _OF_ATOMS.fullmatch(name) is not None
    )


class _HeadingLike(Protocol):
    """A heading, as far as it counts here."""

    @property
    def text(self) -> str: ...
    @property
    def unit(self) -> str | None: ...
    @property
    def quantity(self) -> Quantity | str | None: ...
    @property
    def is_aside(self) -> bool: ...


def if_it_is_one(headings: Sequence[_HeadingLike]) -> str:
    """Return what to type where a column of a power is passed over for its name, for a message; nothing where none is."""
    for named in headings:
        if named.quantity is Quantity.POWER and named.is_aside:
            typed = quote(f"{named.text}={named.unit or 'W'}")
            return f"; {named.text!r} is by its name no reading of what was drawn; where it is one, --column {typed}"
    return ""
