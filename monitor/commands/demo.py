"""`monitor demo`: the monitor at work on a simulated platform, to watch, to break, or to have its story told.

Without a subcommand it starts everything in its state directory and stays up; `--story` plays the story and ends;
`break` and `recover` act on a demo that runs in another terminal.

Exit codes: 0 the story happened, 1 something of it is missing, 2 wrong usage, 4 it could not be measured or could not
start, 5 interrupted and everything cleaned up, 6 something could not be stopped and is named.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from glasswatch.errors import ExitCode
from glasswatch.interrupt import Loading

_DEFAULT_DIRECTORY = Path("var/demo")
_DEFAULT_PORT = 9780
_DIRECTORY = click.Path(path_type=Path, file_okay=False)
# The simulator's own lists, spelled out so that help need not import it; a test holds them against it.
TARGETS = ("sign_in", "request", "approve", "grant", "connect", "revoke", "health", "status_page", "all")
FAULTS = ("fail", "hang", "mute", "slow", "refuse", "wrong", "denied", "rate_limited", "flapping", "stop")


@click.group("demo", invoke_without_command=True)
@click.option("--story", "is_story", is_flag=True, help="Play the story, print the times measured, and end.")
@click.option("--dir", "directory", type=_DIRECTORY, default=_DEFAULT_DIRECTORY, show_default=True, help="State.")
@click.option("--port", type=click.IntRange(0, 65535), default=_DEFAULT_PORT, show_default=True, help="Status page.")
@click.option("--keep", "is_kept", is_flag=True, help="Leave the state directory when it ends.")
@click.pass_context
def command(ctx: click.Context, *, is_story: bool, directory: Path, port: int, is_kept: bool) -> int:
    """Watch the monitor work on a simulated platform. Leaves nothing behind but evidence of drills."""
    if ctx.invoked_subcommand is not None:
        return ExitCode.GOOD
    with Loading():
        from monitor.demo.show import Wish, interruptible, show  # noqa: PLC0415 - wrong arguments don't wait for it

    wish = Wish(directory.absolute(), port, is_story, is_kept)
    return asyncio.run(interruptible(show(wish)))


_dir = click.option("--dir", "own_directory", type=_DIRECTORY, help="The running demo's directory.")


@command.command("break")
@click.argument("function", type=click.Choice(TARGETS))
@click.option("--fault", type=click.Choice(FAULTS), default="fail", show_default=True, help="How it misbehaves.")
@click.option("--status", type=int, help="Status answered by fail, denied and flapping.")
@click.option("--seconds", type=float, help="Delay of slow; Retry-After of rate_limited.")
@click.option("--bad", type=int, help="flapping: so many calls are bad …")
@click.option("--of", type=int, help="… of so many.")
@_dir
@click.pass_context
def break_function(  # noqa: PLR0913 - one parameter an option
    ctx: click.Context,
    *,
    function: str,
    fault: str,
    status: int | None,
    seconds: float | None,
    bad: int | None,
    of: int | None,
    own_directory: Path | None,
) -> int:
    """Make a FUNCTION of the running demo's platform misbehave."""
    given = {"status": status, "seconds": seconds, "bad": bad, "of": of}
    data = {"kind": fault} | {name: value for name, value in given.items() if value is not None}
    asyncio.run(_act(_running(ctx, own_directory), function, data))
    click.echo(f"{function} now misbehaves ({fault}), until `monitor demo recover`.")
    return ExitCode.GOOD


@command.command()
@_dir
@click.pass_context
def recover(ctx: click.Context, *, own_directory: Path | None) -> int:
    """Make the running demo's platform answer honestly again."""
    asyncio.run(_act(_running(ctx, own_directory), None, {}))
    click.echo("The platform answers honestly again.")
    return ExitCode.GOOD


def _running(ctx: click.Context, own: Path | None) -> Path:
    parent: dict[str, Any] = {} if ctx.parent is None else ctx.parent.params
    directory = own or parent.get("directory") or _DEFAULT_DIRECTORY
    return Path(directory).absolute()


async def _act(directory: Path, function: str | None, fault: Mapping[str, object]) -> None:
    from monitor.demo.settings import Places  # noqa: PLC0415 - wrong arguments don't wait for it
    from monitor.demo.views import running_in  # noqa: PLC0415 - as above

    places = Places(directory)
    async with running_in(places.running, places.admin_token) as demo:
        if function is None:
            await demo.control.recover()
        else:
            await demo.control.show(function, fault)
