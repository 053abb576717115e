"""Who runs a drill."""

import os
import pwd
import re
from typing import Final

from drills.settings.root import PERSON, PERSON_WORDS, DrillSettings
from glasswatch.errors import UsageFault
from glasswatch.flag.persons import folded

_LONGEST: Final = 63  # as the monitor takes it


def operator(given: str | None, settings: DrillSettings) -> str:
    """Return who runs the drill: who was named, else whom the settings name, else whose login it is.

    Raises:
        UsageFault: nobody can be told.
    """
    name = given if given is not None else settings.operator or _login()
    if given is not None and not re.fullmatch(PERSON, given):
        raise UsageFault(f"--operator: expected {PERSON_WORDS}")
    if not folded(name):
        raise UsageFault("nobody can be seen in this login's name: name the operator with --operator or drill.operator")
    if len(name) > _LONGEST or not name.isprintable():
        raise UsageFault(
            f"this login's name: expected at most {_LONGEST} printable characters: name one with --operator"
        )
    return name


def _login() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise UsageFault("this login has no name: name the operator with --operator or drill.operator") from None
