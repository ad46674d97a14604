"""The `powermeter` command: a table of verbs, each in a file of its own that is loaded when asked for.

This is the one place that prints errors.  The exit status of each error and each verb is in `powermeter.errors.exit_codes`.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from powermeter import registry
from powermeter.cli import option_synonyms
from powermeter.cli.help_formatter import HelpContext, WholeHelp, width
from powermeter.cli.progress import heartbeat
from powermeter.cli.standard_output import open_standard, put_stderr, report_problem, settle
from powermeter.errors import PowermeterError
from powermeter.errors.exit_codes import INTERRUPTED
from powermeter.errors.suggestions import close_names, meant
from powermeter.recorder.null_device import put_null

SECTIONS = {
    "Measure": ("devices", "record", "live", "bench", "variants", "mark", "import"),
    "Read and write up": ("show", "report", "compare", "table", "export", "cite"),
    "What it means": ("budget", "footprint", "lifetime", "layers"),
    "Trust": ("calibrate", "sync", "align", "verify", "repair", "verify-claim", "check-mlperf"),
}
"""Heading of the help → its verbs; the others stand under the last one."""


_WHAT_TO_DO = {
    errno.EMFILE: "; raise the limit of descriptors (ulimit -n 32)",
    errno.ENFILE: "; the system has no descriptor left",
}
"""What the system refused → what to do, or why."""


class _Verbs(WholeHelp):
    """A group that imports a command when it is used or its help is asked for."""

    sections = SECTIONS
    more = "Many devices, other programs"

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(registry.VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = registry.VERBS.get(cmd_name)
        if target is None:
            return None
        command: click.Command = registry.load(target)
        command.context_class = HelpContext
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.UsageError as error:
            known = option_synonyms.VERBS.get(args[0])
            near = [known] if known else close_names(args[0], registry.VERBS)
            if not near:
                raise
            text = f"No such command {args[0]!r}; {meant(near)}"
            raise click.UsageError(text, ctx) from error
        if name is not None and command is not None and name != "config":
            from powermeter.cli.configuration import find

            ctx.default_map = {name: find().defaults(name, command)}
        return name, command, rest

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError:  # --help and --version are printed here, before anything is invoked
            _silence()
            raise click.exceptions.Exit(0) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of our output has gone; click would end with 1
            _silence()
            return 0
        except SystemExit as end:  # rich ends with 1 there
            if not isinstance(end.__context__, BrokenPipeError):
                raise
            _silence()
            return 0


def _silence() -> None:
    """Send what is still buffered for standard output nowhere, so that ending does not raise either."""
    try:
        put_null(os.O_WRONLY, sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="powermeter")
def cli() -> None:
    """Know what an inference costs.

    \b
    Example:
        powermeter record -o run.power -- python infer.py
        powermeter show run.power
        powermeter report run.power -o report.html
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; every error is one line on standard error."""
    open_standard()
    gc.set_threshold(50_000)  # thousands of results in waiting are not garbage
    from powermeter.reports.ascii_output import spell_out

    spell_out()
    status = run(arguments)
    if arguments is None and sys.argv[1:3] == ["mark", "begin"]:
        # What begins now would wait for Python to end.
        settle()
        os._exit(status)
    sys.exit(status)


def _options_near(command: click.Command, typed: str) -> list[str]:
    """Return which options of a command may be meant by one that it has not."""
    known = option_synonyms.OPTIONS.get((command.name or "", typed))
    if known:
        return [known]
    names = [name for one in command.params if isinstance(one, click.Option) for name in one.opts]
    bare = {name.lstrip("-"): name for name in (*names, "--help")}  # dashes make any two alike
    return [bare[name] for name in close_names(typed.lstrip("-"), bare, cutoff=0.7)]


def _show(error: click.ClickException) -> None:
    """Print what click refuses as one line, like every error of ours; a verb without its own verb prints its help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        put_stderr(error.format_message())
        return
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.NoSuchOption) and context is not None:
        message = f"No such option {error.option_name!r}"
        if near := _options_near(context.command, error.option_name):
            message += f"; {meant(near)}"
    more = "" if context is None else f" ({context.command_path} --help)"
    report_problem(f"{message[:1].lower()}{message[1:]}{more}")


def _named(error: OSError) -> str:
    """Return what the system refused, with its file where it names one, and what to do where we know."""
    text = error.strerror or str(error)
    if isinstance(error.filename, str):
        text = f"{error.filename}: {text}"
    return f"{text}{_WHAT_TO_DO.get(error.errno or 0, '')}"


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    try:
        with heartbeat(sys.argv[1:] if arguments is None else arguments):
            outcome: Any = cli.main(
                args=arguments, prog_name="powermeter", standalone_mode=False, terminal_width=width()
            )
    except click.exceptions.Abort:
        put_stderr("interrupted")
        return INTERRUPTED
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except PowermeterError as error:
        report_problem(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        put_stderr("interrupted")
        return INTERRUPTED
    except MemoryError:
        report_problem("there is not enough memory for this; what was being written is not there")
        return PowermeterError.exit_code
    except OSError as error:
        report_problem(_named(error))
        _silence()  # what is still buffered cannot be written either
        return PowermeterError.exit_code
    return outcome if isinstance(outcome, int) else 0
