"""Merging small files: the same answers before and after, nothing twice, whoever writes or dies meanwhile."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import outside
import pytest
from class_of_forty import record
from structures import alike

from powermeter import cli

pytestmark = pytest.mark.thorough

TABLES = ("recordings", "labels", "parts", "events", "hours", "readings")


@pytest.fixture(autouse=True)
def _installed() -> None:
    outside.need("pyarrow", "ibis", "duckdb")


def take(origin: Path, dataset: Path, readings: str = "all") -> Any:
    from powermeter.fleet.collect import collect
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.origins import origin_of

    return collect(origin_of(str(origin)), Dataset(dataset), readings)


def merge(dataset: Path, target: int = 1 << 20) -> Any:
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.merging import merge as run

    return run(Dataset(dataset), target)


def contents(dataset: Path) -> dict[str, list[str]]:
    """Return every row of every table as an engine sees it, those of contents that do not count left out."""
    from powermeter.fleet.engines import engine_of

    with engine_of("duckdb", dataset) as engine:
        counted = {(row["recording"], row["content"]) for row in engine.rows(engine.table("recordings"))}
        found = {}
        for table in TABLES:
            rows = engine.rows(engine.table(table))
            rows = [row for row in rows if (row["recording"], row["content"]) in counted]
            found[table] = sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
    return found


def own(dataset: Path) -> list[Path]:
    return [path for table in TABLES for path in (dataset / table).glob("device=*/day=*/*.parquet")]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("merging")
    for number in range(6):
        record(
            folder / "in" / f"{number}.power",
            "",
            number + 1,
            events=4,
            attributes={"device": f"d{number % 4}"},
        )
    outside.need("pyarrow")
    take(folder / "in", folder / "ds")
    return folder / "in", folder / "ds"


@pytest.fixture
def lab(collected: tuple[Path, Path], tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    shutil.copytree(collected[0], tmp_path / "in")
    shutil.copytree(collected[1], tmp_path / "ds")
    yield tmp_path / "in", tmp_path / "ds"


def test_rows_and_answers_are_the_same_and_files_are_few(lab: tuple[Path, Path]) -> None:
    from powermeter.fleet.answers import FleetOptions, answers
    from powermeter.fleet.engines import engine_of
    from powermeter.fleet.recompute import event_energies

    def asked() -> tuple[Any, Any]:
        with engine_of("duckdb", lab[1]) as engine:
            told = answers(
                engine, FleetOptions(("energies", "totals"), ("device", "label"), place="FRA")
            ).to_dict()
            rows = [row for piece in event_energies(engine) for row in piece.to_pylist()]
        return told, sorted(rows, key=lambda row: (row["recording"], row["number"]))

    before, answered = contents(lab[1]), asked()
    found = merge(lab[1])
    assert (found.recordings, found.before, found.after) == (6, 36, 6)
    assert not own(lab[1]) and contents(lab[1]) == before
    told, rows = asked()
    assert rows == answered[1]
    assert told["energies"][0]["devices"] == 1 and len(told["energies"]) == 4
    alike(told, answered[0])


def test_twice_is_once_and_collecting_again_takes_nothing(lab: tuple[Path, Path]) -> None:
    before = contents(lab[1])
    merge(lab[1])
    files = sorted((lab[1] / "merged").rglob("*.parquet"))
    again = merge(lab[1])
    assert again.recordings == 0 and sorted((lab[1] / "merged").rglob("*.parquet")) == files
    shutil.rmtree(lab[1] / "_seen")
    found = take(*lab)
    assert len(found.known) == 6 and not found.added and contents(lab[1]) == before


def test_what_has_grown_since_counts_once_and_goes_in_at_the_next_merge(lab: tuple[Path, Path]) -> None:
    from powermeter.events import Event
    from powermeter.recording import append_to

    merge(lab[1])
    with append_to(lab[0] / "0.power") as writer:
        writer.add_event(Event("mark", 6 * 10**12, 6 * 10**12, process=1, uid=1))
    assert take(*lab).grown == ["0.power"]
    grown = contents(lab[1])
    assert len(grown["recordings"]) == 6 and sum('"mark"' in row for row in grown["events"]) == 1
    assert merge(lab[1]).recordings == 1
    assert contents(lab[1]) == grown and not own(lab[1])
    assert len(list((lab[1] / "merged").iterdir())) == 1, "the outdated segment is gone"


def test_new_ones_join_a_small_segment_and_leave_a_large_one_alone(lab: tuple[Path, Path]) -> None:
    merge(lab[1], target=1)  # each recording fills a segment
    assert len(list((lab[1] / "merged").iterdir())) == 6
    record(lab[0] / "new.power", "", 77, events=4)
    take(*lab)
    before = contents(lab[1])
    names = {path.name for path in (lab[1] / "merged").iterdir()}
    merge(lab[1], target=1)
    assert names < {path.name for path in (lab[1] / "merged").iterdir()}
    merge(lab[1], target=1 << 30)
    assert contents(lab[1]) == before


def killed_at(dataset: Path, where: str, call: int) -> None:
    """Merge in a process that kills itself before the given call of a function."""
    from powermeter.fleet import merging

    counted = 0
    original = getattr(merging, where) if hasattr(merging, where) else getattr(Path, where)
    owner = merging if hasattr(merging, where) else Path

    def dying(*arguments: Any, **named: Any) -> Any:
        nonlocal counted
        counted += 1
        if counted == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(owner, where, dying)
    merge(dataset)


@pytest.mark.parametrize(
    ("where", "call"),
    [
        ("_check", 3),
        ("_remove_own", 1),
        ("unlink", 3),
        ("unlink", 12),
        ("unlink", 30),
        ("_remove_unlisted", 2),
    ],
)
def test_killed_anywhere_nothing_is_lost_or_double(lab: tuple[Path, Path], where: str, call: int) -> None:
    before = contents(lab[1])
    running = multiprocessing.get_context("fork").Process(target=killed_at, args=(lab[1], where, call))
    running.start()
    running.join(60)
    assert running.exitcode == -signal.SIGKILL
    assert contents(lab[1]) == before, "as it was left"
    merge(lab[1])
    assert contents(lab[1]) == before and not own(lab[1])
    assert not list((lab[1] / "merged").glob(".*")), "what was half written is gone"


def _collect(origin: Path, dataset: Path) -> None:
    take(origin, dataset)


def _merge(dataset: Path) -> None:
    for _ in range(4):
        merge(dataset, 1 << 16)


def test_collectors_and_mergers_at_once(lab: tuple[Path, Path], tmp_path: Path) -> None:
    for number in range(6):
        record(tmp_path / "more" / f"{number}.power", "", number + 40, events=4)
    context = multiprocessing.get_context("fork")
    running = [
        *(context.Process(target=_collect, args=(tmp_path / "more", lab[1])) for _ in range(2)),
        *(context.Process(target=_merge, args=(lab[1],)) for _ in range(2)),
    ]
    for one in running:
        one.start()
    for one in running:
        one.join(100)
    assert [one.exitcode for one in running] == [0] * 4
    merge(lab[1])
    take(tmp_path / "more", tmp_path / "reference")
    take(lab[0], tmp_path / "reference")
    assert contents(lab[1])["events"] == contents(tmp_path / "reference")["events"]
    assert len(contents(lab[1])["readings"]) == len(contents(tmp_path / "reference")["readings"])


def test_who_asks_while_files_are_removed_gets_an_error_and_no_smaller_number(lab: tuple[Path, Path]) -> None:
    from powermeter.errors import DataError
    from powermeter.fleet.engines import DuckDB

    with DuckDB(lab[1]) as engine:
        table = engine.table("events")
        assert engine.rows(table.agg(n=table.count())) == [{"n": 24}]
        merge(lab[1])
        with pytest.raises(DataError, match="ask again"):
            engine.rows(table.agg(n=table.count()))
    with DuckDB(lab[1]) as engine:
        table = engine.table("events")
        assert engine.rows(table.agg(n=table.count())) == [{"n": 24}]


def test_a_damaged_merged_file_is_named(lab: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    merge(lab[1])
    (path,) = (lab[1] / "merged").glob("*/recordings.parquet")
    path.write_bytes(path.read_bytes()[:100])
    assert cli.run(["fleet", str(lab[1])]) == 7
    assert "recordings.parquet is missing or damaged" in capsys.readouterr().err


def test_a_damaged_file_is_not_merged_and_nothing_is_removed(
    lab: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = next((lab[1] / "readings").glob("device=*/day=*/*.parquet"))
    path.write_bytes(path.read_bytes()[:200])
    before = own(lab[1])
    assert cli.run(["collect", "-o", str(lab[1]), "--merge"]) == 7
    assert "cannot be merged" in capsys.readouterr().err and own(lab[1]) == before


def test_the_verb_merges_what_it_collected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "in" / "a.power", "", 1, events=4)
    assert cli.run(["collect", str(tmp_path / "in"), "-o", str(tmp_path / "ds"), "--merge", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["added"] == ["a.power"] and told["merged"]["recordings"] == 1
    assert cli.run(["collect", "-o", str(tmp_path / "ds")]) == 2
    assert cli.run(["collect", "-o", str(tmp_path / "ds"), "--merge"]) == 0
    assert "merged 0 recordings" in capsys.readouterr().out
