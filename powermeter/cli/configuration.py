"""What a person sets once: `powermeter.toml`, or `[tool.powermeter]` in `pyproject.toml`, under what is typed.

The nearest file at or above the working directory counts.  A key is an option's name; at the top it holds for every
verb that has the option, in a table named as a verb for that verb alone.  `[sources]` names URLs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from powermeter import registry, toml
from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import close_names, meant

ENVIRONMENT = "POWERMETER_CONFIG"
"""Names the file instead; empty for none."""

SHARED: Mapping[str, tuple[str, type]] = {
    "source": ("sources", list),
    "battery": ("battery", str),
    "place": ("place", str),
    "chain": ("chain", str),
    "rail": ("rail", str),
    "rail-voltage": ("rail_voltage", str),
    "baseline": ("baseline", str),
    "by": ("by", str),
    "calibration": ("calibrations", list),
    "private": ("private", bool),
    "dither": ("dither", bool),
}
"""Key at the top → the parameter of each verb that has it, and its kind."""

ALSO = {"place": ("home",)}
"""Key at the top → other parameters it sets: the place of the device where a verb has two places."""

_FILES = ("powermeter.toml", "pyproject.toml")
_MOST_PARENTS = 40


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a file sets.

    Attributes:
        path: The file; None where there is none.
        shared: Key → value at the top.
        verbs: Verb → its table.
        sources: Name → URL.
    """

    path: Path | None = None
    shared: Mapping[str, Any] = field(default_factory=dict)
    verbs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def defaults(self, verb: str, command: click.Command) -> dict[str, Any]:
        """Return what the file sets for a verb, by the names of its parameters.

        Raises:
            ConfigurationError: The verb's table names an option that it does not have.
        """
        options = {name: one for one in command.params for name in _keys(one)}
        found = {}
        for key, value in self.shared.items():
            for parameter in (SHARED[key][0], *ALSO.get(key, ())):
                for one in command.params:
                    if one.name == parameter:
                        found[parameter] = self._value(one, value)
        for key, value in self.verbs.get(verb, {}).items():
            if key not in options:
                raise ConfigurationError(f"{self.path}: [{verb}] has no option {key!r}{_near(key, options)}")
            found[str(options[key].name)] = self._value(options[key], value)
        return found

    def _value(self, parameter: click.Parameter, value: Any) -> Any:
        """Return a value as an option takes it: text and numbers as text, lists as lists, one of what may be repeated as a list."""
        if getattr(parameter, "multiple", False) and not isinstance(value, list):
            value = [value]
        if parameter.name == "sources" and isinstance(value, list):
            return [self.sources.get(str(name), str(name)) for name in value]
        if isinstance(value, list):
            return [str(one) for one in value]
        return value if isinstance(value, bool) else str(value)


def _keys(parameter: click.Parameter) -> list[str]:
    if not isinstance(parameter, click.Option):
        return []
    return [name.removeprefix("--") for name in parameter.opts if name.startswith("--")]


def _near(key: str, known: Any) -> str:
    near = close_names(key, known, most=1)
    return f"; {meant(near)}" if near else ""


def find(start: Path | None = None) -> Configuration:
    """Return the configuration that holds in a folder; empty where there is none.

    Raises:
        ConfigurationError: A file of ours names what does not exist, or a value is of the wrong kind.
        DataError: It is not TOML.
    """
    asked = os.environ.get(ENVIRONMENT)
    if asked is not None:
        if not asked:
            return Configuration()
        path = Path(asked)
        if not path.is_file():
            raise ConfigurationError(f"{path}: no such file; {ENVIRONMENT} names it")
        return _read(path)
    try:
        folder = (start or Path.cwd()).absolute()
    except OSError:  # the folder is gone
        return Configuration()
    for parent in (folder, *list(folder.parents)[:_MOST_PARENTS]):
        for name in _FILES:
            path = parent / name
            if path.is_file() and (name == _FILES[0] or _mentions(path)):
                return _read(path)
    return Configuration()


def _mentions(path: Path) -> bool:
    """Whether a project's file has a table of ours; without parsing the many that have not."""
    try:
        return b"[tool.powermeter" in path.read_bytes()[: toml.MAX_LENGTH]
    except OSError:
        return False


def _read(path: Path) -> Configuration:
    table = toml.read(path)
    if path.name == "pyproject.toml":
        tools = table.get("tool", {})
        table = tools.get("powermeter", {}) if isinstance(tools, dict) else {}
        if not isinstance(table, dict):
            raise ConfigurationError(f"{path}: tool.powermeter takes a table")
    shared: dict[str, Any] = {}
    verbs: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    for key, value in table.items():
        if key == "sources":
            sources = _sources(path, value)
        elif key in SHARED:
            shared[key] = _kind(path, key, value, SHARED[key][1])
        elif key in registry.VERBS and isinstance(value, dict):
            verbs[key] = value
        else:
            raise ConfigurationError(
                f"{path}: nothing is called {key!r}{_near(key, [*SHARED, *registry.VERBS, 'sources'])}"
            )
    return Configuration(path, shared, verbs, sources)


def _sources(path: Path, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(url, str) and "://" in url for url in value.values()
    ):
        raise ConfigurationError(
            f'{path}: [sources] takes names with URLs: board = "ina219://1/0x40?shunt=0.1ohm"'
        )
    return dict(value)


def _kind(path: Path, key: str, value: Any, kind: type) -> Any:
    if kind is list and isinstance(value, str):
        return [value]
    right = isinstance(value, kind) or (
        kind is str and isinstance(value, (int, float)) and not isinstance(value, bool)
    )
    if not right or (kind is list and not all(isinstance(one, str) for one in value)):
        wanted = {list: "a text or a list of texts", str: "a text", bool: "true or false"}[kind]
        raise ConfigurationError(f"{path}: {key} takes {wanted}")
    return value


def named(urls: Sequence[str]) -> tuple[str, ...]:
    """Return URLs, names of the configuration's `[sources]` replaced by theirs.

    Raises:
        ConfigurationError: A name is none.
    """
    if all("://" in url for url in urls):
        return tuple(urls)
    known = find().sources
    for url in urls:
        if "://" not in url and known and url not in known:
            raise ConfigurationError(
                f"no source is called {url!r}{_near(url, known)}; [sources] names {', '.join(known)}"
            )
    return tuple(known.get(url, url) for url in urls)
