"""`powermeter check-mlperf`: MLPerf Power's rules applied to a submission, each with pass or fail."""

from __future__ import annotations

from pathlib import Path

import click

from powermeter.cli.options import json_option
from powermeter.cli.standard_output import put, put_json
from powermeter.errors import DataError


@click.command("check-mlperf", short_help="Apply MLPerf Power's rules to a submission's power folder.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@json_option("Print the verdicts as JSON.")
def check_mlperf(folder: Path, as_json: bool) -> None:
    """Apply MLPerf Power's rules to a submission's power folder.

    \b
    Example:
      powermeter check-mlperf results/resnet50/Offline/performance

    DIR holds `power`, `ranging` and `run_1`.  Each rule is printed with pass, FAIL, or `-` where a file that it needs
    is absent.  The exit status is 0 only if none fails.
    """
    from powermeter.importers.mlperf_rules import check

    verdicts = check(folder)
    if as_json:
        put_json([{"rule": one.rule, "passed": one.passed, "text": one.text} for one in verdicts])
    width = max(len(verdict.rule) for verdict in verdicts)
    for verdict in () if as_json else verdicts:
        mark = "-   " if verdict.passed is None else "pass" if verdict.passed else "FAIL"
        put(f"{mark}  {verdict.rule:<{width}}  {verdict.text}")
    failed = [verdict.rule for verdict in verdicts if verdict.passed is False]
    unchecked = sum(verdict.passed is None for verdict in verdicts)
    if not as_json:
        put(
            f"{len(verdicts) - len(failed) - unchecked} passed, {len(failed)} failed, {unchecked} not checked"
        )
    if failed:
        raise DataError(f"{folder}: {len(failed)} rules of MLPerf Power are not kept: {', '.join(failed)}")
