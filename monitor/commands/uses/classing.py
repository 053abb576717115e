"""`monitor uses class`: says what a use was, and that its credential was rotated."""

import asyncio
from pathlib import Path

import click

from glasswatch.errors import UsageFault
from monitor.commands import client, options
from monitor.commands.uses import showing
from monitor.commands.uses.report import read
from monitor.wire.endpoints import BY_NAME
from monitor.wire.uses import LONGEST_NOTE, ClassBody


@click.command("class")
@click.argument("use_id", metavar="ID")
@click.option("--as", "kind", type=click.Choice(["drill", "real", "misuse"]), help="What it was.")
@click.option("--rotated", is_flag=True, help="The credential that was used has been rotated.")
@click.option("--note", default="", metavar="TEXT", help="Why; kept on the audit.")
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one parameter an option
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    *,
    use_id: str,
    kind: str | None,
    rotated: bool,
    note: str,
    as_json: bool,
) -> None:
    """Say what the use ID was, that its credential was rotated, or both, with a person's token.

    It is closed once both are said, never by the one whose access it was. Exits 1 if it can't be said as things stand,
    2 if there is no such use.
    """
    if kind is None and not rotated:
        raise UsageFault("expected --as, or --rotated, or both")
    if len(note) > LONGEST_NOTE:
        raise UsageFault(f"--note: expected at most {LONGEST_NOTE} characters")
    place = client.reach(client.Given(config, url, token_file, ca_file))
    body = ClassBody.model_validate({"class": kind, "rotated": rotated, "note": note})
    answer = asyncio.run(client.ask(place, BY_NAME["use_class"], body=body, id=use_id))
    showing.show(read(answer, place.base), as_json=as_json)
