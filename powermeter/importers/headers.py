"""Reads units and quantities off the headers of tables: `Power (mW)`, `gpu-0[mW]`, `power_in_mw`, `ElapsedSeconds`.

A header is split into words at blanks, punctuation and changes of case.  A unit stands in brackets, behind a
slash or at the end; the other words name a quantity, a role (a limit is not a draw) and what is left
names the rail.  A unit that contradicts the quantity's name (`power_min`, `phase_a`) is not one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from powermeter.channel import Quantity
from powermeter.importers.header_languages import in_english
from powermeter.importers.header_words import (
    ANY_CASE,
    COUNTED,
    COUNTS_OF_POWER,
    EACH,
    EDGES,
    ELECTRIC,
    LETTERS,
    LEVEL,
    MEAN,
    OF_THE_MOMENT,
    QUANTITY_WORDS,
    TIME,
    UNRECORDED,
)
from powermeter.importers.hwmon_names import hwmon_unit
from powermeter.importers.no_readings import is_no_reading
from powermeter.importers.rail_of_header import OF_ELEMENTS, rail_name
from powermeter.importers.unit_spellings import AS_WRITTEN, of_unit, written_out
from powermeter.importers.words_apart import apart

LONGEST_HEADER = 300
"""Characters of the longest header that is looked at."""

_BRACKETED = re.compile(r"\s*(.*?)\s*[(\[{<]\s*([^()\[\]{}<>]{1,24}?)\s*[)\]}>]\s*:?\s*\Z")
_IN_BRACKETS = re.compile(r"([^()\[\]]+?)\s*[(\[]\s*([^()\[\]]{1,12}?)\s*[)\]]\s*([^()\[\]]+)\Z")
_KIND_OF_CURRENT = re.compile(r"((?:.{0,80}[ _(\[])?[mµuk]?[VA]) (?:DC|AC|AC\+DC)(?: RMS)?")
"""`V DC` is volts: what meters and sigrok write behind a unit."""

_SLASHED = re.compile(r"\s*(.+?)\s*(?:/| in |,)\s*([A-Za-zµμΩ%°\u0400-\u04ff\u4e00-\u9fff·]{1,12})\s*\Z")
_WORD = re.compile(r"[A-ZÄÖÜ]+(?![a-zäöüß])|[A-ZÄÖÜ]?[a-zäöüßéíµμ]+|\d+|%|°C", re.UNICODE)
_NOT_AMPERE = frozenset(
    [
        "phase",
        "ch",
        "chan",
        "channel",
        "rail",
        "port",
        "side",
        "group",
        "node",
        "slot",
        "bank",
        "lane",
        "class",
        "part",
        "leg",
        "plan",
    ]
)


def words(text: str) -> list[str]:
    """Return the words of a name in lower case, split at punctuation, digits and changes of case."""
    return [word.lower() for word in _split(text)]


def _split(text: str) -> list[str]:
    return _WORD.findall(text)


@dataclass(frozen=True, slots=True)
class Heading:
    """What one header states.

    Attributes:
        text: As in the file.
        name: Without the unit.
        unit: As written, or None.
        quantity: A `Quantity`, `TIME`, or None where the unit is none that is recorded.
        factor: SI units per unit as written.
        why: How the unit was found, for `--explain`.
        at_end: Whether the name's last word was taken for the unit.
        is_stated: Whether the user typed the unit.
        of_rows: Whether each row states the unit.
        is_turned: Whether draw stands below 0 in it.
    """

    text: str
    name: str
    unit: str | None = None
    quantity: Quantity | str | None = None
    factor: float = 1.0
    why: str = ""
    at_end: bool = False
    is_stated: bool = False
    of_rows: bool = False
    is_turned: bool = False

    @property
    def words(self) -> list[str]:
        """The words of the name, in lower case."""
        return words(self.name)

    @property
    def implied(self) -> Quantity | str | None:
        """The quantity that the name alone suggests; the last such word counts."""
        return implied(self.words)

    @property
    def is_time(self) -> bool:
        """Whether it names a column of times, whatever its unit."""
        if self.quantity == TIME:
            return True
        return self.quantity is None and self.implied == TIME

    @property
    def is_electric(self) -> bool:
        """Whether its name, without a unit, states that it measures electricity."""
        return self.quantity is None and self.unit is None and self.implied in ELECTRIC and not self.is_aside

    @property
    def is_aside(self) -> bool:
        """Whether it is a limit, a statistic or a kind of power that is not drawn."""
        if OF_ELEMENTS.fullmatch(self.name.strip()) is not None:
            return False
        named = [
            word
            for before, word in pairwise(["", *self.words])
            if not (word == "min" and before.isdigit()) and (before, word) != ("data", "set")
        ]
        return is_no_reading(self.name, named, self.quantity)

    @property
    def is_counter(self) -> bool:
        """Whether an energy or a charge under this name states that it is a running total."""
        return self.quantity in (Quantity.ENERGY, Quantity.CHARGE) and bool(COUNTED.intersection(self.words))

    @property
    def is_each(self) -> bool:
        """Whether its name states that each row holds an amount of its own."""
        return bool(EACH.intersection(self.words))

    @property
    def is_mean(self) -> bool:
        """Whether its name states that it is a mean."""
        return bool(MEAN.intersection(self.words))

    @property
    def is_level(self) -> bool:
        """Whether it is what is left in a battery."""
        return bool(LEVEL.intersection(self.words)) and self.quantity in (Quantity.ENERGY, Quantity.CHARGE)

    @property
    def rail(self) -> str:
        """The rail's name: what is left without unit and quantity; `input` where nothing is."""
        return rail_name(self.name, self.quantity)


def implied(parts: list[str]) -> Quantity | str | None:
    """Return the quantity that words suggest; the last one that does counts, single letters least."""
    if tuple(parts[-2:]) in COUNTS_OF_POWER or (parts[:1] == ["current"] and parts[-1] in OF_THE_MOMENT):
        return None
    for word in reversed(parts):
        if word in QUANTITY_WORDS:
            return QUANTITY_WORDS[word]
    letters = [word for word in parts if not word.isdigit()]
    if len(letters) == 2 and letters[1] == "l" and parts[-1] in ("1", "2", "3"):
        letters.pop()  # `U L1`: of a phase
    if "sample" in letters or "samples" in letters:
        return None
    if len(letters) == 1 and letters[0] in LETTERS:
        return LETTERS[letters[0]]
    return Quantity.POWER if "draw" in letters and "call" not in letters and "calls" not in letters else None


def clean(text: str) -> str:
    """Return a header without the marks that only set it off: quotes, a leading `#`, a trailing colon."""
    return text.strip().strip("\ufeff").lstrip("#%").strip().strip("'\"").strip().rstrip(":").strip()


def heading(text: str) -> Heading:
    """Return what one header states."""
    raw = text.strip()
    if len(raw) > LONGEST_HEADER:
        return Heading(raw, raw[:LONGEST_HEADER], why="too long for a name")
    text = apart(in_english(clean(raw)))
    of_current = _KIND_OF_CURRENT.fullmatch(text)
    text = text if of_current is None else of_current[1]
    match = _BRACKETED.match(text)
    each = None if match is None else _PER_ROW.fullmatch(match[2])
    if match is not None and each is not None and of_unit(each[1]) is not None:
        return replace(heading(f"{match[1]} per row ({each[1]})"), text=raw)
    if match is not None:
        found = of_unit(match[2], match[1])
        if found is not None and not _agrees(match[2], found[0], match[1]):
            before = heading(match[1])
            if before.quantity in ELECTRIC:  # `Active energy Wh (A)`: of phase A
                return replace(before, text=raw, name=f"{before.name} {match[2]}")
            return Heading(raw, text, why=f"({match[2]}) contradicts the name, so it is not its unit")
        if found is not None:
            return Heading(raw, match[1] or text, match[2], *found, why="unit in brackets")
        numbered = heading(match[1]) if match[2].isdigit() or match[2] == _AS_READ else None
        if numbered is not None and numbered.quantity is not None:
            number = "" if match[2] == _AS_READ else f" {match[2]}"
            return replace(numbered, text=raw, name=f"{numbered.name}{number}")
        return Heading(raw, match[1] or text, match[2], why=f"[{match[2]}] is not a unit that is recorded")
    of_kernel = hwmon_unit(text)
    if of_kernel is not None:
        name, unit = of_kernel
        quantity, factor = of_unit(unit) or (None, 1.0)
        return Heading(raw, name, unit, quantity, factor, why="one of the kernel's sensors")
    match = _SLASHED.match(text)
    if match is not None:
        found = of_unit(match[2], match[1])
        named = implied(words(match[1])) == TIME
        if found is not None and (named or match[2] not in ("s", "h", "min")):
            return Heading(raw, match[1], match[2], *found, why="unit behind the name")
    match = _IN_BRACKETS.match(text)
    if match is not None:
        found = of_unit(match[2], match[1])
        if found is not None and _agrees(match[2], found[0], match[1]):
            return Heading(raw, f"{match[1]} {match[3]}", match[2], *found, why="unit in brackets")
    return (
        _last_word(raw, text)
        or _of_statistic(raw, text)
        or _inside(raw, text)
        or _in_watt_hours(raw, text)
        or _first_word(raw, text)
        or Heading(raw, text, why="no unit in the header")
    )


_FIRST = re.compile(
    r"([mkM]?Wh|[mk]?Ah|[mkM]W)[ _](used|usage|consumed|consumption|drawn|total|imported|exported|delivered|generated|produced|reading|today)",
    re.IGNORECASE,
)


_AS_READ = "Raw"
"""Behind the unit of what Trepn read; beside it stands what is above its baseline, `(Delta)`."""

_STATISTIC = re.compile(r"(.+?)[ _.]((?i:mean|avg|average|std|stddev|min|max|median|first|last|p\d\d))")
"""How pandas writes what it made of a column: `power_W_mean`."""

_LENGTH_IN_MS = re.compile(r"[Mm]s[A-Z][A-Za-z]{3,60}\Z")
"""Of a frame, as PresentMon and CapFrameX call them: `MsBetweenPresents`."""

_WATT_HOURS = re.compile(
    r"(?<![a-z/])(?:(?:(kilo|mega)[ _-]?)?watt[ _-]?hours?|(k)wh|(amp)(?:ere)?[ _-]hours?)(?![a-z])",
    re.IGNORECASE,
)
_PRICED = frozenset(
    ("per", "price", "pris", "preis", "precio", "prix", "cost", "kosten", "rate", "tariff", "tarif")
)


def _in_watt_hours(raw: str, text: str) -> Heading | None:
    """Return what a header states that has watt or ampere hours, wherever they stand: `Watt Hours Today`, `KWH 60 Forbruk`."""
    match = _WATT_HOURS.search(text)
    if match is None or not _PRICED.isdisjoint(words(text)):
        return None
    written = next((text.lower() for text in match.groups() if text), "")
    unit = {"": "Wh", "kilo": "kWh", "k": "kWh", "mega": "MWh", "amp": "Ah"}[written]
    found = of_unit(unit)
    name = f"{text[: match.start()]} {text[match.end() :]}".strip(" _-")
    return None if found is None else Heading(raw, name or text, unit, *found, why="unit in the name")


def _of_statistic(raw: str, text: str) -> Heading | None:
    """Return what a header states whose unit stands before a statistic: `power_W_mean`."""
    match = _STATISTIC.fullmatch(text)
    before = None if match is None else heading(match[1])
    if match is None or before is None or before.quantity not in ELECTRIC:
        return None
    return replace(before, text=raw, name=f"{before.name} {match[2]}", why="unit before the statistic")


def _first_word(raw: str, text: str) -> Heading | None:
    """Return what a header states that begins with its unit: `kWh used`."""
    if _LENGTH_IN_MS.match(text):
        return Heading(raw, text, "ms", why="a length of time in ms, no moment and no reading")
    match = _FIRST.fullmatch(text)
    if match is None:
        return None
    as_written = match[1] in AS_WRITTEN
    if match[1][0] == "M" and not as_written:  # MW and MWH: which prefix is not known
        return None
    unit = match[1] if as_written else ANY_CASE[match[1].lower()]
    found = of_unit(unit)
    return None if found is None else Heading(raw, match[2], unit, *found, why="unit before the name")


_PER_ROW = re.compile(
    r"([a-zµ]{1,3}h?)\s*(?:/|per |pro |je )\s*(?:row|sample|interval|intervall|step|reading|epoch|\d{1,3} ?min|\d{1,3} ?s)",
    re.IGNORECASE,
)
"""A unit of an amount of each row: `J per row`, `kWh/15min`."""


def _inside(raw: str, text: str) -> Heading | None:
    """Return what a header states whose unit stands behind the quantity, before the rail: `Power W gpu`."""
    pieces = text.split()
    for i, piece in enumerate(pieces[1:-1], 1):
        found = of_unit(piece) if _SYMBOL.fullmatch(piece) or piece in _ALONE.values() else None
        if found is not None and implied(words(pieces[i - 1])) == found[0]:
            name = " ".join([*pieces[:i], *pieces[i + 1 :]])
            return Heading(raw, name, piece, *found, why="unit behind the quantity")
    return None


def _agrees(unit: str, quantity: Quantity | str, name: str) -> bool:
    """Return whether a single letter in brackets may be the unit of this name: `Power (A)` is that of phase A."""
    meant = implied(words(name))
    return (
        unit not in ("A", "V", "C", "W", "J")
        or meant in (None, quantity, Quantity.CHARGE)  # `Charge Rate [W]`, `Charge [A]`
        or meant not in ELECTRIC
    )


def _last_word(raw: str, text: str) -> Heading | None:
    if written_out(text.lower()) is not None:
        return _only_word(raw, text)
    pieces = re.split(r"[\s_.\-]+", text)
    tail = pieces[-1] if pieces else ""
    if len(pieces) == 1:
        if _SYMBOL.fullmatch(text) or text.lower() in _ALONE:
            return _only_word(raw, text)
        camel = _split(tail)
        if len(camel) < 2 or (len(text) == 2 and not text.islower()):  # fW and MA: which prefix is not known
            return _only_word(raw, text)
        tail = camel[-1]
    name = text[: text.rfind(tail)].rstrip(" _.-") if tail else text
    if tail.lower() in UNRECORDED and implied(words(name)) in (*ELECTRIC, None) and name:
        return Heading(raw, name, tail, why=f"{tail} is not a unit that is recorded")
    unit = _unit_at_end(tail, words(name))
    if unit is None:
        return None
    found = of_unit(unit, name)
    if found is None:
        return None
    return Heading(raw, name, unit, *found, why="unit at the end of the name", at_end=True)


def _only_word(raw: str, text: str) -> Heading | None:
    """Return the meaning of a header that is a unit and nothing else: `Watts`, `mA`."""
    if text in ("VA", "kVA", "VAR", "var", "dBm", "dB", "%"):
        return Heading(raw, text, text, why=f"{text} is not a unit that is recorded")
    unit = written_out(text.lower()) or (text if _SYMBOL.fullmatch(text) else _ALONE.get(text.lower()))
    found = of_unit(unit, text) if unit else None
    return Heading(raw, text, unit, *found, why="the header is a unit") if found is not None else None


_ALONE = {"kw": "kW", "kwh": "kWh", "wh": "Wh", "ah": "Ah", "mah": "mAh"}
"""Units in any case that are a whole header: nothing else is called so."""

_SYMBOL = re.compile(r"[pnuµmkMG]?(?:W|J|Wh)|[pnuµmk]?(?:V|A|Ah)|[mun]s|[mun]C")
"""Units that are a whole header; one letter that may be anything else (`C`, `s`, `h`) is none."""


def _unit_at_end(tail: str, before: list[str]) -> str | None:
    """Return the unit that a name's last word is, or None where it is none in this company."""
    spelled = written_out(tail.lower())
    # M is milli behind a name (CURRENT_MA), and so it is in PowerMW.
    unit = spelled or (tail if tail in AS_WRITTEN else ANY_CASE.get(tail.lower().replace("μ", "µ")))
    if tail == "C" and implied(before) is Quantity.CHARGE:
        return tail  # coulombs
    if unit is None:
        return None
    found = of_unit(unit, " ".join(before))
    if found is None:
        return None
    meant = implied(before)
    if meant is not None and found[0] != meant:
        # power_Wh is an energy; power_min and time_a are not units
        return unit if found[0] in ELECTRIC and meant in ELECTRIC and len(tail) > 1 else None
    if tail == "s" and before and before[-1] in EDGES:
        return unit
    if len(tail) == 1 and meant is None:
        if tail == "A" or tail == "V":
            return None if before and before[-1] in _NOT_AMPERE else unit
        return unit if tail in "WJwj" and before else ("V" if tail == "v" and before else None)
    if spelled is None and meant is None and found[0] == TIME and not before:
        return None
    if tail.lower() in ("min", "as", "ws", "h", "ms", "us", "ns", "s") and meant is None:
        return unit if tail in ("ms", "us", "ns") else None
    return unit
