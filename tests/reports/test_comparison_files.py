"""A comparison as page, Markdown, LaTeX, figure and JSON: the same numbers and verdict in each, whole or not at all."""

from __future__ import annotations

import html as markup
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from powermeter.cli import cli
from powermeter.comparison.compare import compare
from powermeter.reports.comparison import change, signed, to_text, verdict_text
from powermeter.reports.comparison_files import KINDS
from powermeter.reports.wording import show


@pytest.fixture
def sides(make, twenty):
    return make("a.power", twenty), make("b.power", twenty, watts=1.5)


@pytest.fixture
def found(sides):
    return compare(*sides)


@pytest.mark.parametrize("ending", [".html", ".md", ".txt", ".svg"])
def test_each_prints_the_same_numbers(found, ending):
    text = markup.unescape(KINDS[ending](found)).replace("\u00a0", " ").replace("\\", "")
    row = found.rows[0].contrast
    wanted = [change(row.ratio), verdict_text(row)]
    wanted += [show(row.mean_left).text, show(row.mean_right).text]
    wanted += [signed(row.difference)] if ending != ".svg" else []
    for number in wanted:
        assert number in text, number


def test_latex_has_the_digits_of_print(found):
    text, row = KINDS[".tex"](found), found.rows[0].contrast
    left = show(row.mean_left)
    assert rf"\qty{{{left.value} +- {left.half}}}" in text and r"\toprule" in text


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
