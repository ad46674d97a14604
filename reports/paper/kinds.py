"""The table of figures for a paper, and the report kinds that write one as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from powermeter.errors import ConfigurationError, DataError

from .. import figure_data, svg
from ..report_data import ReportData
from .accuracy import accuracy
from .burn_down import burn_down
from .canvas import saved, sheet
from .comparison import comparison
from .convergence import convergence
from .label_energies import label_energies
from .trace import trace


def against(maker: Any, data: ReportData, columns: int) -> Any:
    """Return the figure of this run beside an earlier one.

    Raises:
        DataError: No earlier run was named.
    """
    if data.against is None:
        raise DataError("a comparison needs an earlier run; name it with --against EARLIER.power")
    return comparison(maker, data.against.comparison, columns)


FIGURES: Mapping[str, Callable[[Any, ReportData, int], Any]] = {
    "accuracy": accuracy,
    "budget": burn_down,
    "comparison": against,
    "convergence": convergence,
    "labels": label_energies,
    "trace": trace,
}
"""Name of a figure → what draws it."""

FORMS = ("pdf", "png", "svg")


def draw(data: ReportData, name: str, form: str, columns: int = 2) -> bytes:
    """Return a figure as the bytes of a `pdf`, `png` or `svg`, one or two columns of a page wide.

    Raises:
        ConfigurationError: There is no such figure, width or format.
        DataError: The recording does not hold what it shows.
        NotInstalledError: matplotlib is missing.
    """
    if name not in FIGURES:
        raise ConfigurationError(f"no figure {name!r}; there are {', '.join(FIGURES)}")
    if form not in FORMS:
        raise ConfigurationError(f"a figure is written as .{', .'.join(FORMS)}, not as .{form}")
    with sheet() as maker:
        return saved(FIGURES[name](maker, data, columns), form)


class SVGFigure:
    """The trace as SVG; needs no library."""

    suffix = ".svg"
    binary = False
    summary = "a figure as SVG: the power trace, or another one with --figure"

    def render(self, data: ReportData) -> str:
        """Return the figure as a file of its own."""
        return svg.alone(
            svg.power_figure(figure_data.run_panel(data), f"Power of {data.title}, events below")
        )


class PNGFigure:
    """The trace drawn by matplotlib as pixels."""

    suffix: ClassVar[str] = ".png"
    binary = True
    summary: ClassVar[str] = "a figure as PNG: the power trace, or another one with --figure"

    def render(self, data: ReportData) -> bytes:
        """Return the file's bytes.

        Raises:
            NotInstalledError: matplotlib is missing.
        """
        return draw(data, "trace", "png")
