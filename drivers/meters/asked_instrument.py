"""A bench instrument on a link that is asked for one value after the other, and counts the answers it cannot use."""

from __future__ import annotations

from powermeter.source import Address, PolledSource

from ..links.link import Link


class AskedInstrument(PolledSource):
    """The link, the identity and the count that Korad's and SCPI instruments have in common."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._link: Link | None = None
        self._identity = ""
        self.refused = 0

    def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def counts(self) -> dict[str, int]:
        """Return what went wrong so far."""
        return {"answers_refused": self.refused}
