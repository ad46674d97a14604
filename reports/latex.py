r"""The report as LaTeX to `\input` into a paper: booktabs tables with siunitx numbers, a methods paragraph, its BibTeX beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.tokens.table import TokenTable
from powermeter.units import format_count

from . import event_tree, rails_table, tokens, wording
from .citation import bibtex, key_of
from .headline_sentence import quality, sentence
from .latex_text import escaped, paragraph, plain_quantity, quantity
from .method import beside_limits, limits, method
from .report_data import ReportData
from .svg import shortened
from .wording import ACCOUNTS, footprint_amount, show

LONGEST = 44
"""Letters of a label in a table, whose middle is left out of a longer one."""

HEAD = r"""% Needs in the preamble: \usepackage[T1]{fontenc} \usepackage{lmodern,textcomp,booktabs,siunitx,graphicx}
% and: \sisetup{separate-uncertainty = true}    (siunitx 3)
"""


class LatexReport:
    """Tables and a methods paragraph for a paper."""

    suffix = ".tex"
    binary = False
    summary = "tables (booktabs, siunitx) and a methods paragraph for a paper, its .bib beside it"

    def render(self, data: ReportData) -> str:
        """Return the LaTeX."""
        return "\n".join(_lines(data)) + "\n"

    def files(self, data: ReportData, path: Path) -> dict[Path, str]:
        """Return the LaTeX and its BibTeX by where they belong."""
        bib = path.with_suffix(".bib")
        cited = f"% Cite with: \\cite{{powermeter:{key_of(data)}}}; the entries are in {_comment(bib.name)}."
        return {path: f"{HEAD}{cited}\n{self.render(data)}", bib: bibtex(data)}


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _lines(data: ReportData) -> Iterator[str]:
    a = data.analysis
    if a.energy.grade.value == "simulated":
        yield r"\textbf{Simulated: no device drew this power.}"
        yield ""
    yield rf"\paragraph{{Energy.}} {paragraph(sentence(data))} {paragraph(quality(data).text)}"
    yield ""
    name = escaped(shortened(data.headline.label, LONGEST) if data.headline else data.title)
    about = (
        f"Energy by label on {escaped(a.line.rail.name)} ({wording.grade_of(a.rows, data.grade).value}); intervals are 95\\,\\%: of the mean of further items, with "
        "the spread between repeats, and of these events, as far as the meter knows."
    )
    if a.rows:
        yield from _energies(data, about)
        few = [escaped(text) for text in wording.remarks(data.analysis.rows)]
        charged = data.charge_grade(a.rows)
        charge = f"Charge ({charged.value})" if charged else "Charge"
        yield from _times(
            data, " ".join([f"{charge}, power and time by label; the quoted label is {name}.", *few])
        )
    yield from _nesting(data)
    if data.tokens is not None:
        yield from _tokens(data, data.tokens)
    yield from _whole(data)
    yield rf"\paragraph{{Methods.}} {paragraph(method(data))} \cite{{powermeter:{key_of(data)}}}"
    yield ""
    yield r"\paragraph{Limits.} " + " ".join(
        paragraph(wording.as_sentence(text)) for text in (*beside_limits(data, data.warnings), *limits(data))
    )
    yield ""


def tabular(
    caption: str, columns: str, heads: Sequence[str], rows: Sequence[Sequence[str]], label: str
) -> Iterator[str]:
    """Yield a floating booktabs table that is shrunk where it is wider than the line; cells are LaTeX already."""
    yield r"\begin{table}"
    yield r"\centering\small\setlength{\belowcaptionskip}{1ex}"
    yield rf"\caption{{{caption}}}\label{{tab:{label}}}"
    yield r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
    yield rf"\begin{{tabular}}{{{columns}}}"
    yield r"\toprule"
    yield " & ".join(heads) + r" \\"
    yield r"\midrule"
    for row in rows:
        yield " & ".join(row) + r" \\"
    yield r"\bottomrule"
    yield r"\end{tabular}}"
    yield r"\end{table}"
    yield ""


def _energies(data: ReportData, caption: str) -> Iterator[str]:
    groups = list(dict.fromkeys(key for row in data.analysis.rows for key in row.group))
    heads = ["label", *map(escaped, groups), "events", "items", "per item", "of these", "median", "total"]
    rows = [
        [
            escaped(shortened(r.label, LONGEST)),
            *("--" if v is None else escaped(v) for v in r.group.values()),
            _events(r),
            plain_quantity(format_count(wording.items_counted(r))),
            quantity(show(r.per_item)),
            quantity(show(r.these_per_item)),
            plain_quantity(show(r.energy_median).bare),
            quantity(show(r.total)),
        ]
        for r in data.analysis.rows
    ]
    yield from tabular(caption, "l" * (1 + len(groups)) + "rrrrrr", heads, rows, f"energy:{key_of(data)}")


def _events(row: LabelRow) -> str:
    counted = rf"\num{{{wording.counted(row)}}} of " if wording.left_out(row) else ""
    return rf"{counted}\num{{{row.events}}}"


def _times(data: ReportData, caption: str) -> Iterator[str]:
    groups = list(dict.fromkeys(key for row in data.analysis.rows for key in row.group))
    heads = [
        "label",
        *map(escaped, groups),
        "total charge",
        "charge per item",
        "mean power",
        "mean time",
        "p50",
        "p95",
        "p99",
    ]
    rows = [
        [
            escaped(shortened(r.label, LONGEST)),
            *("--" if v is None else escaped(v) for v in r.group.values()),
            quantity(show(data.charge_of(r), "Ah", 1 / 3600)),
            quantity(show(data.charge_each(r), "Ah", 1 / 3600)),
            quantity(show(r.power)),
            *(plain_quantity(text) for text in wording.times(r)),
        ]
        for r in data.analysis.rows
    ]
    yield from tabular(caption, "l" * (1 + len(groups)) + "rrrrrrr", heads, rows, f"time:{key_of(data)}")


def _nesting(data: ReportData) -> Iterator[str]:
    tree = event_tree.tree_of(data.analysis)
    if not tree:
        return
    rows = [
        [
            rf"\hspace{{{min(line.depth, 8)}em}}{escaped(shortened(line.label, LONGEST))}",
            plain_quantity(line.events),
            quantity(line.total),
            quantity(line.own),
            plain_quantity(line.share),
        ]
        for line in event_tree.lines(data.analysis, tree)
    ]
    caption = " ".join(paragraph(text) for text in ("Events inside events.", *tree.remarks))
    yield from tabular(caption, "lrrrr", event_tree.HEADS, rows, f"nesting:{key_of(data)}")


def _tokens(data: ReportData, found: TokenTable) -> Iterator[str]:
    rows = [
        [
            escaped(row.model),
            escaped(row.phase),
            plain_quantity(format_count(row.tokens)),
            escaped(row.per),
            quantity(show(row.each)),
            quantity(show(row.net)),
        ]
        for row in tokens.lines(found)
    ]
    heads = ["model", "phase", "tokens", "per", "energy", "above idle"]
    caption = f"Language models on {escaped(found.rail)}; a request's first token comes with its prefill."
    yield from tabular(caption, "llrlrr", heads, rows, f"tokens:{key_of(data)}")


def _whole(data: ReportData) -> Iterator[str]:
    a, charge, budget = data.analysis, data.charge, data.budget
    rows = [
        ["energy", quantity(show(a.energy)), a.energy.grade.value],
        ["charge", quantity(show(charge, "Ah", 1 / 3600)), charge.grade.value if charge else "--"],
        ["mean power", quantity(show(a.power)), a.power.grade.value],
    ]
    if budget is not None and budget.share_used is not None:
        used = budget.share_used
        rows.append(
            [f"share of {escaped(data.battery_name)}", quantity(show(used, "1", 100), "%"), used.grade.value]
        )
    whole = data.footprint
    for name, title in ACCOUNTS:
        if whole is not None and name in whole.accounts:
            result = whole.accounts[name].result
            rows.append([title, quantity(footprint_amount(result, whole.digits(name))), result.grade.value])
    if whole is None:
        rows.append(["footprint", "--", "not known"])
    place = whole.place.name if whole and whole.place else "place not known: world range"
    caption = f"The whole run and the footprint of its electricity ({escaped(place)})."
    yield from tabular(caption, "lrl", ["", "value", "grade"], rows, f"run:{key_of(data)}")
    if data.rails:
        yield from rails(data)


def rails(data: ReportData) -> Iterator[str]:
    """Yield the table of what each rail used over the run."""
    rows = [
        [
            escaped(shortened(use.name, LONGEST)),
            quantity(show(use.energy)),
            quantity(show(use.power)),
            use.energy.grade.value,
            escaped(use.role),
        ]
        for use in data.rails
    ]
    caption = "Rails over the run; a rail inside another is part of it."
    yield from tabular(caption, "lrrll", rails_table.HEADS, rows, f"rails:{key_of(data)}")
