"""Markup: whatever is put into an element stays text, and nothing that steers a page gets through."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from powermeter.reports.html_elements import (
    Markup,
    element,
    harmless,
    join,
    prose,
    quantity,
    shortened_words,
    table,
)

HOSTILE = '<script>alert("x")</script>&amp;\'\x1b[31m\u202e\ud800'


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> Seen:
    seen = Seen()
    seen.feed(markup)
    return seen


def test_a_text_is_a_text_in_an_element_and_in_an_attribute():
    seen = read(element("p", HOSTILE, title=HOSTILE))
    assert [tag for tag, _ in seen.tags] == ["p"]
    assert seen.text == harmless(HOSTILE) == seen.tags[0][1]["title"]
    assert "\x1b" not in seen.text and "\u202e" not in seen.text


def test_markup_in_markup_is_kept():
    assert element("p", "a ", element("b", "c")) == "<p>a <b>c</b></p>"
    assert join(["a", None, 3, Markup("<i>")]) == "a3<i>"


def test_attributes_without_a_value_are_left_out_and_names_get_hyphens():
    assert element("td", "x", class_="n", data_label=None) == '<td class="n">x</td>'
    assert element("td", "x", data_label="A") == '<td data-label="A">x</td>'
    assert element("br") == "<br>"


@pytest.mark.parametrize("length", [300, 301, 1_000_000])
def test_a_long_text_is_cut_and_its_length_printed(length):
    short = harmless("x" * length)
    assert len(short) <= 300
    assert (f"{length:,} characters" in short) == (length > 300)


def test_no_line_break_parts_a_number_from_its_unit():
    assert join("95 % sure; 1 event of 20 items") == "95\u00a0% sure; 1\u00a0event of 20\u00a0items"
    assert join("87.2 mJ ± 0.5 mJ of 3 files") == "87.2\u00a0mJ ±\u00a00.5\u00a0mJ of 3 files"
    assert quantity("") == ""
    assert join(prose("between 196–204 here")) == 'between <span class="q">196–204</span> here'


def test_a_cell_knows_its_columns_title():
    seen = read(table(["label", "J"], [["infer", "3"]], numbers=[1]))
    cells = [attributes for tag, attributes in seen.tags if tag == "td"]
    assert [c["data-label"] for c in cells] == ["label", "J"] and cells[1]["class"] == "n"
    with pytest.raises(ValueError, match="zip"):
        table(["label", "J"], [["infer"]])


def test_an_option_in_a_sentence_is_not_broken_at_its_hyphens():
    held = '<p>state it (<span class="q">--rail-voltage</span> changes it)</p>'
    assert element("p", "state it (--rail-voltage changes it)") == held
    assert element("p", element("span", "--by", class_="q")) == '<p><span class="q">--by</span></p>'
    assert element("p", "a -- b, a--b", title="--by x") == '<p title="--by x">a -- b, a--b</p>'
    assert element("title", "--rail") == "<title>--rail</title>"


def test_a_word_of_ten_thousand_letters_does_not_fill_the_page():
    found = shortened_words(f"{'x' * 10_000}: its edges are not known")
    assert len(found) < 200 and "(10,001 characters)" in found and found.endswith(": its edges are not known")
    assert shortened_words("two words") == "two words"
