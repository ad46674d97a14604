r"""Text and numbers as LaTeX takes them: nothing in a label is a command, and a number is siunitx's with the digits of print."""

from __future__ import annotations

import re

from powermeter.result.formatting import DASH, Shown

from .html_elements import harmless
from .terminal_width import kept_together

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "[": "{[}",
    "]": "{]}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "\u2019": "{'}",
    "`": r"\textasciigrave{}",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "±": r"\(\pm\)",
    "×": r"\(\times\)",
    "µ": r"\textmu{}",
    "·": r"\(\cdot\)",
    "²": r"\textsuperscript{2}",
    "°": r"\textdegree{}",
    "−": r"\(-\)",
    "≤": r"\(\leq\)",
    "≥": r"\(\geq\)",
    "→": r"\(\to\)",
    "\u00a0": "~",
    "\n": " ",
}
_MACROS = {
    "J": r"\joule",
    "W": r"\watt",
    "Wh": r"\watt\hour",
    "A": r"\ampere",
    "Ah": r"\ampere\hour",
    "V": r"\volt",
    "s": r"\second",
    "C": r"\coulomb",
    "Hz": r"\hertz",
    "h": r"\hour",
    "min": r"\minute",
    "%": r"\percent",
    "L": r"\litre",
}
_PREFIXES = {
    "p": r"\pico",
    "n": r"\nano",
    "µ": r"\micro",
    "u": r"\micro",
    "m": r"\milli",
    "k": r"\kilo",
    "M": r"\mega",
    "G": r"\giga",
}
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])'(?=[A-Za-z])")
_LATIN = "ÀÖØöøÿ"


def escaped(text: object) -> str:
    """Return text as LaTeX prints it; what pdfTeX has no letter for is written as its code point."""
    plain = _APOSTROPHE.sub("\u2019", harmless(text))
    return "".join(
        "{}-" if (before, character) == ("-", "-") else _letter(character)
        for before, character in zip(f" {plain}", plain, strict=False)
    )


def paragraph(text: str) -> str:
    """Return a paragraph escaped, a word at a time: it may be longer than a label; no line parts a number from its unit."""
    words = kept_together(text.replace("\u00a0", " ")).split(" ")
    return " ".join("~".join(map(escaped, word.split("\u00a0"))) for word in words)


def _letter(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character.isascii() or (_LATIN[0] <= character <= _LATIN[-1] and character.isalpha()):
        return character
    return f"{{[}}U+{ord(character):04X}{{]}}"


def unit_of(text: str) -> str | None:
    """Return a unit's macros (`mJ`: `\\milli\\joule`), None for what is none of siunitx's."""
    if text in _MACROS:
        return _MACROS[text]
    prefix, rest = text[:1], text[1:]
    return _PREFIXES[prefix] + _MACROS[rest] if prefix in _PREFIXES and rest in _MACROS else None


def quantity(shown: Shown, unit: str | None = None) -> str:
    """Return a printed number as siunitx's `\\qty` or `\\num`, digit for digit; a bound keeps its words."""
    if shown.value == DASH:
        return "--"
    words, number = _split(shown.value)
    half = f" +- {_plain(shown.half)}" if shown.half else ""
    text = words + _with_unit(number + half, shown.unit if unit is None else unit)
    if shown.span:
        low, _, high = shown.span.partition(" to ")
        text += rf" (\numrange{{{_plain(low)}}}{{{_plain(high)}}})"
    return text


def plain_quantity(text: str) -> str:
    """Return a number with its unit as printed (`112 ms`) as siunitx's; text that is neither, escaped."""
    found = re.fullmatch(r"(at most |at least )?([+-]?[\d,]+(?:\.\d+)?(?:e[+-]?\d+)?)(?: (\S.*))?", text)
    if found is None or " " in (found[3] or ""):
        return "--" if text == DASH else escaped(text)
    return (found[1] or "") + _with_unit(_plain(found[2]), found[3] or "")


def _with_unit(number: str, unit: str) -> str:
    option = "[retain-explicit-plus]" if number.startswith("+") else ""
    if not unit:
        return rf"\num{option}{{{number}}}"
    macros = unit_of(unit)
    if macros is not None:
        return rf"\qty{option}{{{number}}}{{{macros}}}"
    words = escaped(unit).replace("CO2e", r"CO\textsubscript{2}e")
    return rf"\num{option}{{{number}}}\,{words}"


def _split(value: str) -> tuple[str, str]:
    words = re.match(r"(at most|at least) ", value)
    return (words[0], _plain(value[words.end() :])) if words else ("", _plain(value))


def _plain(number: str) -> str:
    return number.replace(",", "")
