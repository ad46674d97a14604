"""Several sources of the same channels that follow each other, as one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Gap, Kind
from powermeter.importers.log import LogBlock, LogRows

_MOST_CODES = 2**61


class Series(LogRows):
    """The samples of several parts of one log, in the order of time.

    The parts' codes are brought to one scale each; a counter goes on from part to part.
    """

    def __init__(self, parts: Sequence[LogRows]) -> None:
        self.parts = list(parts)
        self.name = parts[0].name
        self.info = dict(parts[0].info)
        self.gaps = [gap for part in parts for gap in part.gaps]
        for before, after in pairwise(parts):
            reason = "lost setup" if any(c.kind is Kind.COUNTER for c in before.channels) else "missed"
            self.gaps.append(Gap(before.ends_ns[1], after.ends_ns[0], reason, "between two logs"))
        self.gaps.sort(key=lambda gap: gap.start_ns)
        self._channels = tuple(
            replace(same[0], scale=min(channel.scale for channel in same))
            for same in zip(*(part.channels for part in parts), strict=True)
        )

    @property
    def channels(self) -> tuple[Channel, ...]:
        """One per line of the parts, on their finest scale."""
        return self._channels

    @channels.setter
    def channels(self, changed: Sequence[Channel]) -> None:
        self._channels = tuple(changed)

    @property
    def count(self) -> int:
        """How many samples there are."""
        return sum(part.count for part in self.parts)

    @property
    def ends_ns(self) -> tuple[int, int]:
        """The times of the first and the last sample."""
        return self.parts[0].ends_ns[0], self.parts[-1].ends_ns[1]

    @property
    def times_ns(self) -> NDArray[np.int64]:  # type: ignore[override]
        """All times at once."""
        return np.concatenate([block.times_ns for block in self.blocks()])

    @property
    def codes(self) -> list[NDArray[np.int64]]:  # type: ignore[override]
        """All codes at once."""
        matrix = np.concatenate([block.codes for block in self.blocks()])
        return [matrix[:, i] for i in range(matrix.shape[1])]

    @property
    def flags(self) -> None:  # type: ignore[override]
        """Flags come with the blocks."""
        return None

    def blocks(self) -> Iterator[LogBlock]:
        """Yield the samples of one part after the other."""
        for part in self.parts:
            ratios = [
                own.scale / common.scale for own, common in zip(part.channels, self._channels, strict=True)
            ]
            for block in part.blocks():
                yield LogBlock(block.times_ns, _scaled(block.codes, ratios), block.flags)


def _scaled(codes: NDArray[np.int64], ratios: Sequence[float]) -> NDArray[np.int64]:
    if all(ratio == 1.0 for ratio in ratios):
        return codes
    found: NDArray[np.int64] = codes.copy()
    for i, ratio in enumerate(ratios):
        if ratio == 1.0:
            continue
        known = codes[:, i] != MISSING
        whole = round(ratio)
        exact = math.isclose(ratio, whole, rel_tol=1e-12)
        values = codes[known, i]
        if exact and (not len(values) or int(np.abs(values).max()) < _MOST_CODES // whole):
            found[known, i] = values * whole
        else:
            found[known, i] = np.rint(values * ratio).astype(np.int64)
    return found
