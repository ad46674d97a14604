"""The rate that is offered where a log holds no times: what its tool does unless told otherwise, or any."""

from __future__ import annotations

import re
from collections.abc import Sequence

from powermeter.importers.headers import Heading

_STATED = re.compile(r"\b(?i:sampl\w*|rate|fs)(?: at)?\W+(\d{1,6}(?:\.\d{1,3})? ?[kM]?Hz)\b")

_OF_TOOLS = (
    (
        re.compile(r"^(?:pkgwatt|busy%)$.*^(?:pkgwatt|busy%)$", re.MULTILINE | re.DOTALL),
        "5s where turbostat ran without -i",
    ),
    (re.compile(r"graphics package power"), "1s, or what the loop around rocm-smi waits each time"),
)
"""What the headers match, a line each in lower case → what is offered; turbostat's is of turbostat(8), a look of rocm-smi is one alone."""


def usual_rate(headings: Sequence[Heading]) -> str:
    """Return the rate to offer: one that a header states of its samples, the tool's own, or any."""
    stated = _STATED.search("; ".join(heading.text for heading in headings))
    if stated is not None:
        return stated[1].replace(" ", "")
    names = "\n".join(heading.text.strip().lower() for heading in headings)
    found = (rate for pattern, rate in _OF_TOOLS if pattern.search(names))
    return next(found, "10Hz (or 100ms)")
