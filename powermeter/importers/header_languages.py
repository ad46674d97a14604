"""Words of headers in scripts that do not separate words or have no case: Chinese, Japanese, Korean, Russian.

They are put into English before a header is split into words, so that one grammar reads all of them.
"""

from __future__ import annotations

import re
import unicodedata

_INSIDE = (
    ("功率因数", "power factor"),
    ("功率因數", "power factor"),
    ("力率", "power factor"),
    ("视在功率", "apparent power"),
    ("視在功率", "apparent power"),
    ("皮相電力", "apparent power"),
    ("无功功率", "reactive power"),
    ("無功功率", "reactive power"),
    ("無効電力", "reactive power"),
    ("有功功率", "power"),
    ("消費電力", "power"),
    ("平均", "avg"),
    ("最大", "max"),
    ("最小", "min"),
    ("功率", "power"),
    ("電力量", "energy"),
    ("電力", "power"),
    ("电压", "voltage"),
    ("電壓", "voltage"),
    ("電圧", "voltage"),
    ("电流", "current"),
    ("電流", "current"),
    ("电能", "energy"),
    ("電能", "energy"),
    ("能量", "energy"),
    ("能耗", "energy"),
    ("时间戳", "timestamp"),
    ("時間戳", "timestamp"),
    ("时间", "time"),
    ("時間", "time"),
    ("時刻", "time"),
    ("日時", "time"),
    ("日期", "date"),
    ("温度", "temperature"),
    ("溫度", "temperature"),
    ("频率", "frequency"),
    ("頻率", "frequency"),
    ("周波数", "frequency"),
    ("总", "total"),
    ("總", "total"),
    ("合計", "total"),
    ("전력", "power"),
    ("전압", "voltage"),
    ("전류", "current"),
    ("에너지", "energy"),
    ("시간", "time"),
    ("온도", "temperature"),
)
"""Fragments, longer ones before those they contain."""

_WORDS = {
    "мощность": "power",
    "напряжение": "voltage",
    "ток": "current",
    "энергия": "energy",
    "время": "time",
    "дата": "date",
    "температура": "temperature",
    "частота": "frequency",
    "средняя": "avg",
}

UNITS = {
    "瓦": "W",
    "瓦特": "W",
    "毫瓦": "mW",
    "千瓦": "kW",
    "伏": "V",
    "伏特": "V",
    "毫伏": "mV",
    "安": "A",
    "安培": "A",
    "毫安": "mA",
    "微安": "uA",
    "焦": "J",
    "焦耳": "J",
    "千瓦时": "kWh",
    "瓦时": "Wh",
    "毫安时": "mAh",
    "秒": "s",
    "毫秒": "ms",
    "微秒": "us",
    "分钟": "min",
    "小时": "h",
    "초": "s",
    "вт": "W",
    "мвт": "mW",
    "квт": "kW",
    "в": "V",
    "мв": "mV",
    "а": "A",
    "ма": "mA",
    "мка": "uA",
    "дж": "J",
    "вт·ч": "Wh",
    "квт·ч": "kWh",
    "с": "s",
    "сек": "s",
    "мс": "ms",
    "мкс": "us",
}
"""Units in other scripts, in lower case; мВт is a milliwatt, as headers of small devices mean it."""

WORDS_OF_HEADERS = (
    *(word for word, _ in _INSIDE if len(word) > 1),
    *(form for word in _WORDS if len(word) > 3 for form in (word, word.capitalize())),
)
"""Words by which an encoding is recognised that names none."""

_CYRILLIC = re.compile(r"[а-яё]+", re.IGNORECASE)


def in_english(text: str) -> str:
    """Return a header with its foreign words in English, wide brackets plain and accents taken off."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).replace("μ", "µ")  # NFKC makes the sign micro a Greek letter
    for word, english in _INSIDE:
        if word in text:
            text = text.replace(word, f" {english} ")
    text = _CYRILLIC.sub(lambda match: _WORDS.get(match[0].lower(), match[0]), text)
    bare = "".join(mark for mark in unicodedata.normalize("NFD", text) if unicodedata.category(mark) != "Mn")
    return unicodedata.normalize("NFC", bare).strip()
