"""The order in which kinds of instruments are preferred where the user names none."""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.channel import Boundary


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of the ranking.

    Attributes:
        title: What people call it.
        why: What speaks for it.
        boundaries: What its rails cover; None for any.
        schemes: The drivers it is about; None for any.
    """

    title: str
    why: str
    boundaries: frozenset[Boundary] | None = None
    schemes: frozenset[str] | None = None


_ON_BOARD = frozenset({"jetson", "jtop", "tegrastats"})

RANKING: tuple[Tier, ...] = (
    Tier(
        "board input sensor",
        "senses everything the board or module draws, on the board itself",
        frozenset({Boundary.BOARD, Boundary.MODULE}),
        _ON_BOARD,
    ),
    Tier(
        "external meter",
        "senses the supply line of whatever is behind it",
        frozenset({Boundary.BOARD, Boundary.MODULE}),
    ),
    Tier("plug", "senses everything at the socket, with the power supply's loss", frozenset({Boundary.WALL})),
    Tier("rail parts", "senses some rails of the board", frozenset({Boundary.PART}), _ON_BOARD | {"pmic"}),
    Tier(
        "counters",
        "the processor's or card's own account of its energy",
        frozenset({Boundary.PART, Boundary.DEVICE}),
    ),
    Tier(
        "gauge", "the battery's own gauge, slow and only while it discharges", frozenset({Boundary.BATTERY})
    ),
    Tier("estimate", "a model, no measurement", frozenset({Boundary.MODEL})),
)
"""Best first; the first row that fits counts."""

COMPANIONS = frozenset({"throttled"})
"""Sources without any power of their own that are recorded beside whatever is chosen."""
