"""Finding power monitors on the I²C buses of this machine without writing to any of them: what it promises."""

from __future__ import annotations

from powermeter.drivers.ina.scan import scan
from powermeter.errors import OpenError, Reason


def test_permission_problems_say_what_to_do(tmp_path):
    def refuse(name):
        raise OpenError("denied", Reason.PERMISSION)

    (found,) = scan(["1"], refuse, tmp_path)
    assert found.problem == "permission denied" and "usermod" in found.remedy


def test_no_more_buses_are_asked_after_a_second_and_a_half(monkeypatch, tmp_path):
    """Each takes 0.5 s to refuse: those at 0, 0.5, 1 and 1.5 s are asked."""
    now = [100.0]
    monkeypatch.setattr("powermeter.drivers.ina.scan.time.monotonic", lambda: now[0])

    def slow(name):
        now[0] += 0.5
        raise OpenError("denied", Reason.PERMISSION)

    assert len(scan(map(str, range(9)), slow, tmp_path)) == 4
