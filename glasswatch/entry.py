"""The first module of `glasswatch`: what takes Ctrl-C comes before anything that takes time to load.

Until its first line has run, Ctrl-C meets Python's own start.
"""

import sys

from glasswatch.interrupt import quickly, told

quickly()
if sys.argv[1:2] == ["drill"]:  # as `drills.entry` does
    told()


def main() -> None:
    """Run `glasswatch`."""
    from glasswatch.cli import main as run  # noqa: PLC0415 - after the line above

    run()
