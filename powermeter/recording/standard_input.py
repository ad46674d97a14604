"""That `-` names no input: a recording is a file that is looked into anywhere, and a log is read more than once."""

from __future__ import annotations

from pathlib import Path

from powermeter.errors import DataError


def refuse_standard_input(path: Path) -> None:
    """Refuse `-` where a file is read.

    Raises:
        DataError: It is `-`.
    """
    if str(path) == "-":
        raise DataError("standard input is not read: write it to a file first, then name that file")
