"""A comparison as a file: a page, Markdown, LaTeX, a figure, text or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from powermeter.comparison.compare import Comparison
from powermeter.comparison.multiple_comparisons import ComparisonRow
from powermeter.comparison.percent_change import change_in_percent
from powermeter.result import worst
from powermeter.result.formatting import DASH, UNKNOWN
from powermeter.result.notes import Severity

from . import latex_text, svg
from .comparison import TITLES, change, record, remarks, to_text
from .comparison_figure import comparison_figure, figures_of
from .comparison_numbers import in_print
from .html import page_of
from .html_elements import Markup, element, harmless, quantity, table
from .markdown_text import escaped
from .markdown_text import table as markdown_table
from .method import without_options
from .page_sections import number
from .wording import as_sentence, verdict_text

FIGURES = (".pdf", ".png", ".svg")
"""Those that have no room for a sentence: what warns of the numbers is for whoever writes the caption."""

HEADS = ("label", "A", "B", "B − A", "change", "verdict", "repeats A, B")


def warnings_of(found: Comparison) -> list[str]:
    """Return what else than the programs may stand behind a difference, and what went wrong, a sentence each."""
    return [note.text for note in found.notes if note.severity is not Severity.INFO]


def html(found: Comparison) -> str:
    """Return a self-contained page."""
    grade = worst(row.contrast.difference.grade for row in found.rows).value
    warnings = warnings_of(found)
    rows = [
        [
            harmless(row.title, 120),
            number(in_print(row.contrast).left),
            number(in_print(row.contrast).right),
            quantity(in_print(row.contrast).difference.text),
            quantity(change(row.contrast.ratio)),
            element("strong", verdict_text(row.contrast)),
            quantity(f"{row.contrast.repeats_left:,}, {row.contrast.repeats_right:,}"),
        ]
        for row in found.rows
    ]
    body = [
        element(
            "header",
            element("h1", f"{harmless(found.right, 120)} against {harmless(found.left, 120)}"),
            element("p", f"A is {harmless(found.left)}; B is {harmless(found.right)}", class_="subtitle"),
            [element("p", _sentence(row), class_="lede") for row in found.rows[:3]],
        ),
        element("ul", [element("li", text) for text in warnings], class_="warnings") if warnings else "",
        element("h2", f"{TITLES[found.of]}, A above B"),
        element(
            "figure",
            Markup(figures_of(found)),
            element("figcaption", f"{TITLES[found.of]} from 0 with its 95 % interval; {grade}."),
        ),
        element("h2", "In numbers"),
        table(HEADS, rows, numbers=(1, 2, 3, 4, 6)),
        element("ul", [element("li", text) for text in remarks(found)], class_="notes"),
    ]
    title = f"{harmless(found.right, 80)} against {harmless(found.left, 80)}"
    return page_of(title, body, simulated=grade == "simulated")


def markdown(found: Comparison) -> str:
    """Return a section of Markdown."""
    lines = [f"# {escaped(found.right)} against {escaped(found.left)}", ""]
    lines += [f"**{escaped(_sentence(row))}**\n" for row in found.rows[:3]]
    lines += markdown_table(HEADS, [[escaped(row.title), *_cells(row)] for row in found.rows])
    lines += [f"- {escaped(text)}" for text in (*warnings_of(found), *remarks(found))]
    return "\n".join(lines) + "\n"


def latex(found: Comparison) -> str:
    r"""Return a booktabs table with siunitx numbers, to `\input` into a paper."""
    from .citation import unique_key
    from .latex import HEAD, tabular

    grade = worst(row.contrast.difference.grade for row in found.rows).value
    rows = [
        [
            latex_text.escaped(row.title),
            latex_text.quantity(in_print(row.contrast).left),
            latex_text.quantity(in_print(row.contrast).right),
            latex_text.quantity(in_print(row.contrast).difference),
            latex_text.quantity(
                UNKNOWN if row.contrast.ratio is None else change_in_percent(row.contrast.ratio)
            ),
            latex_text.escaped(verdict_text(row.contrast)),
            rf"\num{{{row.contrast.repeats_left}}}, \num{{{row.contrast.repeats_right}}}",
        ]
        for row in found.rows
    ]
    caption = (
        f"{TITLES[found.of]}: A is {latex_text.escaped(found.left)}, B is {latex_text.escaped(found.right)} "
        f"({grade}); intervals are 95\\,\\%."
    )
    key = unique_key(f"{found.left} {found.right}", f"{caption} {[row.title for row in found.rows]}")
    lines = [
        HEAD.rstrip(),
        *tabular(caption, "lrrrrlr", [*map(latex_text.escaped, HEADS)], rows, f"comparison:{key}"),
    ]
    notes = [
        latex_text.paragraph(as_sentence(without_options(text)))
        for text in (*warnings_of(found), *remarks(found))
    ]
    lines.append(rf"\paragraph{{Limits of the comparison.}} {' '.join(notes)}")
    if grade == "simulated":
        lines.insert(1, r"\textbf{Simulated: no device drew this power.}")
    return "\n".join(lines) + "\n"


def text(found: Comparison) -> str:
    """Return what `powermeter compare` prints."""
    return to_text(found, 110) + "\n"


def as_json(found: Comparison) -> str:
    """Return the same numbers unrounded."""
    return json.dumps(record(found), indent=2, default=str) + "\n"


def _drawn(form: str) -> Callable[[Comparison], bytes]:
    def draw(found: Comparison) -> bytes:
        from .paper.canvas import saved, sheet
        from .paper.comparison import comparison

        with sheet() as maker:
            return saved(comparison(maker, found, 2), form)

    return draw


def _svg(found: Comparison) -> str:
    return svg.alone(comparison_figure(found))


KINDS: Mapping[str, Callable[[Comparison], str | bytes]] = {
    ".html": html,
    ".json": as_json,
    ".md": markdown,
    ".pdf": _drawn("pdf"),
    ".png": _drawn("png"),
    ".svg": _svg,
    ".tex": latex,
    ".txt": text,
}
"""File extension → what makes its content."""


def _sentence(row: ComparisonRow) -> str:
    return f"{harmless(row.title, 120)}: {row.contrast.text}."


def _cells(row: ComparisonRow) -> Sequence[str]:
    r, numbers = row.contrast, in_print(row.contrast)
    return (
        *(shown.text for shown in (numbers.left, numbers.right, numbers.difference)),
        change(r.ratio) if r.ratio is not None else DASH,
        escaped(verdict_text(r)),
        f"{r.repeats_left:,}, {r.repeats_right:,}",
    )
