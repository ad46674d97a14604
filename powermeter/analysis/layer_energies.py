"""One layer of a model and all of them: what each used, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.result import Result
from powermeter.result.notes import Note
from powermeter.units import format_percent


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, or several that cannot be distinguished.

    Attributes:
        names: Labels of its events, in the order in which they run.
        energy: In J for one pass.
        seconds: Mean duration in one pass.
        calls: Events in one pass.
        share: Of the whole pass, 0 to 1.
    """

    names: tuple[str, ...]
    energy: Result
    seconds: float
    calls: float
    share: float

    @property
    def title(self) -> str:
        """Its name, or the first and last of several."""
        return self.names[0] if len(self.names) == 1 else f"{self.names[0]} … {self.names[-1]}"


@dataclass(frozen=True, slots=True)
class Layers:
    """What the parts of a pass use.

    Attributes:
        label: Of the passes.
        passes: How many were counted.
        whole: One pass as measured whole, in J; the layers and what is between them add up to it.
        layers: In the order in which they run.
        between: What is inside of the pass and in no layer.
        notes: What a reader must know, a sentence each.
    """

    label: str
    passes: int
    whole: Result
    layers: tuple[Layer, ...]
    between: Layer | None
    notes: tuple[Note, ...]

    def __str__(self) -> str:
        parts = [*self.layers, *([self.between] if self.between else [])]
        wide = max(len(one.title) for one in (*parts, Layer((self.label,), self.whole, 0.0, 0.0, 1.0)))
        lines = [f"{self.label.ljust(wide)}  {self.whole}  of {self.passes:,} passes"]
        lines += [f"{one.title.ljust(wide)}  {one.energy}  {format_percent(one.share, 3)}" for one in parts]
        return "\n".join([*lines, *self.notes])

    def layer(self, name: str) -> Layer:
        """Return the layer with this event's label, or the group that it is in.

        Raises:
            KeyError: There is none.
        """
        for one in self.layers:
            if name in one.names:
                return one
        raise KeyError(name)
