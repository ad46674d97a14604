"""The base class of instruments: it reads the options of a URL."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.source import Address, Option, PolledSource, Row


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
