"""What Prometheus reads: checked by promtool, scraped by a real Prometheus, closed to others."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import outside
import pytest
from waiting import CEILING_S

from powermeter import analyse
from powermeter.errors import ConfigurationError, OpenError
from powermeter.fleet.serve.exposition import Exporter, Listen, exposition, metrics
from powermeter.fleet.serve.watched import MetricValue, Watched

TOKEN = "a token of more than sixteen"


@pytest.fixture
def exporter(recorded: Path) -> Iterator[Exporter]:
    server = Exporter([Watched(recorded)], Listen(port=0))
    server.start()
    yield server
    server.stop()


def get(
    url: str, headers: dict[str, str] | None = None, context: ssl.SSLContext | None = None
) -> tuple[int, str, str]:
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=CEILING_S, context=context) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def test_the_numbers_are_those_of_show(recorded: Path, exporter: Exporter) -> None:
    a = analyse(recorded)
    status, kind, text = get(exporter.url)
    assert status == 200 and kind.startswith("text/plain; version=0.0.4")
    values = {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line[0] != "#"
    }
    energy = next(
        value for name, value in values.items() if name.startswith("powermeter_energy_joules_total{")
    )
    high = next(value for name, value in values.items() if name.startswith("powermeter_energy_high_joules{"))
    assert energy == a.energy.value and high == a.energy.high
    label = next(
        value for name, value in values.items() if name.startswith("powermeter_label_energy_joules_total{")
    )
    assert label == a.row("infer").energy.value  # type: ignore[union-attr]
    assert 'device="pi \\"7\\"\\\\"' in text and "# EOF" not in text


def test_promtool_finds_nothing_to_criticise(recorded: Path) -> None:
    promtool = outside.program("promtool")
    text = exposition(metrics([Watched(recorded)]))
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and not done.stdout + done.stderr, done.stdout + done.stderr


def test_open_metrics_is_answered_where_it_is_asked_for(exporter: Exporter) -> None:
    parser = pytest.importorskip(
        "prometheus_client.openmetrics.parser", reason="prometheus_client is not there"
    )
    status, kind, text = get(exporter.url, {"Accept": "application/openmetrics-text; version=1.0.0"})
    assert status == 200 and kind.startswith("application/openmetrics-text")
    families = {family.name: family for family in parser.text_string_to_metric_families(text)}
    assert families["powermeter_energy_joules"].type == "counter"


@pytest.mark.thorough
def test_a_real_prometheus_scrapes_it_and_promql_finds_the_runs_energy(
    exporter: Exporter, recorded: Path, tmp_path: Path, port: int
) -> None:
    prometheus = outside.program("prometheus")
    target = exporter.url.split("/")[2]
    (tmp_path / "prometheus.yml").write_text(
        json.dumps(
            {
                "scrape_configs": [
                    {
                        "job_name": "p",
                        "scrape_interval": "1s",
                        "scrape_timeout": "1s",
                        "static_configs": [{"targets": [target]}],
                    }
                ]
            }
        )
    )
    command = [prometheus, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        query = "max_over_time(powermeter_energy_joules_total[5m])"
        url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(query)}"
        found: list[Any] = []
        deadline = time.monotonic() + CEILING_S
        while not found and time.monotonic() < deadline:
            try:
                found = json.loads(get(url)[2])["data"]["result"]
            except (OSError, ValueError, KeyError):
                pass
            time.sleep(0.2)
        assert float(found[0]["value"][1]) == analyse(recorded).energy.value
        assert found[0]["metric"]["device"] == 'pi "7"\\'
    finally:
        running.terminate()
        running.wait(CEILING_S)


def test_only_metrics_are_answered_and_other_names_of_this_machine_are_refused(exporter: Exporter) -> None:
    base = exporter.url.removesuffix("/metrics")
    assert get(f"{base}/")[0] == 404 and get(f"{base}/../etc/passwd")[0] == 404
    assert get(exporter.url, {"Host": "evil.example:80"})[0] == 421
    assert get(exporter.url, {"Host": "localhost:1"})[0] == 200


def test_elsewhere_it_needs_tls_and_a_token(recorded: Path, tmp_path: Path) -> None:
    cert, key = outside.certificate(tmp_path)
    for listen in (Listen("0.0.0.0", 0), Listen("0.0.0.0", 0, cert, key), Listen("0.0.0.0", 0, token=TOKEN)):
        with pytest.raises(ConfigurationError, match="--certificate, --certificate-key and --token-file"):
            Exporter([Watched(recorded)], listen)
    with pytest.raises(ConfigurationError, match="at least 16"):
        Exporter([Watched(recorded)], Listen(token="short"))
    with pytest.raises(ConfigurationError, match="not a certificate"):
        Exporter([Watched(recorded)], Listen(port=0, certificate=key, key=key))
    server = Exporter([Watched(recorded)], Listen("0.0.0.0", 0, cert, key, TOKEN))
    server.start()
    try:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        trusted = ssl.create_default_context(cafile=str(cert))
        assert get(url, context=trusted)[0] == 401
        assert get(url, {"Authorization": "Bearer wrong"}, trusted)[0] == 401
        status, _, text = get(url, {"Authorization": f"Bearer {TOKEN}"}, trusted)
        assert status == 200 and "powermeter_power_watts" in text
        with pytest.raises(OSError):
            get(url.replace("https", "http"))
    finally:
        server.stop()


def test_a_port_that_is_taken_is_named(exporter: Exporter, recorded: Path) -> None:
    taken = int(exporter.url.split(":")[2].split("/")[0])
    with pytest.raises(OpenError, match=str(taken)):
        Exporter([Watched(recorded)], Listen(port=taken))


def test_what_is_not_finite_is_left_out() -> None:
    text = exposition(
        [
            MetricValue("energy_high_joules", {"device": "a"}, float("inf")),
            MetricValue("power_watts", {"device": "a"}, 1.0),
        ]
    )
    assert "energy_high" not in text and "powermeter_power_watts" in text


def test_the_dashboard_asks_only_for_what_is_served() -> None:
    import re

    from powermeter.fleet.serve.exposition import FAMILIES

    path = Path(__file__).resolve().parents[3] / "examples" / "grafana" / "powermeter.json"
    board = json.loads(path.read_text())
    assert ": null" not in path.read_text(), "Grafana's schema wants what is not set to be absent"
    asked = set(re.findall(r"powermeter_(\w+)", json.dumps(board["panels"])))
    assert asked and asked <= set(FAMILIES) and len(board["panels"]) >= 6
