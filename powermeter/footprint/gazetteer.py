"""What places are called: countries in many languages, states and provinces, cities.

The names lead to a grid or to a question; they are not factors.  A name that several places bear keeps all
of them, the most populous first.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from .factors import rows

_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "æ": "ae", "Æ": "AE"})
_LETTERS |= str.maketrans({"ı": "i", "’": "'", "ʻ": "'"})


@dataclass(frozen=True, slots=True)
class Gazetted:
    """A name and what bears it.

    Attributes:
        name: As the first source spells it.
        kind: `country`, `division` (a state or province without a grid of its own here) or `city`.
        places: Codes of the grids, most populous first; empty for a country without a carbon factor.
    """

    name: str
    kind: str
    places: tuple[str, ...]


def spelled(text: str) -> str:
    """Return a spelling without case, accents, dots and doubled spaces, for comparing."""
    split = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in split if not unicodedata.combining(letter)).translate(_LETTERS)
    return " ".join(plain.replace("_", " ").replace(".", "").casefold().split())


@lru_cache(maxsize=1)
def gazetteer() -> dict[str, Gazetted]:
    """Return spelling → what bears it, from the table of names."""
    found: dict[str, Gazetted] = {}
    for row in rows("gazetteer"):
        for name in row["names"].split("|"):
            key = spelled(name)
            entry = Gazetted(name, row["kind"], tuple(row["place"].split()))
            earlier = found.get(key)
            if earlier is None:
                found[key] = entry
            elif earlier.kind != "country":
                joined = tuple(dict.fromkeys((*entry.places, *earlier.places)))
                found[key] = Gazetted(name, entry.kind, joined)
    return found
