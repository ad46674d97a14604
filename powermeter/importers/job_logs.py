"""Names what a program or a job printed for what it is: lines of messages, progress or training, with no electricity in them."""

from __future__ import annotations

import re
from collections.abc import Sequence

JOB = "is what a program or a job printed, with no power in it; name the log of its power"
"""What such a log is called."""

TRAINING = "is a table of a training's losses or scores, with no power in it; name the log of its power"
"""What a table of a training is called."""

_FORMS = tuple(
    re.compile(form)
    for form in (
        r"\b(?:INFO|DEBUG|WARN|WARNING|ERROR|CRITICAL|TRACE|FATAL|NOTICE)\b",
        r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ ",
        r"[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d [\w.-]{1,60} [\w./-]{1,60}(?:\[\d{1,9}\])?: ",
        r"(?i)\b(?:epoch|step|iter|iteration|batch)\b[ :=#\[(]{0,3}\d",
        r"(?i)\b(?:loss|accuracy|acc|perplexity|lr)\b[ :=]{1,3}\d",
        r"\d{1,3}%\|.{0,200}\|",
    )
)
"""Messages with their level, glog's, syslog's, rounds of a training, its losses, a bar of progress."""

_ELECTRIC = re.compile(
    r"(?i:power|watt|energ|joule|volt|ampere|leistung|strom|potencia|puissance|battery|rapl|vdd|pom_|ina2\d\d|consum|charge)"
    r"|\d\s*(?:[pnuµmkMG]?(?:W|J|V|A|Wh|Ah|VA)|kWh)\b"
    r"|\b[pnuµmk]?(?:W|J|V|A|Wh|Ah)\b"
)
_LOOKED_AT = 400
_FEWEST = 3
_SHARE = 0.6
_SCORES = frozenset(("loss", "acc", "accuracy", "val_loss", "val_acc", "perplexity", "train_loss", "f1"))
_ROUNDS = frozenset(("epoch", "step", "iter", "iteration", "batch", "round"))


def job_log(lines: Sequence[str]) -> str | None:
    """Return what lines are where a program printed them and nothing in them is electric, else None."""
    few = [line for line in lines if line.strip()][:_LOOKED_AT]
    if len(few) < _FEWEST or any(_ELECTRIC.search(line) for line in few):
        return None
    names = {name.strip(' "').lower() for name in re.split(r"[,;\t]", few[0])}
    if names & _SCORES and names & _ROUNDS:
        return TRAINING
    if few[0].lstrip().startswith(("{", "[{", "<")) or _is_table(few):
        return None
    printed = sum(any(form.search(line) for form in _FORMS) for line in few)
    return JOB if printed >= _SHARE * len(few) else None


def _is_table(lines: Sequence[str]) -> bool:
    """Return whether all lines have as many fields, three or more."""
    for mark in ",;\t":
        counts = {line.count(mark) for line in lines}
        if len(counts) == 1 and counts.pop() > 1:
            return True
    return False
