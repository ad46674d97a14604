"""The parser of the URLs that name a source: `scheme://location?option=value`; what options mean, their driver decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from powermeter.errors import ConfigurationError


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
