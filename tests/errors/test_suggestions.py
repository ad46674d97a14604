"""Mistyped names: what is offered for them, everywhere in the same words."""

from __future__ import annotations

import pytest

from powermeter.errors import quoted
from powermeter.errors.suggestions import close_names, meant, nearest, nearest_file, some_of


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


def test_of_many_names_some_are_listed():
    """A comparison without a label in common listed a hundred of them."""
    assert some_of([f"label {i}" for i in range(100)]).endswith("label 6, label 7 and 92 more")
    assert some_of(["a", "b\n"]) == "a, b\ufffd"


def test_a_name_that_steers_is_printed_harmless_and_short():
    text = nearest("x", ["\x1b[31mred", "y" * 10_000, "\ud800"])
    assert text.isprintable() and len(text) < 200 and "\x1b" not in text


def test_a_file_with_nearly_that_name_is_named(tmp_path):
    (tmp_path / "run1.power").touch()
    (tmp_path / "\x1b[31mred.power").touch()
    assert nearest_file(tmp_path / "run1.powr").endswith("run1.power?")
    assert "\x1b" not in nearest_file(tmp_path / "[31mred.powr")
    assert nearest_file(tmp_path / "else.csv") == "" and nearest_file(tmp_path / "no" / "run.power") == ""


def test_a_common_ending_makes_no_name_like_another(tmp_path):
    (tmp_path / "B.power").touch()
    assert nearest_file(tmp_path / "nix.power") == ""
    (tmp_path / "next.power").touch()
    assert nearest_file(tmp_path / "nxt.power") == "; did you mean next.power?"


def test_a_name_without_its_extension_is_completed_where_only_one_file_has_it(tmp_path):
    (tmp_path / "run.power").touch()
    assert nearest_file(tmp_path / "run").endswith("did you mean run.power?")
    (tmp_path / "run.csv").touch()
    assert nearest_file(tmp_path / "run") == ""
    assert nearest_file(tmp_path / "run", ".power").endswith("did you mean run.power?")
    assert nearest_file(tmp_path / "run", ".jls") == ""


def test_close_names_are_ordered_and_bounded():
    assert close_names("recrod", ["report", "record", "repair"], cutoff=0.5)[0] == "record"
    assert len(close_names("REC", ["rec1", "rec2", "rec3", "rec4"], most=3, cutoff=0.5)) == 3
    assert close_names("xyz", ["infer"]) == []


def test_one_wording_for_all_that_is_meant():
    assert meant(["show"]) == "did you mean show?"
    assert meant(["show", "report"]) == "did you mean show or report?"
    assert meant([]) == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("infer", "'infer'"),
        ("größe", "'größe'"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), r"'caf\xe9'"),
        ("a\x1b[2J\n", r"'a\x1b[2J\n'"),
        ("\ud800", r"'\ud800'"),
    ],
)
def test_a_name_is_quoted_as_it_was_typed_and_harmless(name, shown):
    assert quoted(name) == shown and shown.isprintable()
