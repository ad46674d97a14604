"""The exit status of the `powermeter` command, in one table: those of verbs are here, those of errors in `powermeter.errors`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from powermeter import errors

DONE = 0
OVER_BUDGET = 8
FAILED_IF = 9
NOT_REACHED = 10
CLAIM_FAILED = 11
NOT_ACCEPTED = 12
LOOK = 13
LEFT_OUT = 14
NOT_EXECUTABLE = 126
NOT_FOUND = 127
INTERRUPTED = 130

_VERBS: Mapping[int, str] = {
    DONE: "done",
    OVER_BUDGET: "`budget`: the value of a stage is over its budget, also one that is unclear",
    FAILED_IF: "`compare`: the comparison came out as `--fail-if` names",
    NOT_REACHED: "`bench`: the precision asked for was not reached",
    CLAIM_FAILED: "`verify-claim`: a published figure does not agree, or the recording cannot decide it",
    NOT_ACCEPTED: "`verify`: a hand-in breaks a rule of the rubric",
    LOOK: "`verify`: nothing is broken, but a person must look at a hand-in",
    LEFT_OUT: "`collect`: a file could not be taken; the others were",
    NOT_EXECUTABLE: "`record`, `bench`, `sync`: the command cannot be executed",
    NOT_FOUND: "`record`, `bench`, `sync`: the command is not there",
    INTERRUPTED: "interrupted with Ctrl-C",
}


def exit_codes() -> dict[int, str]:
    """Return what each exit status means, in order; `record -- CMD` and its like end with CMD's own."""
    found = dict(_VERBS)
    for thing in vars(errors).values():
        if inspect.isclass(thing) and issubclass(thing, errors.PowermeterError):
            sentence = (inspect.getdoc(thing) or "").partition("\n")[0].rstrip(".")
            base = thing is errors.PowermeterError
            found[thing.exit_code] = (
                "another error of this package"
                if base
                else f"`{thing.__name__}`: {sentence.removeprefix('Raised when ')}"
            )
    return dict(sorted(found.items()))
