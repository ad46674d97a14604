"""Texts of a file that may be damaged, in characters that can be printed and encoded."""

from __future__ import annotations


def one_line(error: Exception) -> str:
    """Return an error of SQLite in printable characters: it may quote the damaged file."""
    return "".join(c if c.isprintable() else "?" for c in str(error))[:200]


def printable(text: str) -> str:
    """Return a text that can be printed and encoded: lone surrogates as backslash escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
