"""What is said of how something that was left behind is over, once a person took it away."""

from drills.settings.root import DrillFile


def once_gone(run: str, settings: DrillFile) -> str:
    """Return what is to be done then: the run's own journal can't know of it, the monitor can be told."""
    if settings.drill.monitor is None:
        kept = settings.drill.directory / run
        return (
            f"once it is taken away by hand: keep {kept} elsewhere, as evidence: no monitor is set that could be told"
        )
    return f"once it is taken away by hand: drill close {run} --nothing-left --reason TEXT"
