"""Which task of asyncio an event belongs to."""

from __future__ import annotations

import sys
import types

from powermeter.marking import task_numbers


def test_asyncio_that_is_still_being_imported_is_asked_later(monkeypatch):
    monkeypatch.setitem(sys.modules, "asyncio", types.ModuleType("asyncio"))
    assert task_numbers.numbering() is None
    monkeypatch.undo()
    number = task_numbers.numbering()
    assert number is not None and number() == 0
