"""`monitor uses report`: reports one attempt to the running monitor, by hand or by a script that can wait."""

import asyncio
import json
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from glasswatch.clock import SystemClock
from glasswatch.errors import UsageFault
from monitor.commands import client, options
from monitor.commands.uses import attempt, showing
from monitor.wire.endpoints import BY_NAME
from monitor.wire.uses import ReportBody, UseAnswer


@click.command("report")
@attempt.described
@options.reaching
@options.as_json
def command(
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    *,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - the options of `attempt`
) -> None:
    """Report one attempt at break-glass to the running monitor, which pages everybody.

    Exits 0 once it is on record, 4 if it isn't: then report it again, with the same --id. A reader that must not wait
    uses `monitor uses spool`.
    """
    place = client.reach(client.Given(config, url, token_file, ca_file))
    body = body_of(json.dumps(attempt.attempt_of(given, SystemClock())))
    answer = asyncio.run(client.ask(place, BY_NAME["use_report"], body=body))
    showing.show(read(answer, place.base), as_json=as_json)


def body_of(content: str | bytes) -> ReportBody:
    """Return what is sent.

    Raises:
        UsageFault: the monitor would refuse it.
    """
    try:
        return ReportBody.model_validate_json(content)
    except ValidationError as fault:
        wrong = {str(part["loc"][0]) for part in fault.errors(include_url=False, include_input=False) if part["loc"]}
        fields = ReportBody.model_fields
        known = [f"{name}: expected {fields[name].description}" for name in fields if name in wrong]
        raise UsageFault("; ".join(known) or "expected a JSON object that describes one attempt") from None


def read(content: bytes, base: str) -> UseAnswer:
    """Return the monitor's answer.

    Raises:
        NotMeasured: it is no monitor's.
    """
    return client.understood(content, UseAnswer, base)
