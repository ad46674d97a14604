"""`powermeter serve`: what a growing recording shows, for Prometheus, OpenTelemetry and MQTT."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from powermeter.cli.options import renamed_option, take_renamed, until_option
from powermeter.cli.standard_output import put_stderr
from powermeter.errors import ConfigurationError
from powermeter.units import parse_duration

if TYPE_CHECKING:
    from powermeter.fleet.serve.exposition import Listen
    from powermeter.fleet.serve.mqtt import Publisher
    from powermeter.fleet.serve.watched import Watched

PASSWORD = "POWERMETER_MQTT_PASSWORD"
STEP_S = 0.5


@click.command()
@click.argument("recordings", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:9567",
    show_default=True,
    help="Where Prometheus scrapes; other hosts than this one need a certificate and a token. none: not at all.",
)
@click.option("--certificate", type=click.Path(path_type=Path, dir_okay=False), help="PEM, for TLS.")
@click.option(
    "--certificate-key", type=click.Path(path_type=Path, dir_okay=False), help="PEM, of the certificate."
)
@renamed_option("--key", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What a scraper must send as a bearer token.",
)
@click.option(
    "--otlp", metavar="URL", help="Send OpenTelemetry metrics to this collector: http://localhost:4318."
)
@click.option(
    "--mqtt",
    metavar="URL",
    help=f"Send every reading to this broker: mqtt://HOST/TOPIC, mqtts://USER@HOST/TOPIC; the password in {PASSWORD}.",
)
@click.option(
    "--mqtt-ca", type=click.Path(path_type=Path, dir_okay=False), help="Certificates to trust, PEM."
)
@click.option(
    "--discovery",
    metavar="PREFIX",
    default="homeassistant",
    show_default=True,
    help="Announce the device to Home Assistant below this topic; none: not at all.",
)
@until_option
@click.option(
    "--until-closed", is_flag=True, help="End when the recordings are closed and everything is sent."
)
def serve(
    recordings: tuple[Path, ...],
    listen: str,
    certificate: Path | None,
    certificate_key: Path | None,
    key: Path | None,
    token_file: Path | None,
    otlp: str | None,
    mqtt: str | None,
    mqtt_ca: Path | None,
    discovery: str,
    duration: str | None,
    until_closed: bool,
) -> None:
    """Show what recordings measure while they grow; a folder stands for its newest recording.

    \b
    Example:
        powermeter serve run.power
        powermeter serve /var/lib/power --mqtt mqtt://broker/lab
        powermeter serve run.power --listen 0.0.0.0:9567 --certificate c.pem --certificate-key k.pem --token-file token

    The file is only read, with at most a twentieth of one core: the recording is not disturbed.
    """
    from powermeter.fleet.serve.exposition import Exporter
    from powermeter.fleet.serve.mqtt import Broker, Publisher
    from powermeter.fleet.serve.telemetry import Telemetry
    from powermeter.fleet.serve.watched import Watched

    keys = {"certificate_key": certificate_key, "key": key}
    take_renamed(keys, {"--key": "--certificate-key"}, until="1 June 2027")
    seconds = parse_duration(duration) if duration else None
    watched = [Watched(path) for path in recordings]
    publishers = []
    if mqtt is not None:
        broker = Broker.of(mqtt, os.environ.get(PASSWORD), str(mqtt_ca) if mqtt_ca else None)
        prefix = None if discovery == "none" else discovery
        publishers = [Publisher(one, broker, prefix) for one in watched]
    exporter = None
    if listen != "none":
        exporter = Exporter(
            watched, where_to_listen(listen, certificate, keys["certificate_key"], token_file)
        )
    telemetry = Telemetry(watched, url=otlp) if otlp is not None else None
    stop = threading.Event()
    before = {n: signal.signal(n, lambda *_: stop.set()) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        if exporter is not None:
            exporter.start()
            put_stderr(f"serving {exporter.url}")
        run_until(stop, seconds, watched, publishers, until_closed)
    finally:
        for publisher in publishers:
            publisher.stop()
        if telemetry is not None:
            telemetry.stop()
        if exporter is not None:
            exporter.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def run_until(
    stop: threading.Event,
    seconds: float | None,
    watched: Sequence[Watched],
    publishers: Sequence[Publisher],
    until_closed: bool,
) -> None:
    """Send what is new, until asked to end; a broker's trouble is printed once."""
    end = None if seconds is None else time.monotonic() + seconds
    printed = ""
    while not stop.is_set() and (end is None or time.monotonic() < end):
        growing = until_closed and any(one.look(now=True).growing for one in watched)
        steps = [publisher.step() for publisher in publishers]
        problem = next((p.problem for p in publishers if p.problem), "")
        if problem.partition("; trying")[0] != printed and problem:
            put_stderr(f"powermeter: {problem}")
        printed = problem.partition("; trying")[0]
        if until_closed and all(steps) and not growing:
            return
        stop.wait(STEP_S)


def where_to_listen(text: str, certificate: Path | None, key: Path | None, token_file: Path | None) -> Listen:
    """Return where an exporter listens, of `HOST:PORT` and files; raises ConfigurationError for what is neither."""
    from powermeter.fleet.serve.exposition import Listen

    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not int(port) < 65_536:
        raise ConfigurationError(f"--listen {text!r}: write HOST:PORT, for example 127.0.0.1:9567")
    token = None
    if token_file is not None:
        try:
            token = token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise ConfigurationError(f"{token_file} cannot be read: {error}") from None
    return Listen(host.strip("[]"), int(port), certificate, key, token)
