"""Where the `monitor` command begins: what runs at every login goes its own short way, all else through click."""

import sys
from typing import NoReturn

_VERIFY = ["flag", "verify"]
_HELP = ["--help"]


def main() -> NoReturn:
    """Run `monitor`."""
    words = sys.argv[1:]
    # click costs 25 ms to 40 ms and is needed for the help alone.
    if words[:2] == _VERIFY and words[2:] != _HELP:
        _verify(words[2:])
    from monitor.cli import main as with_click  # noqa: PLC0415 - imported when it is needed and not before

    with_click()


def _verify(words: list[str]) -> NoReturn:
    from glasswatch.ending import finish  # noqa: PLC0415 - as above

    def verify() -> int:
        from monitor.commands.flag import verify  # noqa: PLC0415 - within what turns every error into an exit code

        return verify.main(words)

    finish(verify, "monitor")
