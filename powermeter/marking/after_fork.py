"""What a fork does to marks: the child starts anew.  The parent's events are the parent's to end, and its Meters the parent's to stop."""

from __future__ import annotations

import os

from powermeter.marking import destinations
from powermeter.marking.current_event import put

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable


def start_anew_in_children(renew: Callable[[], None], settle: Callable[[], None]) -> None:
    """Have the child of every fork be inside no event, and write its own to the recordings that its parent wrote to.

    Args:
        renew: Replaces locks that another thread of the parent may hold.
        settle: Chooses what events are written to.
    """

    def child() -> None:
        renew()
        put(None)
        destinations.inherit_all()
        settle()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=child)
