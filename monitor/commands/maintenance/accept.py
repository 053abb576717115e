"""`monitor maintenance accept`: agrees to what a status page proposes."""

from pathlib import Path

import click

from monitor.commands import client, options
from monitor.commands.flag import acting, values
from monitor.commands.maintenance import scope, sending
from monitor.wire.maintenance import AcceptBody


@click.command("accept")
@click.argument("proposal", metavar="ID", callback=values.name)
@click.option("--reason", required=True, callback=values.reason, help="Why it is agreed, in one line.")
@scope.scoped
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one for each option
    *,
    proposal: str,
    reason: str,
    functions: tuple[str, ...],
    probes: tuple[str, ...],
    is_long: bool,
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    as_json: bool,
) -> int:
    """Agree to the proposal ID of a status page, from now on if it has begun.

    It is what you agree to: if the page tells other times later, that is another proposal. What was accepted of the
    same maintenance before is ended by it.

    Exits 0 when it is agreed, 1 when it can't be, 2 when nothing of that ID is proposed, 4 when no monitor answers.
    """
    members: dict[str, object] = {
        "reason": reason,
        "functions": functions,
        "probes": probes,
        "long": is_long,
        "key": acting.new_key(),
    }
    given = client.Given(config, url, token_file, ca_file)
    act = sending.Sending(given, "maintenance_accept", as_json, proposal)
    return sending.send(act, scope.made(AcceptBody, members))
