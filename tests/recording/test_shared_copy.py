"""A shared copy: the same energies to the last digit, and none of the names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import powermeter
from powermeter import cli
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.errors import ExistsError
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.recording.error_origins import instrument_of, of_any
from powermeter.recording.privacy import reduced, reduced_info, reduced_url
from powermeter.recording.shared_copy import share
from powermeter.recording.verification import verify
from powermeter.result import Result
from powermeter.source import Gap

SECOND = 1_000_000_000
NAMES = ("alice", "topsecret", "SN-0042", "/dev/ttyUSB7", "projectx", "MyPatient")


@pytest.fixture
def original(tmp_path: Path) -> Path:
    return written(tmp_path / "run.power", {"serial": "SN-0042"})


def written(path: Path, info: dict[str, str]) -> Path:
    accuracy = Accuracy(gain=0.01, source="a test")
    channel = Channel("power", Quantity.POWER, 1e-3, Rail("VIN"), accuracy=accuracy)
    metadata = {
        "command": ["python", "topsecret.py"],
        "host": {"name": "alice-laptop", "cpu": "A"},
        "revision": "projectx",
        "attributes": {"model": "tiny", "subject": "MyPatient"},
        "battery": "4Ah",
    }
    rng = np.random.default_rng(3)
    with Writer.create(path, metadata) as writer:
        source = writer.add_source("um25c:///dev/ttyUSB7", "meter", "um25c", (channel,), info)
        times = np.arange(2000, dtype=np.int64) * SECOND // 100 + SECOND
        writer.append(source, times, rng.integers(900, 2100, (2000, 1)))
        writer.add_gap(source, Gap(2 * SECOND, 2 * SECOND + SECOND // 4, "a cable"))
        writer.add_clock_pair(SECOND, 1_700_000_000 * SECOND)
        events = [
            Event(
                "infer",
                SECOND * (2 + i),
                SECOND * (2 + i) + SECOND // 2,
                uid=i + 1,
                count=4,
                attributes={"model": "ab"[i % 2], "user": "alice"},
            )
            for i in range(15)
        ]
        writer.add_events(events)
        writer.add_fact("note", {"text": "by hand"})
    return path


def same(result: Result | None) -> Result | None:
    """Return a result without what names its instrument, which a copy does not know."""
    return result and replace(result, parts={of_any(key): part for key, part in result.parts.items()})


def test_every_energy_is_the_same_and_no_name_is_left(original: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared.power"
    left_out = share(original, shared, keep=["model"])
    assert {"command", "revision", "attributes of events: user", "attributes of the run: subject"} <= set(
        left_out
    )
    before, after = powermeter.analyse(original, by="model"), powermeter.analyse(shared, by="model")
    assert same(after.energy) == same(before.energy) and after.gap_s == before.gap_s
    assert [(row.group, same(row.energy), same(row.energy_per_item)) for row in after.rows] == [
        (row.group, same(row.energy), same(row.energy_per_item)) for row in before.rows
    ]
    held = shared.read_bytes()
    for name in NAMES:
        assert name.encode() not in held, name
    with powermeter.open(shared) as recording:
        assert recording.metadata["attributes"] == {"model": "tiny"}
        assert recording.metadata["shared"] is True and recording.metadata["battery"] == "4Ah"
        assert recording.clock_pairs()
    assert verify(shared).is_whole


def test_attributes_go_unless_they_are_named(original: Path, tmp_path: Path) -> None:
    assert "attributes of the run: model, subject" in share(original, tmp_path / "shared.power")
    with powermeter.open(tmp_path / "shared.power") as recording:
        assert not recording.metadata["attributes"]
        assert all(not event.attributes for event in recording.events())
        assert sum(event.count or 0 for event in recording.events()) == 60


def test_nothing_is_overwritten_unasked(original: Path, tmp_path: Path) -> None:
    (tmp_path / "shared.power").write_text("mine")
    with pytest.raises(ExistsError):
        share(original, tmp_path / "shared.power")
    assert (tmp_path / "shared.power").read_text() == "mine"


def private(original: Path, path: Path) -> None:
    """Write what `record --private` would have written."""
    with powermeter.open(original) as old, Writer.create(path, reduced(old.metadata)) as writer:
        (source,) = old.sources
        samples = old.samples(source.id)
        info = reduced_info(source.info)
        new = writer.add_source(reduced_url(source.url), source.name, source.driver, source.channels, info)
        writer.append(new, samples.times_ns, samples.codes["power"][:, None])
        writer.add_events(list(old.events()))


OUTPUTS = (
    ["show", "{path}", "--json"],
    ["show", "{path}"],
    ["report", "{path}", "-o", "-", "--kind", "json"],
    ["report", "{path}", "-o", "-", "--kind", "markdown"],
    ["report", "{path}", "-o", "-", "--kind", "html"],
    ["export", "{path}", "-o", "-", "--format", "json", "--what", "labels"],
    ["export", "{path}", "-o", "-", "--format", "csv", "--what", "events"],
    ["footprint", "{path}", "--place", "FRA"],
    ["footprint", "{path}", "--place", "FRA", "--json"],
    ["compare", "{path}", "{path}", "--json"],
)


@pytest.mark.thorough
@pytest.mark.parametrize("write", [share, private])
def test_nothing_made_of_a_private_or_shared_recording_names_machine_or_instrument(
    original: Path, tmp_path: Path, write, capsys
) -> None:
    sent = tmp_path / "sent.power"
    write(original, sent)
    for arguments in OUTPUTS:
        assert cli.run([word.format(path=sent) for word in arguments]) == 0, capsys.readouterr().err
        said = capsys.readouterr().out
        assert said
        for name in ("alice-laptop", "SN-0042", "ttyUSB7", "topsecret", "projectx"):
            assert name not in said, (arguments, name)


def keys_of(plain: object) -> set[str]:
    """Return every key of some JSON."""
    if isinstance(plain, list):
        return set().union(*map(keys_of, plain))
    return set(plain).union(*map(keys_of, plain.values())) if isinstance(plain, dict) else set()


@pytest.mark.thorough
@pytest.mark.parametrize("serial", ["SN-0042", ""])
def test_keys_of_errors_hold_no_name_even_where_the_recording_does(
    tmp_path: Path, serial: str, capsys
) -> None:
    original = written(tmp_path / "run.power", {"serial": serial})
    kept = powermeter.analyse(original)
    found = {*kept.energy.parts, *kept.rows[0].energy.parts}
    for arguments in (["show", original], ["compare", original, original]):
        assert cli.run([*map(str, arguments), "--json"]) == 0
        found |= keys_of(json.loads(capsys.readouterr().out))
    gains = {key for key in found if key.startswith("gain:")}
    assert any(" #" in key for key in gains) and any(" @ " in key for key in gains)
    for name in ("alice", "SN-0042"):
        assert name not in repr(gains) and name not in repr(found), name
    assert cli.run(["footprint", str(original), "--place", "FRA"]) == 0
    assert "#" not in capsys.readouterr().out


def test_two_recordings_that_keep_their_machines_names_share_no_instrument(tmp_path: Path) -> None:
    names = set()
    for at in (1, 2):
        path = tmp_path / f"{at}.power"
        metadata = {"host": {"board": "Raspberry Pi 4"}, "private": True}
        with Writer.create(path, metadata) as writer:
            writer.add_source("ina219://", "ina219", "ina219", (Channel("power", Quantity.POWER, 1e-3),), {})
            writer.add_clock_pair(SECOND, at * 1_700_000_000 * SECOND)
        share(path, tmp_path / f"copy-{at}.power")
        for held in (path, tmp_path / f"copy-{at}.power"):
            with powermeter.open(held) as recording:
                names.add(instrument_of(recording, recording.sources[0]))
    assert len(names) == 2
