"""One way to name a label with attributes, whatever the verb."""

from __future__ import annotations

import pytest

from powermeter.analysis.label_choice import LabelChoice, split_for
from powermeter.errors import ConfigurationError


def test_a_label_with_attributes_is_read_as_it_is_typed() -> None:
    found = LabelChoice.of("infer[model = small, batch=8]")
    assert (found.label, found.group) == ("infer", {"model": "small", "batch": "8"})
    assert found.title == "infer[model=small,batch=8]" and LabelChoice.of("").label is None
    assert found.means("infer", {"model": "small", "batch": 8, "other": 1})
    assert not found.means("infer", {"model": "small"}) and not found.means(
        "load", {"model": "small", "batch": 8}
    )


@pytest.mark.parametrize("typed", ["infer[small]", "[model=small]", "infer[model=small,]"])
def test_what_is_no_attribute_is_refused_with_the_form(typed: str) -> None:
    with pytest.raises(ConfigurationError, match=r"infer\[model=small,batch=8\]"):
        LabelChoice.of(typed)


def test_a_label_named_with_brackets_stays_a_label() -> None:
    assert split_for(("batch",), "infer[model=a]", lambda: ["infer"]) == ("batch", "model")
    assert split_for((), "infer[model=a]", lambda: ["infer[model=a]"]) == ()
    assert split_for((), "matmul[8x8]", lambda: ["matmul[8x8]"]) == ()
