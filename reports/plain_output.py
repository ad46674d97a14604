"""Characters that an output's encoding lacks, spelled out: `±` becomes `+-`, `µ` becomes `u`, and no number loses its meaning."""

from __future__ import annotations

import codecs
import io
import sys
from contextlib import suppress

NAME = "powermeter.spelled"
"""Of the error handler."""

SPELLED = {
    "±": "+-",
    "µ": "u",
    "μ": "u",
    "Ω": "Ohm",
    "–": "-",
    "—": "-",
    "−": "-",
    "·": "|",
    "•": "*",
    "×": "x",
    "…": "...",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "²": "2",
    "³": "3",
    "₂": "2",
    "°": "deg",
    "√": "sqrt",
    "Δ": "d",
    "\u00a0": " ",
    "●": "*",
    "◐": "o",
    "○": "o",
    "◌": ".",
    "△": "!",
    "▲": "!",
    "█": "#",
    "▏": "|",
    "─": "-",
    "━": "-",
    "│": "|",
    "’": "'",
    "“": '"',
    "”": '"',
}


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(SPELLED.get(character, "?") for character in text), error.end


codecs.register_error(NAME, _spelled)


def spell_out() -> None:
    """Let standard output and error spell out what they cannot encode, where they are ordinary text streams."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(OSError, ValueError):
                stream.reconfigure(errors=NAME)
