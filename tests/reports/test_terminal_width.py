"""Lines are wrapped to a width, and no number loses its unit."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from powermeter.reports import terminal_width
from powermeter.reports.html_elements import element
from powermeter.reports.terminal_width import columns, in_print, kept_together, width_of, wrapped


@pytest.mark.parametrize("width", [20, 40, 80])
def test_lines_are_wrapped_and_no_number_loses_its_unit(width):
    line = "  infer: 263.5 ± 3.5 mJ per item, 300 g CO2e (200 to 5,000), 5 mg Sb eq, 14.78 h, 89 % of 4 Ah; it holds 120 ms"
    parts = wrapped(line, width)
    assert max(map(len, parts)) <= width and " ".join(" ".join(parts).split()) == " ".join(line.split())
    for whole in ("263.5 ± 3.5 mJ", "300 g CO2e", "5 mg Sb eq", "14.78 h", "89 %", "4 Ah", "120 ms"):
        assert any(whole in part for part in parts), whole
    assert all(part.startswith("    ") for part in parts[1:])
    assert wrapped("", 40) == [""] and wrapped("short", 40) == ["short"]
    assert wrapped("a whole line", 12) == ["a whole line"] and wrapped("a whole line", 11) == [
        "a whole",
        "  line",
    ]


def test_the_layout_is_narrower_where_a_sign_becomes_two_characters() -> None:
    assert columns(80, io.TextIOWrapper(io.BytesIO(), "utf-8")) == 80
    assert columns(80, io.TextIOWrapper(io.BytesIO(), "ascii")) < 80
    assert columns(20, io.TextIOWrapper(io.BytesIO(), "ascii")) == 20


@pytest.mark.parametrize(("is_terminal", "typed", "width"), [(True, "80", 80), (False, "80", 100)])
def test_what_is_printed_is_as_wide_as_its_terminal(monkeypatch, is_terminal, typed, width):
    """A table for 100 columns breaks inside words at 80."""
    monkeypatch.setenv("COLUMNS", typed)
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal, raising=False)
    assert width_of(stream) == width


def test_a_count_keeps_what_it_counts() -> None:
    assert wrapped("on average 253 mJ; 12 events", 22) == ["on average 253 mJ;", "  12 events"]


@pytest.mark.parametrize("noun", ["event", "items", "repeats", "reading", "samples", "gap"])
def test_what_is_counted_is_kept_at_its_number_in_terminals_and_pages(noun):
    assert f"3\u00a0{noun}" in kept_together(f"of 3 {noun} here")
    assert f"3\u00a0{noun}" in element("p", f"of 3 {noun} here")


def test_the_nouns_that_are_counted_stand_in_one_place():
    reports = Path(terminal_width.__file__).parent
    assert [path.name for path in reports.glob("*.py") if "event|item" in path.read_text("utf-8")] == [
        "terminal_width.py"
    ]


@pytest.mark.parametrize("width", [-1, 0, 1])
def test_a_width_that_no_terminal_has_ends_nothing(width):
    """COLUMNS=0, and 1 less what a line is set in, were tracebacks, also in place of the summary of `record`."""
    assert "".join("".join(wrapped("a line", width)).split()) == "aline"
    assert columns(min(width, 0)) > 20


@pytest.mark.parametrize("width", [40, 80])
def test_what_python_prints_is_no_wider_than_its_terminal(monkeypatch, width):
    """`print(powermeter.versus(…))` was 80 columns in a terminal of 40, and a benchmark's sentences 140."""
    monkeypatch.setenv("COLUMNS", str(width))
    asked: list[int] = []

    def text(columns: int) -> str:
        asked.append(columns)
        return "  the bars and the precision are of the spread between runs; the sensor's own error is not in them\nend"

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdout", Terminal())
    printed = in_print(text, 68).splitlines()
    assert asked == [width] and max(map(len, printed)) <= width and printed[-1] == "end"
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert in_print(text, 68) == text(68) and asked[1:] == [68, 68]
