"""Every reading to an MQTT broker, from the recording itself: what an outage holds up is sent afterwards.

What was sent and acknowledged is counted by position; the recording is the buffer.  A message carries the recording and the positions
of its readings, so that one that arrives twice is known for it.  Of a folder, every recording that begins while it is watched is sent to its
end, one after the other.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from powermeter.channel import Channel, Quantity
from powermeter.errors import ConfigurationError, DataError, NotInstalledError, PowermeterError
from powermeter.fleet.rows import slug
from powermeter.fleet.serve.watched import Watched, device_of, name_of
from powermeter.footprint.hourly_intensity import Utc
from powermeter.recording import Recording, Samples, SourceInfo

BATCH = 500
"""Readings of one message."""

ACKNOWLEDGE_S = 5.0
RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
QUALITY = 1
"""At least once."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to send.

    Attributes:
        host, port: Of the broker.
        tls: Whether the connection is encrypted and the broker's certificate checked.
        user, password: None where it asks for none.
        topic: Everything is below it.
        authority: A file of certificates to trust; the system's where None.
    """

    host: str
    port: int
    tls: bool
    topic: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    authority: str | None = None

    @classmethod
    def of(cls, url: str, password: str | None = None, authority: str | None = None) -> Broker:
        """Read `mqtt://USER@HOST:PORT/TOPIC` or `mqtts://…`.

        Raises:
            ConfigurationError: It is neither, or holds a password, which others could read.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ConfigurationError(f"--mqtt {url!r}: the port is not a number") from None
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ConfigurationError("--mqtt: write mqtt://HOST/TOPIC, or mqtts:// for TLS")
        if parts.password is not None:
            raise ConfigurationError(
                "--mqtt: a password on the command line can be read by others; put it into POWERMETER_MQTT_PASSWORD"
            )
        topic = unquote(parts.path.strip("/")) or "powermeter"
        if any(c in topic for c in "#+\0"):
            raise ConfigurationError(f"--mqtt: {topic!r} is not a topic")
        tls = parts.scheme == "mqtts"
        user = unquote(parts.username) if parts.username else None
        return cls(parts.hostname, port or (8883 if tls else 1883), tls, topic, user, password, authority)

    @property
    def name(self) -> str:
        """For messages, without secrets."""
        return f"mqtt{'s' * self.tls}://{self.host}:{self.port}/{self.topic}"


@dataclass
class Publisher:
    """Sends what a recording holds, and goes on where it was held up.

    Args:
        watched: The recording.
        broker: Where to.
        discovery: The prefix of Home Assistant's discovery; None to announce nothing.
    """

    watched: Watched
    broker: Broker
    discovery: str | None = "homeassistant"
    problem: str = ""
    sent: int = 0
    left: list[str] = field(default_factory=list)
    _client: Any = None
    _at: dict[tuple[str, int], int] = field(default_factory=dict)
    _done: set[Path] | None = None
    _announced: str = ""
    _tries: int = 0
    _next: float = 0.0
    _identity: str = ""

    def step(self) -> bool:
        """Send what is new; returns whether everything that the recording holds was acknowledged.

        Never raises for a broker that refuses or is gone: `problem` states so, and a later step tries again.

        Raises:
            NotInstalledError: paho is missing.
        """
        if time.monotonic() < self._next:
            return False
        paths = self.watched.paths()
        if not paths:
            self.problem = f"{self.watched.what} holds no recording yet"
            return False
        if self._done is None:
            self._done = set(paths[:-1])  # what was there before is history
        before = len(self.left)
        try:
            for path in paths:
                if path in self._done:
                    continue
                try:
                    is_whole = self._send(path, is_newest=path == paths[-1])
                except DataError as error:
                    if path == paths[-1]:
                        raise
                    self.left.append(f"{path.name} was left out: {' '.join(str(error).split())}")
                    is_whole = True
                if is_whole and path != paths[-1]:
                    self._done.add(path)
        except NotInstalledError:
            raise
        except (PowermeterError, OSError, ValueError) as error:
            self._held_up(" ".join(str(error).split()))
            return False
        self.problem, self._tries = "; ".join(self.left[before:]), 0
        return True

    def _send(self, path: Path, *, is_newest: bool) -> bool:
        """Send what is new of one recording; returns whether nothing more will come.

        Raises:
            NotInstalledError: paho is missing.
            OSError, ValueError: The broker is gone, or refuses.
            DataError: The recording cannot be read.
        """
        with Recording.open(path) as recording:
            is_whole = not recording.is_growing
            self._connect(device_of(recording))
            self._announce(recording)
            for topic, message, key, position, count in self._messages(recording):
                self._publish(topic, message)
                self._at[key] = position
                self.sent += count
            if is_newest:
                self._state()
        return is_whole

    def stop(self) -> None:
        """Announce that nothing more comes, and disconnect."""
        if self._client is None:
            return
        try:
            if self._client.is_connected():
                self._publish(self._topic("status"), "offline", retain=True)
        except (OSError, ValueError):
            pass
        self._client.disconnect()
        self._client.loop_stop()
        self._client = None

    def _held_up(self, why: str) -> None:
        wait = RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        self._tries += 1
        self._next = time.monotonic() + wait
        self.problem = (
            f"{self.broker.name}: {why}; trying again in {wait:g} s, the recording keeps what is held up"
        )
        if self._client is not None:
            self._client.loop_stop()
            self._client.disconnect()
            self._client = None

    def _topic(self, *parts: str) -> str:
        return "/".join((self.broker.topic, self._identity, *parts))

    def _connect(self, device: str) -> None:
        """Connect where there is no connection.

        Raises:
            NotInstalledError: paho is missing.
            OSError: The broker cannot be reached.
            ValueError: It refuses.
        """
        if self._client is not None and self._client.is_connected() and self._identity == slug(device):
            return
        self.stop()
        try:
            from paho.mqtt import client as mqtt
        except ImportError:
            raise NotInstalledError("MQTT needs paho-mqtt; run: pip install 'powermeter[mqtt]'") from None
        self._identity = slug(device)
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        refused: list[str] = []

        def connected(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if reason.is_failure:
                refused.append(str(reason))

        client.on_connect = connected
        if self.broker.user is not None:
            client.username_pw_set(self.broker.user, self.broker.password)
        if self.broker.tls:
            client.tls_set(self.broker.authority, cert_reqs=ssl.CERT_REQUIRED)
        client.will_set(self._topic("status"), "offline", QUALITY, retain=True)
        client.connect(self.broker.host, self.broker.port, keepalive=30)
        client.loop_start()
        self._client = client
        deadline = time.monotonic() + ACKNOWLEDGE_S
        while not client.is_connected() and not refused and time.monotonic() < deadline:
            time.sleep(0.01)
        if not client.is_connected():
            raise ValueError(f"the broker refuses: {refused[0]}" if refused else "the broker does not answer")
        self._announced = ""
        self._publish(self._topic("status"), "online", retain=True)

    def _publish(self, topic: str, message: str, *, retain: bool = False) -> None:
        sent = self._client.publish(topic, message, QUALITY, retain)
        try:
            sent.wait_for_publish(ACKNOWLEDGE_S)
        except RuntimeError as error:
            raise ValueError(str(error)) from None
        if not sent.is_published():
            raise ValueError("the broker does not acknowledge")

    def _messages(self, recording: Recording) -> Iterator[tuple[str, str, tuple[str, int], int, int]]:
        """Yield (topic, message, what to count on, position after it, readings) of what was not sent yet."""
        name, pairs = name_of(recording), recording.clock_pairs()
        utc = Utc(pairs) if pairs else None
        for source in recording.sources:
            key = (name, source.id)
            first = self._at.get(key, 0)
            if recording.count(source.id) <= first:
                continue
            position = 0
            for piece in recording.stream(source.id):
                if position + len(piece) <= first:
                    position += len(piece)
                    continue
                for start in range(max(first - position, 0), len(piece), BATCH):
                    part = slice(start, min(start + BATCH, len(piece)))
                    message = {"recording": name, **batch(source, piece, part, position, utc)}
                    count = part.stop - part.start
                    topic = self._topic("readings", slug(source.name or source.url))
                    yield topic, json.dumps(message), key, position + part.stop, count
                position += len(piece)

    def _state(self) -> None:
        """Publish the newest numbers, retained: what a dashboard shows at once."""
        look = self.watched.look()
        state: dict[str, Any] = {}
        for one in look.shown:
            if one.name in ("power_watts", "energy_joules_total", "charge_coulombs_total"):
                state[one.name.removesuffix("_total")] = one.value
                state["grade"] = one.labels.get("grade", state.get("grade"))
        if state:
            state["simulated"] = any(s.name == "recording_simulated" and s.value for s in look.shown)
            state["energy_kwh"] = state.get("energy_joules", 0.0) / 3.6e6
            self._publish(self._topic("state"), json.dumps(state), retain=True)

    def _announce(self, recording: Recording) -> None:
        """Announce the device to Home Assistant, once for each connection."""
        if self.discovery is None or self._announced == str(recording.path):
            return
        for topic, message in discovery(device_of(recording), self._topic(), self.discovery):
            self._publish(topic, json.dumps(message), retain=True)
        self._announced = str(recording.path)


def batch(source: SourceInfo, piece: Samples, part: slice, before: int, utc: Utc | None) -> dict[str, Any]:
    """Return the message of some readings: SI values by channel, None where missing, positions and times."""
    times = piece.times_ns[part]
    return {
        "source": source.name or source.url,
        "first": before + part.start,
        "time_ns": times.tolist(),
        "utc_ns": None if utc is None else [utc.of(int(at)) for at in times],
        "flags": piece.flags[part].tolist(),
        "values": {
            channel.name: _values(channel, piece.codes[channel.name][part].tolist())
            for channel in source.channels
        },
        "units": {channel.name: channel.unit for channel in source.channels},
    }


def _values(channel: Channel, codes: list[int]) -> list[float | None]:
    return [channel.value_of(code) for code in codes]


_SENSORS: Mapping[str, tuple[str, str, str, str]] = {
    "power": (Quantity.POWER.unit, "power", "measurement", "{{ value_json.power_watts }}"),
    "energy": ("kWh", "energy", "total_increasing", "{{ value_json.energy_kwh }}"),
}
"""Home Assistant's sensors: unit, device class, state class, template."""


def discovery(device: str, topic: str, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (topic, message) that announce a device to Home Assistant (its MQTT discovery)."""
    identity = slug(device)
    base = topic.rstrip("/")
    for name, (unit, kind, state, template) in _SENSORS.items():
        yield (
            f"{prefix}/sensor/powermeter_{identity}/{name}/config",
            {
                "name": name.capitalize(),
                "unique_id": f"powermeter_{identity}_{name}",
                "state_topic": f"{base}/state",
                "availability_topic": f"{base}/status",
                "value_template": template,
                "unit_of_measurement": unit,
                "device_class": kind,
                "state_class": state,
                "device": {
                    "identifiers": [f"powermeter_{identity}"],
                    "name": device,
                    "manufacturer": "powermeter",
                },
            },
        )
