"""What programs in other languages mark with: a C header and a module for old Pythons, to be copied."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent

HEADER = _HERE / "powermeter_marks.h"
"""For C99 and C++."""
MODULE = _HERE / "powermeter_marks.py"
"""For Python 3.6 and later, without this package."""
