"""Which event runs around what runs now, in each thread and task: a cell for each run of an event, kept in the context.

A cell is emptied where its event ends, wherever that is, and passed over from then on: a context that was copied meanwhile, or in
which something else runs, needs no reset.  This file imports next to nothing, because every instrumented program imports it.
"""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Cell: TypeAlias = list[Any]
    """The event's uid, 0 once it has ended; the cell around it, or None; of a copy of a span also the copy."""

_innermost: ContextVar[Cell | None] = ContextVar("powermeter_running", default=None)
newest, put = _innermost.get, _innermost.set
"""Returns the cell that was put last in this context, which may be empty; and puts one."""


def running() -> Cell | None:
    """Return the cell of the event that runs around what runs now; None where there is none."""
    cell = newest()
    while cell is not None and not cell[0]:
        cell = cell[1]
    return cell


def set_aside(cell: Cell) -> Cell | None:
    """Leave the event of a cell and all that run inside of it; return the cell of the innermost of them, None where it does not run here."""
    inner = newest()
    if not _leads_to(inner, cell):
        return None
    put(cell[1])
    return inner


def take_up(cell: Cell, inner: Cell | None) -> None:
    """Enter the event of a cell again, with those inside of it up to the cell `inner`; what runs now is around it."""
    outer = running()
    if not _leads_to(outer, cell):  # a context copied inside of it: around itself it would never end
        cell[1] = outer
    put(cell if inner is None else inner)


def _leads_to(inner: Cell | None, cell: Cell) -> bool:
    while inner is not None and inner is not cell:
        inner = inner[1]
    return inner is not None


def has_failed(kind: type[BaseException], error: BaseException | None) -> bool:
    """Return whether what an exception ended has failed; a loop that is left early and a program that leaves with status 0 have not."""
    if isinstance(error, SystemExit):
        return not isinstance(error.code, (int, type(None))) or bool(error.code)
    return kind is not GeneratorExit
