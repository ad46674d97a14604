"""A mistyped name is answered with what was meant, and a terminal obeys none of it."""

from __future__ import annotations

import pytest

from powermeter.names import nearest


@pytest.mark.parametrize(
    ("typed", "known", "answer"),
    [
        ("infr", ["infer", "train"], "did you mean infer?"),
        ("INFER", ["infer"], "did you mean infer?"),
        ("xyz", ["infer"], "there is infer"),
        ("xyz", [], "there is none"),
        ("q", list("abcdefghij"), "there are a, b, c, d, e, f, g, h and 2 more"),
    ],
)
def test_the_nearest_names_are_offered(typed, known, answer):
    assert nearest(typed, known) == answer


def test_a_name_that_steers_is_printed_harmless_and_short():
    text = nearest("x", ["\x1b[31mred", "y" * 10_000, "\ud800"])
    assert text.isprintable() and len(text) < 200 and "\x1b" not in text
