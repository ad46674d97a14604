"""Readings over MQTT: a real mosquitto is stopped mid-run, and every reading arrives afterwards."""

from __future__ import annotations

import getpass
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import outside
import pytest
from class_of_forty import record
from waiting import CEILING_S

from powermeter.channel import MISSING, Channel, Quantity
from powermeter.errors import ConfigurationError
from powermeter.fleet.serve import mqtt
from powermeter.fleet.serve.mqtt import Broker, Publisher, batch, discovery
from powermeter.fleet.serve.watched import Watched, name_of
from powermeter.recording import Recording
from powermeter.recording.protocol import Samples, SourceInfo

pytestmark = pytest.mark.thorough


class Mosquitto:
    """A broker on a loopback port, ended by its own id."""

    def __init__(self, folder: Path, port: int, more: str = "") -> None:
        self.port, self._folder = port, folder
        (folder / "m.conf").write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser {getpass.getuser()}\n{more}"
        )
        self._program = outside.program("mosquitto")
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._running = subprocess.Popen(
            [self._program, "-c", self._folder / "m.conf"], stderr=subprocess.DEVNULL
        )

    def stop(self) -> None:
        if self._running is not None:
            self._running.terminate()
            self._running.wait(CEILING_S)
            self._running = None


class Listener:
    """Keeps what arrives, and comes back after an outage."""

    def __init__(self, port: int, topic: str = "#") -> None:
        from paho.mqtt import client as paho

        self.got: list[tuple[str, Any]] = []
        self.subscribed = 0
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, "listener", clean_session=False)
        self._client.reconnect_delay_set(0.2, 0.5)
        self._client.on_connect = lambda c, *_: c.subscribe(topic, 1)
        self._client.on_message = lambda c, d, m: self.got.append((m.topic, m.payload.decode()))
        self._client.on_subscribe = lambda *_: setattr(self, "subscribed", self.subscribed + 1)
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()
        self.wait(lambda _: self.subscribed)

    def comes_back(self, broker: Mosquitto) -> None:
        """Start the broker, which has forgotten everybody, and wait until this listener is there again."""
        before = self.subscribed
        broker.start()
        self.wait(lambda _: self.subscribed > before)
        assert self.subscribed > before

    def wait(self, until: Any, seconds: float = CEILING_S) -> None:
        deadline = time.monotonic() + seconds
        while not until(self.got) and time.monotonic() < deadline:
            time.sleep(0.05)

    def readings(self) -> dict[int, float]:
        """Return position → voltage."""
        found = {}
        for topic, text in self.got:
            if "/readings/" in topic:
                told = json.loads(text)
                (values,) = [v for name, v in told["values"].items() if name.endswith("voltage")]
                found.update({told["first"] + i: value for i, value in enumerate(values)})
        return found

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path, port: int) -> Iterator[Mosquitto]:
    outside.need("paho", "mosquitto")
    made = Mosquitto(tmp_path, port)
    made.start()
    yield made
    made.stop()


def until(true: Any, step: Any, seconds: float = CEILING_S) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        step()
        time.sleep(0.05)
    assert true()


def test_every_reading_arrives_with_its_value(broker: Mosquitto, recorded: Path) -> None:
    listener = Listener(broker.port)
    publisher = Publisher(Watched(recorded), Broker.of(f"mqtt://127.0.0.1:{broker.port}/lab"))
    until(lambda: publisher.step(), lambda: None)
    with Recording.open(recorded) as recording:
        samples = recording.samples(1)
        wanted = samples.values(recording.sources[0].channels[0]).tolist()
    listener.wait(lambda _: len(listener.readings()) == len(wanted))
    assert [listener.readings()[i] for i in range(len(wanted))] == wanted and publisher.sent == len(wanted)
    topics = {topic for topic, _ in listener.got}
    identity = mqtt.slug('pi "7"\\')
    assert (
        f"lab/{identity}/state" in topics
        and f"homeassistant/sensor/powermeter_{identity}/power/config" in topics
    )
    assert publisher.step() and publisher.sent == len(wanted), "nothing is sent twice"
    publisher.stop()
    listener.wait(lambda got: (f"lab/{identity}/status", "offline") in got)
    assert (f"lab/{identity}/status", "offline") in listener.got
    listener.stop()


def received(listener: Listener) -> dict[str, set[int]]:
    """Return recording → positions of the readings that arrived."""
    found: dict[str, set[int]] = {}
    for topic, text in listener.got:
        if "/readings/" in topic:
            told = json.loads(text)
            positions = range(told["first"], told["first"] + len(told["time_ns"]))
            found.setdefault(told["recording"], set()).update(positions)
    return found


def counts(*paths: Path) -> dict[str, set[int]]:
    found = {}
    for path in paths:
        with Recording.open(path) as recording:
            found[name_of(recording)] = set(range(recording.count(1)))
    return found


def test_recordings_that_began_during_an_outage_arrive_too_and_older_ones_do_not(
    broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "RETRY_S", (0.1,))
    folder = tmp_path / "power"
    record(folder / "0.power", "", 1, events=4)
    first = record(folder / "1.power", "", 2, events=4)
    os.utime(folder / "0.power", (1, 1))
    listener = Listener(broker.port)
    publisher = Publisher(Watched(folder), Broker.of(f"mqtt://127.0.0.1:{broker.port}/lab"))
    until(publisher.step, lambda: None)
    listener.wait(lambda _: received(listener) == counts(first))
    broker.stop()
    record(folder / "2.power", "", 3, events=4)
    until(lambda: bool(publisher.problem), publisher.step)
    others = {"device": "another"}
    made = [folder / "2.power", record(folder / "3.power", "", 4, events=4, attributes=others)]
    (folder / "broken.power").write_text("nothing")
    made.append(record(folder / "4.power", "", 5, events=4, gap=True))
    for at, path in enumerate([first, made[0], folder / "broken.power", *made[1:]]):
        os.utime(path, (10**9 + at, 10**9 + at))
    listener.comes_back(broker)
    until(publisher.step, lambda: None)
    assert [text.partition(":")[0] for text in publisher.left] == ["broken.power was left out"]
    listener.wait(lambda _: received(listener) == counts(first, *made))
    assert received(listener) == counts(first, *made)
    assert any(topic.startswith("lab/another/readings/") for topic, _ in listener.got)
    publisher.stop()
    listener.stop()


def test_a_file_that_is_recorded_anew_is_sent_from_its_start(broker: Mosquitto, tmp_path: Path) -> None:
    path = record(tmp_path / "run.power", "", 1, events=8)
    listener = Listener(broker.port)
    publisher = Publisher(Watched(path), Broker.of(f"mqtt://127.0.0.1:{broker.port}/lab"))
    until(publisher.step, lambda: None)
    wanted = counts(path)
    path.unlink()
    record(path, "", 2, events=4)
    until(publisher.step, lambda: None)
    wanted |= counts(path)
    listener.wait(lambda _: received(listener) == wanted)
    assert received(listener) == wanted and len(wanted) == 2
    publisher.stop()
    listener.stop()


def outage(broker: Mosquitto, tmp_path: Path, down_s: float) -> None:
    path = tmp_path / "run.power"
    command = [
        sys.executable,
        "-m",
        "powermeter",
        "record",
        "-o",
        str(path),
        "-s",
        "virtual://?rate=200Hz",
        "-d",
        "1h",
        "--quiet",
    ]
    recorder = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        until(lambda: path.exists() or recorder.poll() is not None, lambda: None)
        assert path.exists(), recorder.stderr and recorder.stderr.read()
        listener = Listener(broker.port)
        publisher = Publisher(Watched(path), Broker.of(f"mqtt://127.0.0.1:{broker.port}/lab"))
        until(lambda: len(listener.readings()) > 20, publisher.step)
        broker.stop()
        before = publisher.sent
        until(lambda: bool(publisher.problem), publisher.step)
        assert "keeps what is held up" in publisher.problem
        time.sleep(down_s)
        listener.comes_back(broker)
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(CEILING_S) in (0, 130), recorder.stderr and recorder.stderr.read()
        until(lambda: publisher.step(), lambda: None)
        assert publisher.step() and publisher.sent > before
        with Recording.open(path) as recording:
            count = recording.count(1)
        listener.wait(lambda _: len(listener.readings()) >= count)
        assert sorted(listener.readings()) == list(range(count))
        publisher.stop()
        listener.stop()
    finally:
        if recorder.poll() is None:
            recorder.terminate()
            recorder.wait(CEILING_S)


@pytest.mark.timeout(400)
def test_a_broker_that_is_stopped_mid_run_gets_everything_afterwards(
    broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "RETRY_S", (0.2,))
    outage(broker, tmp_path, 0.5)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_minute_without_a_broker(broker: Mosquitto, tmp_path: Path) -> None:
    outage(broker, tmp_path, 60)


def test_a_broker_that_refuses_is_named(
    tmp_path: Path, port: int, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.need("paho", "mosquitto")
    monkeypatch.setattr(mqtt, "ACKNOWLEDGE_S", 2.0)
    closed = Publisher(Watched(recorded), Broker.of(f"mqtt://127.0.0.1:{port}/lab"))
    assert not closed.step() and "refused" in closed.problem.lower()
    (tmp_path / "passwords").write_text("")
    (tmp_path / "passwords").chmod(0o644)
    tmp_path.chmod(0o755)
    broker = Mosquitto(tmp_path, port, f"password_file {tmp_path}/passwords\n")
    text = (tmp_path / "m.conf").read_text().replace("allow_anonymous true", "allow_anonymous false")
    (tmp_path / "m.conf").write_text(text)
    broker.start()
    try:
        publisher = Publisher(Watched(recorded), Broker.of(f"mqtt://127.0.0.1:{port}/lab"))
        until(
            lambda: "authori" in publisher.problem.lower(),
            lambda: setattr(publisher, "_next", 0.0) or publisher.step(),
        )
        assert f"127.0.0.1:{port}/lab" in publisher.problem
    finally:
        broker.stop()


def test_tls_is_checked(tmp_path: Path, port: int, recorded: Path) -> None:
    outside.need("paho", "mosquitto", "openssl")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command, "-keyout", tmp_path / "k.pem", "-out", tmp_path / "c.pem"], check=True, capture_output=True
    )
    for name in ("k.pem", "c.pem"):
        (tmp_path / name).chmod(0o644)
    tmp_path.chmod(0o755)
    broker = Mosquitto(tmp_path, port, f"certfile {tmp_path}/c.pem\nkeyfile {tmp_path}/k.pem\n")
    broker.start()
    try:
        url = f"mqtts://127.0.0.1:{port}/lab"
        trusting = Publisher(Watched(recorded), Broker.of(url, authority=str(tmp_path / "c.pem")))
        until(lambda: trusting.step(), lambda: setattr(trusting, "_next", 0.0))
        trusting.stop()
        doubting = Publisher(Watched(recorded), Broker.of(url))
        assert not doubting.step() and "certificate" in doubting.problem.lower()
    finally:
        broker.stop()


def test_what_is_typed_is_checked() -> None:
    broker = Broker.of("mqtts://me@host/a/b", "secret")
    assert (broker.port, broker.tls, broker.user, broker.topic) == (8883, True, "me", "a/b")
    assert "secret" not in repr(broker) and broker.name == "mqtts://host:8883/a/b"
    assert Broker.of("mqtt://host").topic == "powermeter"
    for url in (
        "http://host/x",
        "mqtt://me:secret@host/x",
        "mqtt://host:port/x",
        "mqtt:///x",
        "mqtt://host/a%23",
    ):
        with pytest.raises(ConfigurationError):
            Broker.of(url)


def test_home_assistant_is_told_units_and_classes() -> None:
    announced = dict(discovery("pi 7", "lab/pi", "homeassistant"))
    (energy,) = [m for topic, m in announced.items() if topic.endswith("/energy/config")]
    assert (energy["unit_of_measurement"], energy["device_class"], energy["state_class"]) == (
        "kWh",
        "energy",
        "total_increasing",
    )
    assert len({m["unique_id"] for m in announced.values()}) == 2 and energy["state_topic"] == "lab/pi/state"


def test_a_batch_holds_none_where_a_reading_is_missing() -> None:
    channel = Channel("p", Quantity.POWER, 1e-3, offset=1.0)
    source = SourceInfo(1, "x://", "m", "x", {}, (channel,))
    piece = Samples(np.arange(3), {"p": np.array([1000, MISSING, 2000])}, np.zeros(3, np.uint8))
    assert batch(source, piece, slice(0, 3), 0, None)["values"] == {"p": [2.0, None, 3.0]}
