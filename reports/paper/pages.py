"""A4 pages filled from top to bottom: headings, wrapped paragraphs, tables that break between rows, and figures."""

from __future__ import annotations

import gc
import io
from bisect import bisect_right
from collections.abc import Container, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from .canvas import GRID, INK, SOFT, WIDTH_IN, text, watermark

PAGE_IN = (8.27, 11.69)
MARGIN_IN = 0.68
LINE = 1.38
"""Height of a line over the size of its letters."""

DRAWN_DPI = 220
"""Dots per inch of a figure on a page."""

USUAL = 0.55
"""Width of a usual letter over the size."""

WORD = 60
"""Letters after which a word without a space may be broken."""


class Pages:
    """Pages that grow as things are put on them.

    Args:
        maker: matplotlib's Figure class, styled.
        grade: Of the numbers; simulated ones are marked on every page.
        foot: Printed at the foot of each page.
    """

    def __init__(self, maker: Any, grade: str, foot: str) -> None:
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import text_to_path

        self.maker, self._grade, self._foot = maker, grade, foot
        self._properties, self._measure = FontProperties, text_to_path
        self._pages: list[Any] = []
        self._y = 0.0

    @property
    def wide_in(self) -> float:
        """Width between the margins."""
        return PAGE_IN[0] - 2 * MARGIN_IN

    def paragraph(
        self, found: str, size: float = 8.5, *, bold: bool = False, colour: str = INK, after: float = 5.0
    ) -> None:
        """Print a paragraph over the whole width; `size` and the space `after` it in points."""
        for line in self.wrapped(found, size, self.wide_in, bold):
            self._room(size * LINE / 72)
            self._print(line, MARGIN_IN, size, bold, colour)
            self._y += size * LINE / 72
        self._y += after / 72

    def heading(self, found: str) -> None:
        """Print a section's heading, with room for what follows it."""
        self._room(0.9)
        self._y += 0.1
        self.paragraph(found, 11, bold=True, after=3)

    def table(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        size: float = 7.5,
        texts: Container[int] = (0,),
    ) -> None:
        """Print a table: columns of `texts` to the left, numbers to the right; a wide one in smaller letters, or wrapped."""
        cells = [[text(cell, 400) for cell in row] for row in [heads, *rows]]
        while size > 5.5 and sum(self._columns(cells, size)) > self.wide_in:
            size -= 0.5
        widths = self._columns(cells, size)
        over = sum(widths) - self.wide_in
        if over > 0:
            widest = max(range(len(widths)), key=lambda i: widths[i])
            widths[widest] = max(widths[widest] - over, 0.8)
        for number, row in enumerate(cells):
            if any(heads) or number:
                self._row(row, widths, size, texts, head=not number)
        self._y += 0.12

    def drawing(self, title: str, drawn: Any) -> None:
        """Print a figure of two columns' width under its heading."""
        picture = page_pixels(drawn)
        high = WIDTH_IN[2] * picture.shape[0] / picture.shape[1]
        self._room(high + 0.5)
        self.heading(title)
        page = self._pages[-1]
        left, bottom = MARGIN_IN / PAGE_IN[0], 1 - (self._y + high) / PAGE_IN[1]
        axes = page.add_axes((left, bottom, WIDTH_IN[2] / PAGE_IN[0], high / PAGE_IN[1]))
        axes.imshow(picture, aspect="auto", interpolation="none")
        axes.set_axis_off()
        self._y += high + 0.1

    def saved(self, title: str) -> bytes:
        """Return the pages as a PDF, once: they are let go."""
        from matplotlib.backends.backend_pdf import PdfPages

        file = io.BytesIO()
        about = {"Title": title, "Creator": "powermeter", "CreationDate": None}
        many = len(self._pages)
        with PdfPages(file, metadata=about) as pdf:
            for number in range(1, many + 1):
                # What a page holds makes room for the fonts, which are embedded at the end.
                page = self._pages.pop(0)
                foot = f"{self._foot}    {number} of {many}"
                page.text(0.5, 0.4 / PAGE_IN[1], foot, fontsize=6.5, color=SOFT, ha="center")
                watermark(page, self._grade)
                pdf.savefig(page)
            del page
            gc.collect()  # figures and their parts hold each other
        return file.getvalue()

    def wrapped(self, found: str, size: float, wide_in: float, bold: bool = False) -> list[str]:
        """Return a text as lines that fit a width; a longer word is broken."""
        words = text(found, 20_000).split(" ")
        rest = [word[i : i + WORD] for word in words for i in range(0, max(len(word), 1), WORD)]
        lines = []
        while rest:
            count = self._fitting(rest, size, wide_in, bold)
            lines.append(" ".join(rest[:count]).lstrip(" "))
            rest = rest[count:]
        return lines

    def _fitting(self, words: Sequence[str], size: float, wide_in: float, bold: bool) -> int:
        """Return how many words fit into a line, one at least: guessed by their letters, then measured."""

        def fits(count: int) -> bool:
            return self.width(" ".join(words[:count]).lstrip(" "), size, bold) <= wide_in

        letters = wide_in * 72 / (USUAL * size)
        count = max(bisect_right(list(accumulate(len(word) + 1 for word in words)), letters + 1), 1)
        while count < len(words) and fits(count + 1):
            count += 1
        while count > 1 and not fits(count):
            count -= 1
        return count

    def width(self, found: str, size: float, bold: bool = False) -> float:
        """Return the width of a text in inch."""
        font = self._properties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
        return float(self._measure.get_text_width_height_descent(found, font, ismath=False)[0]) / 72

    def _columns(self, cells: Sequence[Sequence[str]], size: float) -> list[float]:
        gap = 0.18
        return [max(self.width(cell, size) for cell in column) + gap for column in zip(*cells, strict=True)]

    def _row(
        self, row: Sequence[str], widths: Sequence[float], size: float, texts: Container[int], *, head: bool
    ) -> None:
        parts = [self.wrapped(cell, size, wide - 0.14) for cell, wide in zip(row, widths, strict=True)]
        high = size * LINE / 72
        self._room(high * max(map(len, parts)) + 0.05)
        top, x = self._y, MARGIN_IN
        for column, (lines, wide) in enumerate(zip(parts, widths, strict=True)):
            for number, line in enumerate(lines):
                self._y = top + number * high
                side, at = ("left", x + (0.14 if column else 0)) if column in texts else ("right", x + wide)
                self._print(line, at, size, False, SOFT if head else INK, side)
            x += wide
        self._y = top + high * max(map(len, parts))
        page, y = self._pages[-1], 1 - (self._y + 0.02) / PAGE_IN[1]
        from matplotlib.lines import Line2D

        ends = [MARGIN_IN / PAGE_IN[0], 1 - MARGIN_IN / PAGE_IN[0]]
        page.add_artist(Line2D(ends, [y, y], color=INK if head else GRID, linewidth=0.6))
        self._y += 0.05

    def _room(self, high_in: float) -> None:
        if not self._pages or self._y + high_in > PAGE_IN[1] - 1.1 * MARGIN_IN:
            self._pages.append(self.maker(figsize=PAGE_IN))
            self._y = MARGIN_IN

    def _print(
        self, line: str, x_in: float, size: float, bold: bool, colour: str, side: str = "left"
    ) -> None:
        self._pages[-1].text(
            x_in / PAGE_IN[0],
            1 - (self._y + size / 72) / PAGE_IN[1],
            line,
            fontsize=size,
            color=colour,
            ha=side,
            va="baseline",
            weight="bold" if bold else "normal",
        )


def page_pixels(drawn: Any) -> Any:
    """Return a figure as red, green and blue, a byte each: every page keeps its figures until all are written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn.set_dpi(DRAWN_DPI)
    canvas: Any = FigureCanvasAgg(drawn)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[:, :, :3].copy()
