"""Korad supplies: answers without line ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from memory_link import MemoryLink

from powermeter.drivers import korad
from powermeter.errors import ReadError
from powermeter.testing.line_meters import SimulatedKorad
from powermeter.testing.load import Load


def test_korad_has_no_line_ends(connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(korad, "PAUSE_S", 0.0)
    monkeypatch.setattr(korad, "ANSWER_S", 0.01)
    link = MemoryLink(SimulatedKorad(Load("constant", 2.3347, 2.3347), volts=5.12))
    source = connect("korad://x", link)
    assert source.sample().codes == [512, 456]
    assert source.info() == {"model": "KORADKA3005P", "firmware": "2.0", "serial": None}
    link.spoil = lambda _, data: b"\xff" + data[1:]
    with pytest.raises(ReadError, match="is not a reading"):
        source.sample()
    assert source.counts()["answers_refused"] == 3
