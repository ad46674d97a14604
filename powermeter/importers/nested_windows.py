"""Takes windows apart that were measured inside each other, such as steps within an epoch, so that no energy counts twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from powermeter.errors import DataError
from powermeter.units import format_short

_ROUNDING_NS = 1_000_000  # that starts and lengths of a log are off by
_MORE = (
    1.1  # times the energy of a window that the ones inside it may have, as counters are read a little late
)
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """A row of a table of stretches.

    Attributes:
        start_ns, length_ns: When.
        label: What it is called.
        energies: Joule by rail.
    """

    start_ns: int
    length_ns: int
    label: str
    energies: dict[str, float]

    @property
    def end_ns(self) -> int:
        """When it ended."""
        return self.start_ns + self.length_ns


def of_all_sockets(stretches: Sequence[LabelledWindow]) -> list[LabelledWindow]:
    """Return the stretches with rows of one time and label as one: each is of other rails."""
    found: list[LabelledWindow] = []
    for own in stretches:
        last = found[-1] if found else None
        if (
            last is not None
            and (last.start_ns, last.length_ns, last.label) == (own.start_ns, own.length_ns, own.label)
            and not {*last.energies} & {*own.energies}
        ):
            found[-1] = replace(last, energies=last.energies | own.energies)
        else:
            found.append(own)
    return found


def parents_of(stretches: Sequence[LabelledWindow], where: str) -> list[int | None]:
    """Return the place of the window that each one lies in, or None for those in no other.

    Raises:
        DataError: Two overlap and neither lies in the other, or they are nested too deep.
    """
    found: list[int | None] = [None] * len(stretches)
    around: list[int] = []
    for i in sorted(range(len(stretches)), key=lambda i: (stretches[i].start_ns, -stretches[i].length_ns)):
        own = stretches[i]
        while around and _has_ended(stretches[around[-1]], own.start_ns):
            around.pop()
        if around:
            outer = stretches[around[-1]]
            if own.end_ns > outer.end_ns + _ROUNDING_NS:
                raise DataError(
                    f"{where}: {own.label!r} began before {outer.label!r} ended and ended behind it: what both measured would count twice. Write the "
                    "rows of each process, or of each label, to a file of its own and import them one by one"
                )
            found[i] = around[-1]
        around.append(i)
        if len(around) > _DEEPEST:
            raise DataError(f"{where}: more than {_DEEPEST} windows lie in each other")
    return found


def _has_ended(outer: LabelledWindow, start_ns: int) -> bool:
    return outer.end_ns <= start_ns + min(_ROUNDING_NS, outer.length_ns // 2)


def pieces(
    stretches: Sequence[LabelledWindow], parents: Sequence[int | None], where: str
) -> list[LabelledWindow]:
    """Return stretches in the order of time that lie beside each other and have the energy of all, each counted once.

    What a window used beyond those inside it is spread evenly over the time that they leave.

    Raises:
        DataError: Windows inside another have more energy than it.
    """
    inside: dict[int | None, list[int]] = {}
    for i in sorted(range(len(stretches)), key=lambda i: stretches[i].start_ns):
        inside.setdefault(parents[i], []).append(i)

    def taken_apart(i: int, share: dict[str, float]) -> Iterator[LabelledWindow]:
        own = stretches[i]
        parts = [stretches[k] for k in inside.get(i, ())]
        rest, shares = {}, dict(share)
        bare = _between(own, parts)
        for rail, energy in own.energies.items():
            sum_ = sum(part.energies.get(rail, 0.0) for part in parts)
            if sum_ > _MORE * energy:
                raise DataError(
                    f"{where}: the windows inside {own.label!r} used {format_short(sum_, 4)} J, more than its own {format_short(energy, 4)} J: times or energies of one of them are wrong"
                )
            rest[rail] = (energy - sum_) * share.get(rail, 1.0) if bare else 0.0
            if rest[rail] < 0 or (not bare and sum_):
                rest[rail], shares[rail] = 0.0, share.get(rail, 1.0) * energy / sum_
        length = sum(end - start for start, end in bare)
        for start, end in bare:
            part = (end - start) / length
            yield LabelledWindow(start, end - start, own.label, {r: e * part for r, e in rest.items()})
        for k in inside.get(i, ()):
            yield from taken_apart(k, shares)

    found = [piece for i in inside.get(None, ()) for piece in taken_apart(i, {})]
    return sorted(found, key=lambda piece: piece.start_ns)


def _between(own: LabelledWindow, parts: Sequence[LabelledWindow]) -> list[tuple[int, int]]:
    """Return the times of a window in which none of those inside it lies."""
    found, at = [], own.start_ns
    for part in parts:
        if part.start_ns > at:
            found.append((at, part.start_ns))
        at = max(at, part.end_ns)
    if own.end_ns > at or not parts:
        found.append((at, own.end_ns))
    return found
