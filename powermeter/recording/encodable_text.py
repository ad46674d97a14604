"""Texts of a file that may be damaged, in characters that can be encoded; what a terminal may be shown: `powermeter.errors.printable`."""

from __future__ import annotations

LONGEST = 200


def one_line(error: BaseException) -> str:
    """Return an error of SQLite or of a driver in a few printable characters: it may quote what is damaged."""
    try:
        text = str(error)
    except Exception as unstated:  # noqa: BLE001 – a driver's own error that cannot state itself
        text = f"it cannot state why: {type(unstated).__name__}"
    return "".join(c if c.isprintable() else "?" for c in encodable(text[:LONGEST]))[:LONGEST]


def encodable(text: str) -> str:
    """Return a text that can be encoded: lone surrogates as backslash escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
