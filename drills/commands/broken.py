"""Scenarios that can't be used, told beside what was asked for: one broken draft keeps nobody from the others."""

from drills.scenarios import Scenario, Scenarios, pick
from glasswatch.ending import complain
from glasswatch.errors import ExitCode


def tell(found: Scenarios) -> list[ExitCode]:
    """Tell every mistake; return what it adds to the exit codes: nothing where there is none."""
    for mistake in found.mistakes:
        complain(str(mistake))
    return [ExitCode.INVALID] if found.mistakes else []


def picked(found: Scenarios, name: str) -> Scenario:
    """Return the scenario of this name. What is wrong with others is told, and changes nothing.

    Raises:
        SettingsFault, UsageFault: there is none, or it may be one of those that can't be used.
    """
    scenario = pick(found, name)
    for mistake in found.mistakes:
        complain(f"not in use: {mistake}")
    return scenario
