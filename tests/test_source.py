"""The URL that names an instrument, and the base class that reads its options."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermeter.errors import ConfigurationError
from powermeter.source import Address, Option, PolledSource, Row

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


class Example(PolledSource):
    scheme = "example"
    summary = "for this test"
    example = "example://"
    OPTIONS = {"shunt": Option(float, 0.1, "resistance"), "gain": Option(int, 1, "amplification")}  # noqa: RUF012

    def open(self) -> None:
        return

    def sample(self) -> Row | None:
        return None


def example(query: str = "") -> Example:
    return Example(Address.parse(f"example://here?{query}"))


def test_options_have_their_defaults_and_the_common_ones():
    source = example()
    assert source.options == {
        "shunt": 0.1,
        "gain": 1,
        "name": None,
        "rate": None,
        "interval": None,
        "dither": True,
    }
    assert source.name == "example://here" and example("name=Fred").name == "Fred"


@pytest.mark.parametrize(
    ("query", "period_ns"),
    [("", 10**8), ("rate=1kHz", 10**6), ("interval=20ms", 2 * 10**7), ("rate=1GHz", 1)],
)
def test_the_period_follows_rate_or_interval(query, period_ns):
    assert example(query).period_ns == period_ns


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("shunt=big", "option 'shunt': 'big'"),
        ("shnt=1", "did you mean shunt"),
        ("zzzz=1", "it takes dither, gain, interval, name, rate, shunt"),
        ("rate=0", "option 'rate'"),
        ("rate=-5Hz", "option 'rate'"),
    ],
)
def test_a_bad_option_is_named_in_one_line(query, says):
    with pytest.raises(ConfigurationError) as caught:
        example(query)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_a_bare_number_as_a_rate_is_asked_about():
    """100 is meant in Hz by whoever writes `rate=100`, and would be a period of 100 s."""
    with pytest.raises(ConfigurationError, match="rate=100Hz"):
        example("rate=100")
    assert example("interval=0.5").period_ns == 5 * 10**8
