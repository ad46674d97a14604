"""Builds with setuptools, its working files in a folder of their own: a build leaves nothing in the tree."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from setuptools import build_meta

get_requires_for_build_editable = build_meta.get_requires_for_build_editable

EXTRA = "DIST_EXTRA_CONFIG"
"""The environment variable through which setuptools reads a further configuration file."""


@contextmanager
def _elsewhere() -> Iterator[None]:
    before = os.environ.get(EXTRA)
    with tempfile.TemporaryDirectory(prefix="powermeter-build-") as folder:
        config = Path(folder) / "elsewhere.cfg"
        config.write_text(f"[build]\nbuild_base = {folder}/build\n[egg_info]\negg_base = {folder}\n")
        os.environ[EXTRA] = str(config)
        try:
            yield
        finally:
            os.environ.pop(EXTRA)
            if before is not None:
                os.environ[EXTRA] = before


def get_requires_for_build_wheel(config_settings: Mapping[str, Any] | None = None) -> list[str]:
    """Return what else building a wheel needs (PEP 517)."""
    with _elsewhere():
        return list(build_meta.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_sdist(config_settings: Mapping[str, Any] | None = None) -> list[str]:
    """Return what else building a source archive needs (PEP 517)."""
    with _elsewhere():
        return list(build_meta.get_requires_for_build_sdist(config_settings))


def build_wheel(
    wheel_directory: str,
    config_settings: Mapping[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build the wheel and return its name (PEP 517)."""
    with _elsewhere():
        return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Mapping[str, Any] | None = None) -> str:
    """Build the source archive and return its name (PEP 517)."""
    with _elsewhere():
        return str(build_meta.build_sdist(sdist_directory, config_settings))


def build_editable(
    wheel_directory: str,
    config_settings: Mapping[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build what an editable installation consists of and return its name (PEP 660)."""
    with _elsewhere():
        return str(build_meta.build_editable(wheel_directory, config_settings, metadata_directory))
