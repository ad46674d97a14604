"""What `record --remote` records: sources of this machine, and `board:URL` for those of the board."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from powermeter.errors import ConfigurationError

BOARD = "board:"


def on_this_side(sources: Sequence[str], target: str | None) -> tuple[str, ...]:
    """Return the URLs to record; of the board's own sensors where none is named.

    Args:
        target: From `link.check_target`; None where nothing runs on a board.

    Raises:
        ConfigurationError: A board's source without a board.
    """
    if target is None:
        wrong = next((url for url in sources if url.startswith(BOARD)), None)
        if wrong is not None:
            raise ConfigurationError(f"{wrong!r} is a source of a board: name it with --remote user@board")
        return tuple(sources)
    wanted = sources or (f"{BOARD}auto",)
    place = target.removeprefix("ssh://")
    return tuple(
        f"ssh://{place}?source={quote(url.removeprefix(BOARD), safe='/:.,+-_')}"
        if url.startswith(BOARD)
        else url
        for url in wanted
    )
