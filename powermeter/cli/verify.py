"""`powermeter verify`: whether a recording is as it was written, and who signed it; whether a class's hand-ins are accepted."""

from __future__ import annotations

from pathlib import Path

import click

from powermeter.cli.options import json_option
from powermeter.cli.standard_output import put, put_json, put_stderr
from powermeter.errors import ConfigurationError, DataError
from powermeter.errors.exit_codes import LOOK, NOT_ACCEPTED


@click.command()
@click.argument("recording", metavar="FILE|DIR", type=click.Path(path_type=Path))
@click.option(
    "--key",
    "-k",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Check the signature with this key: a file with a secret, or an Ed25519 key in PEM.",
)
@click.option(
    "--sign",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Sign the recording as it is with this key.",
)
@click.option(
    "--rubric",
    "-r",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Judge it as a hand-in by these rules; a folder is judged by the usual ones without.",
)
@json_option("Print the findings as JSON.")
def verify(recording: Path, key: Path | None, sign: Path | None, rubric: Path | None, as_json: bool) -> int:
    """Check that a recording is as it was written.

    \b
    Example:
        powermeter verify run.power
        openssl rand -out my.key 32
        powermeter verify run.power --sign my.key
        powermeter verify run.power --key my.key
        powermeter verify hand-ins --rubric rubric.toml

    Every row is part of a chain of hashes, and so are the samples.  Whoever changes one without redoing the
    chain is found; a signature also finds who redoes it.  Ends with status 7 where something was
    changed, or where the key has signed nothing in it.

    A folder, or a file with a rubric, is judged as hand-ins: complete, unedited and its team's own, measured, against the
    agreed battery, fit for a method paragraph, plausible.  Status 12 where one is not accepted, 13 where a person must look,
    7 where one was changed or cannot be read.
    """

    from powermeter.recording import signature, verification

    if rubric is not None or recording.is_dir():
        if sign is not None:
            raise ConfigurationError("--sign is for one recording without a rubric")
        return _hand_ins(recording, rubric, None if key is None else signature.read_key(key), as_json)
    if sign is not None:
        if key is not None:
            raise ConfigurationError("--key checks and --sign signs; use one of them")
        method = verification.sign(recording, signature.read_key(sign))
        put_stderr(f"signed {recording} ({method})")
        key = sign
    verdict = verification.verify(recording, None if key is None else signature.read_key(key))
    if as_json:
        put_json(verdict.to_dict())
    else:
        for line in verdict.lines():
            put(line)
    if verdict.changes:
        raise verification.ChangedError(f"{recording} is not as it was written: {verdict.changes[0]}")
    if not verdict.is_whole:
        raise verification.NotSignedError(
            f"{recording}: {verdict.findings[0]}; nothing was found changed, but whether somebody redid its chain cannot be known"
        )
    return 0


def _hand_ins(what: Path, rubric: Path | None, key: bytes | None, as_json: bool) -> int:
    """Print what is found about each hand-in; returns the exit status."""

    from powermeter.fleet import findings, handins
    from powermeter.fleet.rubric import Rubric, read_rubric

    rules = read_rubric(rubric) if rubric is not None else Rubric()
    if what.is_dir():
        found = handins.check_folder(what, rules, key)
    else:
        found = [handins.check_file(what, rules, key, team=what.parent.name)]
    if as_json:
        put_json([one.to_dict(rules) for one in found])
    else:
        for line in handins.lines(found, rules):
            put(line)
    if any(one.changed or one.print is None for one in found):
        return DataError.exit_code
    words = {one.word for one in found}
    return NOT_ACCEPTED if findings.NOT_ACCEPTED in words else LOOK if findings.LOOK in words else 0
