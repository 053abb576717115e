"""The parameters of a run: given on the command line, by default, or read as secrets."""

from collections.abc import Callable, Iterable, Mapping

from drills.model.found import Value
from drills.model.plan import PlannedParameter
from drills.settings.scenario import ScenarioFile
from glasswatch.errors import UsageFault
from glasswatch.secrets import SecretReference
from glasswatch.settings.straight import straight


def parse(given: Iterable[str]) -> dict[str, str]:
    """Return what `--set NAME=VALUE` gave, by name.

    Raises:
        UsageFault: one is not of this form, or is given twice.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageFault("--set: expected NAME=VALUE")
        if name in found:
            raise UsageFault("--set: a parameter is given twice")
        found[name] = value
    return found


def texts(scenario: ScenarioFile, given: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that are no secrets and have a value, by name.

    Raises:
        UsageFault: a value was given that none takes.
    """
    known = scenario.parameters
    plain = [name for name, each in known.items() if each.secret is None]
    if strange := given.keys() - known.keys():
        what = f"one of: {', '.join(plain)}" if plain else "none: the scenario has no such parameters"
        raise UsageFault(f"--set: {len(strange)} of no parameter; expected {what}")
    for name, value in given.items():
        if known[name].secret is not None:
            raise UsageFault(
                f"--set {name}: it is a secret, which no command line holds: the scenario says where it is"
            )
        if not known[name].takes(value):
            raise UsageFault(f"--set {name}: expected what the scenario's pattern matches as a whole")
    values = {name: given.get(name, known[name].default) for name in plain}
    return {name: value for name, value in values.items() if value is not None}


def values(
    scenario: ScenarioFile, given: Mapping[str, str], secret: Callable[[SecretReference], Value]
) -> dict[str, Value]:
    """Return every parameter of a run by name; secrets are read by `secret`.

    Raises:
        UsageFault: one is missing, or was given as it can't be.
        SecretUnavailable: a secret can't be had.
    """
    plain = texts(scenario, given)
    missing = [name for name, each in scenario.parameters.items() if each.secret is None and name not in plain]
    if missing:
        raise UsageFault(f"expected --set NAME=VALUE for: {', '.join(missing)}")
    found = {name: Value(text) for name, text in plain.items()}
    for name, each in scenario.parameters.items():
        if each.secret is not None:
            found[name] = secret(each.secret)
    return found


def planned(scenario: ScenarioFile, given: Mapping[str, str]) -> tuple[PlannedParameter, ...]:
    """Return the parameters as a plan shows them. No secret is read.

    Raises:
        UsageFault: one was given as it can't be.
    """
    plain = texts(scenario, given)
    return tuple(
        PlannedParameter(
            name,
            plain.get(name) if each.secret is None else str(straight(each.secret)),
            is_secret=each.secret is not None,
            description=each.description or "",
        )
        for name, each in scenario.parameters.items()
    )
