"""`--json` on every verb: what is printed is one document that keeps to docs/verbs.schema.json."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from verb_schema import SCHEMA, keeps_to_schema

from powermeter import cli, registry
from powermeter.testing.boards import Run, simulate_run

jsonschema = pytest.importorskip("jsonschema")

WITHOUT = {
    "mark": "prints nothing, or code",
    "mcp": "speaks JSON-RPC",
    "serve": "serves other protocols until it is stopped",
}
"""Verbs without `--json`, and why."""

ELSEWHERE = {"align", "bench", "check-mlperf", "fleet", "layers"}
"""Verbs whose output is made, and held to its part of the schema, by the tests that make what they need."""

LOADS = [
    word
    for s in ("1s-1.2s=0.35A", "2s-2.2s=0.34A", "4s-4.2s=0.33A", "10s-10.1s=0.7A")
    for word in ("--load", s)
]
COMMANDS = {
    "budget": ["a.power"],
    "calibrate": ["c.power", *LOADS, "--accuracy", "1%", "-c", "current", "-o", "c.toml"],
    "cite": ["a.power"],
    "collect": [".", "-o", "dataset"],
    "compare": ["a.power", "b.power", "--label", "infer"],
    "config": [],
    "devices": [],
    "export": ["a.power", "-o", "a.csv"],
    "footprint": ["a.power"],
    "import": ["log.csv", "-o", "log.power"],
    "lifetime": ["a.power", "--label", "infer"],
    "live": ["-s", "virtual://", "-d", "0.6s"],
    "record": ["-s", "virtual://", "-d", "0.1s", "-o", "r.power"],
    "repair": ["a.power", "-o", "repaired.power"],
    "report": ["a.power", "-o", "a.md"],
    "show": ["a.power"],
    "sync": ["--meter", "2Hz", "--dry-run"],
    "table": ["folder"],
    "variants": ["a.power", "b.power"],
    "verify": ["a.power"],
    "verify-claim": ["published.csv", "a.power"],
}
STATUS = {"verify-claim": 11}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("json")
    (path / "folder").mkdir()
    for name, run in (("a", Run(seed=1, idle_event=True)), ("b", Run(seed=2, speed=1.6)), ("c", Run(seed=3))):
        simulate_run(path / f"{name}.power", "pi-4", run)
    simulate_run(path / "folder" / "d.power", "pi-4", Run(seed=4))
    (path / "log.csv").write_text("time_s,power_W\n0,1\n1,2\n2,1\n")
    (path / "published.csv").write_text("quantity,label,value,unit\nenergy_per_item,infer,9,J\n")
    return path


def test_every_verb_has_the_option_or_a_reason() -> None:
    for verb in registry.VERBS:
        command = registry.load(registry.VERBS[verb])
        assert isinstance(command, click.Command)
        has = any("--json" in parameter.opts for parameter in command.params)
        assert has != (verb in WITHOUT), verb
    assert set(COMMANDS) | ELSEWHERE | set(WITHOUT) == set(registry.VERBS)
    assert set(SCHEMA["$defs"]) - {"result"} == set(COMMANDS) | ELSEWHERE


@pytest.mark.thorough
def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("verb", COMMANDS)
def test_what_is_printed_keeps_to_the_schema(
    verb: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("POWERMETER_CONFIG", "")
    assert cli.run([verb, "--json", *COMMANDS[verb]]) == STATUS.get(verb, 0)
    printed = capfd.readouterr().out
    documents = (
        [json.loads(line) for line in printed.splitlines()] if verb == "live" else [json.loads(printed)]
    )
    assert documents
    for document in documents:
        keeps_to_schema(verb, document)
