"""A table in which nothing is electric: what it has, and what to type or to log where something in it may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from powermeter.importers.battery_percent import scaled_by_hand
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import Heading
from powermeter.importers.known_tools import key
from powermeter.importers.layout import Layout, is_datum
from powermeter.importers.no_readings import if_it_is_one
from powermeter.importers.not_electric import where_it_is_one


def nothing_electric(path: Path, found: Layout, headings: Sequence[Heading]) -> str:
    """Return that a table has no column of electricity, and what may help."""
    listed = ", ".join(h.text for h in headings[:12])
    smi = ("utilization.gpu", "memory.used", "used_gpu_memory")
    by_smi = any(key(h).startswith(smi) for h in headings)
    hint = (
        "; nvidia-smi logs it with --query-gpu=timestamp,power.draw" * by_smi
        or scaled_by_hand(path, found, headings)
        or _rate_of_power(headings)
        or if_it_is_one(headings)
        or where_it_is_one(headings)
        or _not_numbers(found, headings)
    )
    return f"no column of power, voltage, current, energy or charge in it ({listed}){hint}"


def is_numeric(found: Layout, index: int) -> bool:
    """Return whether most cells of a column are numbers."""
    texts = [row[index] for row in found.rows if len(row) > index and row[index].strip()]
    numbers = sum(bool(re.search(r"\d", text)) and is_datum(text) for text in texts)
    return bool(texts) and numbers * 2 > len(texts)


def _rate_of_power(headings: Sequence[Heading]) -> str:
    """Return what to type where a column is in `kW/h`, which is neither a power nor an energy; nothing where none is."""
    for named in headings:
        match = _PER_HOUR.search(named.text)
        if match is not None:
            energy = quote(f"{named.text}={match[1]}h")
            return f"; {match[0]} is no unit: --column {energy} where each row holds the energy of its interval (={match[1]} where it is a power)"
    return ""


_PER_HOUR = re.compile(r"\b([kM]?W)/h\b")


def _not_numbers(found: Layout, headings: Sequence[Heading]) -> str:
    """Return what stands in the first column that is called electric and holds no numbers, for a message."""
    for i, named in enumerate(headings):
        texts = [row[i].strip() for row in found.rows if len(row) > i and row[i].strip()]
        if (
            (named.quantity in ELECTRIC or named.is_electric)
            and not named.is_aside
            and texts
            and not is_numeric(found, i)
        ):
            hint = "; write numbers without marks between thousands" if texts[0][:1].isdigit() else ""
            return f": {named.text!r} holds {texts[0][:30]!r}, which is not a number{hint}"
    return ""
