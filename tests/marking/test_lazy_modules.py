"""A module that is imported only when one of its names is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from powermeter.marking.lazy_modules import Later


def test_names_are_those_of_the_module() -> None:
    import collections

    assert Later(lambda: collections).OrderedDict is collections.OrderedDict
    with pytest.raises(AttributeError):
        _ = Later(lambda: collections).nothing


def test_nothing_is_imported_before() -> None:
    code = (
        "import sys\n"
        "from powermeter.marking.lazy_modules import Later\n"
        "def load():\n"
        "    import colorsys\n"
        "    return colorsys\n"
        "colours = Later(load)\n"
        "assert 'colorsys' not in sys.modules\n"
        "colours.rgb_to_hsv\n"
        "assert 'colorsys' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
