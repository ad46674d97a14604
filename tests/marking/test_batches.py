"""How many items a batch holds, where that is certain: what it promises."""

from __future__ import annotations

from collections import UserDict

import numpy as np
import pytest

from powermeter.marking.batches import Sizer


class Loader:
    """As torch's: it knows the size it was asked for."""

    def __init__(self, batches, batch_size=32):
        self.batches, self.batch_size = batches, batch_size

    def __iter__(self):
        return iter(self.batches)

    def __len__(self):
        return len(self.batches)


X, Y = np.zeros((32, 3, 8, 8)), np.zeros(32)


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ([X, Y], 32),
        ((X, Y), 32),
        ({"image": X, "label": Y}, 32),
        ({"signal": np.zeros((64, 128, 3)), "label": np.zeros(64)}, 64),
        (UserDict(input_ids=np.zeros((32, 128)), attention_mask=np.zeros((32, 128))), 32),
        ({"inputs": {"a": X, "b": [Y, Y]}}, 32),
        ({"input_features": np.zeros((4, 80, 300))}, 4),
        ([X, ["a"] * 32], 32),
        ((np.zeros((8, 64, 64, 3)), np.zeros((8, 64, 64))), 8),
        ((np.zeros((3, 28, 28)), np.zeros(3)), 3),  # the last pictures of one colour
        ({"input_ids": [[1, 2], [3]], "text": ["a", "b"]}, 2),
        ("a single text", 1),
        (7, 1),
        (b"raw", 1),
    ],
)
def test_the_size_of_what_is_clearly_a_batch(item, size):
    assert Sizer().size(item) == size


@pytest.mark.parametrize(
    "item",
    [
        (X[0], 5),  # one image and its label
        {"image": X[0], "label": 5},
        [X[0], X[1], X[2]],  # a list of images
        [np.zeros((80, 7)), np.zeros((80, 9))],  # spectrograms of different length
        [np.zeros((32, 10)), np.zeros((32, 1))],  # inputs and targets, or two samples
        [np.zeros(3), np.zeros(4)],
        [1, 2, 3],
        np.zeros(100),  # a vector of features
        {"input_ids": np.zeros(128), "attention_mask": np.zeros(128)},
        np.zeros((3, 224, 224)),
        X,  # a batch, or a clip of so many pictures
        np.zeros((28, 28)),  # a picture of one colour
        np.zeros((80, 300)),  # a spectrogram
        np.zeros((2, 16_000)),  # a sound of two channels
        np.zeros((40, 64, 64)),  # a volume
        np.zeros((64, 64, 31)),
        {"image": np.zeros((28, 28)), "mask": np.zeros((28, 28))},
        (np.zeros((256, 192, 3)), np.zeros((256, 192))),  # a picture and what each of its points shows
        (
            np.zeros((3, 64, 64)),
            {"boxes": np.zeros((3, 4)), "labels": np.zeros(3)},
        ),  # by chance three objects
        ["words", "of", "one", "text"],
        {"tokens": ["two", "words"], "tags": ["A", "B"]},
        [{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}],
        {"input_features": np.zeros((80, 300))},
        {"pixel_values": np.zeros((224, 224, 3))},
        {"input_ids": [1, 2, 3], "attention_mask": [1, 1, 1]},  # one text's tokens
        np.zeros(()),
        ("question", "answer"),
        [("question", "answer"), np.zeros((2, 5))],
        object(),
        [],
        {},
        [[1, 2], [3, 4]],
    ],
)
def test_what_may_be_something_else_has_no_size(item):
    assert Sizer().size(item) is None


def test_a_loader_that_knows_its_batch_size_settles_what_is_not_certain():
    def pair(n):
        return [np.zeros((n, 10)), np.zeros((n, 1))]

    assert Sizer(Loader([])).size(np.zeros(32)) == Sizer(Loader([])).size(X) == 32
    assert Sizer(Loader([])).size([{"image": X[0]}] * 32) == Sizer(Loader([])).size(["text"] * 32) == 32

    sizer = Sizer(Loader([]))
    assert sizer.size(pair(7)) is None, "it has not been seen that these are inputs and targets"
    assert sizer.size(pair(32)) == 32
    assert sizer.size(pair(7)) == 7, "the last batch, of the same form"
    assert sizer.size([np.zeros((7, 11)), np.zeros((7, 1))]) is None
    assert Sizer(Loader([], batch_size=16)).size(pair(32)) is None


def test_an_object_that_raises_has_no_size():
    class Odd:
        @property
        def shape(self):
            raise RuntimeError("no")

    assert Sizer().size(Odd()) is None


def test_texts_that_a_loader_collates_to_a_tuple_are_counted_to_the_last_short_batch():
    batches = [[("text",) * 8, np.zeros(8)], [("text",) * 8, np.zeros(8)], [("text",) * 5, np.zeros(5)]]
    sizer = Sizer(Loader(batches, batch_size=8))
    assert [sizer.size(batch) for batch in batches] == [8, 8, 5]


@pytest.mark.parametrize(
    ("item", "size"),
    [
        (X, 32),
        (np.zeros((64, 128, 6)), 64),
        (["one", "two"], 2),
        ([{"image": X[0]}] * 3, 3),
        (np.zeros(9), None),
    ],
)
def test_what_a_model_is_called_with_is_a_batch(item, size):
    assert Sizer(are_batches=True).size(item) == size


def test_the_last_batch_of_a_form_that_was_clear_is_clear_too():
    sizer = Sizer()
    assert [sizer.size([np.zeros((n, 28, 28)), np.zeros((n, 10))]) for n in (3, 32, 3)] == [None, 32, 3]
