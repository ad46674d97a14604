"""A recording that grows, served by the verb and scraped by a real Prometheus: PromQL's energy is the recording's, every panel has data."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import outside
import pytest
from waiting import CEILING_S

from powermeter import analyse

BOARD = Path(__file__).resolve().parents[3] / "examples" / "grafana" / "powermeter.json"

LOOP = """
import pathlib, sys, time
import powermeter

stop = pathlib.Path(sys.argv[1])
while not stop.exists():
    with powermeter.event("infer", count=2):
        time.sleep(0.05)
    time.sleep(0.05)
"""


def ended(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.terminate()
    process.wait(CEILING_S)


@contextmanager
def running(*command: str | Path, **more: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a program, and end it by its own id."""
    process = subprocess.Popen([str(part) for part in command], **more)
    try:
        yield process
    finally:
        ended(process)


def until(found: Callable[[], Any], what: str) -> Any:
    """Wait until something is found, and return it."""
    deadline = time.monotonic() + CEILING_S
    while time.monotonic() < deadline:
        try:
            value = found()
        except (OSError, ValueError, KeyError):
            value = None
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {CEILING_S:g} s: {what}")


class Prometheus:
    """Asks a server."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1/query?"

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Return the series that PromQL finds.

        Raises:
            ValueError: Prometheus is not ready.
            AssertionError: It refuses the query.
        """
        url = self._base + urllib.parse.urlencode({"query": query})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code >= 500:  # it is still starting
                raise ValueError(query) from None
            raise AssertionError(f"{query}: {error.read().decode()}") from None
        result: list[dict[str, Any]] = told["data"]["result"]
        return result

    def value(self, query: str) -> float | None:
        found = self.ask(query)
        return float(found[0]["value"][1]) if found else None


def panels() -> Iterator[tuple[str, str]]:
    """Yield title and PromQL of each panel of the dashboard, for all devices."""
    for panel in json.loads(BOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$device", ".*")


@pytest.mark.thorough
@pytest.mark.timeout(400)
def test_promql_finds_the_energy_of_a_run_that_was_scraped_while_it_grew(tmp_path: Path) -> None:
    prometheus = outside.program("prometheus")
    ports = outside.free_ports(2)
    path, stop = tmp_path / "run.power", tmp_path / "stop"
    (tmp_path / "loop.py").write_text(LOOP)
    scrape = {
        "job_name": "powermeter",
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
        "static_configs": [{"targets": [f"127.0.0.1:{ports[0]}"]}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps({"scrape_configs": [scrape]}))
    powermeter = (sys.executable, "-m", "powermeter")
    source = "virtual://?rate=100Hz"
    record = (
        *powermeter,
        "record",
        "--quiet",
        "-o",
        path,
        "-s",
        source,
        "--",
        sys.executable,
        tmp_path / "loop.py",
        stop,
    )
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(*record, **quiet) as recorder:
        until(path.exists, "the recording begins")
        serve = (*powermeter, "serve", path, "--listen", f"127.0.0.1:{ports[0]}")
        server = (
            prometheus,
            f"--config.file={tmp_path}/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/tsdb",
            f"--web.listen-address=127.0.0.1:{ports[1]}",
            "--log.level=error",
        )
        with running(*serve, **quiet), running(*server, **quiet):
            asked = Prometheus(ports[1])
            growing = until(lambda: asked.value("powermeter_recording_growing == 1"), "it is seen growing")
            before = until(lambda: asked.value("powermeter_energy_joules_total"), "an energy while it grows")
            until(
                lambda: (asked.value("powermeter_energy_joules_total") or 0) > before,
                "the energy rises while it grows",
            )
            for title, expression in panels():
                if title == "Temperature":  # the simulated meter has none
                    assert asked.ask(expression) == []
                    continue
                until(lambda expression=expression: asked.ask(expression), f"{title}: {expression}")
            stop.write_text("")
            assert recorder.wait(CEILING_S) == 0 and growing == 1
            until(lambda: asked.ask("powermeter_recording_growing == 0"), "it is seen closed")
            wanted = analyse(path)
            until(
                lambda: asked.value("powermeter_run_seconds_total") == wanted.duration.value,
                "the whole run is scraped",
            )
            assert asked.value("last_over_time(powermeter_energy_joules_total[10m])") == wanted.energy.value
            assert asked.value("powermeter_energy_high_joules") == wanted.energy.high
            row = wanted.row("infer")
            assert row is not None and row.energy is not None
            assert asked.value('powermeter_items_total{label="infer"}') == row.items
            label = asked.value('powermeter_label_energy_joules_total{label="infer"}')
            assert label is not None and row.energy.value <= label < 1.1 * row.energy.value  # it never falls
