"""Every public captured frame of a USB meter decodes to what its source states; damaged ones are refused.

The frames and their sources: `frames/*.txt`, and the literals below.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from powermeter.drivers import atorch, avhzy, fnirsi, km003c, rdtech_tc66, rdtech_um, smartpower3, witrn
from powermeter.drivers.links.hid import cut_reports
from powermeter.drivers.meters.stream import cut_lines
from powermeter.errors import DataError

FRAMES = Path(__file__).parent / "frames"


def table(name: str) -> list[list[str]]:
    lines = (FRAMES / name).read_text().splitlines()
    return [line.split("|") for line in lines if line and not line.startswith("#")]


def refused(decode: Callable[[bytes], object], frame: bytes) -> bool:
    try:
        decode(frame)
    except DataError:
        return True
    return False


# RuiDeng UM (pyummeter: tests/test_ummeter.py): a real block edited by hand, so its end mark is wrong.
UM_VECTOR = bytes.fromhex(
    "09c901fe0148000006880014004400080000000b000000380000000000000000"
    + "00" * 64
    + "0001000200070000001000000100000a000000f00000000200040001869f0002688c"
)


def um_block(model: int, changes: dict[int, bytes] | None = None) -> bytes:
    """A block with the values of a real UM25C session (rdserialtool: README) and a correct end."""
    block = bytearray(130)
    volts, amps = (506, 114) if model != 0x09C9 else (5062, 1146)
    for at, width, value in (
        (0, 2, model),
        (2, 2, volts),
        (4, 2, amps),
        (6, 4, 580),
        (10, 2, 25),
        (12, 2, 78),
        (16, 4, 1),
        (20, 4, 9),
        (96, 2, 1),
        (100, 2, 7),
        (110, 2, 13),
        (118, 2, 2),
        (120, 2, 4),
        (122, 4, 441),
        (126, 2, 1),
    ):
        block[at : at + width] = value.to_bytes(width, "big")
    for at, value in (changes or {}).items():
        block[at : at + len(value)] = value
    block[128:] = b"\xff\xf1"
    if model == 0x0D4C:
        xor = 0
        for at in (
            1,
            3,
            7,
            9,
            15,
            17,
            19,
            23,
            31,
            39,
            41,
            45,
            49,
            53,
            55,
            57,
            59,
            63,
            67,
            69,
            73,
            79,
            83,
            89,
            97,
            99,
            109,
            111,
            113,
            119,
            121,
            127,
        ):
            xor ^= block[at]
        block[129] = xor
    return bytes(block)


def test_um_vector_decodes_with_the_check_off() -> None:
    reading = rdtech_um.decode(UM_VECTOR, check=False)
    assert reading.model.title == "UM25C"
    assert reading.voltage_v == pytest.approx(0.510) and reading.current_a == pytest.approx(0.0328)
    assert (reading.power_mw, reading.temperature_c, reading.temperature_f, reading.group) == (
        1672,
        20,
        68,
        8,
    )
    assert reading.groups == ((11, 56), *((0, 0),) * 9)
    assert (reading.dp_v, reading.dm_v, reading.charging_mode) == (0.01, 0.02, "DCP 1.5 A")
    assert (reading.recorder_mah, reading.recorder_mwh, reading.threshold_a) == (16, 256, 0.10)
    assert (reading.recorder_s, reading.recording, reading.screen_timeout_min) == (240, False, 2)
    assert (reading.brightness, reading.resistance_ohm, reading.screen) == (4, 9999.9, 2)
    assert not reading.check_ok
    assert "is not" in reading.problem()  # 1.672 W against 0.510 V × 0.0328 A: said, not crashed on


def test_um_vector_is_refused_with_the_check_on() -> None:
    with pytest.raises(DataError, match="688c"):
        rdtech_um.decode(UM_VECTOR)


@pytest.mark.parametrize(("model", "name"), [(0x0963, "UM24C"), (0x09C9, "UM25C"), (0x0D4C, "UM34C")])
def test_um_block_of_each_model(model: int, name: str) -> None:
    reading = rdtech_um.decode(um_block(model))
    assert reading.model.title == name and reading.check_ok and not reading.problem()
    assert reading.voltage_v == pytest.approx(5.06, abs=0.003) and reading.current_a == pytest.approx(
        0.114, abs=7e-4
    )
    assert reading.groups[0] == (1, 9)


@pytest.mark.parametrize("model", [0x0963, 0x09C9, 0x0D4C])
def test_um_damaged_blocks_are_refused_or_show_no_other_voltage_current_or_power(model: int) -> None:
    good = um_block(model)
    truth = rdtech_um.decode(good)
    for length in range(130):
        assert refused(rdtech_um.decode, good[:length])
    for at in range(130):
        for bit in (0x01, 0x10, 0x80, 0xFF):
            bad = bytearray(good)
            bad[at] ^= bit
            try:
                reading = rdtech_um.decode(bytes(bad))
            except DataError:
                continue
            if reading.problem():
                continue
            # Without a sum over the block only power = V × I guards these; it lets the last digits through.
            assert reading.voltage_v == pytest.approx(truth.voltage_v, rel=0.02)
            assert reading.current_a == pytest.approx(truth.current_a, rel=0.02, abs=2e-3)
            assert reading.power_mw == pytest.approx(truth.power_mw, rel=0.03, abs=8)


TC66_ENCRYPTED = bytes.fromhex(
    "006630928cdbb01e307647693bac80b012a60ec3c8645b9af0ead3c57ae5a062"
    "8f330593ff8f836a2a36d60f8709fc4fc5ec277ef1b0dbb4815a9497d8646eb2"
    "06f404f8061c1177e994f37dfc6f4dab07385ea4d05c1e32616e88527b57d310"
    "6babf8c170d31db582db234384fa559313e92b412f6af4e16e09168c608fba0a"
    "4231f411e56f5c203c590b4a68fd5b092aca6ec4a4554d5542e8674b097e259c"
    "2aca6ec4a4554d5542e8674b097e259ce09c4004c92da948c3165eebdb8b9ec2"
)
TC66_PLAIN = bytes.fromhex(
    "7061633154433636312e313854be000062854a4a3632350c3536373241508520"
    "ce4c3e6d83c40bc4b36b31592800000099c90000c607000002040000be770000"
    "70616332210a000000000000050000000000000000000000000000001b000000"
    "190100001801000000000000000000000000000000000000000000006a810000"
    "7061633300000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000028050000"
)


def test_tc66_capture() -> None:
    """jedie/tc66c2mqtt: tests/fixtures.py and test_tc66.py."""
    pytest.importorskip("cryptography", reason="a TC66 encrypts its answers: pip install 'powermeter[tc66]'")
    assert rdtech_tc66.decrypt(TC66_ENCRYPTED) == TC66_PLAIN
    reading = rdtech_tc66.decode(TC66_ENCRYPTED)
    assert (reading.product, reading.firmware, reading.serial, reading.power_ups) == (
        "TC66",
        "1.18",
        48724,
        40,
    )
    assert (reading.voltage_code, reading.current_code, reading.power_code) == (51609, 1990, 1026)
    assert (reading.resistance_ohm, reading.groups) == (259.3, ((0, 5), (0, 0)))
    assert (reading.temperature_c, reading.dp_v, reading.dm_v) == (27, 2.81, 2.80)
    for length in range(192):
        assert refused(rdtech_tc66.decode, TC66_ENCRYPTED[:length])
    for at in range(192):
        bad = bytearray(TC66_ENCRYPTED)
        bad[at] ^= 0x20
        assert refused(rdtech_tc66.decode, bytes(bad)), f"byte {at}"


def test_tc66_checks_and_negative_temperature() -> None:
    for stored, start in ((30654, 0), (33130, 64), (1320, 128)):
        assert rdtech_tc66.crc16_modbus(TC66_PLAIN[start : start + 60]) == stored
    for at in range(192):
        for mask in (1, 0x80):
            bad = bytearray(TC66_PLAIN)
            bad[at] ^= mask
            assert refused(rdtech_tc66.decode_plain, bytes(bad)), f"byte {at}"
    cold = bytearray(TC66_PLAIN)
    cold[88] = 1
    cold[124:126] = rdtech_tc66.crc16_modbus(bytes(cold[64:124])).to_bytes(2, "little")
    assert rdtech_tc66.decode_plain(bytes(cold)).temperature_c == -27


def test_fnirsi_commands() -> None:
    """fnirsi-usb-power-data-logger: the check of the three commands it sends."""
    assert [fnirsi.command(code)[-1] for code in (0x81, 0x82, 0x83)] == [0x8E, 0x96, 0x9E]
    assert len(fnirsi.command(0x81)) == 64 and fnirsi.command(0x81)[:2] == b"\xaa\x81"


def fnirsi_report() -> bytes:
    """Values of the logger's README, in the published layout: 0 V, 0.00011 A, D+ 1.184, D- 1.031, 30.5 °C."""
    sample = b"".join(
        (
            (0).to_bytes(4, "little"),
            (11).to_bytes(4, "little"),
            (1184).to_bytes(2, "little"),
            (1031).to_bytes(2, "little"),
            b"\x01",
            (305).to_bytes(2, "little"),
        )
    )
    report = b"\xaa\x04" + sample * 4 + b"\x00"
    return report + bytes([fnirsi.crc8(report[1:])])


def test_fnirsi_data_report() -> None:
    good = fnirsi_report()
    assert fnirsi.decode(good) == [fnirsi.Sample(0, 11, 1.184, 1.031, 305)] * 4
    assert fnirsi.decode(fnirsi.command(0x03)) == []  # another type is passed over
    for length in range(64):
        assert refused(fnirsi.decode, good[:length])
    for at in range(64):
        for mask in range(1, 256):
            bad = bytearray(good)
            bad[at] ^= mask
            assert refused(fnirsi.decode, bytes(bad))


def test_fnirsi_refuses_the_garbage_first_report() -> None:
    sample = (18870000).to_bytes(4, "little") + (17040000).to_bytes(4, "little") + bytes(7)
    report = b"\xaa\x04" + sample * 4 + b"\x00"
    assert refused(fnirsi.decode, report + bytes([fnirsi.crc8(report[1:])]))  # 188.7 V, 170.4 A


ATORCH = table("atorch.txt")


@pytest.mark.parametrize(("source", "seconds", "text", "decoded", "check"), ATORCH)
def test_atorch_frame(source: str, seconds: str, text: str, decoded: str, check: str) -> None:
    report = atorch.decode(bytes.fromhex(text))
    assert report.check == {"1": 1, "2": 2, "none": None}.get(check, report.check)
    charge_mah = None if report.charge_code is None else report.charge_code * {2: 10, 3: 1}[report.device]
    energy_mwh = report.energy_code * (10 if report.device == 3 else 10_000_000)
    shown = {
        "V": report.voltage_v,
        "A": report.current_a,
        "mAh": charge_mah,
        "mWh": energy_mwh,
        "Wh": energy_mwh / 1e6 / 1e-3 / 1e3,
        "degC": report.temperature_c,
        "D-": report.dm_v,
        "D+": report.dp_v,
        "W": None if report.power_code is None else report.power_code / 10,
        "backlight": report.backlight_s,
        "price": report.price,
        "Hz": report.frequency_hz,
        "pf": report.power_factor,
    }
    checked = 0
    for part in decoded.split(", "):
        if clock := re.fullmatch(r"(\d+):(\d\d):(\d\d)", part):
            hours, minutes, seconds_ = map(int, clock.groups())
            assert report.running_s == hours * 3600 + minutes * 60 + seconds_
        elif named := re.fullmatch(r"(D[-+]|backlight|price|pf) ([\d.]+)", part):
            assert shown[named[1]] == pytest.approx(float(named[2])), part
        else:
            number, unit = part.split(" ")
            assert shown[unit] == pytest.approx(float(number)), part
        checked += 1
    assert checked >= 2


CHECKED = [row for row in ATORCH if row[4] in "12"]


@pytest.mark.parametrize("text", [CHECKED[0][2], CHECKED[3][2], CHECKED[4][2], CHECKED[-1][2]])
def test_atorch_damage_is_refused_where_a_rule_holds(text: str) -> None:
    good = bytes.fromhex(text)
    rule = atorch.check_rule(good)

    def decode(frame: bytes) -> object:
        return atorch.decode(frame, rule=rule)

    for length in range(36):
        assert refused(decode, good[:length])
    for at in range(2, 36):
        for mask in (1, 0x10, 0x80, 0xFF):
            bad = bytearray(good)
            bad[at] ^= mask
            assert refused(decode, bytes(bad)), f"byte {at} ^ {mask:02x}"


def test_atorch_five_fragments_and_a_start_in_the_middle() -> None:
    """esphome-atorch-dl24: tests/components/atorch_dl24, lengths 8, 7, 8, 8, 5."""
    frames = [bytes.fromhex(row[2]) for row in ATORCH if row[0] == "DL24 load"]
    buffer = bytearray()
    found: list[bytes] = []
    at = 0
    for length in (8, 7, 8, 8, 5):
        buffer += frames[0][at : at + length]
        at += length
        got, skipped = atorch.cut(buffer)
        found += got
        assert skipped == 0
    assert found == [frames[0]] and not buffer
    buffer += frames[1][20:] + frames[2] + b"\x00\xff" + frames[3]
    got, skipped = atorch.cut(buffer)
    assert got == frames[2:4] and skipped == 16 + 2


@pytest.mark.parametrize("name", ["DL24 load", "J7-C with a meaningless check byte"])
def test_atorch_truncated_frames_never_merge(name: str) -> None:
    frames = [bytes.fromhex(row[2]) for row in ATORCH if row[0] == name]
    for kept in range(1, 36):
        buffer = bytearray(frames[0] + frames[1][:kept] + frames[2] + frames[3])
        got, _ = atorch.cut(buffer)
        good = [frame for frame in got if not refused(atorch.decode, frame)]
        assert good[0] == frames[0] and good[-1] == frames[3]
        assert all(frame in frames for frame in good), f"{kept} bytes of a frame"


def test_atorch_replies_are_passed_over() -> None:
    buffer = bytearray(bytes.fromhex("ff55020101000040ff55020103000042"))
    assert atorch.cut(buffer) == ([], 16)


@pytest.mark.parametrize(("text", "decoded"), table("km003c.txt"))
def test_km003c_answer(text: str, decoded: str) -> None:
    reading = km003c.decode(bytes.fromhex(text))
    match = re.fullmatch(
        r"VBUS (-?\d+) uV, IBUS (-?\d+) uA, avg (-?\d+) uV (-?\d+) uA, (-?[\d.]+) degC, CC1 ([\d.]+) CC2 ([\d.]+) "
        r"D\+ ([\d.]+) D- ([\d.]+) VDD ([\d.]+) mV, rate (\d), flags (\d+)",
        decoded,
    )
    assert match is not None
    number = [float(field) for field in match.groups()]
    assert [
        reading.voltage_uv,
        reading.current_ua,
        reading.average_voltage_uv,
        reading.average_current_ua,
    ] == number[:4]
    if number[4] == -256.0:
        assert reading.temperature_code is None
    else:
        assert reading.temperature_code is not None
        assert reading.temperature_code / 128 == pytest.approx(number[4], abs=6e-5)
    lines = [reading.cc1_v, reading.cc2_v, reading.dp_v, reading.dm_v, reading.vdd_v]
    assert [1000 * line for line in lines] == pytest.approx(number[5:10])
    assert (reading.rate, reading.flags) == (number[10], number[11])


def test_km003c_requests() -> None:
    assert km003c.request(km003c.ATTRIBUTE_ADC, 0).hex() == "0c000200"
    assert km003c.request(km003c.ATTRIBUTE_ADC, 2).hex() == "0c020200"
    assert km003c.request(km003c.ATTRIBUTE_QUEUE, 0x1D).hex() == "0c1d0400"


def test_km003c_truncated_or_mixed_up_answers_are_refused() -> None:
    good = bytes.fromhex(table("km003c.txt")[1][0])
    for length in range(52):
        assert refused(km003c.decode, good[:length])
    for at in (0, 4, 5, 6, 7):
        for mask in (1, 0x40, 0x80):
            bad = bytearray(good)
            bad[at] ^= mask
            assert refused(km003c.decode, bytes(bad)), f"byte {at}"
    assert refused(lambda frame: km003c.decode(frame, transaction=9), good)  # it answers request 10
    assert km003c.decode(good, transaction=10).voltage_uv == 5082457


def test_km003c_queue_two_a_second() -> None:
    answer = bytes.fromhex(
        "413e0202020002050de80800d5c38c00598ce8ffdc401f015b17581701ea08000bac8c000255e9ff92401e0158175417"
    )
    first, second = km003c.decode_queue(answer, 0)
    assert (first.sequence, first.marker, first.voltage_uv, first.current_ua) == (59405, 8, 9225173, -1536935)
    assert [first.cc1_v, first.cc2_v, first.dp_v, first.dm_v] == pytest.approx(
        [1.6604, 0.0287, 0.5979, 0.5976]
    )
    assert (second.sequence, second.voltage_uv, second.current_ua) == (59905, 9219083, -1485566)
    assert [second.cc1_v, second.cc2_v, second.dp_v, second.dm_v] == pytest.approx(
        [1.6530, 0.0286, 0.5976, 0.5972]
    )
    assert km003c.lost_samples([first, second], 0) == 0
    for length in range(len(answer)):
        assert refused(lambda part: km003c.decode_queue(part, 0), answer[:length])


def test_km003c_queue_thousand_a_second() -> None:
    answer = bytes.fromhex((FRAMES / "km003c_queue_1000hz.hex").read_text())
    samples = km003c.decode_queue(answer, 3)
    assert len(answer) == 788 and [s.sequence for s in samples] == list(range(78, 117))
    assert (samples[0].voltage_uv, samples[0].current_ua) == (5082025, 210)
    assert (samples[-1].voltage_uv, samples[-1].current_ua) == (5081439, -46)
    assert sum(s.voltage_uv for s in samples) / 39e6 == pytest.approx(5.082009795, abs=5e-10)
    assert sum(s.current_ua for s in samples) / 39e6 == pytest.approx(0.000002820513, abs=5e-13)
    assert km003c.lost_samples(samples, 3) == 0
    assert km003c.lost_samples(samples[:10] + samples[13:], 3) == 3


SMARTPOWER3 = (
    b"0000815169,15296,0036,00550,0,00000,0000,00000,0,00,00000,0000,00000,0,00,14,12",
    b"0343732187,15321,0072,01103,0,00000,0000,00000,0,00,00000,0000,00000,0,00,1c,12",
    b"0343732207,15328,0055,00843,0,00000,0000,00000,0,00,00000,0000,00000,0,00,11,19",
)


def test_smartpower3_lines() -> None:
    """osp3 library: log test."""
    line = smartpower3.decode(SMARTPOWER3[0])
    assert line.time_ms == 815169 and line.input == smartpower3.Port(15296, 36, 550, False)
    assert line.outputs == (smartpower3.Port(0, 0, 0, False, 0),) * 2
    assert smartpower3.decode(SMARTPOWER3[1]).input.power_mw == 1103
    assert smartpower3.decode(SMARTPOWER3[2]).time_ms == 343732207
    assert refused(smartpower3.decode, SMARTPOWER3[0].replace(b",14,12", b",15,12"))
    assert refused(smartpower3.decode, SMARTPOWER3[0].replace(b",14,12", b",14,13"))
    for good in SMARTPOWER3:
        for length in range(len(good)):
            assert refused(smartpower3.decode, good[:length])
        for at in range(len(good)):
            for mask in range(1, 256):
                bad = bytearray(good)
                bad[at] ^= mask
                assert refused(smartpower3.decode, bytes(bad)), f"{at} {mask}"


def witrn_report(volts: float = 5.1, amps: float = 0.5, check: bool = True) -> bytes:
    """A report in the published layout; no capture is public."""
    import struct

    report = bytearray(64)
    report[:2], report[8] = b"\xff\x55", 0x1A
    struct.pack_into("<2f2I6f", report, 14, 0.25, 1.25, 60, 3600, 2.7, 2.6, 31.5, 25.0, volts, amps)
    if check:
        report[62] = sum(report[8:62]) & 0xFF
        report[63] = (sum(report[:8]) + report[62]) & 0xFF
    return bytes(report)


def test_witrn_report() -> None:
    reading = witrn.decode(witrn_report(), check=True)
    assert (reading.voltage_v, reading.current_a) == pytest.approx((5.1, 0.5))
    assert (reading.charge_ah, reading.energy_wh, reading.recording_s, reading.running_s) == (
        0.25,
        1.25,
        60,
        3600,
    )
    assert not witrn.decode(witrn_report(check=False)).check_ok
    good = witrn_report()
    for length in range(64):
        assert refused(witrn.decode, good[:length])
    for at in range(64):
        for mask in (1, 0x10, 0x80, 0xFF):
            bad = bytearray(good)
            bad[at] ^= mask
            assert refused(lambda frame: witrn.decode(frame, check=True), bytes(bad)), f"byte {at}"
    assert refused(witrn.decode, witrn_report(volts=float("nan"), check=False))
    assert refused(witrn.decode, witrn_report(amps=float("inf"), check=False))


def test_avhzy_answer() -> None:
    import struct

    good = struct.pack("<5f", 5.0, 0.4, 2.0, 2.7, 2.6)
    assert avhzy.decode(good).power_w == pytest.approx(2.0)
    assert refused(avhzy.decode, good[:19])
    assert refused(avhzy.decode, struct.pack("<5f", 5.0, 0.4, 1.9, 0, 0))  # power is not V × A
    assert refused(avhzy.decode, struct.pack("<5f", float("nan"), 0.4, 2.0, 0, 0))
    truth = avhzy.decode(good)
    for at in range(12):
        for bit in range(8):
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            if not refused(avhzy.decode, bytes(bad)):
                reading = avhzy.decode(bytes(bad))
                assert (reading.voltage_v, reading.current_a) == pytest.approx(
                    (truth.voltage_v, truth.current_a), rel=0.025
                )


DECODERS: dict[str, Callable[[bytes], object]] = {
    "um": rdtech_um.decode,
    "tc66": rdtech_tc66.decode_plain,
    "fnirsi": fnirsi.decode,
    "atorch": atorch.decode,
    "km003c": km003c.decode,
    "km003c queue": lambda frame: km003c.decode_queue(frame, 3),
    "witrn": witrn.decode,
    "avhzy": avhzy.decode,
    "smartpower3": smartpower3.decode,
}


@pytest.mark.parametrize("name", DECODERS)
def test_random_bytes_are_refused_or_decoded_never_a_crash(name: str) -> None:
    dice = random.Random(11)
    seeds = [
        um_block(0x09C9),
        TC66_PLAIN,
        fnirsi_report(),
        bytes.fromhex(ATORCH[0][2]),
        SMARTPOWER3[0],
        bytes.fromhex(table("km003c.txt")[0][0]),
        witrn_report(),
    ]
    for _ in range(400):
        frame = bytearray(
            dice.choice(seeds) if dice.random() < 0.7 else dice.randbytes(dice.randrange(0, 220))
        )
        for _ in range(dice.randrange(0, 4)):
            if frame:
                frame[dice.randrange(len(frame))] = dice.randrange(256)
        refused(DECODERS[name], bytes(frame))  # anything but DataError would pass through


@pytest.mark.parametrize("cut", [atorch.cut, lambda buffer: cut_lines(buffer, 256), cut_reports])
def test_cutting_a_stream_of_rubbish_ends_and_keeps_little(
    cut: Callable[[bytearray], tuple[list[bytes], int]],
) -> None:
    dice = random.Random(3)
    buffer = bytearray()
    taken = 0
    total = 0
    for _ in range(300):
        piece = dice.randbytes(dice.randrange(0, 90)) + dice.choice(
            [b"", b"\xff\x55", b"\xff\x55\x01\x03", b"\n"]
        )
        total += len(piece)
        buffer += piece
        frames, skipped = cut(buffer)
        taken += sum(map(len, frames)) + skipped
        assert len(buffer) <= 300
    assert taken + len(buffer) <= total and taken > total * 0.9
