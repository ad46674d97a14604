"""Zones of wall-clock stamps: a fixed offset, or a named zone with its summer time: what it promises."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from powermeter.channel import MISSING
from powermeter.errors import ConfigurationError
from powermeter.importers.stamps import wall
from powermeter.importers.time_zones import LogZone, zone_notes, zone_or_utc

S = 10**9

BERLIN = LogZone.parse("Europe/Berlin")


def local(text):
    return wall(text).ns


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
def test_named_zones_agree_with_the_standard_library(name):
    zone, rules = LogZone.parse(name), ZoneInfo(name)
    rng = np.random.default_rng(6)
    for second in rng.integers(1_600_000_000, 1_900_000_000, 40).tolist():
        here = datetime.fromtimestamp(second, rules)
        naive = int((here.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds())
        if here.fold or here.replace(fold=1).utcoffset() != here.utcoffset():
            continue  # an hour that comes twice
        assert zone.utc_ns(naive * S) == second * S


def test_zones_are_offsets_or_names():
    assert LogZone.parse("+08:00").utc_ns(local("2026-01-01 08:00:00")) == local("2026-01-01 00:00:00")
    assert BERLIN.to_utc(np.array([MISSING], np.int64)).tolist() == [MISSING]
    with pytest.raises(ConfigurationError, match="Europe/Berlin"):
        LogZone.parse("Mars/Olympus")


def test_stamps_that_name_no_zone_are_of_the_stated_one_or_utc_with_a_note():
    noon = local("2026-01-01 12:00:00")
    assert zone_or_utc(None).utc_ns(noon) == noon
    assert zone_or_utc(BERLIN).utc_ns(noon) == noon - 3600 * S
    assert [note.code for note in zone_notes(None)] == ["no-zone"]
    assert zone_notes(None, naive=0) == zone_notes(BERLIN) == []
