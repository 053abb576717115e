"""What a program printed, against what is expected of it, and what is captured of it."""

from collections.abc import Mapping

from drills.model.found import Found, Output, Value
from drills.model.step import Status
from drills.rules.answer import shown
from drills.settings.actions.command import CommandCaptureSettings, CommandExpectSettings
from glasswatch.patterns import compiled, compiled_groups


def objection(expect: CommandExpectSettings, stdout: bytes, stderr: bytes) -> str:
    """Return what is wrong with what it printed; empty where nothing is."""
    if expect.stdout_matches is not None and not compiled(expect.stdout_matches).search(stdout):
        return f"it printed nothing that matches {shown(expect.stdout_matches)}"
    if expect.stdout_not_matches is not None and compiled(expect.stdout_not_matches).search(stdout):
        return f"it printed what matches {shown(expect.stdout_not_matches)}"
    if expect.stderr_matches is not None and not compiled(expect.stderr_matches).search(stderr):
        return f"it printed nothing on standard error that matches {shown(expect.stderr_matches)}"
    return ""


def captured(
    capture: Mapping[str, CommandCaptureSettings], stdout: bytes, detail: str, outputs: tuple[Output, ...]
) -> Found:
    """Return that it passed, with the values that are captured; that it failed, where one isn't there."""
    values: dict[str, Value] = {}
    for name, place in capture.items():
        text = compiled_groups(place.match)(stdout)
        if text is None:
            detail = f"{detail}, but it printed nothing that matches {shown(place.match)}"
            return Found(Status.FAILED, detail, outputs=outputs)
        values[name] = Value(text, place.secret)
    return Found(Status.PASSED, detail, values, outputs)


def outputs_of(stdout: bytes, stderr: bytes) -> tuple[Output, ...]:
    """Return what is kept of what it printed: both, where there is any."""
    both = (("stdout.txt", stdout), ("stderr.txt", stderr))
    return tuple(Output(name, content) for name, content in both if content)


def listed(numbers: tuple[int, ...]) -> str:
    """Return processes that can't be ended."""
    return ", ".join(str(each) for each in numbers)
