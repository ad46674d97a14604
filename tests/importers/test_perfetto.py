"""Perfetto traces: counters on the trace's own clocks, batteries that discharge, slices as events.

The four traces are Perfetto's own test data with the outputs that its tests state; the others are built here from the
rows of the same tests.
"""

import json
import zlib

import numpy as np
import pytest
from protobuf_bytes import message, put

from powermeter import importers
from powermeter.analysis.integral import Integral
from powermeter.channel import MISSING, Boundary, Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.perfetto import looks_like_packets
from powermeter.recording import Recording
from powermeter.result import Grade
from powermeter.signals.rails import lines


def trace(*packets):
    return b"".join(put(1, packet) for packet in packets)


def descriptor(index, name, subsystem="s", rate=1000):
    return put(1, message((1, index), (2, name), (3, subsystem), (4, rate)))


def energy(index, value, ms=None):
    stamp = [] if ms is None else [(2, ms)]
    return put(2, message((1, index), *stamp, (3, value)))


def rails(*parts, session=None):
    return put(40, b"".join(parts) + (put(3, session) if session is not None else b""))


def write(tmp_path, data):
    path = tmp_path / "t.pftrace"
    path.write_bytes(data)
    return path


def read(path, **said):
    return importers.open_log(path, choices=importers.Choices(**said))


def points(log, rail):
    """Return (time, code) of a rail's counter."""
    for rows in log.sources:
        for channel, codes in zip(rows.channels, rows.codes, strict=True):
            if channel.rail.name == rail and channel.quantity is Quantity.ENERGY:
                return [(int(t), int(c)) for t, c in zip(rows.times_ns, codes, strict=True) if c != MISSING]
    raise AssertionError(rail)


@pytest.fixture
def folder(shared):
    path = shared / "data/recordings/perfetto_power"
    if not path.is_dir():
        pytest.skip("no shared/data/recordings/perfetto_power beside the checkout")
    return path


def published(folder, case, rail):
    cases = json.loads((folder / "expected.json").read_text())["cases"]
    rows = [(r["t_ns"], r["energy_uws"]) for r in cases[case]["published"] if r["rail"] == rail]
    return sorted(rows, key=lambda row: row[0])


@pytest.mark.parametrize("case", ["power_rails", "power_rails_custom_clock"])
def test_readings_come_out_as_perfetto_states_them(folder, case, tmp_path):
    log = read(folder / f"{case}.pb")
    assert points(log, "test_rail") == published(folder, case, "test_rail")
    assert log.clock == "relative"
    if case == "power_rails":
        assert any("test_rail2" in note and "once" in note for note in log.warnings)


def test_no_energy_is_computed_across_a_counter_that_went_back(folder, tmp_path):
    importers.convert(folder / "power_rails.pb", tmp_path / "o.power")
    with Recording.open(tmp_path / "o.power") as recording:
        trace_ = lines(recording)[0].power()
    assert float(Integral.of(trace_).running[-1]) == pytest.approx(666e-6)


@pytest.mark.parametrize("name", ["energy_breakdown", "energy_breakdown_uid"])
def test_one_estimate_is_no_energy(folder, name):
    with pytest.raises(DataError, match="estimates was read once only"):
        read(folder / f"{name}.pb")


def test_the_text_form_is_named(folder):
    with pytest.raises(DataError, match="text form of a Perfetto trace"):
        read(folder / "power_rails.textproto")


def sessions(names):
    return trace(
        rails(descriptor(0, names[0], "cpu"), session=100),
        rails(descriptor(0, names[1], "gpu", 2000), session=200),
        rails(energy(0, 500, 1), session=100),
        rails(energy(0, 750, 2), session=200),
        rails(energy(0, 1000, 3), session=100),
        rails(energy(0, 1250, 4), session=200),
    )


def test_one_index_is_another_rail_in_another_session(tmp_path):
    path = write(tmp_path, sessions(("CPU_RAIL", "GPU_RAIL")))
    with pytest.raises(ConfigurationError, match="--rail CPU_RAIL"):
        read(path)
    log = read(path, rail="CPU_RAIL")
    assert points(log, "CPU_RAIL") == [(10**6, 500), (3 * 10**6, 1000)]
    assert points(log, "GPU_RAIL") == [(2 * 10**6, 750), (4 * 10**6, 1250)]


def test_two_rails_of_one_name_stay_two(tmp_path):
    log = read(write(tmp_path, sessions(("SHARED", "SHARED"))), add_up=True)
    names = {channel.rail.name for rows in log.sources for channel in rows.channels}
    assert names == {"SHARED session 100", "SHARED session 200"}


def test_a_second_machine_is_moved_to_the_hosts_clock(tmp_path):
    sync = put(
        1,
        message(
            (2, message((1, message((1, 6), (2, 10_000))))),
            (3, message((1, message((1, 6), (2, 1_000_000))))),
        ),
    )
    data = trace(
        put(107, sync) + put(98, 1),
        rails(descriptor(0, "A")),
        rails(descriptor(0, "B")) + put(98, 1),
        put(8, 1_000_000) + rails(energy(0, 100)),
        put(8, 2_000_000) + rails(energy(0, 200)) + put(98, 1),
        put(8, 3_000_000) + rails(energy(0, 300)),
        rails(energy(0, 400, 4)) + put(98, 1),
    )
    log = read(write(tmp_path, data), rail="A")
    assert points(log, "A") == [(1_000_000, 100), (3_000_000, 300)]
    assert points(log, "B") == [(2_990_000, 200), (4_990_000, 400)]


def test_descriptors_without_readings_are_no_measurement(tmp_path):
    with pytest.raises(DataError, match=r"no measurement of power.*L14S_ALIVE"):
        read(write(tmp_path, trace(rails(descriptor(0, "L14S_ALIVE"), descriptor(1, "S2S_VDD_G3D")))))


def battery(when, **said):
    numbers = {"charge": 1, "current": 3, "name": 5, "energy": 6, "voltage": 7}
    return put(8, when) + put(38, message(*((numbers[key], value) for key, value in said.items())))


def test_what_goes_into_a_battery_is_no_use(tmp_path):
    data = trace(
        battery(3_000_000_000, current=710_000, voltage=11_900_000),
        battery(4_000_000_000, current=-510_000, voltage=12_000_000),
        battery(5_000_000_000, current=-510_000, voltage=12_000_000),
    )
    log = read(write(tmp_path, data))
    rows = log.sources[0]
    by = {channel.quantity: column for channel, column in zip(rows.channels, rows.codes, strict=True)}
    assert by[Quantity.CURRENT].tolist() == [MISSING, 510_000, 510_000]
    assert all(channel.rail.boundary is Boundary.BATTERY for channel in rows.channels)
    assert any("while it was charged" in note for note in log.warnings)


def test_a_battery_of_the_other_sign_is_told_by_its_charge(tmp_path):
    data = trace(
        *(
            battery(i * 10**9, current=500_000, charge=3_000_000 - 1000 * i, voltage=4_000_000)
            for i in range(1, 5)
        )
    )
    log = read(write(tmp_path, data))
    assert any("against Android's sign" in note for note in log.warnings)
    importers.convert(tmp_path / "t.pftrace", tmp_path / "o.power")
    with Recording.open(tmp_path / "o.power") as recording:
        line = lines(recording)[0]
        assert float(Integral.of(line.power()).running[-1]) == pytest.approx(0.5 * 4.0 * 3)


def test_energy_used_is_what_an_energy_counter_lost(tmp_path):
    data = trace(
        battery(3_000_000, energy=56_680_000, voltage=17_356_000),
        battery(4_000_000, energy=56_600_000, voltage=17_356_000),
    )
    importers.convert(write(tmp_path, data), tmp_path / "o.power")
    with Recording.open(tmp_path / "o.power") as recording:
        assert float(Integral.of(lines(recording)[0].power()).running[-1]) == pytest.approx(288.0)


def test_estimates_are_graded_as_such(tmp_path):
    consumer = put(77, put(1, put(1, message((1, 3), (3, "OTHER"), (4, "GPU")))))
    data = trace(
        consumer,
        *(put(8, t * 10**9) + put(77, message((2, 3), (3, 1000 * t))) for t in (1, 2, 3)),
    )
    log = read(write(tmp_path, data))
    (channel,) = log.sources[0].channels
    assert (channel.grade, channel.rail.name) == (Grade.ESTIMATED, "GPU")
    assert any("estimates of the phone's own model" in text for text in log.warnings)


def test_slices_become_events_in_calendar_time_and_compressed_packets_are_read(tmp_path):
    snapshot = put(
        6, message((1, message((1, 6), (2, 10**9))), (1, message((1, 1), (2, 1_700_000_000 * 10**9))))
    )
    inner = trace(
        put(8, 2 * 10**9) + put(11, message((9, 1), (11, 7), (23, "infer"))),
        put(8, 3 * 10**9) + put(11, message((9, 2), (11, 7))),
        put(1, put(2, message((1, 2_500_000_000), (2, 44), (3, put(2, "B|44|draw\n"))))),
        put(1, put(2, message((1, 2_600_000_000), (2, 44), (3, put(2, "E|44\n"))))),
    )
    data = trace(
        snapshot,
        put(50, zlib.compress(inner)),
        rails(descriptor(0, "R"), energy(0, 5, 1000)),
        rails(energy(0, 9, 3000)),
    )
    log = read(write(tmp_path, data))
    start = 1_700_000_000 * 10**9
    assert log.clock == "utc"
    assert [(e.name, e.start_ns - start, e.end_ns - start) for e in log.events] == [
        ("infer", 10**9, 2 * 10**9),
        ("draw", 1_500_000_000, 1_600_000_000),
    ]
    assert points(log, "R")[0] == (start, 5)


def test_a_cut_trace_is_read_as_far_as_it_goes(tmp_path):
    data = trace(rails(descriptor(0, "R"), energy(0, 5, 1)), rails(energy(0, 9, 3)), rails(energy(0, 12, 5)))
    log = read(write(tmp_path, data[:-4]))
    assert points(log, "R") == [(10**6, 5), (3 * 10**6, 9)]
    assert any("damaged after 2 packets" in note for note in log.warnings)


@pytest.mark.thorough
def test_damaged_bytes_give_a_log_or_one_clear_error(tmp_path):
    rng = np.random.default_rng(3)
    whole = bytearray(sessions(("CPU", "GPU")))
    for _ in range(100):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 3):
            data[at] = int(rng.integers(0, 256))
        path = tmp_path / "d.pftrace"
        path.write_bytes(bytes(data))
        try:
            importers.open_log(path, format="perfetto", choices=importers.Choices(add_up=True))
        except (DataError, ConfigurationError) as error:
            assert "\n" not in str(error)


def test_a_trace_without_estimates_speaks_of_none(tmp_path):
    log = read(write(tmp_path, trace(rails(descriptor(0, "R"), energy(0, 5, 1)), rails(energy(0, 9, 3)))))
    assert not any("estimate" in text for text in log.warnings)


def test_names_that_a_sequence_interned_hold_until_it_forgets_them(tmp_path):
    """TracePacket: 10 is the sequence, 12 its interned data (2: id and name), 13 the flags, 1 of which forgets all before."""

    def on(sequence, ms, *parts, flags=0):
        return put(8, ms * 10**6) + put(10, sequence) + put(13, flags) + b"".join(parts)

    def slice_of(begins, identity=None):
        return put(
            11, message((9, 1 if begins else 2), (11, 7), *([] if identity is None else [(10, identity)]))
        )

    def interned(identity, name):
        return put(12, put(2, message((1, identity), (2, name))))

    data = trace(
        on(1, 10, interned(5, "infer"), flags=1),
        on(2, 10, interned(5, "other"), flags=1),
        on(1, 20, slice_of(True, 5)),
        on(1, 30, slice_of(False)),
        on(2, 35, flags=1),
        on(1, 40, slice_of(True, 5)),
        on(1, 50, slice_of(False)),
        on(1, 55, flags=1),
        on(1, 60, slice_of(True, 5)),
        on(1, 70, slice_of(False)),
        rails(descriptor(0, "R"), energy(0, 5, 10)),
        rails(energy(0, 9, 90)),
    )
    log = read(write(tmp_path, data))
    assert [(e.name, e.end_ns - e.start_ns) for e in log.events] == [
        ("infer", 10**7),
        ("infer", 10**7),
        ("slice", 10**7),
    ]


@pytest.mark.parametrize(
    ("packet", "looks"),
    [
        (put(8, 1) + put(120, 1), True),  # a field that is not known beside one that is
        (put(8, 1) + put(500, 1), False),
        (put(120, 1), False),  # nothing of a trace's in it
        (put(8, 1) + put(901, 1), True),  # extensions
    ],
)
def test_what_looks_like_packets(packet, looks):
    assert looks_like_packets(trace(packet, packet)) is looks


@pytest.mark.parametrize("field", [1, 2, 6, 8, 10, 11, 12, 33, 36, 38, 40, 60, 77])
def test_each_kind_of_packet_is_known_by_itself(field):
    """Of Perfetto's `trace_packet.proto`: ftrace events, clocks, track events, interned data, rails, battery …"""
    assert looks_like_packets(trace(put(field, 1), put(field, 1)))
