"""Headers that look like a unit of electricity and are of something else: work per watt, joules per token, the sides of a box, a compass."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from powermeter.importers.headers import Heading

_WORK = (
    r"(?:[kmgt]?flops?|[kmgt]?i?ops|[kmgt]?ips|fps|[iqt]ps|tok(?:en)?s?|imgs?|images?|frames?|samples?|inf(?:erences?)?|inferences?|quer(?:y|ies)|"
    r"requests?|reqs?|items?|tasks?|bits?|bytes?|[kmgt]i?b(?:ps)?|hash(?:es)?|[kmgt]h|perf(?:ormance)?|scores?|points?|lm|lumens?|km|miles?)"
)
_PER_WATT = re.compile(
    rf"(?i:{_WORK})(?i:\s*(?:/|per|[_ ]per[_ ])\s*(?:s|sec|second))?\s*(?:/|[_ ]per[_ ])\s*[mk]?(?i:W|J|watts?|joules?|Wh|kWh)"
)
_PER_PIECE = re.compile(rf"(?:[nµum]?J|[mk]?Wh|(?i:joules?))\s*(?:/|[_ ]per[_ ])\s*(?i:{_WORK})")
_ANY_PER_WATT = re.compile(
    r".{1,60}[_ ]per[_ ](?:[mk]?W|[mkMG]?J|[mk]?Wh|(?i:watts?|joules?|watt.?hours?|[mk]?wh))"
)
_PER_SIZE = re.compile(
    r"(?i:.{0,60}?(?<![a-z])(?:[nµum]?J|[mkM]?Wh?|watts?|joules?)\s*(?:/|[_ ]per[_ ])\s*(?:kg|g|lb|[cm]?m(?:\^?[23]|[²³])|sqm|sqft|l|lit(?:er|re)s?|km|"
    r"miles?|ops?|flops?|bits?|bytes?|hash|tok(?:en)?s?))"
)
"""Per mass, area, volume, way or operation: neither a power nor an energy, and not known without how many there were."""

_LETTERS = (frozenset("xywh"), frozenset("nesw"), frozenset("wxyz"), frozenset(("t", "p", "rh")))
"""A box, the points of a compass, a quaternion, the weather: temperature, pressure, humidity."""


def of_other_things(headings: Sequence[Heading]) -> list[Heading]:
    """Return headings without a unit where they only look like one."""
    letters = {h.text.strip().lower() for h in headings}
    group = next((own for own in _LETTERS if own <= letters), frozenset[str]())
    found = []
    for named in headings:
        text = named.text.strip()
        if any(form.fullmatch(text) for form in (_PER_WATT, _PER_PIECE, _ANY_PER_WATT, _PER_SIZE)):
            named = replace(
                named, name=text, unit=text, quantity=None, why=f"{text} is an efficiency, no reading"
            )
        elif text.lower() in group:
            named = replace(
                named,
                unit=text,
                quantity=None,
                why="one of the letters of a box, a compass, a quaternion or the weather",
            )
        found.append(named)
    return found
