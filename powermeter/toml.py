"""Reads TOML, from the standard library or, before Python 3.11, from `tomli`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError, DataError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def parse(text: str, where: str) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Args:
        text: The whole text.
        where: What it is, for the message.

    Raises:
        DataError: It is not TOML; names the line.
    """
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{where}: not usable TOML ({error})") from None
    return tables


def read(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises:
        ConfigurationError: It cannot be read.
        DataError: It is not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: not usable TOML ({error})") from None
    return parse(text, path.name)
