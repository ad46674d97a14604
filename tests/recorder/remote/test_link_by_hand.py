"""Who may be asked for a password: the person who types a command at a terminal, and nobody while a driver reads."""

from __future__ import annotations

import subprocess

import pytest

from powermeter.errors import NotInstalledError
from powermeter.recorder.remote import link


@pytest.mark.parametrize("how", [{}, {"ask": True}, {"ask": False}])
def test_ssh_asks_where_it_may(monkeypatch: pytest.MonkeyPatch, how: dict[str, bool]) -> None:
    """ssh(1): BatchMode=yes asks for nothing and fails; a session of its own has no terminal to ask at."""
    started = []

    def absent(command: list[str], **options: object) -> None:
        started.append((command, options))
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.delenv(link.SSH, raising=False)
    monkeypatch.setattr(subprocess, "Popen", absent)
    with pytest.raises(NotInstalledError, match="install the OpenSSH client"):
        link.RemoteLink("pi@board", {}, lambda kind, data: None, **how)
    ((command, options),) = started
    asks = how.get("ask", True)
    assert command[0] == "ssh" and command[-2] == "pi@board" and command[-3] == "--"
    assert ("BatchMode=yes" in command) is not asks
    assert options["start_new_session"] is not asks
    assert options["stderr"] == (None if asks else subprocess.PIPE)
