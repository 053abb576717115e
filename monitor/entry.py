"""Where the `monitor` command begins: what runs at every login goes its own short way, all else through click.

What takes Ctrl-C comes before anything that takes time to load: until then, Ctrl-C meets Python's own start.
"""

import sys
from importlib import import_module
from typing import NoReturn

from glasswatch.interrupt import Loading, quickly

quickly()

# Their words, and the module whose `main` reads the rest of the line and returns the exit code.
QUICK = {
    ("flag", "verify"): "monitor.commands.flag.verify",
    ("flag", "order", "verify"): "monitor.commands.flag.order.verify",
}
_HELP = ["--help"]


def main() -> NoReturn:
    """Run `monitor`."""
    words = sys.argv[1:]
    # click costs 25 ms to 40 ms and is needed for the help alone.
    for path, module in QUICK.items():
        rest = words[len(path) :]
        if tuple(words[: len(path)]) == path and rest != _HELP:
            _quick(module, rest)
    from monitor.cli import main as with_click  # noqa: PLC0415 - imported when it is needed and not before

    with_click()


def _quick(module: str, words: list[str]) -> NoReturn:
    from glasswatch.ending import finish  # noqa: PLC0415 - as above

    def call() -> int:
        with Loading():
            loaded = import_module(module)
        return int(loaded.main(words))

    # Imported within what turns every error into an exit code.
    finish(call, "monitor")
