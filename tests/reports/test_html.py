"""The page is whole by itself, well-formed, and takes nothing a label says for markup."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from powermeter.channel import Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports.html import HTMLReport, PlainHTMLReport
from powermeter.reports.latex import LatexReport
from powermeter.reports.recording_notes import VOLTAGE_UNKNOWN
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.terminal_text import to_text
from powermeter.result.notes import Note

from .conftest import START, channels, infer

VOID = {"meta", "br", "wbr", "line", "rect", "path", "circle", "img", "hr", "link", "input"}


class Page(HTMLParser):
    """Collects tags and checks that they nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        self.text += data


def page_of(path, **options) -> tuple[str, Page]:
    with Recording.open(path) as recording:
        text = HTMLReport().render(gather(recording, ReportOptions(**options)))
    page = Page()
    page.feed(text)
    page.close()
    page.text = page.text.replace("\u00a0", " ")
    return text, page


def test_a_page_is_well_formed_and_whole(make, twenty):
    text, page = page_of(
        make(events=twenty, gap_s=(4.0, 4.4), second=True), by=("model",), baseline=0.5, place="FRA"
    )
    assert page.open == []
    assert not {"link", "iframe", "img", "object", "embed"} & set(page.tags)
    assert not re.search(r"url\s*\(|@import", text)
    fetched = [
        (tag, name) for tag, name, value in page.attributes if name in ("src", "srcset", "data", "poster")
    ]
    assert fetched == []
    links = [value for tag, name, value in page.attributes if name in ("href", "xlink:href")]
    assert links and all(value.startswith("https://") for value in links)
    assert all(tag == "a" for tag, name, _ in page.attributes if name == "href")
    assert "default-src 'none'" in text


def test_a_voltage_that_is_assumed_stands_beside_the_charge_and_sounds_no_alarm(make, twenty):
    """Above, no charge is printed: `everything at the 5 V input` stood there beside `no rail voltage is known`."""
    assumed = Note.warning(VOLTAGE_UNKNOWN, "charge is counted at 5 V")
    with Recording.open(make(events=twenty)) as recording:
        data = gather(recording)
    text = HTMLReport().render(replace(data, warnings=(assumed,)))
    assert 'class="warnings"' not in text and text.count("counted at 5") == 1
    assert text.index("The whole run") < text.index("counted at 5")


def test_a_caption_names_only_what_is_seen(make, twenty):
    """Twenty equal events, known to a hundredth: neither whiskers nor bands are wider than a dot or a line."""
    text, _ = page_of(make(events=twenty))
    assert 'class="whisker' not in text and "its own 95 % interval" not in text
    assert "Both bands are about as thin as the line here." in text


def test_a_recording_that_knows_no_machine_has_no_empty_section_of_it(make, twenty):
    assert "Machine and program" not in page_of(make(events=twenty))[0]
    known = make("known.power", events=twenty, metadata={"host": {"cpu": "Cortex-A72"}})
    assert "Machine and program" in page_of(known)[0]


def test_the_only_script_is_ours(make, twenty):
    text, page = page_of(make(events=twenty))
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 1 and page.tags.count("script") == 2  # the other one is data
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert not re.search(r"\b(fetch|XMLHttpRequest|import|eval|innerHTML|Function)\b", scripts[0])


def test_a_page_without_a_script_is_there_for_who_wants_none(make, twenty):
    with Recording.open(make(events=twenty)) as recording:
        text = PlainHTMLReport().render(gather(recording))
    assert "<script" not in text and "script-src" not in text and "<svg" in text


@pytest.mark.thorough
def test_the_line_of_an_earlier_run_is_explained(make, twenty):
    earlier = make("earlier.power", events=twenty, watts=1.9)
    this = make(events=twenty)
    assert "Dashed: the earlier run" in page_of(this, against=earlier)[1].text
    assert "Dashed: the earlier run" not in page_of(this)[1].text


def test_runs_without_events_stand_beside_each_other_in_one_unit(make):
    """Of whole runs the mean power is compared: 1.9 W and 2 W, which once stood beside 20 J as an energy."""
    earlier = make("earlier.power", watts=1.9)
    text = page_of(make("now.power"), against=earlier)[1].text.replace("\u00a0", " ")
    beside = text.partition("Against an earlier run")[2].partition("Power over the run")[0]
    assert "mean power" in beside and "energy per" not in beside
    assert re.search(
        r"earlier\.power, the earlier run\s*1\.900 ± 0\.0\d+ W\s*now\.power, this run\s*2\.000 ± 0\.0\d+ W",
        beside,
    ), beside


def test_a_label_beside_an_earlier_run_stands_there_as_everywhere(make, twenty):
    """An item is 0.125 J here, and 0.95 times that in the earlier run."""
    earlier = make("earlier.power", events=twenty, watts=1.9)
    text = page_of(make("now.power", events=twenty), against=earlier)[1].text.replace("\u00a0", " ")
    beside = text.partition("Against an earlier run")[2]
    assert re.search(
        r"energy per infer\w*\s*earlier\.power, the earlier run\s*118\.[78] ± \d.*?now\.power, this run\s*125\.0 ± 1\.3 mJ\s*this run − the earlier one\s*\+6\.[23]",
        beside,
    ), beside[:300]


def test_two_runs_of_one_file_name_are_told_apart(make, twenty, tmp_path):
    (tmp_path / "before").mkdir()
    earlier = make("before/run.power", events=twenty, watts=1.9)
    text = page_of(make("run.power", events=twenty), against=earlier)[1].text.replace("\u00a0", " ")
    beside = text.partition("Against an earlier run")[2].partition("Power over the run")[0]
    assert "A (run.power), the earlier run" in beside and "B (run.power), this run" in beside, beside


def test_it_says_what_must_be_said(make, twenty):
    _, page = page_of(make(events=twenty), place="FRA")
    for wanted in (
        "125.0",
        "± 1.3",
        "Carbon",
        "Minerals (ADPe)",
        "measured",
        "derived",
        "assumed",
        "VDD_IN",
        "the whole board at its input",
        "JCGM 100:2008",
        "World Bank",
        "0.02",
        "576,000",
    ):
        assert wanted in page.text, wanted


def test_no_label_becomes_markup(hostile):
    text, page = page_of(hostile, by=("model",))
    assert page.open == []
    assert page.tags.count("script") == 2 and "img" not in page.tags  # the zoom and its data
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\ud800-\udfff]", text)
    assert "<script>alert(1)</script>" in page.text  # shown as text
    assert "{{ 7*7 }}" in page.text


def test_no_label_steers_a_terminal(hostile):
    with Recording.open(hostile) as recording:
        text = to_text(gather(recording), 100)
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
    assert "[red]bold" in text.replace("\n", "")
    assert max(map(len, text.splitlines())) <= 100


def test_the_core_installation_writes_the_page(make, twenty, monkeypatch):
    import sys

    for name in ("jinja2", "markupsafe", "matplotlib"):
        monkeypatch.setitem(sys.modules, name, None)
    assert "<svg" in page_of(make(events=twenty))[0]


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_figures_for_paper(make, twenty, kind):
    pytest.importorskip("matplotlib")
    from powermeter import registry

    with Recording.open(make(events=twenty, gap_s=(4.0, 4.5))) as recording:
        data = registry.load(registry.REPORTS[kind])().render(gather(recording))
    assert data.startswith(b"\x89PNG" if kind == "png" else b"%PDF")


def test_without_matplotlib_the_way_out_is_named(make, monkeypatch):
    import sys

    from powermeter import registry
    from powermeter.errors import NotInstalledError

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with Recording.open(make()) as recording, pytest.raises(NotInstalledError, match=r"report.*\.svg"):
        registry.load(registry.REPORTS["png"])().render(gather(recording))


def test_a_meter_at_the_end_of_its_range_has_a_page(tmp_path):
    """Readings at the upper end leave the energy open above: a lower bound in every format, and no traceback."""
    path = tmp_path / "clipped.power"
    times = START + np.arange(2001, dtype=np.int64) * 10_000_000
    flags = np.zeros(2001, np.uint8)
    flags[500:520] = 2  # saturated
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://1", "meter", "test", channels(Rail("VDD"), False))
        writer.append(source, times, np.full((2001, 1), 3000, np.int64), flags)
        writer.add_events([infer(0.5 * i, 0.3, 1, i + 1) for i in range(38)])
    _, page = page_of(path)
    assert "an interval with an open end has no parts to list" in page.text
    assert "at least" in page.text and "not resolved" in page.text and "end of the meter" in page.text
    assert "CO2e" not in page.text  # a lower bound has no footprint
    with Recording.open(path) as recording:
        data = gather(recording)
    assert "at least" in LatexReport().render(data) and "at least" in to_text(data, 80)


def test_a_very_long_label_is_shortened_and_its_length_told(make):
    text, page = page_of(make(events=[infer(0.5 * i, 0.3, 1, i + 1, name="L" * 10_000) for i in range(8)]))
    assert "(10,000 characters)" in page.text
    assert not (found := re.search("L{301,}", text)), text[found.start() - 200 : found.start()]


@pytest.mark.parametrize(("labels", "more"), [(16, ""), (17, " and 1 more"), (20, " and 4 more")])
def test_eight_labels_without_a_lane_are_named_and_the_others_counted(make, labels: int, more: str):
    """Eight have one: of 16 labels the other eight are named."""
    events = [
        Event(f"l{i:02d}", START + i * 400_000_000, START + (i * 400 + 200) * 1_000_000, uid=i + 1)
        for i in range(labels)
    ]
    _, page = page_of(make(events=events))
    found = re.search(r"Labels without a lane: (.*?)\.", page.text)
    assert found
    names = re.findall(r"l\d\d", found[1])
    assert len(names) == 8 and found[1].endswith(names[-1] + more)
