"""A LiteRT model of one operator, y = relu(x), written field by field after TensorFlow Lite's schema."""

from __future__ import annotations

from collections.abc import Sequence

import flatbuffers

RELU = 19  # BuiltinOperator.RELU


def relu(shape: Sequence[int]) -> bytes:
    """A model file whose input and output have this shape, of float32."""
    b = flatbuffers.Builder(512)

    def numbers(values: Sequence[int]) -> int:
        b.StartVector(4, len(values), 4)
        for value in reversed(values):
            b.PrependInt32(value)
        return b.EndVector()

    def offsets(values: Sequence[int]) -> int:
        b.StartVector(4, len(values), 4)
        for value in reversed(values):
            b.PrependUOffsetTRelative(value)
        return b.EndVector()

    def table(slots: dict[int, tuple[str, int]], size: int) -> int:
        b.StartObject(size)
        for slot, (kind, value) in slots.items():
            if kind == "offset":
                b.PrependUOffsetTRelativeSlot(slot, value, 0)
            elif kind == "byte":
                b.PrependInt8Slot(slot, value, 0)
            else:
                b.PrependInt32Slot(slot, value, 0)
        return b.EndObject()

    buffers = offsets([table({}, 1) for _ in range(3)])
    tensors = []
    for i, name in enumerate(("x", "y")):
        text, extents = b.CreateString(name), numbers(shape)
        tensors.append(table({0: ("offset", extents), 2: ("int", i + 1), 3: ("offset", text)}, 8))
    listed = offsets(tensors)
    operator = table({1: ("offset", numbers([0])), 2: ("offset", numbers([1]))}, 9)
    operators = offsets([operator])
    inputs, outputs = numbers([0]), numbers([1])
    graph = {0: ("offset", listed), 1: ("offset", inputs), 2: ("offset", outputs), 3: ("offset", operators)}
    graphs = offsets([table(graph, 5)])
    codes = offsets([table({0: ("byte", RELU), 2: ("int", 1), 3: ("int", RELU)}, 4)])
    model = {0: ("int", 3), 1: ("offset", codes), 2: ("offset", graphs), 4: ("offset", buffers)}
    b.Finish(table(model, 8), b"TFL3")
    return bytes(b.Output())
