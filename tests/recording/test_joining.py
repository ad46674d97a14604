"""Another recording's sources in a copy of this one: whose names, clocks, calibrations and events are kept, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError, ExistsError
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.recording.joining import join, moved
from powermeter.source import Gap

NS = 10**9
FACT = {"offset_ns": 250, "rate": 1.00001}


def written(path: Path, sources: tuple[str, ...], *, calibrated: bool = False) -> Path:
    with Writer.create(path, {"who": path.stem}) as writer:
        for number, name in enumerate(sources, start=1):
            channel = Channel("p", Quantity.POWER, 1e-3, Rail("VIN"))
            identifier = writer.add_source(
                f"x://{path.stem}/{number}", name, "x", (channel,), {"serial": name}
            )
            times = np.arange(5, dtype=np.int64) * NS + number
            writer.append(
                identifier, times, np.arange(5)[:, None] + 1000 * number, np.array([0, 1, 0, 2, 0], np.uint8)
            )
            writer.add_gap(identifier, Gap(NS, 2 * NS, "dropped", "lost", 7))
            writer.add_ticks(identifier, [(10, 20 + number)])
        writer.add_clock_pair(0, 5 * NS)
        writer.add_event(Event(path.stem, NS, 2 * NS, uid=1))
        if calibrated:
            writer.add_fact("calibration", {"channel": "p", "coefficients": [0.0, 1.5]})
            writer.add_fact("alignment", {"source": 1, "offset_ns": 9})
            signed = {"rows": {"chunk": 1}, "chains": {"chunk": "ab"}, "method": "hmac-sha256"}
            writer.add_fact("signature", {**signed, "key": "", "value": "cd"})
    return path


@pytest.fixture
def joined(tmp_path: Path):
    host = written(tmp_path / "host.power", ("meter", "other"), calibrated=True)
    guest = written(tmp_path / "guest.power", ("meter", "meter (2)", "own"), calibrated=True)
    with Recording.open(host) as a, Recording.open(guest) as b:
        names = join(a, b, tmp_path / "both.power", FACT)
    with Recording.open(tmp_path / "both.power") as found:
        yield names, found


def test_a_guests_source_of_a_taken_name_is_numbered(joined) -> None:
    """The host has `meter`: the guest's becomes `meter (2)`, and its own of that name `meter (2) (2)`."""
    names, found = joined
    assert names == ["meter (2)", "meter (2) (2)", "own"]
    assert [source.name for source in found.sources] == ["meter", "other", *names]
    assert [source.url for source in found.sources][2:] == [f"x://guest/{n}" for n in (1, 2, 3)]
    assert [source.info["serial"] for source in found.sources][2:] == ["meter", "meter (2)", "own"]


def test_every_sample_gap_and_tick_is_the_one_that_was_recorded(joined) -> None:
    _, found = joined
    for source, number in zip(found.sources, (1, 2, 1, 2, 3), strict=True):
        read = found.samples(source.id)
        assert read.times_ns.tolist() == [k * NS + number for k in range(5)]
        assert read.codes["p"].tolist() == [1000 * number + k for k in range(5)]
        assert read.flags.tolist() == [0, 1, 0, 2, 0]
        (gap,) = found.gaps(source.id)
        assert (gap.start_ns, gap.end_ns, gap.reason, gap.detail, gap.lost) == (
            NS,
            2 * NS,
            "dropped",
            "lost",
            7,
        )
        assert [tuple(tick) for tick in found.ticks(source.id)] == [(10, 20 + number)]


def test_events_and_clocks_are_the_hosts_and_the_guests_metadata_are_kept_beside(joined) -> None:
    _, found = joined
    assert [event.name for event in found.events()] == ["host"] and found.clock_pairs() == [(0, 5 * NS)]
    assert found.metadata["who"] == "host"
    (beside,) = found.metadata["joined"]
    assert (
        beside["name"] == "guest.power" and beside["metadata"]["who"] == "guest" and beside["warnings"] == []
    )


def test_alignments_and_calibrations_follow_their_sources_to_their_new_numbers(joined) -> None:
    """The host's own alignment stays at its source; the guest's is replaced; a calibration without a source is of each of its file's."""
    _, found = joined
    aligned = {fact["source"]: fact for fact in found.facts("alignment")}
    assert aligned[1]["offset_ns"] == 9
    assert {number: aligned[number]["offset_ns"] for number in (3, 4, 5)} == {3: 250, 4: 250, 5: 250}
    assert aligned[3]["rate"] == 1.00001 and set(aligned) == {1, 3, 4, 5}
    assert [fact["source"] for fact in found.facts("calibration")] == [1, 2, 3, 4, 5]
    assert found.facts("signature") == []  # nobody has signed the two of them together


def test_a_second_guest_is_noted_after_the_first(tmp_path: Path) -> None:
    files = [written(tmp_path / f"{name}.power", ("meter",)) for name in ("host", "one", "two")]
    with Recording.open(files[0]) as host, Recording.open(files[1]) as one:
        join(host, one, tmp_path / "first.power", FACT)
    with Recording.open(tmp_path / "first.power") as host, Recording.open(files[2]) as two:
        assert join(host, two, tmp_path / "second.power", FACT) == ["meter (3)"]
    with Recording.open(tmp_path / "second.power") as found:
        assert [one["name"] for one in found.metadata["joined"]] == ["one.power", "two.power"]
        assert [fact["source"] for fact in found.facts("alignment")] == [2, 3]


def test_what_would_be_lost_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    host, guest = (written(tmp_path / f"{name}.power", ("meter",)) for name in ("host", "guest"))
    empty = written(tmp_path / "empty.power", ())
    before = host.read_bytes()
    with Recording.open(host) as a, Recording.open(guest) as b, Recording.open(empty) as c:
        for path in (host, guest):
            with pytest.raises(ConfigurationError):
                join(a, b, path, FACT, force=True)
        (tmp_path / "there.power").write_bytes(b"mine")
        with pytest.raises(ExistsError):
            join(a, b, tmp_path / "there.power", FACT)
        with pytest.raises(DataError, match="holds no readable source"):
            join(a, c, tmp_path / "new.power", FACT)
    assert host.read_bytes() == before and (tmp_path / "there.power").read_bytes() == b"mine"
    assert not (tmp_path / "new.power").exists() and not list(tmp_path.glob("*.part"))


def test_a_fact_of_no_source_or_of_one_that_is_gone_stays_as_it_is() -> None:
    assert moved({"source": "2", "x": 1}, {2: 7}) == {"source": 7, "x": 1}
    assert moved({"source": 3}, {2: 7}) == {"source": 3}
    assert moved({"source": "all"}, {2: 7}) == {"source": "all"}
    assert moved({"x": 1}, {2: 7}) == {"x": 1}
