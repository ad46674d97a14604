"""Shelly and Tasmota plugs against a server on this machine that answers as theirs do."""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from powermeter import registry
from powermeter.channel import MISSING, Boundary, Kind, Quantity
from powermeter.drivers.links import http as plug_http
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason

GEN2 = {
    "name": None,
    "id": "shellyplusplugs-c049ef",
    "mac": "C049EF",
    "model": "SNPL-00112EU",
    "gen": 2,
    "ver": "1.4.4",
}
SWITCH = {
    "id": 0,
    "source": "init",
    "output": True,
    "apower": 8.6,
    "voltage": 231.7,
    "current": 0.088,
    "aenergy": {"total": 13652.762},
    "temperature": {"tC": 56.3, "tF": 133.4},
}
GEN1 = {"type": "SHPLG-S", "mac": "AABB", "auth": False, "fw": "20230913"}
STATUS1 = {
    "relays": [{"ison": True}],
    "meters": [{"power": 10.7, "is_valid": True, "timestamp": 1, "counters": [178.0], "total": 60}],
    "temperature": 30.1,
}
TASMOTA = {
    "StatusSNS": {
        "Time": "2024-01-01T00:00:00",
        "ENERGY": {
            "TotalStartTime": "2019-01-01",
            "Total": 167.743,
            "Yesterday": 0.779,
            "Today": 0.045,
            "Power": 3,
            "ApparentPower": 30,
            "ReactivePower": 30,
            "Factor": 0.10,
            "Voltage": 231,
            "Current": 0.131,
        },
    }
}


class Plug:
    """A plug's answers by path: a value for JSON, bytes as they are, an int for a status, or a function."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.methods: set[str] = set()
        self.gate: Callable[[http.server.BaseHTTPRequestHandler], dict[str, str] | None] | None = None


@pytest.fixture
def plug():
    state = Plug()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            state.asked.append(self.path)
            state.methods.add(self.command)
            refused = state.gate(self) if state.gate else None
            if refused is not None:
                self.reply(401, b"{}", refused)
                return
            answer = state.answers.get(self.path, 404)
            answer = answer() if callable(answer) else answer
            if isinstance(answer, int):
                self.reply(answer, b"{}", {"Location": "http://192.0.2.1/"} if answer == 302 else {})
            else:
                self.reply(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode(), {})

        def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    state.place = f"127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()


def opened(scheme: str, plug: Plug):
    source = registry.source(f"{scheme}://{plug.place}")
    source.open()
    return source


def values(source) -> dict[str, float | None]:
    row = source.sample().codes
    return {
        channel.name: None if code == MISSING else code * channel.scale
        for channel, code in zip(source.channels, row, strict=True)
    }


def gen2(plug: Plug) -> None:
    plug.answers |= {"/shelly": GEN2, "/rpc/Switch.GetStatus?id=0": SWITCH}


def test_shelly_of_the_second_generation(plug):
    gen2(plug)
    source = opened("shelly", plug)
    found = values(source)
    assert found["outlet0.power"] == pytest.approx(8.6)
    assert found["outlet0.voltage"] == pytest.approx(231.7)
    assert found["outlet0.current"] == pytest.approx(0.088)
    assert found["outlet0.energy"] == pytest.approx(13652.762 * 3600)
    power, voltage, _, energy = source.channels
    assert power.rail.boundary is Boundary.WALL and "power supply" in power.rail.covers
    # Root-mean-square values and a counter that moves once a minute are no way to power.
    assert voltage.rail is None and energy.rail is None and energy.kind is Kind.COUNTER
    assert power.accuracy.step == 0.1
    assert source.info() == {"model": "SNPL-00112EU", "gen": 2, "ver": "1.4.4"}


def test_no_plug_is_ever_switched(plug):
    gen2(plug)
    source = opened("shelly", plug)
    source.sample()
    assert plug.methods == {"GET"}
    assert not [path for path in plug.asked if re.search(r"Set|toggle|relay|turn|Power%20", path)]


def test_shelly_meters_without_a_switch(plug):
    plug.answers |= {
        "/shelly": {**GEN2, "gen": 3},
        "/rpc/EM1.GetStatus?id=0": {"id": 0, "act_power": 102.5},
        "/rpc/EM1.GetStatus?id=1": {"id": 1, "act_power": -3.25},
    }
    source = opened("shelly", plug)
    assert values(source) == {"outlet0.power": pytest.approx(102.5), "outlet1.power": pytest.approx(-3.25)}
    assert {channel.rail.parent for channel in source.channels} == {"plug"}


def test_shelly_of_the_first_generation_counts_watt_minutes(plug):
    plug.answers |= {"/shelly": GEN1, "/status": STATUS1}
    found = values(opened("shelly", plug))
    assert found == {"outlet0.power": pytest.approx(10.7), "outlet0.energy": pytest.approx(3600.0)}


def test_a_three_phase_meter_of_the_first_generation_counts_watt_hours(plug):
    """Shelly 3EM: shelly-api-docs, /emeter/0: `total` is in Wh where a plug's is in watt-minutes."""
    phases = [{"power": 20.5 + i, "voltage": 230.0, "is_valid": True, "total": 2.0 + i} for i in range(3)]
    plug.answers |= {"/shelly": {**GEN1, "type": "SHEM-3"}, "/status": {"emeters": phases}}
    found = values(opened("shelly", plug))
    assert [found[f"outlet{i}.energy"] for i in range(3)] == pytest.approx([7200.0, 10800.0, 14400.0])
    assert [found[f"outlet{i}.power"] for i in range(3)] == pytest.approx([20.5, 21.5, 22.5])


def test_an_invalid_first_generation_reading_is_a_gap(plug):
    plug.answers |= {"/shelly": GEN1, "/status": STATUS1}
    source = opened("shelly", plug)
    plug.answers["/status"] = {"meters": [{**STATUS1["meters"][0], "is_valid": False}]}
    with pytest.raises(ReadError):
        source.sample()


@pytest.mark.parametrize("path", ["/cm?cmnd=Status%2010", "/cm?cmnd=Status%208"])
def test_tasmota(plug, path):
    plug.answers[path] = TASMOTA
    source = opened("tasmota", plug)
    assert values(source) == {
        "outlet0.power": pytest.approx(3.0),
        "outlet0.voltage": pytest.approx(231.0),
        "outlet0.current": pytest.approx(0.131),
        "outlet0.energy": pytest.approx(167.743 * 3.6e6),
    }
    assert source.channels[0].accuracy.step == 1.0


def test_tasmota_with_several_outlets_and_padded_numbers(plug):
    text = b'{"StatusSNS":{"ENERGY":{"Total":1.5,"Power":[52,  5],"Voltage":  231,"Current":[0.226,0.022]}}}'
    plug.answers["/cm?cmnd=Status%2010"] = text
    source = opened("tasmota", plug)
    found = values(source)
    assert found["outlet0.power"] == 52 and found["outlet1.power"] == 5
    assert found["outlet1.voltage"] == 231 and found["outlet1.current"] == pytest.approx(0.022)
    assert not [channel for channel in source.channels if channel.quantity is Quantity.ENERGY]


def test_a_plug_without_a_meter_says_so(plug):
    plug.answers["/cm?cmnd=Status%2010"] = {"StatusSNS": {"Time": "x"}}
    with pytest.raises(OpenError, match="no power meter"):
        opened("tasmota", plug)
    plug.answers["/shelly"] = GEN2
    with pytest.raises(OpenError, match="no power meter"):
        opened("shelly", plug)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>router</html>",
        b"[1,2]",
        b"",
        b"[" * 60_000,
        {"hello": "world"},
        500,
        302,
        {"gen": "two", "type": "x"},
    ],
)
def test_something_else_at_that_address(plug, answer):
    plug.answers["/shelly"] = answer
    with pytest.raises(OpenError):
        opened("shelly", plug)
    plug.answers["/cm?cmnd=Status%2010"] = plug.answers["/cm?cmnd=Status%208"] = answer
    with pytest.raises(OpenError):
        opened("tasmota", plug)


def test_an_endless_answer_is_cut(plug):
    plug.answers["/shelly"] = b'{"a":"' + b"x" * 200_000 + b'"}'
    with pytest.raises(OpenError, match="64 kB"):
        opened("shelly", plug)


def test_a_redirection_is_not_followed(plug):
    gen2(plug)
    source = opened("shelly", plug)
    plug.answers["/rpc/Switch.GetStatus?id=0"] = 302
    with pytest.raises(ReadError, match="status 302"):
        source.sample()


@pytest.mark.parametrize("value", [None, "8.6", True, [8.6], {"a": 1}, float("1e300")])
def test_a_power_that_is_no_number_is_missing(plug, value):
    gen2(plug)
    source = opened("shelly", plug)
    plug.answers["/rpc/Switch.GetStatus?id=0"] = {**SWITCH, "apower": value}
    assert values(source)["outlet0.power"] is None


def digest(algorithm: str, password: str) -> Callable[[Any], dict[str, str] | None]:
    """Return a gate after RFC 7616 that lets only the right password through."""
    nonce = "1700000000"
    hashed = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}[algorithm]

    def of(text: str) -> str:
        return hashed(text.encode()).hexdigest()

    def gate(handler) -> dict[str, str] | None:
        challenge = f'Digest qop="auth", realm="plug", nonce="{nonce}", algorithm={algorithm}'
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', handler.headers.get("Authorization", "")))
        first, second = of(f"admin:plug:{password}"), of(f"GET:{handler.path}")
        wanted = of(f"{first}:{nonce}:{given.get('nc')}:{given.get('cnonce')}:auth:{second}")
        return None if given.get("response") == wanted else {"WWW-Authenticate": challenge}

    return gate


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_a_password_from_the_environment(plug, monkeypatch, algorithm):
    gen2(plug)
    plug.gate = digest(algorithm, "secret")
    monkeypatch.delenv(plug_http.PASSWORD, raising=False)
    with pytest.raises(OpenError, match=plug_http.PASSWORD) as caught:
        opened("shelly", plug)
    assert caught.value.reason is Reason.PERMISSION
    monkeypatch.setenv(plug_http.PASSWORD, "wrong")
    with pytest.raises(OpenError, match="does not accept"):
        opened("shelly", plug)
    monkeypatch.setenv(plug_http.PASSWORD, "secret")
    source = opened("shelly", plug)
    assert values(source)["outlet0.power"] == pytest.approx(8.6)
    assert values(source)["outlet0.power"] == pytest.approx(8.6)
    assert "secret" not in str(source.address) + json.dumps(source.info())


def test_basic_passwords_too(plug, monkeypatch):
    plug.answers |= {"/shelly": GEN1, "/status": STATUS1}
    monkeypatch.setenv(plug_http.PASSWORD, "secret")
    plug.gate = lambda handler: (
        None
        if handler.headers.get("Authorization") == "Basic YWRtaW46c2VjcmV0"
        else {"WWW-Authenticate": 'Basic realm="x"'}
    )
    assert values(opened("shelly", plug))["outlet0.power"] == pytest.approx(10.7)


def test_nobody_there_is_said_with_the_place():
    with pytest.raises(OpenError, match=r"127\.0\.0\.1:9") as caught:
        registry.source("shelly://127.0.0.1:9").open()
    assert caught.value.reason is Reason.NO_ANSWER


def test_a_plug_that_goes_silent_is_a_gap_and_comes_back(plug):
    gen2(plug)
    source = opened("shelly", plug)
    plug.answers["/rpc/Switch.GetStatus?id=0"] = 503
    with pytest.raises(ReadError):
        source.sample()
    plug.answers["/rpc/Switch.GetStatus?id=0"] = SWITCH
    assert values(source)["outlet0.power"] == pytest.approx(8.6)
    source.close()
    with pytest.raises(ReadError):
        source.sample()


@pytest.mark.parametrize(
    "place", ["", "a b", "http://x", "host:99999", "host:0", "-x", "user@host", "host/path", "a" * 300]
)
def test_addresses_are_checked_before_anything_is_asked(place):
    with pytest.raises(ConfigurationError, match=r"write the plug's address"):
        registry.source(f"shelly://{place}")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("192.168.1.20", ("192.168.1.20", 80)),
        ("plug.local:8080", ("plug.local", 8080)),
        ("[fe80::1]:81", ("fe80::1", 81)),
    ],
)
def test_addresses(place, expected):
    assert plug_http.parse_host(place, "shelly") == expected


def test_plugs_are_not_searched_for():
    assert (
        registry.driver_class("shelly").discover() == [] and registry.driver_class("tasmota").discover() == []
    )
