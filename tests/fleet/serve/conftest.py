"""A recording to serve, and free ports."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from class_of_forty import record


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("serve") / "run.power", "", 1, attributes={"device": 'pi "7"\\'})


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found
