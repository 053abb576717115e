"""The first module of `drill`: what takes Ctrl-C, SIGTERM and SIGHUP comes before anything that takes time to load.

Until its first line has run, they meet Python's own start. What is loaded stays, so nobody looks for garbage in
it until a run begins (`drills.garbage`).
"""

import gc

from glasswatch.interrupt import quickly, told

quickly()
told()
gc.disable()


def main() -> None:
    """Run `drill`."""
    from drills.cli import main as run  # noqa: PLC0415 - after the line above

    run()
