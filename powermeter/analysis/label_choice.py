"""Which label `--label` means, on every verb: a label, a row's title, or a label with attributes as in `infer[model=small,batch=8]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.label_rows import labels_of, rows_called, rows_where
from powermeter.errors import ConfigurationError, quoted
from powermeter.errors.suggestions import close_names, meant, nearest

_FILTER = re.compile(r"(?P<label>[^\[\]]*)\[(?P<inside>[^\[\]]+)\]\Z")


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """A label, and the attributes its events must have; no label is every label."""

    label: str | None = None
    group: Mapping[str, str] | None = None

    @classmethod
    def of(cls, text: str) -> LabelChoice:
        """Read `infer` or `infer[model=small,batch=8]`.

        Raises:
            ConfigurationError: What stands in the brackets is not NAME=VALUE.
        """
        found = _FILTER.match(text)
        if found is None:
            return cls(text or None)
        pairs = [part.partition("=") for part in found["inside"].split(",")]
        if not found["label"] or not all(name.strip() and equals for name, equals, _ in pairs):
            raise ConfigurationError(f"{text!r}: write a label and attributes as infer[model=small,batch=8]")
        return cls(found["label"], {name.strip(): value.strip() for name, _, value in pairs})

    @property
    def title(self) -> str:
        """As typed: `infer[model=small]`."""
        return spelled(self.label or "", self.group or {})

    def means(self, label: str, group: Mapping[str, Any]) -> bool:
        """Return whether a label split by attributes is meant."""
        same = all(str(group.get(name)) == value for name, value in (self.group or {}).items())
        return self.label in (None, label) and same

    def rows(self, rows: Sequence[LabelRow]) -> list[LabelRow]:
        """Return those that are meant."""
        return rows_where(rows, lambda one: self.means(one.label, one.group))

    def unknown(self, rows: Sequence[LabelRow]) -> str:
        """Return what was perhaps meant, where no row is."""
        same = rows_where(rows, lambda one: one.label == self.label) if self.group else []
        titles = [spelled(one.label, one.group) for one in same]
        if titles:
            return meant(close_names(self.title, titles, most=1)) or nearest(self.title, titles)
        return nearest(self.label or "", labels_of(rows))


def spelled(label: str, group: Mapping[str, Any]) -> str:
    """Return a label and attributes as they are typed."""
    inside = ",".join(f"{name}={value}" for name, value in group.items())
    return f"{label}[{inside}]" if inside else label


def split_for(by: Iterable[str], typed: str | None, labels: Callable[[], Iterable[str]]) -> tuple[str, ...]:
    """Return the attributes that labels are split by: those asked for, and those that the typed label names.

    Args:
        by: Asked for.
        typed: The label, as typed; what is wholly the name of a label has no attributes.
        labels: Returns those of the recording; asked where the label decides.
    """
    if typed is None or "[" not in typed or typed in labels():
        return tuple(by)
    return tuple(dict.fromkeys((*by, *(LabelChoice.of(typed).group or {}))))


def rows_meant(rows: Sequence[LabelRow], typed: str) -> list[LabelRow]:
    """Return the rows of a typed label, one at least.

    Raises:
        ConfigurationError: There is none, with what was perhaps meant.
    """
    if found := rows_called(rows, typed):
        return found
    try:
        choice = LabelChoice.of(typed)
    except ConfigurationError:
        known = labels_of(rows)
        if close_names(typed, known):
            raise ConfigurationError(
                f"no event {quoted(typed)} in the recording; {nearest(typed, known)}"
            ) from None
        raise
    if found := choice.rows(rows):
        return found
    raise ConfigurationError(f"no event {quoted(typed)} in the recording; {choice.unknown(rows)}")
