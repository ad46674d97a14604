"""The nouns that a number counts, from which no line parts it."""

from __future__ import annotations

COUNTED = r"(?:event|item|repeat|reading|sample|gap)s?"
"""A regular expression: one or several of them."""
