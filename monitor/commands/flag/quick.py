"""A command that reads its own line and needs no click to run, as click has it: for its help and completion."""

from collections.abc import Callable, Sequence

import click

from glasswatch.arguments import Option


class QuickCommand(click.Command):
    """A command whose line is read by its own table of options, never by click. `main` returns the exit code."""

    def __init__(self, name: str, main: Callable[[Sequence[str]], int], options: Sequence[Option], words: str) -> None:
        argument = click.Argument([words.lower()], nargs=-1, metavar=f"{words}...")
        super().__init__(name, params=[argument, *map(_option, options)])
        self._main = main

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the line as it is. `--help` ends with 0, which opens: it counts only where it stands alone."""
        if args == ["--help"] or ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        ctx.args = list(args)
        return []

    def invoke(self, ctx: click.Context) -> None:
        """Judge; the answer is the exit code, however the command is called."""
        ctx.exit(self._main(ctx.args))


def _option(option: Option) -> click.Option:
    return click.Option(
        [option.name],
        help=option.help + ("  [required]" if option.is_required else ""),
        metavar=option.metavar or None,
        is_flag=option.read is None,
    )
