"""`--fail-if`: with which verdicts of a comparison the command fails, for a program or a pipeline that goes on from its status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powermeter.cli.standard_output import put_stderr
from powermeter.comparison.verdict import Verdict
from powermeter.errors import ConfigurationError
from powermeter.errors.exit_codes import FAILED_IF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from powermeter.comparison.compare import Comparison


def parse_fail_if(text: str) -> tuple[Verdict, ...]:
    """Return the verdicts that `more,cannot-tell` names.

    Raises:
        ConfigurationError: One is not a verdict.
    """
    words = [word.strip().replace("-", " ") for word in text.split(",") if word.strip()]
    try:
        return tuple(Verdict(word) for word in words)
    except ValueError:
        known = ", ".join(verdict.replace(" ", "-") for verdict in Verdict)
        raise ConfigurationError(f"--fail-if {text}: write {known}, several with commas") from None


def exit_code(found: Comparison, refused: Sequence[Verdict]) -> int:
    """Return the command's status, and print which rows fail, or pass though their runs alone would not."""
    failing = found.failing(*refused)
    for row in found.rows:
        verdict = str(row.verdict).replace(" ", "-")
        if row in failing:
            put_stderr(f"powermeter: --fail-if {verdict}: {row.title}: {row.contrast.text}")
        elif refused and row.contrast.these_runs in refused:
            put_stderr(f"powermeter: --fail-if passes: {row.title}: {row.contrast.text}")
    return FAILED_IF if failing else 0
