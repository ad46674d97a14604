"""The body of an answer, read along: server-sent events, JSON by lines, or one JSON; bounded, and never in the way."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

MOST_LINE = 1 << 20
MOST_WHOLE = 1 << 24
"""Bytes of a line, or of an answer that is one JSON, that are looked at."""
_COMPRESSED = {"gzip": 31, "deflate": 15, "x-gzip": 31}


class Reply:
    """Finds the JSON objects in a body while it comes.

    Args:
        kind: Its `content-type`.
        coding: Its `content-encoding`.
        on_object: Called with each object.
    """

    def __init__(self, kind: str, coding: str, on_object: Callable[[Any], None]) -> None:
        self._on_object = on_object
        kind = kind.lower()
        self._by_lines = "event-stream" in kind or "ndjson" in kind or "jsonl" in kind
        self.is_readable = self._by_lines or "json" in kind
        self.held = bytearray()
        self._skips = False
        self._unpack: Any = None
        coding = coding.strip().lower()
        if coding in _COMPRESSED:
            self._unpack = zlib.decompressobj(_COMPRESSED[coding])
        elif coding not in ("", "identity"):
            self.is_readable = False

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        if not self.is_readable:
            return
        if self._unpack is not None:
            try:
                data = self._unpack.decompress(data, MOST_WHOLE)
            except zlib.error:
                self.is_readable = False
                return
        if not self._by_lines:
            self.held += data[: max(0, MOST_WHOLE + 1 - len(self.held))]
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            if not self._skips:
                self._line(bytes(self.held) + line)
            self.held.clear()
            self._skips = False
        if len(self.held) + len(rest) > MOST_LINE:
            self._skips = True
            self.held.clear()
        elif not self._skips:
            self.held += rest

    def end(self) -> None:
        """Take what is left."""
        if self.is_readable and self.held and len(self.held) <= MOST_WHOLE:
            self._line(bytes(self.held))
        self.held.clear()

    def _line(self, line: bytes) -> None:
        line = line.strip()
        if line.startswith(b"data:"):
            line = line[5:].strip()
        if not line.startswith(b"{"):
            return
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return
        if isinstance(found, dict):
            self._on_object(found)
