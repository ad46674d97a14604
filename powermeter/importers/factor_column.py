"""A column of a factor beside readings, `CT ratio`, `multiplier`, `scale`: a question, for it may be in them already or not."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.unit_columns import typical

_FACTORS = frozenset(
    ("ratio", "multiplier", "scale", "scaling", "multiplikator", "wandlerfaktor", "ubersetzungsverhaltnis")
)
_ALONE = _FACTORS - {"ratio"}
_BESIDE = frozenset(
    (
        *("ct", "vt", "pt", "cts", "vts", "pts", "transformer", "wandler", "current", "voltage", "meter"),
        *("factor", "probe", "shunt", "pulse", "amp", "amps", "volt", "volts", "power", "energy"),
        *("w", "a", "v"),
    )
)


def ask_factor(
    found: Layout, headings: Sequence[Heading], stated: set[int], asks: list[str]
) -> dict[str, str]:
    """Ask whether readings are multiplied by the factors beside them, where these are not all 1.

    Returns:
        Those columns as left out, for what is asked once that is stated.
    """
    percent = any(named.words[-1:] == ["level"] for named in headings)
    left_out = {}
    for i, named in enumerate(headings):
        if i in stated or named.quantity is not None or not _is_factor(named) or typical(found, i) in (0, 1):
            continue
        if percent and named.words == ["scale"]:  # of Android: what a full battery's level is
            continue
        asks.append(
            f"whether the readings are multiplied by {named.text!r} ({typical(found, i):g}) already: if so, "
            f"--column {quote(f'{named.text}=-')}; if not, multiply them in the file first, for no option does"
        )
        left_out[named.text] = "-"
    return left_out


def _is_factor(named: Heading) -> bool:
    found = {word for word in named.words if not word.isdigit()}
    kinds = found & _FACTORS
    return bool(kinds) and found <= _FACTORS | _BESIDE and (bool(kinds & _ALONE) or len(found) > 1)
