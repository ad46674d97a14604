"""Reads TOML that strangers may have written: from the standard library or, before Python 3.11, from `tomli`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError, DataError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_LENGTH = 1 << 20
"""Characters of the longest text that is read; our own tables have a tenth."""

MAX_DEPTH = 32
"""Parts of a dotted key; the time to read one grows with the square of them."""

_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_TOKEN = re.compile(r"[\w\-+:]+|\S")


def parse(text: str, where: str) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Args:
        text: The whole text.
        where: What it is, for the message.

    Raises:
        DataError: It is not TOML, names the line; or it is longer or deeper than any table of ours.
    """
    if len(text) > MAX_LENGTH:
        raise DataError(f"{where}: too long for a table of ours ({len(text):,} characters)")
    if _depth(text) > MAX_DEPTH:
        raise DataError(f"{where}: a key has more than {MAX_DEPTH} parts")
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except RecursionError:
        raise DataError(f"{where}: not usable TOML (nested too deep)") from None
    except ValueError as error:  # also a number of thousands of digits
        reason = "".join(c if c.isprintable() else "?" for c in str(error))[:200]
        raise DataError(f"{where}: not usable TOML ({reason})") from None
    return tables


def _depth(text: str) -> int:
    """Return the most dots that follow each other with nothing but words between them."""
    most = dots = 0
    for token in _TOKEN.finditer(_STRING.sub(" s ", text)):
        if token.group() == ".":
            dots += 1
            most = max(most, dots)
        elif not (token.group()[0].isalnum() or token.group()[0] in "_-+"):
            dots = 0
    return most


def read(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises:
        ConfigurationError: It cannot be read, or is not a regular file.
        DataError: It is not TOML.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe or a device may never end
            raise ConfigurationError(f"{path}: cannot be read (not a regular file)")
        with path.open("rb") as file:
            data = file.read(MAX_LENGTH * 4 + 1)
        text = data.decode("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: not usable TOML ({error})") from None
    except ValueError as error:  # a null byte in the name
        raise ConfigurationError(f"{str(path)!r}: cannot be read ({error})") from None
    return parse(text, path.name)


def line_of(text: str, table: str, key: str) -> int | None:
    """Return the line on which a table (`tool.powermeter`; empty at the top) sets a key; None where it is written another way."""
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            inside = header[1]
        elif inside == table and (found := _KEY.match(line)) and found[1] == key:
            return number
    return None
