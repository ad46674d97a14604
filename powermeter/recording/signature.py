"""Keys, and what of a recording is signed with them: the ends of the chains of all its tables."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.recording import schema

MAX_KEY, LEAST_KEY = 1 << 16, 16


def read_key(path: Path) -> bytes:
    """Return the content of a key file.

    Raises:
        ConfigurationError: It cannot be read, or is not a key.
    """
    try:
        if not path.is_file() or path.stat().st_size > MAX_KEY:
            raise ConfigurationError(f"{path} is not a key file")
        key = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    if len(key) < LEAST_KEY:
        raise ConfigurationError(
            f"{path}: a key has at least {LEAST_KEY} bytes; try: openssl rand -out KEY 32"
        )
    return key


def ends_of(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return what is signed: the last row and the end of the chain of each table."""
    rows, chains = {}, {}
    for name in schema.TABLES[schema.NEWEST]:
        last = connection.execute(f"SELECT id, chain FROM {name} ORDER BY id DESC LIMIT 1").fetchone()
        rows[name], chains[name] = (last[0], last[1].hex()) if last else (0, "")
    return {"rows": rows, "chains": chains}


def message(signed: Mapping[str, Any]) -> bytes:
    """Return what is signed: the ends of all chains, as JSON with sorted names and no spaces."""
    stated = {"rows": signed["rows"], "chains": signed["chains"], "schema": schema.NEWEST}
    return json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()


def made(text: bytes, key: bytes) -> tuple[str, str, str]:
    """Return method, public name of the key and signature of a text.

    Raises:
        ConfigurationError: The key is none that can sign.
    """
    if not key.startswith(b"-----BEGIN"):
        return "hmac-sha256", _fingerprint(key), hmac.new(key, text, hashlib.sha256).hexdigest()
    private = _load(key)
    if not hasattr(private, "sign"):
        raise ConfigurationError("this key can check signatures, not make them; use the private one")
    public = private.public_key().public_bytes_raw()
    return "ed25519", public.hex(), private.sign(text).hex()


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"powermeter key" + key).hexdigest()[:16]


def _load(pem: bytes) -> Any:
    """Return the Ed25519 key of a PEM file, private or public."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        from powermeter.errors import NotInstalledError

        raise NotInstalledError(
            "Ed25519 keys need cryptography; install it with: pip install cryptography"
        ) from None
    try:
        if b"PRIVATE" in pem.split(b"\n", 1)[0]:
            loaded: Any = serialization.load_pem_private_key(pem, password=None)
        else:
            loaded = serialization.load_pem_public_key(pem)
    except Exception as error:  # noqa: BLE001 – the library raises many kinds; none of them quotes the key
        raise ConfigurationError(
            f"this PEM file holds no key that can be used: {type(error).__name__}"
        ) from None
    if not isinstance(loaded, (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey)):
        raise ConfigurationError(
            "this key is not an Ed25519 key; make one with: openssl genpkey -algorithm ed25519"
        )
    return loaded


def is_valid(signed: Mapping[str, Any], key: bytes) -> bool:
    """Return whether a signature that a recording holds was made with a key."""
    if set(signed["rows"]) != set(schema.TABLES[schema.NEWEST]):
        return False
    text = message(signed)
    if signed["method"] == "hmac-sha256":
        if key.startswith(b"-----BEGIN"):
            return False
        return hmac.compare_digest(hmac.new(key, text, hashlib.sha256).hexdigest(), signed["value"])
    if signed["method"] != "ed25519" or not key.startswith(b"-----BEGIN"):
        return False
    loaded = _load(key)
    public = loaded.public_key() if hasattr(loaded, "sign") else loaded
    try:
        public.verify(bytes.fromhex(signed["value"]), text)
    except Exception:  # noqa: BLE001 – InvalidSignature, or a value that is not hexadecimal
        return False
    return True
