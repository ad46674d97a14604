"""The table of language models in every form: the same numbers, bounded text, nothing where there are none."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.events import Event
from powermeter.hooks.tokens.prefill_and_decode import phases_of
from powermeter.hooks.tokens.request import Request
from powermeter.recording import Recording
from powermeter.reports import export_columns, tokens
from powermeter.reports.html import HTMLReport
from powermeter.reports.json_record import record
from powermeter.reports.latex import LatexReport
from powermeter.reports.markdown import MarkdownReport
from powermeter.reports.report_data import ReportData, gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.table_formats import FORMATS
from powermeter.reports.terminal_text import to_text
from powermeter.reports.wording import show

from .conftest import SECOND, START, Make

NAME = "a<b>|model"


def requests(count: int = 3) -> list[Event]:
    """Return requests of 0.5 s prefill (100 tokens of 120) and 1 s decode (20 tokens), at 2 W."""
    made: list[Event] = []
    for i in range(count):
        at = START + round((1 + 3 * i) * SECOND)
        one = Request(at, at + 3 * SECOND // 2, first_ns=at + SECOND // 2, model=NAME, prompt=100, cached=20)
        one.generated, one.drafted, one.accepted = 20, 30, 12
        for found in phases_of(one):
            attributes = dict(found.attributes)
            measures = attributes.pop("@measures")
            made.append(
                Event(
                    found.name,
                    found.start_ns,
                    found.end_ns,
                    uid=len(made) + 1,
                    count=found.count,
                    attributes=attributes,
                    measures=measures,
                )
            )
    return made


@pytest.fixture
def data(make: Make) -> ReportData:
    with Recording.open(make("t.power", requests())) as recording:
        return gather(recording, ReportOptions(place="FRA"))


def test_numbers_are_those_of_the_arithmetic(data: ReportData) -> None:
    assert data.tokens is not None
    (model,) = data.tokens.models
    assert model.prefill is not None and model.decode is not None
    assert model.prefill.per_token is not None and model.decode.per_token is not None
    assert model.prefill.per_token.value == pytest.approx(1.0 / 100, rel=1e-6)
    assert model.decode.per_token.value == pytest.approx(2.0 / 19, rel=1e-6)
    assert model.per_generated is not None and model.per_generated.value == pytest.approx(3.0 / 20, rel=1e-6)
    assert data.tokens.run_per_generated is not None
    assert data.tokens.run_per_generated.value == pytest.approx(data.analysis.energy.value / 60)
    assert model.acceptance == pytest.approx(0.4)
    # 4 Ah at 5 V are 72 000 J; a generated token of whole requests takes 0.15 J.
    assert data.tokens_per_charge is not None and data.tokens_per_charge.value == pytest.approx(
        480_000, rel=1e-3
    )
    assert data.battery == parse_battery("4Ah")


def test_the_headline_is_the_decode(data: ReportData) -> None:
    assert data.headline is not None and data.headline.label == "decode"
    assert data.item == "further token"


@pytest.mark.thorough
@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 200])
def test_every_width_of_terminal_prints_whole_numbers(data: ReportData, width: int) -> None:
    text = to_text(data, width)
    assert max(map(len, text.splitlines())) <= width
    assert "Language models" in text and NAME in text.replace("\n", "")
    for part in ("prompt token", "further token", "to first token", "whole requests", "57"):
        assert part in text
    assert data.tokens is not None
    for row in tokens.lines(data.tokens):
        assert row.phase in text and show(row.each).text in text and show(row.total).text in text
    flat = " ".join(text.split())
    assert "60 prompt tokens came from a cache and are not counted" in flat
    assert "90 tokens were drafted (40 % accepted)" in flat
    assert "in the units of SCI for AI" in flat and "not an SCI score" in flat
    assert "generated tokens, of requests like these" in flat


def test_pages_escape_names(data: ReportData) -> None:
    html = HTMLReport().render(data)
    assert "a&lt;b&gt;|model" in html and NAME not in html
    markdown = MarkdownReport().render(data)
    assert r"a\<b\>\|model" in markdown and "## Language models" in markdown
    latex = LatexReport().render(data)
    assert "further token" in latex and r"\label{tab:tokens:" in latex


def test_json_and_tables_hold_the_same_unrounded(data: ReportData) -> None:
    plain = json.loads(json.dumps(record(data)))["tokens"]
    (model,) = plain["models"]
    assert (model["requests"], model["prompt_tokens"], model["cached_tokens"], model["generated_tokens"]) == (
        3,
        300,
        60,
        60,
    )
    assert model["decode"]["per_token"]["value"] == pytest.approx(2 / 19)
    file = io.BytesIO()
    FORMATS[".csv"]([tokens.table(data)], file)
    rows = list(csv.DictReader(io.StringIO(file.getvalue().decode())))
    decode = next(row for row in rows if row["phase"] == "decode")
    assert float(decode["energy_per_unit_j"]) == pytest.approx(2 / 19)
    assert decode["model"] == NAME


def test_each_number_of_the_table_in_json_and_in_print(data: ReportData) -> None:
    """Three requests at 2 W: 0.5 s prefill of 100 prompt tokens, 1 s decode of 19 further tokens."""
    (model,) = record(data)["tokens"]["models"]
    prefill, decode = model["prefill"], model["decode"]
    assert (prefill["events"], prefill["tokens"], decode["events"], decode["tokens"]) == (3, 300, 3, 57)
    assert (prefill["seconds"], decode["seconds"]) == pytest.approx((1.5, 3.0))
    assert prefill["energy"]["value"] == pytest.approx(3.0) and decode["energy"]["value"] == pytest.approx(
        6.0
    )
    assert prefill["per_token"]["value"] == pytest.approx(0.01)
    assert prefill["tokens_per_second"] == pytest.approx(200.0)  # 300 ÷ 1.5 s
    assert decode["tokens_per_second"] == pytest.approx(19.0)
    assert prefill["tokens_per_joule"]["value"] == pytest.approx(100.0)  # 300 ÷ 3 J
    assert decode["tokens_per_joule"]["value"] == pytest.approx(9.5)
    assert model["to_first_token_s"] == pytest.approx(0.5)
    assert model["to_first_token"]["value"] == pytest.approx(1.0)  # its prefill: 2 W × 0.5 s
    assert model["requests_per_generated_token"]["value"] == pytest.approx(0.15)
    printed = {
        line.phase: dict(zip(tokens.HEADS, line.cells(), strict=True)) for line in tokens.lines(data.tokens)
    }
    assert printed["prefill"]["time"] == "500 ms" and printed["decode"]["time"] == "1.00 s"
    assert (printed["prefill"]["n"], printed["prefill"]["tokens"]) == ("3", "300")
    assert (printed["decode"]["tokens/s"], printed["decode"]["tokens/J"]) == ("19.0", "9.50")
    assert printed["prefill"]["per"] == "prompt token" and printed["decode"]["per"] == "further token"
    assert printed["prefill"]["energy"].startswith("10.0") and " mJ" in printed["prefill"]["energy"]
    assert printed["prefill"]["total"].startswith("3.0") and printed["prefill"]["total"].endswith("J")


def test_a_recording_without_language_models_says_nothing_of_them(make: Make, tmp_path: Path) -> None:
    with Recording.open(make("n.power")) as recording:
        data = gather(recording)
    assert data.tokens is None and record(data)["tokens"] is None
    assert "Language models" not in to_text(data, 100)
    assert list(tokens.table(data)["model"]) == []
    assert export_columns.labels(data)["label"] == []


def test_each_cell_of_the_table_of_columns(data: ReportData) -> None:
    """Three requests at 2 W: prefill 0.5 s for 100 tokens (20 more came from a cache), decode 1 s for 19 further tokens each."""
    columns = tokens.table(data)
    assert {len(values) for values in columns.values()} == {len(columns["phase"])}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    by_phase = {row["phase"]: row for row in rows}
    prefill, decode = by_phase["prefill"], by_phase["decode"]
    wanted = {
        "prefill": (prefill, 300, "prompt token", 3.0, 1.0 / 100, 200.0, 0.5),
        "decode": (decode, 57, "further token", 6.0, 2.0 / 19, 19.0, 1.0),
    }
    for row, count, per, joules, each, pace, seconds in wanted.values():
        assert (row["model"], row["events"], row["tokens"], row["per"]) == (NAME, 3, count, per)
        assert row["energy_j"] == pytest.approx(joules) and row["energy_per_unit_j"] == pytest.approx(each)
        assert row["energy_low_j"] < joules < row["energy_high_j"]
        assert row["energy_per_unit_low_j"] < each < row["energy_per_unit_high_j"]
        assert row["tokens_per_second"] == pytest.approx(pace)
        assert row["tokens_per_joule"] == pytest.approx(1 / each)
        assert row["mean_time_s"] == pytest.approx(seconds) and row["grade"] == "measured"
        assert row["above_idle_per_unit_j"] == pytest.approx(0.0, abs=1e-9)  # idle draws 2 W as well


def test_above_idle_is_less_what_idle_draws_meanwhile(make: Make) -> None:
    """2 W above 0.5 W: of the second in which 19 further tokens came 1.5 J, of 0.5 s for 100 prompt tokens 0.75 J."""
    with Recording.open(make("n.power", requests())) as recording:
        data = gather(recording, ReportOptions(baseline=0.5))
    printed = {
        line.phase: dict(zip(tokens.HEADS, line.cells(), strict=True)) for line in tokens.lines(data.tokens)
    }
    assert printed["decode"]["above idle"].startswith("78.9") and printed["decode"]["energy"].startswith(
        "105"
    )
    assert printed["prefill"]["above idle"].startswith("7.5") and printed["prefill"]["energy"].startswith(
        "10.0"
    )
    (model,) = record(data)["tokens"]["models"]
    assert model["decode"]["above_idle_per_token"]["value"] == pytest.approx(1.5 / 19)
    assert (model["drafted_tokens"], model["accepted_tokens"]) == (90, 36)  # 30 and 12 a request
    assert model["acceptance"] == pytest.approx(0.4)
