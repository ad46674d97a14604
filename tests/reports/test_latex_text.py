"""Text and numbers as LaTeX takes them: nothing a label says is a command, and a number is siunitx's with the digits of print: what it promises."""

from __future__ import annotations

import re

import pytest

from powermeter.reports.latex_text import escaped, paragraph, plain_quantity, quantity, unit_of
from powermeter.result.formatting import Shown

HOSTILE = [
    "\\input{x}",
    "50 % & $5_000#~^",
    "}{",
    "[2cm] x",
    "<script>",
    "=cmd()",
    "\u202e\x1b[31m\x00\ud800",
    "模型 µ±",
    "x" * 10_000,
]


def balance(text):
    depth = 0
    for character in re.sub(r"\\[{}]", "", text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    return depth


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_is_text(label):
    text = escaped(label)
    assert balance(text) == 0 and text.isascii() and text.isprintable()
    commands = set(re.findall(r"\\[A-Za-z]+", text))
    assert commands <= {
        "\\textbackslash",
        "\\textbraceleft",
        "\\textbraceright",
        "\\textasciitilde",
        "\\textasciicircum",
        "\\textless",
        "\\textgreater",
        "\\textmu",
        "\\ldots",
        "\\pm",
    }, commands
    assert not re.search(r"(?<!\\)[$&#_%]", text)


def test_an_apostrophe_inside_a_word_is_typographic_and_a_quote_stays_straight() -> None:
    assert escaped("an event's energy") == "an event{'}s energy"
    assert escaped("'x'") == r"\textquotesingle{}x\textquotesingle{}"


def test_numbers_keep_their_digits():
    assert quantity(Shown("87.20", "0.51", "", "mJ")) == r"\qty{87.20 +- 0.51}{\milli\joule}"
    assert quantity(Shown("205,600", "1,200")) == r"\num{205600 +- 1200}"
    assert quantity(Shown("at most 650", "", "", "µWh")) == r"at most \qty{650}{\micro\watt\hour}"
    assert quantity(Shown("3", "", "0.9 to 10", "mg CO2e")) == (
        r"\num{3}\,mg CO\textsubscript{2}e (\numrange{0.9}{10})"
    )
    assert quantity(Shown("–")) == "--"
    assert plain_quantity("60.1 ms") == r"\qty{60.1}{\milli\second}"
    assert plain_quantity("at most 630 mJ") == r"at most \qty{630}{\milli\joule}"
    assert plain_quantity("at least 1,100") == r"at least \num{1100}"
    assert plain_quantity("1 min 20 s") == "1 min 20 s"


def test_a_paragraph_parts_no_number_from_its_unit() -> None:
    assert paragraph("good: ± 4.8 % of 23.2 J, in 59 s") == r"good: \(\pm\)~4.8~\% of 23.2~J, in 59~s"


@pytest.mark.parametrize(
    ("prefix", "macro"),
    [
        ("p", "\\pico"),
        ("n", "\\nano"),
        ("µ", "\\micro"),
        ("u", "\\micro"),
        ("m", "\\milli"),
        ("", ""),
        ("k", "\\kilo"),
        ("M", "\\mega"),
        ("G", "\\giga"),
    ],
)
@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("J", "\\joule"),
        ("W", "\\watt"),
        ("Wh", "\\watt\\hour"),
        ("A", "\\ampere"),
        ("Ah", "\\ampere\\hour"),
        ("V", "\\volt"),
        ("s", "\\second"),
        ("C", "\\coulomb"),
        ("Hz", "\\hertz"),
    ],
)
def test_each_unit_is_siunitx_s_of_that_name(prefix, macro, unit, name):
    """Names of the SI brochure, 9th edition, tables 2, 4, 7 and 8, as siunitx spells them."""
    assert unit_of(prefix + unit) == macro + name
    assert plain_quantity(f"1.5 {prefix}{unit}") == f"\\qty{{1.5}}{{{macro}{name}}}"


@pytest.mark.parametrize(
    ("text", "macros"),
    [
        ("h", "\\hour"),
        ("min", "\\minute"),
        ("%", "\\percent"),
        ("L", "\\litre"),
        ("g", None),
        ("", None),
        ("k", None),
    ],
)
def test_units_without_a_prefix_and_what_is_none(text, macros):
    assert unit_of(text) == macros
