"""The last lines of a long log, read without what stands before them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from powermeter.importers.files import HEAD, Peek
from powermeter.importers.text_encodings import encoding_of

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class LogEnd:
    """The last lines of a log.

    Attributes:
        lines: None where all of them are among the first.
        path: The file.
        start: Where they begin in it, in byte.
        seen: How many lines are among the first.
    """

    lines: tuple[str, ...] = ()
    path: Path = Path()
    start: int = 0
    seen: int = 0

    def between(self) -> int:
        """Return how many lines stand between the first and the last ones."""
        left, count = self.start, 0
        with self.path.open("rb") as file:
            while left > 0 and (block := file.read(min(_BLOCK, left))):
                left -= len(block)
                count += block.count(b"\n")
        return count - self.seen


def log_end(peek: Peek) -> LogEnd:
    """Return the last 64 KiB of a plain file in one byte a character, as lines; nothing of what was seen already."""
    if len(peek.head) < HEAD or not peek.path.is_file() or "16" in encoding_of(peek.head):
        return LogEnd()
    with peek.path.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            return LogEnd()
        start = max(HEAD, file.seek(0, 2) - HEAD)
        file.seek(start)
        tail = file.read(HEAD)
    cut = tail.find(b"\n") + 1
    text = tail[cut:].decode(encoding_of(peek.head), errors="replace")
    lines = re.split(r"\r\n|\r|\n", text)
    return LogEnd(
        tuple(lines[:-1]) if not lines[-1] else tuple(lines), peek.path, start + cut, len(peek.raw_lines)
    )
