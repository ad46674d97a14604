"""What a recording states about a person's machine, and how to state less.

Always: what looks like a secret in the command line is masked.  With `private`: names of machine and program's
arguments, packages, revision and boot are left out.  docs/privacy.md lists both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MASK = "***"

_SECRET = r"(?:api[-_]?key|apikey|access[-_]?key|token(?![a-z])|passw(?:or)?d|passphrase|secret|credentials?|auth(?:orization)?(?![a-z])|bearer)"
_WITH_VALUE = re.compile(
    rf"((?:^|[^a-z0-9])[a-z0-9_-]*{_SECRET}[a-z0-9_-]*\s*[=:]\s*).+", re.IGNORECASE | re.DOTALL
)
_OPTION = re.compile(rf"--?[a-z0-9_-]*{_SECRET}(?:[-_][a-z0-9]+)*", re.IGNORECASE)
_IN_URL = re.compile(r"(\w+://[^/\s:@]*:)[^@/\s]+(@)")
_LOOKS = re.compile(r"\b(?:sk|pk|hf|ghp|gho|github_pat|xox[abp]|AKIA|eyJ)[-_A-Za-z0-9]{16,}")
"""Beginnings of keys that services hand out."""

_COUNTED = frozenset(("--token-count", "--n-token", "--num-token"))
"""Options of language models that are not secrets; "tokens" in the plural never is one."""

_RELEASE = re.compile(r"\w+ \d+(?:\.\d+)?")

LEFT_OUT = ("frameworks", "revision", "boot_id", "marks", "working_directory", "remote")
"""Metadata that `private` leaves out whole."""

SERIALS = ("serial", "serial_number", "mac", "uuid", "host", "address", "usb_path", "device")
"""Facts of a source that `private` and a shared copy leave out."""


def masked(command: Sequence[str]) -> list[str]:
    """Return a command line, what looks like a secret replaced by `***`."""
    words: list[str] = []
    hide = False
    for word in command:
        if hide and not word.startswith("-"):
            words.append(MASK)
            hide = False
            continue
        name = word.partition("=")[0].lower()
        secret = _OPTION.fullmatch(word) is not None and name not in _COUNTED
        hide = secret
        words.append(word if secret or name in _COUNTED else _hidden(word))
    return words


def _hidden(word: str) -> str:
    word = _IN_URL.sub(rf"\1{MASK}\2", word)
    word = _LOOKS.sub(MASK, word)
    return _WITH_VALUE.sub(rf"\1{MASK}", word)


def reduced(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata without what names a person's machine, program and place; what numbers need stays."""
    kept = {key: value for key, value in metadata.items() if key not in LEFT_OUT}
    if isinstance(kept.get("command"), list):
        kept["command"] = []
    if isinstance(kept.get("host"), Mapping):
        kept["host"] = {key: value for key, value in kept["host"].items() if key != "name"}
        if kept["host"].get("kernel"):  # a release may name who built it
            release = _RELEASE.match(str(kept["host"]["kernel"]))
            kept["host"]["kernel"] = release[0] if release else None
    return {**kept, "private": True}


def reduced_url(url: str) -> str:
    """Return a source's URL without its host, port or device: `ina219://`, its options kept but for addresses."""
    scheme, separator, rest = url.partition("://")
    options = rest.partition("?")[2].split("&")
    kept = [
        one for one in options if one and one.partition("=")[0] not in (*SERIALS, "user", "password", "token")
    ]
    return f"{scheme}{separator}" + (f"?{'&'.join(kept)}" if kept else "")


def reduced_info(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return a source's facts, also those of its parts, without what names the single instrument or where it hangs."""
    return {
        key: _reduced_part(value)
        for key, value in info.items()
        if key.lower() not in SERIALS
        and not any(word in key.lower() for word in ("serial", "hostname", "url"))
    }


def _reduced_part(value: Any) -> Any:
    if isinstance(value, Mapping):
        return reduced_info(value)
    return [_reduced_part(part) for part in value] if isinstance(value, (list, tuple)) else value
