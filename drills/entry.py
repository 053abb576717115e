"""The first module of `drill`: what takes Ctrl-C comes before anything that takes time to load.

Until its first line has run, Ctrl-C meets Python's own start.
"""

from glasswatch.interrupt import quickly

quickly()


def main() -> None:
    """Run `drill`."""
    from drills.cli import main as run  # noqa: PLC0415 - after the line above

    run()
