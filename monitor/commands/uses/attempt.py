"""The options that describe one attempt at break-glass, for the commands that tell of one.

What a reader passes on may hold anything: it is made fit for the wire rather than refused, because an attempt that is
told of badly is worth more than one that isn't.
"""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

from glasswatch import visible
from glasswatch.clock import Clock
from monitor.commands.flag import values

Command = TypeVar("Command", bound=Callable[..., Any])

_LONGEST: Final = {"reader": 128, "person": 128, "second": 128, "login": 128, "target": 255, "run": 128, "note": 1000}
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9._:-]")
_UNNAMED: Final = "unknown"

_OPTIONS: Final = (
    click.option("--platform", required=True, metavar="NAME", help="The platform that break-glass stands in for."),
    click.option("--reader", required=True, metavar="NAME", help="Who decided, such as ssh:bastion-1."),
    click.option("--target", required=True, metavar="NAME", help="What the access was to."),
    click.option("--decision", required=True, type=click.Choice(["allowed", "refused"]), help="What was decided."),
    click.option(
        "--via",
        type=click.Choice(["flag", "order", "override", "unknown"]),
        default="unknown",
        show_default=True,
        help="By what they got in, or would have.",
    ),
    click.option("--person", metavar="NAME", help="Whose access it was, as far as known."),
    click.option("--second", metavar="NAME", help="The second person of a two-person way past a reader."),
    click.option("--login", metavar="NAME", help="The account it was started from, where names were typed."),
    click.option("--state", type=click.Choice(["ready", "exercise", "standby"]), help="What the reader judged."),
    click.option("--ver", type=click.IntRange(0, 2**63 - 1), help="Version of the document that was judged."),
    click.option("--code", metavar="CODE", help="Code of the refusal."),
    click.option("--run", metavar="ID", help="The drill's run, if it belongs to one."),
    click.option("--note", metavar="TEXT", default="", help="What else there is to say."),
    click.option("--id", "attempt_id", metavar="ID", help="Unique to the attempt; one is made if left out."),
    click.option("--at", callback=values.instant, metavar="RFC3339", help="When it happened, if not now."),
)


def described(command: Command) -> Command:
    """Add the options that describe an attempt. They come as `**given`, for `attempt_of`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def attempt_of(given: dict[str, Any], clock: Clock) -> dict[str, object]:
    """Return the attempt as it is sent, its text made fit for it."""
    at: datetime = given["at"] or clock.now()
    made: dict[str, object] = {
        "id": _plain(given["attempt_id"], 128) or secrets.token_hex(16),
        "platform": given["platform"],
        "at": at.astimezone(UTC).isoformat(),
        "decision": given["decision"],
        "via": given["via"],
        "state": given["state"],
        "ver": given["ver"],
        "code": _plain(given["code"], 64) or None,
    }
    made |= {name: _fit(given[name], longest) for name, longest in _LONGEST.items()}
    for name in ("reader", "target"):
        made[name] = made[name] or _UNNAMED
    return made | {"note": made["note"] or ""}


def _fit(text: str | None, longest: int) -> str | None:
    """Return text that shows everything it holds, no longer than it may be; None for none."""
    return visible.line(text)[:longest].strip() or None if text else None


def _plain(text: str | None, longest: int) -> str:
    return _NOT_PLAIN.sub("_", text or "")[:longest]
