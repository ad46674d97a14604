"""The sheet that every figure for a paper is drawn on: column widths, fonts embedded as TrueType, one palette."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from powermeter.errors import ConfigurationError, NotInstalledError
from powermeter.recording.our_files import FIGURE_METADATA

from ..html_elements import harmless

WIDTH_IN = {1: 3.35, 2: 6.9}
"""Columns of a page → width of a figure in inch: 85 mm and 175 mm, as most journals' columns are."""

COLOURS = ("#2a6fbb", "#d9822b", "#2e9e6b", "#b0489c", "#7a62c9", "#c44536", "#4a9bb5", "#8a7a2f")
INK, SOFT, GRID, TRACE, BAND, GAP = "#1c2330", "#5b6575", "#d9dee7", "#1f4e8c", "#9db9dc", "#b54708"
DOTS_PER_INCH = 300

_STYLE: Any = {
    "pdf.fonttype": 42,  # TrueType: Type 3 is refused by most publishers
    "ps.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "powermeter",
    "font.family": ["DejaVu Sans"],
    "font.size": 7.5,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "text.parse_math": False,
}


@contextmanager
def sheet() -> Iterator[Any]:
    """Return matplotlib's Figure class in the house's style; a letter that the font lacks is drawn as a box, silently.

    Raises:
        NotInstalledError: matplotlib is missing.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NotInstalledError(
            "this figure needs matplotlib; run: pip install 'powermeter[report]'; without it: report -o x.html, or -o x.svg without --figure"
        ) from error
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield Figure


def figure(maker: Any, columns: int, height_in: float) -> Any:
    """Return an empty figure one or two columns wide.

    Raises:
        ConfigurationError: There is no such width.
    """
    if columns not in WIDTH_IN:
        raise ConfigurationError(f"--columns {columns}: a figure is 1 or 2 columns wide")
    return maker(figsize=(WIDTH_IN[columns], height_in), dpi=DOTS_PER_INCH, layout="constrained")


def saved(drawn: Any, form: str) -> bytes:
    """Return a figure as the bytes of a `pdf`, `png` or `svg`; the same input makes the same bytes."""
    file = io.BytesIO()
    drawn.savefig(file, format=form, metadata=FIGURE_METADATA[form])
    return file.getvalue()


def watermark(drawn: Any, grade: str) -> None:
    """Write across a figure that its numbers are simulated, where they are."""
    if grade == "simulated":
        drawn.text(
            0.5, 0.5, "simulated", rotation=20, ha="center", va="center", fontsize=28, color=INK, alpha=0.13
        )


def text(found: object, longest: int = 60) -> str:
    """Return a text that a figure prints as it is, shortened, on one line."""
    plain = " ".join(harmless(str(found), 20_000).split())
    return (
        plain
        if len(plain) <= longest
        else f"{plain[: longest - longest // 3 - 1]}…{plain[-(longest // 3) :]}"
    )
