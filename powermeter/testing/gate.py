"""Energy in a test-suite: `assert_not_more("main.power", "branch.power", margin=0.02)`."""

from __future__ import annotations

from powermeter.comparison.compare import Comparison, Operand, compare
from powermeter.comparison.options import CompareOptions
from powermeter.comparison.verdict import Verdict


def assert_not_more(
    a: Operand,
    b: Operand | None = None,
    *,
    label: str | tuple[str, str] | None = None,
    margin: float = 0.0,
) -> Comparison:
    """Fail the test where B's program uses more than A's; where neither is shown it passes.

    One recording a side shows nothing about programs: let the sides take turns, or record at least three runs a side.

    Args:
        a, b, label: As for `powermeter.compare`.
        margin: As for `CompareOptions`.

    Raises:
        AssertionError: A label uses more; its message states by how much.
    """
    return assert_verdict(compare(a, b, label=label, options=CompareOptions(margin=margin)), Verdict.MORE)


def assert_less(
    a: Operand,
    b: Operand | None = None,
    *,
    label: str | tuple[str, str] | None = None,
    margin: float = 0.0,
) -> Comparison:
    """Fail the test unless every label of B is shown to use less than A.

    Raises:
        AssertionError: A label does not; its message states what is known of it.
    """
    found = compare(a, b, label=label, options=CompareOptions(margin=margin))
    return assert_verdict(found, Verdict.MORE, Verdict.SAME, Verdict.CANNOT_TELL)


def assert_verdict(found: Comparison, *refused: Verdict) -> Comparison:
    """Fail the test where a label of a comparison has one of the refused verdicts.

    Raises:
        AssertionError: One has; each is one line of the message.
    """
    failing = found.failing(*refused)
    if failing:
        raise AssertionError("\n".join(f"{row.title}: {row.contrast.text}" for row in failing))
    return found
