"""Asking a smart plug in the local network for its readings over HTTP, and nothing else.

Only the address that the user wrote is asked, only with GET requests that read; redirections are not
followed, answers are limited in size and time, and no name is looked up anywhere else.  A password
comes from the environment (`POWERMETER_PLUG_PASSWORD`), never from the URL, because URLs are written
into recordings.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import secrets
from collections.abc import Mapping
from typing import Any

from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason

PASSWORD = "POWERMETER_PLUG_PASSWORD"
USER = "POWERMETER_PLUG_USER"

_LIMIT = 65_536
_TIMEOUT_S = 2.0
_HOST = re.compile(
    r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::(\d{1,5}))?"
)
_CHALLENGE = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


def parse_host(location: str, scheme: str) -> tuple[str, int]:
    """Return host and port of `192.168.1.20` or `plug.local:8080`.

    Raises:
        ConfigurationError: It is not a host.
    """
    match = _HOST.fullmatch(location.strip("/"))
    port = int(match[2] or 80) if match else 0
    if match is None or not 0 < port < 65536:
        raise ConfigurationError(
            f"{scheme}://{location}: write the plug's address, for example {scheme}://192.168.1.20"
        )
    return match[1].strip("[]"), port


class PlugConnection:
    """One kept-alive connection to a plug.

    Args:
        host, port: As the user wrote them.
        timeout_s: Of each request, in s.
    """

    def __init__(self, host: str, port: int, timeout_s: float = _TIMEOUT_S) -> None:
        self.place = f"http://{host}" + (f":{port}" if port != 80 else "")
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
        self._challenge: Mapping[str, str] | None = None
        self._count = 0

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON object that a path answers with.

        Raises:
            OpenError: A password is missing or wrong.
            ReadError: No answer, no such path, or no JSON object.
        """
        status, headers, body = self._request(path)
        if status == 401:
            self._challenge = _challenge(headers.get("www-authenticate", ""))
            if self._challenge is None or not os.environ.get(PASSWORD):
                raise OpenError(
                    f"{self.place} asks for a password; put it into the environment variable {PASSWORD}",
                    Reason.PERMISSION,
                )
            self._count = 0
            status, _, body = self._request(path)
            if status == 401:
                raise OpenError(f"{self.place} does not accept the password in {PASSWORD}", Reason.PERMISSION)
        if status != 200:
            raise ReadError(f"{self.place}{path} answered with status {status}", Reason.WRONG_DEVICE)
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise ReadError(f"{self.place}{path} did not answer with JSON", Reason.WRONG_DEVICE) from None
        if not isinstance(found, dict):
            raise ReadError(
                f"{self.place}{path} answered with JSON that is not an object", Reason.WRONG_DEVICE
            )
        return found

    def _request(self, path: str) -> tuple[int, dict[str, str], bytes]:
        headers = {"Accept": "application/json"}
        if self._challenge is not None:
            headers["Authorization"] = self._answer(path)
        for last in (False, True):
            try:
                self._connection.request("GET", path, headers=headers)
                response = self._connection.getresponse()
                body = response.read(_LIMIT + 1)
                if len(body) > _LIMIT:
                    self.close()
                    raise ReadError(f"{self.place}{path} answers with more than 64 kB", Reason.BAD_DATA)
                return response.status, {k.lower(): v for k, v in response.getheaders()}, body
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
                self.close()  # a kept-alive connection that the plug has dropped: once more
                if last:
                    raise ReadError(f"{self.place}: {error}", Reason.NO_ANSWER) from error
            except (OSError, http.client.HTTPException) as error:
                self.close()
                raise ReadError(f"{self.place}: {error or type(error).__name__}", Reason.NO_ANSWER) from error
        raise AssertionError("unreachable")

    def _answer(self, path: str) -> str:
        """Return the Authorization header: basic, or digest (RFC 7616) with MD5 or SHA-256."""
        import base64

        assert self._challenge is not None
        user, password = os.environ.get(USER, "admin"), os.environ.get(PASSWORD, "")
        if self._challenge["scheme"] == "basic":
            return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        algorithm = self._challenge.get("algorithm", "MD5")
        name = "sha256" if algorithm.upper() == "SHA-256" else "md5"

        def hashed(text: str) -> str:
            return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

        self._count += 1
        realm, nonce = self._challenge.get("realm", ""), self._challenge.get("nonce", "")
        count, own = f"{self._count:08x}", secrets.token_hex(8)
        secret = hashed(f"{user}:{realm}:{password}")
        answer = hashed(f"{secret}:{nonce}:{count}:{own}:auth:{hashed(f'GET:{path}')}")
        return (
            f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{path}", algorithm={algorithm}, '
            f'qop=auth, nc={count}, cnonce="{own}", response="{answer}"'
        )

    def close(self) -> None:
        """Close the connection; the next request opens it again."""
        self._connection.close()


def _challenge(header: str) -> dict[str, str] | None:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() not in ("digest", "basic"):
        return None
    parts = {key.lower(): quoted or bare for key, quoted, bare in _CHALLENGE.findall(rest)}
    return {**parts, "scheme": scheme.lower()}


def number(value: Any) -> float | None:
    """Return a JSON number as float; None for anything else, for true and false, and for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < 1e12 else None
