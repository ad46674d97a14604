"""The report as one HTML file that needs nothing else: nothing is fetched, and it reads on a phone, on paper, dark and light.

The only script is the zoom of the power figure; its digest is in the page's content policy, so that no other can run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from powermeter.analysis.warmup import WarmUpReason
from powermeter.errors import plural
from powermeter.units import format_duration, format_quantity

from . import figure_data, lifetime_section, stages_section, svg
from .headline_sentence import attribute_words, product, quality, sentence, titled
from .html_elements import Child, Markup, element, harmless, join, prose, quantity, shortened_words
from .meaning_sections import meaning
from .method import machine_text
from .nesting_sections import distributions, nesting
from .page_method import factors, how_measured, limits_of
from .page_sections import against, badge, how_sure, labels, language_models, whole_run
from .recording_notes import VOLTAGE_UNKNOWN
from .report_data import ReportData
from .zoom_data import zoom_data


class HTMLReport:
    """One self-contained page."""

    suffix = ".html"
    binary = False
    sections = ("against", "lifetime", "stages")
    summary = "one self-contained page with figures, for reading and printing"
    script = True

    def render(self, data: ReportData) -> str:
        """Return the page."""
        script = _template("zoom.js") if self.script else ""
        packed = zoom_data(data) if self.script else None
        body = element(
            "main",
            _header(data),
            _warnings(data),
            _event_by_event(data),
            against(data),
            _power(data, packed is not None),
            whole_run(data),
            labels(data),
            distributions(data),
            nesting(data),
            language_models(data),
            meaning(data),
            stages_section.section(data),
            lifetime_section.section(data),
            how_sure(data),
            how_measured(data),
            limits_of(data),
            factors(data),
            _footer(data),
        )
        title = f"{heading(data)} · {data.path.name}: energy report"
        simulated = data.grade.value == "simulated"
        return page_of(title, [body], packed, script, simulated=simulated)


def page_of(
    title: str,
    body: Sequence[Child],
    packed: Mapping[str, Any] | None = None,
    script: str = "",
    *,
    simulated: bool = False,
) -> str:
    """Return a whole page in the house's style, with a content policy that lets it fetch nothing.

    Args:
        title: Of the page.
        body: What stands in it; put into a `main` where it is none.
        packed: The data of the zoom, which `script` draws; None for a page without a script.
        script: The only script that may run.
        simulated: Whether its numbers are simulated, shown as a watermark.
    """
    mark = element("div", "simulated", class_="watermark", aria_hidden="true") if simulated else ""
    parts: list[Child] = (
        [mark, *body] if packed is not None or len(body) == 1 else [mark, element("main", *body)]
    )
    if packed is not None:
        text = json.dumps(packed, separators=(",", ":")).replace("<", "\\u003c")
        parts.append(Markup(f'<script type="application/json" id="zoom-data">{text}</script>'))
        parts.append(Markup(f"<script>{script}</script>"))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_policy(script if packed else "")}">'),
        element("meta", name="generator", content="powermeter"),
        element("title", title),
        Markup(f"<style>{_template('report.css')}{svg.style()}</style>"),
    )
    whole = element(
        "html", head, element("body", *parts, class_="simulated" if simulated else None), lang="en"
    )
    return f"<!doctype html>\n{whole}\n"


class PlainHTMLReport(HTMLReport):
    """The same page without the script that zooms."""

    summary = "the same page without a script: its power figure does not zoom"
    script = False


def _template(name: str) -> str:
    return files("powermeter.reports").joinpath("templates").joinpath(name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() if script else ""
    allowed = f" script-src &#x27;sha256-{digest}&#x27;;" if script else ""
    return f"default-src 'none'; style-src 'unsafe-inline';{allowed} img-src data:".replace("&#x27;", "'")


def heading(data: ReportData) -> str:
    """Return what distinguishes this page from another one: the program, what was measured, and its attributes."""
    row, per = data.headline, data.analysis.item_name
    if data.given_title:
        return data.title
    if row is None:
        counted = data.analysis.run_items is not None
        whole = (
            f"{harmless(data.title, 120)}: {harmless(per, 120) or 'item'}, of the whole run"
            if counted
            else data.title
        )
        return whole + _in_brackets(titled(data))
    group = [f"{name} {value}" for name, value in row.group.items() if value is not None]
    attributes = [text for text in titled(data) if text not in group]
    label = f"{harmless(row.label, 120)} per {harmless(per, 120)}" if per else harmless(row.label, 120)
    return f"{harmless(data.title, 120)}: {label}" + _in_brackets([*group, *attributes])


def _in_brackets(words: Sequence[str]) -> str:
    return f" ({', '.join(words)})" if words else ""


def _header(data: ReportData) -> Markup:
    found, p = quality(data), product(data)
    return element(
        "header",
        element("h1", heading(data)),
        element("p", [[quantity(word), " "] for word in _subtitle(data)], class_="subtitle"),
        element("p", prose(sentence(data)), class_="lede"),
        element("p", quantity(p), class_="product") if p else None,
        element(
            "p",
            element("strong", found.word, class_=f"word {found.word.replace(' ', '-')}"),
            f" {found.cause}.",
            f" To narrow it: {found.remedy}." if found.remedy else "",
            class_="quality",
        ),
        element(
            "p",
            badge(data.quoted_grade),
            " on ",
            element("strong", data.analysis.line.rail.name),
            f": {data.analysis.covers}",
            class_="where",
        ),
    )


def _subtitle(data: ReportData) -> Iterator[str]:
    yield data.path.name
    if machine := machine_text(data):
        yield machine
    yield format_duration(data.analysis.duration.value)
    yield data.started.strftime("%d %B %Y, %H:%M UTC") if data.started else "time of day not known"
    yield from attribute_words(data)[len(titled(data)) :]


def _warnings(data: ReportData) -> Markup:
    alarms = [text for text in data.warnings if text.code != VOLTAGE_UNKNOWN]  # that stands beside the charge
    worst = (
        element("ul", [element("li", shortened_words(text)) for text in alarms], class_="warnings")
        if alarms
        else ""
    )
    notes = (
        element("ul", [element("li", shortened_words(text)) for text in data.notes], class_="notes")
        if data.notes
        else ""
    )
    return join([worst, notes])


def _both(draw: object) -> Markup:
    """Return a figure in two frames; the style sheet shows the one that fits the screen."""
    assert callable(draw)
    return Markup("".join(draw(frame) for frame in (svg.WIDE, svg.NARROW)))


_WARM_UP_ENDS = {
    WarmUpReason.FIRST: "it alone stands apart from the rest",
    WarmUpReason.SETTLING: "the events after them stay at one level",
}


def _event_by_event(data: ReportData) -> Markup:
    row = data.headline
    items = figure_data.items_of(data, row) if row is not None else None
    if row is None or items is None:
        if row is not None and not row.verdict.resolved and row.verdict.text:
            return join(
                [
                    element("h2", "Event by event"),
                    element("p", f"Single events are not drawn: {row.verdict.text}."),
                ]
            )
        return Markup("")
    colour = next((i for i, r in enumerate(data.analysis.rows) if r is row), 0) % 8
    title = f"Energy per {data.item}, event by event"
    drawn = [Markup(svg.items_figure(items, title, colour, frame)) for frame in (svg.WIDE, svg.NARROW)]
    words = [
        "Energy per ",
        data.item,
        " in the order of the run",
        ", each with its own 95 % interval" if 'class="whisker' in drawn[0] else "",
        "; the energy axis begins at 0.",
    ]
    words += (
        [f" Hollow: warm-up, {items.warmup:,} left out of the mean: {_WARM_UP_ENDS[row.warmup.reason]}."]
        if items.warmup
        else [" No event is left out as warm-up."]
    )
    words += [
        " Line: the mean. Dark band: how far the meter may be off. Light band: where the mean of many more events would lie (95 % sure),",
        " by the meter and by how much single events differ.",
        f" They differ by {format_quantity(row.spread_j, 'J', 2)} (standard deviation)."
        if row.spread_j
        else "",
        " Both bands are about as thin as the line here." if svg.is_thin(items) else "",
    ]
    if not math.isfinite(items.high):
        words = [
            f"Energy per {data.item} in the order of the run; the energy axis begins at 0. Each is known from below only, as the triangles point: "
        ]
        words += ["readings inside it are at the end of the meter's range."]
    if items.numbers.size < items.events:
        words.append(f" {items.numbers.size:,} of {plural(items.events, 'event')} are drawn, evenly picked.")
    if items.before is not None:
        words.append(
            " Dashed: the earlier run's mean, in a band with dotted edges; this run's have plain ones."
        )
    figure = element(
        "figure",
        drawn,
        element("figcaption", words),
    )
    return element("section", element("h2", "Event by event"), figure, class_="whole")


CLIPPED = " The marks at the top are readings at the end of the meter's range."


def _power(data: ReportData, zooms: bool) -> Markup:
    panel = figure_data.run_panel(data)
    title = "Power over the whole run, events below"
    still = _both(lambda frame: svg.power_figure(panel, title, frame=frame))
    parts = [element("h2", "Power over the run")]
    if zooms:
        parts.append(
            element(
                "div",
                element("div", class_="bar"),
                element(
                    "canvas",
                    class_="figure",
                    tabindex=0,
                    role="img",
                    aria_label="Power over time with the events below; arrow keys move, plus and minus zoom, Home shows the whole run",
                ),
                element("p", class_="readout", aria_live="polite"),
                element("p", class_="hint"),
                id="zoom",
            )
        )
    caption = (
        f"Power on {data.analysis.line.rail.name}, the events below on the same clock. The band runs from the lowest to the "
        "highest reading of each pixel, the line is their mean; a shaded column is a gap without readings."
    )
    caption += CLIPPED if panel.clipped else ""
    parts.append(element("figure", still, element("figcaption", caption), class_="still" if zooms else None))
    parts = [element("section", parts, class_="whole")]
    if panel.hidden:
        names = ", ".join(harmless(label, 60) for label in panel.hidden[:8])
        more = f" and {len(panel.hidden) - 8:,} more" if len(panel.hidden) > 8 else ""
        parts.append(element("p", f"Labels without a lane: {names}{more}.", class_="soft"))
    close = figure_data.close_panel(data)
    if close is not None:
        around = "Power around one typical event"
        parts.append(
            element(
                "figure",
                element("h3", around),
                _both(lambda frame: svg.power_figure(close, around, "the event began", frame)),
                element(
                    "figcaption",
                    f"The {harmless(data.headline.title, 80) if data.headline else ''} event with the median energy{_of_held(data)}, and "
                    f"what lies around it.{' Dots are single readings.' if close.samples else ''}{CLIPPED if close.clipped else ''}",
                ),
                class_="close",
            )
        )
    return join(parts)


def _of_held(data: ReportData) -> str:
    if data.analysis.power_trace.kept is None:
        return ""
    return ", or next to it where not all of its readings are held here"


def _footer(data: ReportData) -> Markup:
    from powermeter.result import Grade

    from .wording import GRADE_TEXT

    version = data.metadata.get("powermeter")
    return element(
        "footer",
        element(
            "p",
            [
                [badge(grade), f" {GRADE_TEXT[grade]}", " · " if grade is not list(Grade)[-1] else ". "]
                for grade in Grade
            ],
            "A dash is a number that is not known.",
        ),
        element(
            "p",
            "From ",
            element("code", data.path.name),
            f", powermeter {version}" if version else "",
            ". All numbers unrounded: ",
            element("code", f"powermeter show --json {data.path.name}"),
        ),
    )
