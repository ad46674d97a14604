"""What a table leaves open, with what a message offers first, and what would be asked once that is stated: one message for all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from powermeter.errors import ConfigurationError, PowermeterError
from powermeter.importers.column_kinds import Meaning, OpenKind
from powermeter.importers.log import Choices

_MOST_BYTES = 64 << 20
"""A longer file is not read a second time for a question."""

_ROUNDS = 3
_MOST_KINDS = 8


class OpenQuestions(ConfigurationError):
    """Something must be stated that a file does not state.

    Attributes:
        stated: What the message offers first, as if it had been stated.
        offered: The same in words.
    """

    def __init__(self, text: str, stated: Choices, offered: str) -> None:
        super().__init__(text)
        self.stated, self.offered = stated, offered


def with_what_follows(
    path: Path, asked: OpenQuestions, read: Callable[[Choices], object]
) -> ConfigurationError:
    """Return one error with what a table leaves open and what it would ask once that is stated.

    Args:
        path: The file.
        asked: What it leaves open.
        read: Reads it all, with what is stated.
    """
    text = str(asked)
    for _ in range(_ROUNDS):
        if path.stat().st_size > _MOST_BYTES:
            break
        try:
            read(replace(asked.stated, progress=None))
        except ConfigurationError as more:
            text += f"; once stated ({asked.offered}): {str(more).removeprefix(f'{path}: ')}"
            if not isinstance(more, OpenQuestions):
                break
            asked = more
        except PowermeterError:
            break
        else:
            break
    return ConfigurationError(text)


def meanings_of(count: int, choices: Choices, where: str, meaning: Callable[[int], Meaning]) -> list[Meaning]:
    """Return what the numbers of each column are.

    Raises:
        OpenQuestions: Two meanings are open of some of them.
    """
    found: list[Meaning] = []
    asked: list[OpenKind] = []
    for i in range(count):
        try:
            found.append(meaning(i))
        except OpenKind as open_:
            asked.append(open_)
    if asked:
        text = "; ".join(str(open_).removeprefix(f"{where}: ") for open_ in asked[:_MOST_KINDS])
        kinds = {open_.column: open_.as_ for open_ in asked}
        stated = replace(choices, as_={**choices.as_, **kinds})
        raise OpenQuestions(f"{where}: {text}", stated, ", ".join(dict.fromkeys(kinds.values())))
    return found
