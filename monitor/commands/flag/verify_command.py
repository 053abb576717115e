"""`monitor flag verify` as click has it: its help, and the shell's completion. Everything else is `verify`'s own."""

import click

from glasswatch.arguments import Option
from monitor.commands.flag import verify
from monitor.commands.flag.verify_options import DOCUMENT, OPTIONS


class _Verify(click.Command):
    """A command whose line is read by its own table of options, never by click."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the line as it is. `--help` ends with 0, which opens: it counts only where it stands alone."""
        if args == ["--help"] or ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        ctx.args = list(args)
        return []

    def invoke(self, ctx: click.Context) -> None:
        """Judge; the answer is the exit code, however the command is called."""
        ctx.exit(verify.main(ctx.args))


def _option(option: Option) -> click.Option:
    return click.Option(
        [option.name],
        help=option.help + ("  [required]" if option.is_required else ""),
        metavar=option.metavar or None,
        is_flag=option.read is None,
    )


command = _Verify(
    "verify",
    params=[click.Argument([DOCUMENT.lower()], nargs=-1, metavar=f"{DOCUMENT}..."), *map(_option, OPTIONS)],
    help="""Say whether break-glass is ready by DOCUMENT, a file or - for standard input.

    Of several copies the one with the highest version is judged. Exit codes: 0 ready, 1 standby, 2 wrong usage,
    4 refused, with the reason on stderr.
    """,
)
