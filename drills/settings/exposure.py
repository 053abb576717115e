"""Where secrets of a scenario would stand for others to read: those in logs are mistakes, those in arguments are told.

A program's arguments can be read by whoever is on its machine, for as long as it runs. That may be the only way there
is to hand it a secret, so the plan names it, and nobody approves it unseen. What a target writes into its log stays.
"""

from collections.abc import Iterator, Mapping, Sequence

from drills.settings.parameter import ParameterSettings
from drills.settings.step import StepSettings
from glasswatch.settings.mistake import Place
from glasswatch.settings.model import Finding

_LOGGED = "expected no secret: it is written to the target's log, for everybody who reads that"


def secrets_of(steps: Sequence[StepSettings], parameters: Mapping[str, ParameterSettings]) -> frozenset[str]:
    """Return the names of all values that are secrets: parameters, and what steps capture."""
    captured = (name for step in steps for name, is_secret in step.captures().items() if is_secret)
    return frozenset((*captured, *(name for name, each in parameters.items() if each.secret is not None)))


def logged(steps: Sequence[StepSettings], secrets: frozenset[str]) -> Iterator[Finding]:
    """Yield places whose values a target writes into its log, and that hold a secret."""
    for place, step in enumerate(steps):
        at: Place = ("steps", place)
        doing = [(at, step), *(((*at, "undo", number), each) for number, each in enumerate(step.undo))]
        for where, each in doing:
            yield from (((*where, *key), _LOGGED) for key, names in each.in_logs().items() if names & secrets)


def told(step: StepSettings, secrets: frozenset[str]) -> tuple[str, ...]:
    """Return in words which secrets stand in arguments of a step, or of what takes it back."""
    return tuple(
        f"to show the secret {', '.join(f'${{{name}}}' for name in sorted(names & secrets))} in {whose}"
        for each in (step, *step.undo)
        for whose, names in each.in_arguments().items()
        if names & secrets
    )
