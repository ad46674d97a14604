"""`powermeter verify`: whether a recording is as it was written, and who signed it."""

from __future__ import annotations

from pathlib import Path

import click

from powermeter.errors import ConfigurationError


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
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
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def verify(recording: Path, key: Path | None, sign: Path | None, as_json: bool) -> None:
    """Check that a recording is as it was written.

    \b
    Example:
        powermeter verify run.power
        openssl rand -out my.key 32
        powermeter verify run.power --sign my.key
        powermeter verify run.power --key my.key

    Every row is part of a chain of hashes, and so are the samples.  Whoever changes one without redoing the
    chain is found; a signature also finds who redoes it.  Ends with status 7 where something was changed.
    """
    import json

    from powermeter.recording import verification

    if sign is not None:
        if key is not None:
            raise ConfigurationError("--key checks and --sign signs; use one of them")
        method = verification.sign(recording, verification.read_key(sign))
        click.echo(f"signed {recording} ({method})", err=True)
        key = sign
    verdict = verification.verify(recording, None if key is None else verification.read_key(key))
    if as_json:
        click.echo(json.dumps(verdict.to_dict(), indent=2))
    else:
        for line in verdict.lines():
            click.echo(line)
    if not verdict.is_whole:
        raise verification.ChangedError(f"{recording} is not as it was written: {verdict.findings[0]}")
