"""The tables of a printed report by row and column: of a terminal, Markdown, HTML and LaTeX."""

from __future__ import annotations

import html.parser
import re


def spaced(text: str) -> str:
    return " ".join(text.split())


def terminal_tables(text: str) -> list[dict[str, dict[str, str]]]:
    """Return the tables of a terminal's text by row and column: columns end where their headings end."""
    lines, found = text.splitlines(), []
    for rule, line in enumerate(lines):
        if not re.fullmatch("─{20,}", line):
            continue
        heading = lines[rule - 1]
        ends = [m.end() for m in re.finditer(r"\S+(?: \S+)*", heading)]
        names = [m.group() for m in re.finditer(r"\S+(?: \S+)*", heading)]
        table = {}
        for row in lines[rule + 1 :]:
            if not row.strip():
                break
            cells = [c.strip() for c in re.split(r"\s{2,}", row.strip())]
            if len(cells) == 1:  # a sentence under the table
                break
            assert len(cells) == len(ends), row
            table[cells[0]] = dict(zip(names[1:], cells[1:], strict=True))
        found.append(table)
    return found


def markdown_tables(text: str) -> list[dict[str, dict[str, str]]]:
    """Return the tables of Markdown by row and column."""
    found, table, names = [], None, []
    for line in text.splitlines():
        if not line.startswith("|"):
            table = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if table is None:
            table, names = {}, cells
            found.append(table)
        elif set(line) - set("|-: "):
            table[cells[0]] = dict(zip(names[1:], cells[1:], strict=True))
    return found


class Cells(html.parser.HTMLParser):
    """The tables of a page by row and column."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[list[str]]] = []
        self.open = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "table":
            self.found.append([])
        elif tag == "tr" and self.found:
            self.found[-1].append([])
        elif tag in ("td", "th") and self.found:
            self.found[-1][-1].append("")
            self.open = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.open = False

    def handle_data(self, data: str) -> None:
        if self.open:
            self.found[-1][-1][-1] += data


def html_tables(text: str) -> list[dict[str, dict[str, str]]]:
    parser = Cells()
    parser.feed(text)
    found = []
    for rows in parser.found:
        head = [spaced(cell) for cell in rows[0]]
        table = {spaced(row[0]): dict(zip(head[1:], map(spaced, row[1:]), strict=False)) for row in rows[1:]}
        first = {spaced(row[0]): {str(i): spaced(c) for i, c in enumerate(row[1:])} for row in rows}
        found.append({name: {**cells, **table.get(name, {})} for name, cells in first.items()})
    return found


def latex_tables(text: str) -> list[dict[str, dict[str, str]]]:
    found = []
    for body in re.findall(r"\\toprule\n(.*?)\\bottomrule", text, re.DOTALL):
        head, rows = body.split("\\midrule\n")
        names = [plain_latex(cell.strip(" \\\n")) for cell in head.split("&")]
        table = {}
        for row in rows.strip().splitlines():
            cells = [plain_latex(cell) for cell in row.removesuffix("\\\\").split("&")]
            table[cells[0]] = dict(zip(names[1:], cells[1:], strict=True))
        found.append(table)
    return found


UNITS = {
    r"\milli\ampere\hour": "mAh",
    r"\micro\ampere\hour": "µAh",
    r"\milli\joule": "mJ",
    r"\joule": "J",
    r"\milli\watt": "mW",
    r"\watt": "W",
    r"\milli\second": "ms",
    r"\second": "s",
    r"\percent": "%",
    r"\micro\litre": "µL",
}


def plain_latex(cell: str) -> str:
    cell = re.sub(r"\\numrange\{(.*?)\}\{(.*?)\}", r"\1 to \2", cell.strip())
    cell = re.sub(
        r"\\qty(?:\[.*?\])?\{(.*?)\}\{(.*?)\}", lambda m: f"{m[1].replace('+-', '±')} {UNITS[m[2]]}", cell
    )
    cell = re.sub(r"\\num\{(.*?)\}", r"\1", cell)
    cell = cell.replace("\\(-\\)", "−")
    return spaced(cell.replace("CO\\textsubscript{2}e", "CO2e").replace("\\,", " ").strip("\\ "))


def cells_of(tables_: list[dict[str, dict[str, str]]], label: str, column: str) -> list[str]:
    return [table[label][column] for table in tables_ if column in table.get(label, {})]
