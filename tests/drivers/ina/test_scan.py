"""Finding power monitors on the I²C buses of this machine without writing to any of them: what it promises."""

from __future__ import annotations

from powermeter.drivers.ina.scan import scan
from powermeter.errors import OpenError, Reason


def test_permission_problems_say_what_to_do(tmp_path):
    def refuse(name):
        raise OpenError("denied", Reason.PERMISSION)

    (found,) = scan(["1"], refuse, tmp_path)
    assert found.problem == "permission denied" and "usermod" in found.remedy
