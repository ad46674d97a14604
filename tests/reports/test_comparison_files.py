"""A comparison as page, Markdown, LaTeX, figure and JSON: the same numbers and verdict in each, whole or not at all."""

from __future__ import annotations

import html as markup
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from powermeter.cli import cli, run
from powermeter.comparison.compare import compare
from powermeter.comparison.percent_change import change_in_percent
from powermeter.reports.comparison import change, to_text, verdict_text
from powermeter.reports.comparison_files import FIGURES, KINDS
from powermeter.reports.comparison_numbers import in_print
from powermeter.result.notes import Note
from tests.reports.conftest import maker, twenty_events


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    make, events = maker(tmp_path_factory.mktemp("sides")), twenty_events()
    return make("a.power", events), make("b.power", events, watts=1.5)


@pytest.fixture(scope="module")
def found(sides):
    return compare(*sides)


@pytest.mark.parametrize("ending", [".html", ".md", ".txt", ".svg"])
def test_each_prints_the_same_numbers(found, ending):
    text = markup.unescape(KINDS[ending](found)).replace("\u00a0", " ").replace("\\", "")
    row = found.rows[0].contrast
    wanted = [change(row.ratio), verdict_text(row)]
    numbers = in_print(row)
    wanted += [numbers.left.text, numbers.right.text]
    wanted += [numbers.difference.text] if ending != ".svg" else []
    for number in wanted:
        assert number in text, number


def test_latex_has_the_digits_of_print(found):
    text, row = KINDS[".tex"](found), found.rows[0].contrast
    left = in_print(row).left
    assert rf"\qty{{{left.value} +- {left.half}}}" in text and r"\toprule" in text


def test_latex_has_the_difference_and_the_change(found):
    text, row = KINDS[".tex"](found), found.rows[0].contrast
    for shown, unit in (
        (in_print(row).difference, r"\milli\joule"),
        (change_in_percent(row.ratio), r"\percent"),
    ):
        assert rf"{{{shown.value} +- {shown.half}}}{{{unit}}}" in text


@pytest.mark.parametrize("ending", [".html", ".md", ".tex"])
def test_no_column_is_explained_that_the_file_does_not_have(found, ending):
    text = KINDS[ending](found)
    assert "a verdict is right in" in text.casefold().replace("a~verdict", "a verdict")
    assert not any(word in text for word in ("detectable", "Detectable", "no number", "repeats needed"))


ENDED = Note.warning("exit-status", "a.power: the program ended with status 3")


@pytest.mark.parametrize("ending", [".html", ".md", ".tex", ".txt", ".json"])
def test_each_states_what_went_wrong(found, ending):
    text = " ".join(KINDS[ending](replace(found, notes=(ENDED,))).split())
    assert "the program ended with status 3" in text


def test_a_paper_s_limits_name_no_option_of_a_command_line(found):
    note = Note.warning("voltage-unknown", "no charge is counted; state the voltage (--rail-voltage 12V)")
    text = KINDS[".tex"](replace(found, notes=(note,)))
    assert "state the voltage." in text and "12V" not in text


@pytest.mark.parametrize("ending", FIGURES)
def test_beside_a_figure_what_went_wrong_is_on_standard_error(
    sides, found, tmp_path, monkeypatch, capsys, ending
):
    """A figure has no room for it, and its caption is somebody else's."""
    weighed = replace(found, notes=(ENDED,))
    monkeypatch.setattr("powermeter.comparison.compare.compare", lambda *_, **__: weighed)
    monkeypatch.setitem(KINDS, ending, lambda _: b"a figure")
    assert run(["compare", *map(str, sides), "-o", str(tmp_path / f"out{ending}")]) == 0
    assert f"! {ENDED.text}" in capsys.readouterr().err


@pytest.mark.thorough
def test_figures_are_what_they_are_called(found):
    pytest.importorskip("matplotlib")
    pdf = KINDS[".pdf"](found)
    assert pdf.startswith(b"%PDF") and b"/Type3" not in pdf
    assert KINDS[".png"](found).startswith(b"\x89PNG")
    assert json.loads(KINDS[".json"](found))["rows"][0]["label"] == "infer"


def test_the_command_writes_it_and_refuses_what_it_must_not_replace(sides, tmp_path):
    out = tmp_path / "out.md"
    arguments = ["compare", *map(str, sides), "-o", str(out)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert f"wrote {out}" in result.output and out.read_text("utf-8").startswith("# b.power against a.power")
    assert "exists" in str(CliRunner().invoke(cli, arguments).exception)
    wrong = CliRunner().invoke(cli, [*arguments[:-1], str(tmp_path / "out.docx")])
    assert "unknown file extension" in str(wrong.exception)


def test_what_each_side_counts_is_stated_once_where_it_is_the_same(found):
    same = to_text(replace(found, counted=("whole answers", "whole answers")), 100).splitlines()
    assert same[1] == "counted whole answers" and not any("A counts" in line for line in same)
    apart = to_text(replace(found, counted=("whole answers", "tokens")), 100).splitlines()
    assert apart[1:3] == ["A counts whole answers", "B counts tokens"]
