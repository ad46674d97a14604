"""The URL that names an instrument."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermeter.errors import ConfigurationError
from powermeter.source import Address

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("url", "scheme", "location", "options"),
    [
        ("virtual://", "virtual", "", {}),
        ("ina219://1/0x40?shunt=0.1ohm&rate=100Hz", "ina219", "1/0x40", {"shunt": "0.1ohm", "rate": "100Hz"}),
        ("um25c:///dev/rfcomm0", "um25c", "/dev/rfcomm0", {}),
        ("REPLAY://a%20b.power?speed=2", "replay", "a b.power", {"speed": "2"}),
        ("virtual://?name=", "virtual", "", {"name": ""}),
        (
            "virtual://?name=two%20words&fault=stall%402s",
            "virtual",
            "",
            {"name": "two words", "fault": "stall@2s"},
        ),
    ],
)
def test_urls_come_apart(url, scheme, location, options):
    address = Address.parse(url)
    assert (address.scheme, address.location, dict(address.options)) == (scheme, location, options)


@pytest.mark.parametrize("url", ["", "virtual", "://x", "virtual:/x", "/dev/ttyUSB0"])
def test_what_is_no_url_is_refused_with_an_example(url):
    with pytest.raises(ConfigurationError, match="write for example virtual://"):
        Address.parse(url)


def test_an_option_given_twice_is_refused():
    with pytest.raises(ConfigurationError, match="'rate' is given twice"):
        Address.parse("virtual://?rate=1Hz&rate=2Hz")


@pytest.mark.parametrize("url", ["ina://~\0", "lines:///dev/x%00?columns=V", "ina219://1/0x40?rail=a%00b"])
def test_a_null_byte_in_a_url_is_refused(url):
    with pytest.raises(ConfigurationError, match="holds a null byte"):
        Address.parse(url)


@pytest.mark.thorough
@given(NAMES, TEXT, st.dictionaries(NAMES, TEXT, max_size=3))
def test_an_address_written_down_reads_back_as_it_was(scheme, location, options):
    address = Address(scheme, location, options)
    assert Address.parse(str(address)) == address
