"""How many items a batch holds, where that is certain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

DEEPEST, MOST_LEAVES = 4, 64

_COLOURS, _SMALLEST = (3, 4), 8
_OF_BATCHES = {"input_ids": 2, "input_values": 2, "input_features": 3, "pixel_values": 4}
"""Names that Hugging Face's batches have → the dimensions of a batch by that name; one sample has one less."""
_SINGLE = (str, bytes, int, float, complex, bool, type(None))


class Leaf(NamedTuple):
    """An array, list or scalar in a batch.

    Attributes:
        shape: Its extents.
        is_vague: Whether by itself its first extent may be something else than items.
        may_be_one: Whether that holds beside others too: a tuple of texts may be a question and its answer.
    """

    shape: tuple[int, ...]
    is_vague: bool = False
    may_be_one: bool = False


class Sizer:
    """Finds the number of items in the batches of one loader.

    Tensors or arrays of different numbers of dimensions that share their leading one are inputs and targets of so many
    items.  A single text or number is one item.  An array alone, whatever its dimensions, may be one sample (an image, a
    sound, a clip), and so may several of one number of dimensions, a list of texts (words) or of dicts (a conversation):
    then only a loader that was asked for that size (`batch_size`, as in torch) settles it, and later its smaller last batch.

    Args:
        loader: What hands out the batches.
        are_batches: Whether these are what a model is called with, which takes batches: an array of two or more dimensions
            then counts by its leading one, and a list of texts or of dicts by its length.
    """

    def __init__(self, loader: Any = None, *, are_batches: bool = False) -> None:
        self._asked = _asked_size(loader)
        self._are_batches = are_batches
        self._confirmed: set[tuple[tuple[int, ...], ...]] = set()
        self._clear: set[tuple[tuple[int, ...], ...]] = set()

    def size(self, item: Any) -> int | None:
        """Return the number of items in a batch; None where it is not certain."""
        try:
            return self._size(item)
        except Exception:  # noqa: BLE001 – somebody else's object; the measured program must never notice
            return None

    def _size(self, item: Any) -> int | None:
        if isinstance(item, _SINGLE):
            return 1
        if isinstance(item, list) and item and all(isinstance(one, Mapping) for one in item):
            leaves = [Leaf((len(item),))]
        else:
            leaves = list(islice(_leaves(item, DEEPEST), MOST_LEAVES + 1))
        if len(leaves) > MOST_LEAVES:
            return None
        lengths = {leaf.shape[0] for leaf in leaves if leaf.shape}
        if len(lengths) != 1:
            return None
        (length,) = lengths
        if self._are_batches and _is_batch(item, leaves):
            return length
        layout = tuple(leaf.shape[1:] for leaf in leaves)
        if _is_clear(item, leaves):
            self._clear.add(layout)
        if layout in self._clear:
            return length
        if self._asked is not None and length == self._asked:
            self._confirmed.add(layout)
        return length if layout in self._confirmed and length <= (self._asked or 0) else None


def _is_clear(item: Any, leaves: Sequence[Leaf]) -> bool:
    """Return whether the first extent of the leaves can only be the number of items."""
    if not all(leaf.shape and not leaf.may_be_one for leaf in leaves):
        return False
    shapes = [leaf.shape for leaf in leaves]
    if len({len(shape) for shape in shapes}) > 1:
        return not _may_be_a_picture_and_its_labels(shapes)
    return isinstance(item, Mapping) and any(
        _dimensions(item.get(name)) == wanted for name, wanted in _OF_BATCHES.items()
    )


def _may_be_a_picture_and_its_labels(shapes: Sequence[tuple[int, ...]]) -> bool:
    """Return whether arrays of one leading extent may be one sample: a picture and a label for each of its points, or for each of its objects.

    As many objects as the picture has colours are a chance; but then its boxes have an array of two dimensions beside their classes.
    """
    for picture in filter(is_image, shapes):
        others = [shape for shape in shapes if shape is not picture]
        if picture[:2] in others or (picture[0] in _COLOURS and any(len(other) == 2 for other in others)):
            return True
    return False


def _dimensions(value: Any) -> int:
    """Return the dimensions of an array or of a list of lists of numbers."""
    shape = getattr(value, "shape", None)
    if shape is not None:
        return len(shape)
    return 2 if isinstance(value, list) and value and all(isinstance(one, list) for one in value) else 0


def _is_batch(item: Any, leaves: Sequence[Leaf]) -> bool:
    """Return whether the first extent of what a model is called with is the number of items."""
    if not all(leaf.shape and not leaf.may_be_one for leaf in leaves):
        return False
    if len({len(leaf.shape) for leaf in leaves}) > 1:
        return True
    is_list = isinstance(item, (list, tuple)) and len(leaves) > 1
    return not is_list and not all(leaf.is_vague for leaf in leaves)


def is_image(shape: tuple[int, ...], *, channels_last: bool = True) -> bool:
    """Return whether an array may be one picture, whose first extent is its colours or its height."""
    if len(shape) != 3:
        return False
    first = shape[0] in _COLOURS and min(shape[1:]) >= _SMALLEST
    return first or (channels_last and shape[2] in (1, *_COLOURS) and min(shape[:2]) >= _SMALLEST)


def _leaves(item: Any, depth: int) -> Iterator[Leaf]:
    shape = getattr(item, "shape", None)
    if shape is not None:
        extents = tuple(int(extent) for extent in shape)
        yield Leaf(extents, is_vague=len(extents) == 1 or is_image(extents))
    elif isinstance(item, _SINGLE) or not depth:
        yield Leaf(())
    elif isinstance(item, Mapping):
        for value in item.values():
            if isinstance(value, list) and value and not any(hasattr(one, "shape") for one in value):
                yield Leaf((len(value),), is_vague=all(isinstance(one, (int, float)) for one in value))
            else:
                yield from _leaves(value, depth - 1)
    elif isinstance(item, list) and item and all(isinstance(one, str) for one in item):
        yield Leaf((len(item),))
    elif isinstance(item, tuple) and depth < DEEPEST and item and all(isinstance(one, str) for one in item):
        yield Leaf((len(item),), may_be_one=True)  # torch's loaders collate texts so
    elif isinstance(item, (list, tuple)):
        for value in item:
            yield from _leaves(value, depth - 1)
    else:
        graphs = getattr(item, "num_graphs", None)  # a batch of torch_geometric
        yield Leaf((graphs,)) if isinstance(graphs, int) else Leaf(())


def _asked_size(loader: Any) -> int | None:
    size = getattr(loader, "batch_size", None)
    if size is None:
        size = getattr(getattr(loader, "batch_sampler", None), "batch_size", None)
    return size if isinstance(size, int) and size > 0 else None
