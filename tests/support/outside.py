"""What other people's software the tests run where it is there: one list, with how to get each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.util import find_spec

import pytest

PACKAGES: Mapping[str, str] = {
    "pyarrow": "pip install 'powermeter[fleet]'",
    "ibis": "pip install 'powermeter[fleet]'",
    "duckdb": "pip install 'powermeter[fleet]'",
    "fsspec": "pip install 'powermeter[fleet]'",
    "s3fs": "pip install s3fs",
    "moto": "pip install 'moto[server]'",
    "yaml": "pip install pyyaml",
    "pyspark": "pip install 'powermeter[spark]'",
    "paho": "pip install 'powermeter[mqtt]'",
    "opentelemetry": "pip install 'powermeter[otel]'",
}
"""Module → how to install it."""

PROGRAMS: Mapping[str, str] = {
    "java": "apt install default-jre-headless",
    "sshd": "apt install openssh-server",
    "ssh": "apt install openssh-client",
    "mosquitto": "apt install mosquitto",
    "prometheus": "apt install prometheus",
    "promtool": "apt install prometheus",
    "openssl": "apt install openssl",
}
"""Program → how to install it."""

_PLACES = "/usr/sbin:/usr/local/sbin:/sbin"


def program(name: str) -> str:
    """Return where a program is; skip the test where it is not installed."""
    found = shutil.which(name) or shutil.which(name, path=_PLACES)
    if found is None:
        pytest.skip(f"{name} is not installed; {PROGRAMS[name]}")
    return found


def need(*names: str) -> None:
    """Skip the test where one of these packages or programs is not installed."""
    for name in names:
        if name in PROGRAMS:
            program(name)
        elif find_spec(name) is None:
            pytest.skip(f"{name} is not installed; {PACKAGES[name]}")
