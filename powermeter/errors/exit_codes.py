"""The exit status of the `powermeter` command, all in one table: of errors (`powermeter.errors`), of verbs, of commands that are run."""

from __future__ import annotations

from collections.abc import Mapping

DONE = 0
OTHER_ERROR = 1
CONFIGURATION = 2
EXISTS = 3
NOT_INSTALLED = 4
NOT_OPENED = 5
NOT_READ = 6
DATA = 7
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

EXIT_CODES: Mapping[int, str] = {
    DONE: "done",
    OTHER_ERROR: "another error of this package",
    CONFIGURATION: "`ConfigurationError`: an option, a URL, a unit or a name cannot be used, before anything is opened",
    EXISTS: "`ExistsError`: the file to be written exists and `--force` was not given",
    NOT_INSTALLED: "`NotInstalledError`: an instrument or a report needs a library that is not installed",
    NOT_OPENED: "`OpenError`: an instrument cannot be opened",
    NOT_READ: "`ReadError`: an opened instrument cannot be read; the recorder turns it into a gap and opens it again",
    DATA: "`DataError`: a file or a frame is not what it should be; names the place",
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
"""Status → what it means, in order; `record -- CMD` and its like end with CMD's own."""
