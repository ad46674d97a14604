"""An option that is one of some words: of a mistyped one, the nearest is suggested."""

from __future__ import annotations

from typing import Any

import click

from powermeter.errors.suggestions import close_names, meant


class WordChoice(click.Choice[str]):
    """One of some words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word.

        Raises:
            click.BadParameter: It is none of them.
        """
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            near = meant(close_names(str(value), self.choices, most=1))
            raise click.BadParameter(
                f"{error.message.rstrip('.')}{near and f'; {near}'}", ctx, param
            ) from error
