"""Encodings that a text does not name."""

import pytest
from tool_log import convert

from powermeter.analysis.integral import Integral
from powermeter.importers.text_encodings import encoding_of
from powermeter.signals.headline_rail import choose
from powermeter.signals.rails import lines

CHINESE = "时间,电压(V),电流(A),功率(W)\n"
JAPANESE = "日時,瞬時電力(W)\n"
RUSSIAN = "Время;Мощность (Вт)\n"
KOREAN = "시간,전력(W)\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"),
        (JAPANESE, "cp932"),
        ("時間,電壓(V),電流(A)\n", "big5"),
        (KOREAN, "cp949"),
        (RUSSIAN, "cp1251"),
        ("t (ms)\tI (µA)\n0\t3500\n", "utf-16-le"),
    ],
)
def test_an_encoding_is_known_by_words_of_headers(text, encoding):
    assert encoding_of(text.encode(encoding)) == encoding


@pytest.mark.parametrize(
    "head",
    [
        b"t,W\n0,1\n",
        b"",
        "Zeit;Leistung (µW)\n".encode(),
        "Zeit;Leistung (µW)\n".encode("latin-1"),
        CHINESE.encode()[:-2] + b"\xe6",
        b"\0" * 300,
    ],
)
def test_else_it_is_utf_8(head):
    assert encoding_of(head) == "utf-8-sig"


@pytest.mark.parametrize(
    ("text", "encoding"), [(CHINESE, "gb18030"), (JAPANESE, "cp932"), (KOREAN, "cp949"), (RUSSIAN, "cp1251")]
)
def test_a_table_in_an_older_encoding_is_read(tmp_path, text, encoding):
    """12 V × 0.5 A = 6 W, for 9 s."""
    values = {4: "12.0,0.5,6.0", 2: "6.0"}[text.count(",") + text.count(";") + 1]
    mark = ";" if ";" in text else ","
    rows = [f"2025/03/14 09:26:{10 + i}{mark}{values}" for i in range(10)]
    path = tmp_path / "o.csv"
    path.write_bytes((text + "\n".join(rows)).encode(encoding))
    _, recording = convert(path, tmp_path)
    with recording:
        line = choose(lines(recording))
        assert float(Integral.of(line.power()).running[-1]) == pytest.approx(54)
