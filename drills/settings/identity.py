"""Who tries to get into what by a step: told by a digest, the same for each step that asks the same as the same one.

Rules:
- It is made of the action and of what is written in `with`, as its plan shows it (`drills.settings.shown`): values and
  secrets stand as references, and nothing that is secret is in it. How long something may take is no part of it.
- What is hidden could be anything: such a step is like no other.
- A step that is no way in has none.
"""

from hashlib import sha256
from typing import Final

from drills.settings.shown import shown
from drills.settings.step import StepSettings
from glasswatch.canonical import canonical
from glasswatch.redaction.redact import HIDDEN

_TIMING: Final = frozenset({"timeout", "mint.valid_for", "role.duration"})


def identity(step: StepSettings) -> str:
    """Return the digest; empty where the step is no way in."""
    if not step.is_access:
        return ""
    said = {place: text for place, text in shown(step).get("with", {}).items() if place not in _TIMING}
    only = step.id if any(HIDDEN in text for text in said.values()) else ""
    return sha256(canonical({"action": step.action, "with": said, "only": only})).hexdigest()
