"""Numbers as Prometheus and OpenMetrics text, and the server that a Prometheus scrapes."""

from __future__ import annotations

import hmac
import ipaddress
import math
import ssl
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket as Socket
from typing import Any

from powermeter.errors import ConfigurationError, OpenError, Reason
from powermeter.fleet.serve.watched import MetricValue, Watched

PREFIX = "powermeter_"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PORT = 9567
MOST_REQUESTS = 16
LEAST_TOKEN = 16

FAMILIES: Mapping[str, tuple[str, str]] = {
    "power_watts": ("gauge", "Mean power of the counted rail over its newest quarter of a second."),
    "channel_power_watts": ("gauge", "Newest reading of a power channel."),
    "voltage_volts": ("gauge", "Newest reading of a voltage channel."),
    "current_amperes": ("gauge", "Newest reading of a current channel."),
    "temperature_celsius": ("gauge", "Newest reading of a temperature channel."),
    "energy_joules_total": ("counter", "Energy of the counted rail since the recording began."),
    "energy_low_joules": ("gauge", "Lower end of the 95 % interval of that energy."),
    "energy_high_joules": ("gauge", "Upper end of the 95 % interval of that energy."),
    "charge_coulombs_total": ("counter", "Charge of the counted rail since the recording began."),
    "run_seconds_total": ("counter", "Seconds between the first and the newest reading."),
    "events_total": ("counter", "Events of a label that ended."),
    "items_total": ("counter", "Items of a label: inferences, tokens."),
    "label_energy_joules_total": ("counter", "Energy during the events of a label."),
    "readings_total": ("counter", "Readings of a source."),
    "gap_seconds_total": ("counter", "Seconds without trustworthy readings."),
    "last_reading_timestamp_seconds": ("gauge", "When the newest reading was taken, Unix time."),
    "recording_growing": ("gauge", "Whether the recorder still runs: 1 or 0."),
    "recording_simulated": ("gauge", "Whether nothing real is measured: 1 or 0."),
    "up_reading": ("gauge", "Whether the recording could be read: 1 or 0."),
}
"""Name without prefix → kind and help.  The interval of an energy belongs to it: alert on its upper end."""


def _escaped(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain.replace("\\", "\\\\").replace('"', '\\"')


def exposition(shown: Iterable[MetricValue], *, open_metrics: bool = False) -> str:
    """Return the text of some numbers; those that are not finite are left out."""
    families: dict[str, list[MetricValue]] = {}
    for one in shown:
        if math.isfinite(one.value):
            families.setdefault(one.name, []).append(one)
    lines = []
    for name, (kind, text) in FAMILIES.items():
        if name not in families:
            continue
        family = f"{PREFIX}{name.removesuffix('_total')}" if open_metrics else f"{PREFIX}{name}"
        lines += [f"# HELP {family} {text}", f"# TYPE {family} {kind}"]
        for one in families[name]:
            labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in one.labels.items())
            lines.append(f"{PREFIX}{name}{{{labels}}} {one.value!r}")
    if open_metrics:
        lines.append("# EOF")
    return "\n".join(lines) + "\n"


def metrics(watched: Iterable[Watched]) -> list[MetricValue]:
    """Return what several recordings show, and for each whether it could be read."""
    found: list[MetricValue] = []
    for one in watched:
        look = one.look()
        found += look.shown
        found.append(MetricValue("up_reading", {"path": str(look.path or one.what)}, float(not look.problem)))
    return found


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the exporter listens, and what protects it.

    Attributes:
        host, port: Loopback unless set otherwise; port 0 takes a free one.
        certificate, key: PEM files, for TLS.
        token: What a scraper must send as a bearer token.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    certificate: Path | None = None
    key: Path | None = None
    token: str | None = None

    def check(self) -> None:
        """Refuse to listen elsewhere than on loopback without TLS and a token.

        Raises:
            ConfigurationError: One is missing, or the token is too short.
        """
        if self.token is not None and len(self.token) < LEAST_TOKEN:
            raise ConfigurationError(
                f"a token has at least {LEAST_TOKEN} characters; try: openssl rand -hex 16"
            )
        if (self.certificate is None) != (self.key is None):
            raise ConfigurationError("--certificate and --certificate-key belong together")
        if not _is_loopback(self.host) and (self.certificate is None or self.token is None):
            raise ConfigurationError(
                f"listening on {self.host} shows the measurements to everybody who can reach it: "
                "it needs --certificate, --certificate-key and --token-file"
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Exporter:
    """A server that answers `GET /metrics`.

    Args:
        watched: What it shows.
        listen: Where.

    Raises:
        ConfigurationError: It would be open to others, or a file cannot be used.
        OpenError: The address is taken.
    """

    def __init__(self, watched: Iterable[Watched], listen: Listen) -> None:
        listen.check()
        self._watched = tuple(watched)
        self._listen = listen
        try:
            self._server = _Server((listen.host, listen.port), _handler(self._watched, listen))
        except OSError as error:
            raise OpenError(
                f"{listen.host}:{listen.port} cannot be listened on: {error.strerror or error}", Reason.BUSY
            ) from None
        if listen.certificate is not None and listen.key is not None:
            self._server.tls = _tls(listen.certificate, listen.key)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._server.server_address[:2]
        scheme = "https" if self._listen.certificate else "http"
        return f"{scheme}://{host!s}:{port}/metrics"

    def start(self) -> None:
        """Answer from now on, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"{certificate} and {key} are not a certificate and its key: {error}"
        ) from None
    return context


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    tls: ssl.SSLContext | None = None
    _places = threading.BoundedSemaphore(MOST_REQUESTS)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            if self.tls is not None:
                request.settimeout(
                    10
                )  # the handshake is in the thread, so that a silent client blocks nobody
                request = self.tls.wrap_socket(request, server_side=True)
            super().process_request_thread(request, client_address)
        except (OSError, ssl.SSLError):
            self.shutdown_request(request)
        finally:
            self._places.release()

    def handle_error(self, request: Socket | tuple[bytes, Socket], client_address: Any) -> None:
        """Nothing is printed: whoever hangs up in the middle is not an error of ours."""


def _handler(watched: tuple[Watched, ...], listen: Listen) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "powermeter"
        sys_version = ""
        timeout = 10

        def do_GET(self) -> None:
            if not self._is_meant():
                self._answer(421, "text/plain", b"this server is for this machine\n")
            elif not self._is_allowed():
                self._answer(401, "text/plain", b"a bearer token is needed\n")
            elif self.path.partition("?")[0] != "/metrics":
                self._answer(404, "text/plain", b"see /metrics\n")
            else:
                wants_open = "application/openmetrics-text" in self.headers.get("Accept", "")
                text = exposition(metrics(watched), open_metrics=wants_open)
                self._answer(200, OPEN if wants_open else PLAIN, text.encode())

        def _is_meant(self) -> bool:
            """Refuse a page elsewhere that has a browser ask this loopback server by another name."""
            if not _is_loopback(listen.host):
                return True
            name = self.headers.get("Host", "localhost").rpartition(":")[0] or self.headers.get("Host", "")
            return _is_loopback(name.strip("[]"))

        def _is_allowed(self) -> bool:
            if listen.token is None:
                return True
            sent = self.headers.get("Authorization", "")
            return hmac.compare_digest(sent.encode(), f"Bearer {listen.token}".encode())

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status == 401:
                self.send_header("WWW-Authenticate", "Bearer")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing: a scrape comes every few seconds."""

    return Handler
