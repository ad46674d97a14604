"""Every error this package raises on purpose.

::

    PowermeterError
    ├── ConfigurationError   an option, a URL or a unit is not usable   (also ValueError)
    ├── ExistsError          the file to write exists already           (also FileExistsError)
    ├── NotInstalledError    an optional library is missing             (also ImportError)
    ├── OpenError            an instrument cannot be opened; `reason` states which remedy applies
    ├── ReadError            an open instrument stopped answering; becomes a gap in a recording
    └── DataError            a file, a frame or a line does not state what it should  (also ValueError)

Each message is one line: what, where, what to do.  The command line prints it and exits with
`exit_code` (`exit_codes`); nothing else in the package prints an error.  What people typed or programs chose stands in a
message as `printable` makes it, a mistyped name with the `nearest` of those there are (`suggestions`),
a number with its noun as `plural` writes them.
"""

from __future__ import annotations

import math
from enum import Enum

from powermeter.errors import exit_codes


class Reason(str, Enum):
    """Why an instrument could not be opened or read; each value has its own remedy."""

    ABSENT = "absent"  # no such bus, port, file or host
    PERMISSION = "permission"  # it is there, this user may not use it
    BUSY = "busy"  # another program or a kernel driver holds it
    NO_ANSWER = "no answer"  # opened, but nothing replies (NACK, time-out, unplugged)
    WRONG_DEVICE = "wrong device"  # something else answers
    BAD_DATA = "bad data"  # it answers, but checks fail (checksum, range, overflow)
    LOST_SETUP = "lost setup"  # it restarted and forgot its configuration (brown-out)
    FROZEN = "frozen"  # it answers, but its value no longer changes


class PowermeterError(Exception):
    """Base of all errors raised on purpose."""

    exit_code = exit_codes.OTHER_ERROR


class ConfigurationError(PowermeterError, ValueError):
    """Raised when an option, a URL, a unit or a name cannot be used, before anything is opened."""

    exit_code = exit_codes.CONFIGURATION


class ExistsError(PowermeterError, FileExistsError):
    """Raised when the file to be written exists and `--force` was not given."""

    exit_code = exit_codes.EXISTS


class NotInstalledError(PowermeterError, ImportError):
    """Raised when an instrument or a report needs a library that is not installed."""

    exit_code = exit_codes.NOT_INSTALLED


class OpenError(PowermeterError):
    """Raised when an instrument cannot be opened."""

    exit_code = exit_codes.NOT_OPENED

    def __init__(self, message: str, reason: Reason = Reason.ABSENT) -> None:
        super().__init__(message)
        self.reason = reason


class ReadError(PowermeterError):
    """Raised when an opened instrument cannot be read; the recorder turns it into a gap and opens it again.

    Where `is_final`, opening it again would change nothing: the recording goes on without it.
    """

    exit_code = exit_codes.NOT_READ

    def __init__(self, message: str, reason: Reason = Reason.NO_ANSWER, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.is_final = is_final


class DataError(PowermeterError, ValueError):
    """Raised when a file or a frame is not what it should be; names the place."""

    exit_code = exit_codes.DATA


def printable(text: object) -> str:
    """Return text that no terminal obeys: controls, changes of direction and what is not text become U+FFFD."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text))


def quoted(name: str) -> str:
    r"""Return a name in quotes, what no terminal shows as its escape: `'caf\xe9'` of a byte that is not UTF-8."""
    return "".join(("'", *map(_piece, name), "'"))


def _piece(c: str) -> str:
    if "\udc80" <= c <= "\udcff":  # a byte as it was typed (PEP 383)
        return f"\\x{ord(c) - 0xDC00:02x}"
    return c if c.isprintable() else repr(c)[1:-1]


def clean(text: str, longest_word: int = 400) -> str:
    """Return lines of text that no terminal obeys, words that nobody reads to their end shortened."""
    import re

    lines = (
        "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line) for line in text.split("\n")
    )
    return "\n".join(
        re.sub(r"\S{100,}", lambda found: _shortened(found[0], longest_word), line) for line in lines
    )


def _shortened(word: str, longest: int) -> str:
    return word if len(word) <= longest else f"{word[: longest // 2]}…({len(word):,} characters)"


def plural(number: float | None, one: str, several: str | None = None) -> str:
    """Return a number with its noun: `1 event`, `1,024 events`, `0.5 items`.

    Args:
        number: How many; a dash stands for one that is not known.
        one: The noun of one, with its verb where one follows: `row was`.
        several: That of any other number; `one` with an s by default.
    """
    if number is None:
        return f"– {several or one + 's'}"
    shown = f"{int(number):,}" if math.isfinite(number) and number == int(number) else f"{number:,.6g}"
    return f"{shown} {one if number == 1 else several or one + 's'}"
