"""What other people's software the tests run where it is there: one list, with how to get each."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

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


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nobody listens on, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return a certificate of this machine and its key, made on the spot; skip the test where openssl is not installed."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [
        program("openssl"),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key
