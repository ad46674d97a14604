"""What repair brings back from a damaged recording, where it writes it, and what it says of the rest."""

from __future__ import annotations

import os
import sqlite3

import numpy as np
import pytest

from powermeter import cli
from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.recording.salvage import salvage
from powermeter.source import Gap
from powermeter.testing.boards import Run, simulate_run

POWER = (Channel("p", Quantity.POWER, 1e-3, Rail("R")),)


@pytest.mark.parametrize("how", ["itself", "a link", "another name"])
def test_repair_never_writes_over_the_damaged_file(written, tmp_path, how):
    recorded = written(close=False)
    before = recorded.path.read_bytes()
    target = tmp_path / "target.power"
    {
        "itself": lambda: None,
        "a link": lambda: target.symlink_to(recorded.path),
        "another name": lambda: os.link(recorded.path, target),
    }[how]()
    output = recorded.path if how == "itself" else target
    with pytest.raises(ConfigurationError, match="the file that is read"):
        salvage(recorded.path, output, force=True)
    assert recorded.path.read_bytes() == before


def test_repair_keeps_what_belongs_to_a_source_under_its_new_number(tmp_path):
    """The first source is lost, so that the second becomes the first: calibration, alignment, health go with it."""
    damaged, whole = tmp_path / "damaged.power", tmp_path / "whole.power"
    with Writer.create(damaged, {"clock": "monotonic", "title": "kept"}) as opened:
        for name in ("lost", "kept"):
            source = opened.add_source(f"x://{name}", name, "x", POWER, {"serial": name})
            opened.append(source, np.arange(9) * 1000, np.arange(9) + source, None, 1200)
            opened.add_ticks(source, [(source, 5)])
            opened.add_gap(source, Gap(1, 2, "missed", name))
            opened.add_fact("alignment", {"source": source, "offset_ns": 10.0 * source})
            opened.add_fact("calibration", {"source": source, "channel": "p", "note": name})
        opened.add_fact("published_rule", {"rule": "mean"})
        opened.add_fact(
            "signature",
            {
                "rows": {"chunk": 2},
                "chains": {"chunk": "ab"},
                "method": "hmac-sha256",
                "key": "",
                "value": "cd",
            },
        )
        opened.add_clock_pair(1, 2)
        opened.add_process_counts(7, 3, (5, 4, 3), {"why": "full"})
        opened.add_health(4, {"pid": 1, "sources": {"1": {"samples": 1}, "2": {"samples": 2}}})
        opened.add_events([Event("a", 1, 2, 7, 1, 1), Event("b", 1, None, 7, 1, 2)])
    with Recording.open(damaged) as recording:
        assert len(recording.facts("signature")) == 1
    db = sqlite3.connect(damaged)
    db.execute("DELETE FROM channel WHERE source = 1")
    db.commit()
    db.close()
    problems = salvage(damaged, whole)
    assert any("'lost' has lost channels" in text for text in problems)
    assert "1 facts 'alignment' are of a source that is lost" in problems
    with Recording.open(whole) as recording:
        assert recording.warnings == [] and recording.metadata["title"] == "kept"
        (source,) = recording.sources
        assert (source.id, source.name, source.info) == (1, "kept", {"serial": "kept"})
        assert recording.samples(1).codes["p"].tolist() == [i + 2 for i in range(9)]
        assert recording.read_ns(1) == 1200 and recording.ticks(1) == [(2, 5)]
        assert recording.facts("alignment") == [{"source": 1, "offset_ns": 20.0}]
        assert recording.facts("calibration") == [{"source": 1, "channel": "p", "note": "kept"}]
        assert recording.facts("published_rule") == [{"rule": "mean"}]
        assert recording.facts("signature") == []  # what was signed is another file
        assert recording.facts("recorder") == [{"pid": 1, "sources": {"1": {"samples": 2}}}]
        assert [event.name for event in recording.events()] == ["a", "b"]
        assert recording.clock_pairs() == [(1, 2)] and [gap.detail for gap in recording.gaps(1)] == ["kept"]
        counts = recording.process_counts()[7]
        assert (counts.begun, counts.finished, counts.written, counts.details) == (5, 4, 3, {"why": "full"})
        (said,) = recording.facts("salvaged")
        assert said["from"] == "damaged.power" and said["problems"] == problems


def test_repair_prints_what_it_could_not_bring_back(written, tmp_path, capsys):
    recorded = written()
    db = sqlite3.connect(recorded.path)
    db.execute("UPDATE block SET data = x'00' WHERE chunk = 2")
    db.execute("UPDATE gap SET detail = 'changed'")
    db.commit()
    db.close()
    assert cli.run(["repair", str(recorded.path), "-o", str(tmp_path / "whole.power")]) == 0
    said = capsys.readouterr().err
    assert "chunk 1 fails its checksum" in said and "gap row" in said
    assert "everything else was brought back; 2 problems" in said and "wrote" in said
    assert cli.run(["repair", str(recorded.path), "-o", str(tmp_path / "whole.power")]) == 3
    assert cli.run(["repair", str(recorded.path), "-o", str(recorded.path), "--force"]) == 2


def test_repair_that_cannot_write_leaves_nothing_half(written, tmp_path, monkeypatch):
    recorded = written()

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("powermeter.recording.chunk_writing.SourceWriter.add", full)
    with pytest.raises(DataError, match="disk is full"):
        salvage(recorded.path, tmp_path / "whole.power")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["run.power"]


@pytest.mark.thorough
def test_repair_brings_back_what_is_left_of_a_file_that_was_cut_off(written, tmp_path, capsys):
    """Half of the samples and more are before the cut; what it says of itself names the rest."""
    recorded = written(chunks=40, each=2000)
    cut, whole = tmp_path / "cut.power", tmp_path / "whole.power"
    data = recorded.path.read_bytes()
    cut.write_bytes(data[: int(len(data) * 0.7)])
    assert cli.run(["repair", str(cut), "-o", str(whole)]) == 0
    assert "the file is cut off" in capsys.readouterr().err
    with Recording.open(whole) as recording:
        found = recording.samples(1)
        assert 30_000 < len(found) < 80_000
        places = np.searchsorted(recorded.times_ns, found.times_ns)
        np.testing.assert_array_equal(found.table(), recorded.codes[places])
    cut.write_bytes(data[:5000])
    assert cli.run(["repair", str(cut), "-o", str(whole), "--force"]) == 7
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "try: powermeter repair" not in said


def test_repair_of_a_sound_file_states_that_it_is_sound(tmp_path, capsys):
    simulate_run(tmp_path / "a.power", "pi-4", run=Run(inferences=2))
    assert cli.run(["repair", str(tmp_path / "a.power")]) == 0
    assert "a.power is sound: there was nothing to repair" in capsys.readouterr().err


def test_the_gap_at_an_end_that_is_missing_begins_behind_the_one_that_is_listed(tmp_path):
    """Readings to 4 s, a gap noted to 6 s, an event that ends at 10 s: from 4 s to 10 s nothing is twice a gap."""
    damaged, second = tmp_path / "damaged.power", 10**9
    with Writer.create(damaged, {}) as opened:
        source = opened.add_source("x://a", "a", "x", POWER, {})
        opened.append(source, np.arange(5) * second, np.arange(5))
        opened.add_gap(source, Gap(4 * second, 6 * second, "no answer", "unplugged"))
        opened.add_events([Event("a", second, 10 * second, 7, 1, 1)])
    db = sqlite3.connect(damaged)
    db.execute("DELETE FROM fact WHERE name = 'closed'")
    db.commit()
    db.close()
    salvage(damaged, tmp_path / "whole.power")
    with Recording.open(tmp_path / "whole.power") as recording:
        gaps = sorted((gap.start_ns // second, gap.end_ns // second) for gap in recording.gaps(1))
    assert gaps == [(4, 6), (6, 10)]
