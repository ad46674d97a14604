"""Rewrites a stamp with words in it for the patterns of numbers: months in nine languages, `Uhr`, `12h30`, `a. m.`, 下午."""

from __future__ import annotations

import re
from functools import lru_cache

_MONTHS = (
    "january januar janvier enero gennaio januari janeiro stycznia styczeń",
    "february februar février fevrier febrero febbraio februari fevereiro lutego luty",
    "march märz maerz mrz mars marzo maart mrt março marco marca marzec",
    "april avril abril aprile kwietnia kwiecień",
    "may mai mayo maggio mei maio maj maja",
    "june juni juin junio giugno junho czerwca czerwiec",
    "july juli juillet julio luglio julho lipca lipiec",
    "august août aout agosto augustus augusti sierpnia sierpień",
    "september septembre septiembre settembre setembro września wrzesień",
    "october oktober octobre octubre ottobre outubro października październik",
    "november novembre noviembre novembro listopada listopad",
    "december dezember décembre decembre diciembre dicembre dezembro grudnia grudzień",
)
_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHORTEST = 3

_WORD = re.compile(r"[^\W\d_]+")
_FILLING = re.compile(
    r"(?<=\d)\s*(?:Uhr|hrs?)\b|(?<=\d)\.(?=\s?[^\W\d_])|(?<=[^\W\d_]{3})\.|\b(?:de|del|um|à|at)\b",
    re.IGNORECASE,
)
_HOURS = re.compile(r"\b(\d{1,2})\s?[hH]\s?([0-5]\d)(?:\s?(?:m|min)(?:\s?([0-5]\d)\s?s)?)?\b")
_HALF_FIRST = re.compile(r"(上午|午前|오전|下午|午後|오후)\s*(\d{1,2}:\d{2}(?::\d{2})?)")
_BEFORE_NOON = ("上午", "午前", "오전")


@lru_cache(maxsize=1024)
def _month(word: str) -> str | None:
    """Return the English name of a month, written in full or cut to three letters or more; None for another word."""
    short = word.lower()
    if len(short) < _SHORTEST:
        return None
    hits = [i for i, names in enumerate(_MONTHS) if any(name.startswith(short) for name in names.split())]
    return _ENGLISH[hits[0]] if len(hits) == 1 else None


def in_numbers(text: str) -> str:
    """Return a stamp with its month in English and its clock in numbers: `28 Feb 2025 20:15` for `28. Februar 2025 20:15 Uhr`."""
    text = _HALF_FIRST.sub(lambda m: f"{m[2]} {'AM' if m[1] in _BEFORE_NOON else 'PM'}", text)
    text = _HOURS.sub(lambda m: ":".join(part for part in m.groups() if part), text)
    text = _WORD.sub(lambda m: _month(m[0]) or m[0], _FILLING.sub(" ", text))
    return " ".join(text.replace("- ", "-").split())
