"""Characters that an output's encoding lacks, spelled out: `±` becomes `+-`, `µ` becomes `u`, and no number loses its meaning."""

from __future__ import annotations

import codecs
import io
import sys
from contextlib import suppress
from typing import Any

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
    "△": "~",
    "▲": "!",
    "█": "#",
    "▏": "|",
    **dict(zip("▁▂▃▄▅▆▇", "__..--=", strict=True)),
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


ASCII = "powermeter-ascii"
"""ASCII under a name that click does not know: it takes a stream that calls itself ASCII for a mistake and writes UTF-8."""


class _ASCIIEncoder(codecs.IncrementalEncoder):
    def encode(self, input: str, final: bool = False) -> bytes:
        return codecs.ascii_encode(input, self.errors)[0]


class _ASCIIDecoder(codecs.IncrementalDecoder):
    def decode(self, input: Any, final: bool = False) -> str:
        return codecs.ascii_decode(input, self.errors)[0]


def _found(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != ASCII:
        return None
    return codecs.CodecInfo(
        codecs.ascii_encode,
        codecs.ascii_decode,
        incrementalencoder=_ASCIIEncoder,
        incrementaldecoder=_ASCIIDecoder,
        name=ASCII,
    )


codecs.register(_found)


def spell_out() -> None:
    """Let standard output and error spell out what they cannot encode, where they are ordinary text streams."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(OSError, ValueError, LookupError):
                plain = codecs.lookup(stream.encoding).name == "ascii"
                stream.reconfigure(encoding=ASCII if plain else stream.encoding, errors=NAME)
