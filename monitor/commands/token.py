"""`monitor token`: makes a token, shows it once, and gives the row of the settings that makes it valid.

Standard output holds the token alone, standard error the row (YAML, its remarks as comments): a script takes either.
Nothing is written to a file or a log. 256 random bits need no salt and no slow hash: nobody guesses them.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator
from typing import Any, Final

import click
from pydantic import ValidationError

from glasswatch.clock import SystemClock
from glasswatch.errors import UsageFault
from monitor.commands import options
from monitor.settings.tokens import TokenSettings

PREFIX: Final = "gwt_"  # by which those who look for leaked secrets find it
_BYTES: Final = 32
_OPTIONS: Final = {
    "name": "NAME",
    "person": "--person",
    "machine": "--machine",
    "scopes": "--scope",
    "platforms": "--platform",
    "expires": "--expires",
}


@click.command("token")
@click.argument("name")
@click.option("--person", help="Whose token it is; exactly one of --person and --machine.")
@click.option("--machine", help="The program that it belongs to.")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it may be used for. May be repeated.")
@click.option("--platform", "platforms", multiple=True, help="Limit it to a platform. May be repeated.")
@click.option("--expires", required=True, help="Its last day, such as 2027-01-31, or an instant in RFC 3339.")
@options.as_json
def command(*, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click's options, each one a key of the row
    """Make a token, and the settings' row for it.

    The token is printed once, to standard output, and kept nowhere; the row for `tokens` in the settings, which holds
    only its SHA-256, goes to standard error. With --json both are one object on standard output.
    """
    token = PREFIX + secrets.token_urlsafe(_BYTES)
    row = _row(given, hashlib.sha256(token.encode()).hexdigest())
    if as_json:
        click.echo(json.dumps({"token": token, "row": row}, indent=2))
        return
    click.echo(
        f"# Under tokens in the settings, which are then reloaded; the token itself is shown only now.\n{_yaml(row)}",
        err=True,
    )
    click.echo(token)


def _row(given: dict[str, Any], digest: str) -> dict[str, Any]:
    """Return the row, as the settings would take it."""
    row = {key: value for key, value in given.items() if value not in (None, ())}
    row = {key: list(value) if isinstance(value, tuple) else value for key, value in row.items()} | {"sha256": digest}
    try:
        settings = TokenSettings.model_validate(row)
    except ValidationError as error:
        raise UsageFault("\n".join(dict.fromkeys(_mistakes(error)))) from None
    if settings.expires <= SystemClock().now():
        raise UsageFault("--expires: expected a time that is still to come")
    return {key: row[key] for key in TokenSettings.model_fields if key in row}


def _mistakes(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False, include_input=False):
        place = _OPTIONS[str(detail["loc"][0])] if detail["loc"] else "--person, --machine"
        yield f"{place}: {detail['msg']}"


def _yaml(row: dict[str, Any]) -> str:
    """Return the row as one item of a list. Every value is of letters that mean nothing to YAML."""
    values = (
        f"{key}: [{', '.join(value)}]" if isinstance(value, list) else f"{key}: {value}" for key, value in row.items()
    )
    return f"- {{{', '.join(values)}}}"
