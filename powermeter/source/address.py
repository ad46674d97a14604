"""The URL of a source, `scheme://location?option=value`: how it is read, and the options behind its `?`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import close_names, meant

SIMULATED_SUFFIX = ".simulated"
"""Of the name that the port of a simulated meter leads through."""


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed URL.

    Attributes:
        scheme: The driver's name.
        location: Everything between `://` and `?`, percent-decoded: a bus and chip (`1/0x40`), a
            device path (`/dev/rfcomm0`), a file, a host.
        options: Undecoded option texts, in the order given.
    """

    scheme: str
    location: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take a URL apart.

        Raises:
            ConfigurationError: It has no scheme, holds a null byte, or an option is given twice.
        """
        scheme, separator, rest = url.partition("://")
        if not separator or not scheme:
            raise ConfigurationError(
                f"{url!r} is not a source; write for example virtual:// or ina219://1/0x40"
            )
        if "\0" in unquote(
            rest
        ):  # no path, port or address has one, and the system refuses it wherever it is used
            raise ConfigurationError(f"{url!r} holds a null byte")
        location, _, query = rest.partition("?")
        options: dict[str, str] = {}
        for item in filter(None, query.split("&")):
            name, _, value = item.partition("=")
            name = unquote(name)
            if name in options:
                raise ConfigurationError(f"{url!r}: option {name!r} is given twice")
            options[name] = unquote(value)  # a plus is a plus here, not a blank
        return cls(scheme.lower(), unquote(location), options)

    def __str__(self) -> str:
        query = "&".join(f"{quote(k)}={quote(v, safe='/:.,+-_ ')}" for k, v in self.options.items())
        return f"{self.scheme}://{quote(self.location, safe='/:.,+-_@')}" + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may follow the `?` of a URL."""

    parse: Callable[[str], Any]
    default: Any
    help: str


def parse_options(address: Address, table: Mapping[str, Option]) -> dict[str, Any]:
    """Return the value of every option that a source takes, its default where the URL does not state it.

    Raises:
        ConfigurationError: There is no option of that name, or its text cannot be read.
    """
    values = {name: option.default for name, option in table.items()}
    for name, text in address.options.items():
        if name not in table:
            hint = meant(close_names(name, table, most=1)) or "it takes " + ", ".join(sorted(table))
            raise ConfigurationError(f"{address}: no option {name!r}; {hint}")
        try:
            values[name] = table[name].parse(text)
        except ConfigurationError as error:
            raise ConfigurationError(f"{address}: option {name!r}: {error}") from None
        except ValueError as error:
            raise ConfigurationError(f"{address}: option {name!r}: {text!r}: {error}") from None
    return values


def parse_yes(text: str) -> bool:
    """Return whether an option is yes.

    Raises:
        ConfigurationError: It is neither yes nor no.
    """
    if text not in ("yes", "no"):
        raise ConfigurationError("write yes or no")
    return text == "yes"
