"""The lines of intel_gpu_top: two lines of names, no times."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert


def energy(tmp_path, text, name="t.csv", **stated):
    path = tmp_path / name
    path.write_text(text)
    convert(path, tmp_path / "o.power", choices=Choices(**stated), force=True)
    return analyse(tmp_path / "o.power").energy.value


HEAD = (
    "Freq MHz      IRQ RC6     Power W             RCS\n req  act       /s   %   gpu   pkg       %  se  wa\n"
)
ROW = " 350  340      120  90  2.00 20.00   20.00   0   0\n"


def test_the_package_holds_its_graphics(tmp_path):
    text = (HEAD + ROW * 5) * 2
    with pytest.raises(ConfigurationError, match="--rate 1s"):
        energy(tmp_path, text)
    # ten means of one second each
    assert energy(tmp_path, text, period_s=1.0) == pytest.approx(20.0 * 10)
