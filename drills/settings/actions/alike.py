"""Whether two steps that try a way in ask the same, as far as their settings tell.

Rules:
- They are compared by what they say in `with`, place by place; how long a try may take is no part of it.
- A credential is a reference to a secret, or text in which `${name}` stands for a value, whatever stands around the
  values being the same; and what an action shows beside of these (`_SHOWN`), such as the key of a login by ssh.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from drills.settings.step import StepSettings
from glasswatch.placeholders import put
from glasswatch.secrets import SecretReference
from glasswatch.settings.mistake import Place
from glasswatch.settings.model import SettingsModel

_TIMING: Final = "timeout"
_SHOWN: Final[Mapping[str, frozenset[Place]]] = {
    "aws": frozenset({("credentials", "access_key_id"), ("credentials", "session_token")}),
    "http": frozenset({("tls", "certificate")}),
    "kubernetes": frozenset({("kubeconfig",), ("context",)}),
    "ssh": frozenset({("key",), ("certificate",), ("mint", "ca")}),
}


class Difference(NamedTuple):
    """A place in `with` at which two steps say something else; None where one of them says nothing."""

    place: Place
    one: object
    other: object


def differences(one: StepSettings, other: StepSettings) -> tuple[Difference, ...]:
    """Return where two steps of one action differ in what they ask, or as whom."""
    found = _between((), getattr(one, "what", None), getattr(other, "what", None))
    return tuple(each for each in found if each.place != (_TIMING,))


def is_of_the_credential(action: str, found: Difference) -> bool:
    """Whether two steps of an action differ there in the credential that is shown."""
    if found.place in _SHOWN.get(action, ()):
        return True
    if not (_may_be_secret(found.one) and _may_be_secret(found.other)):
        return False
    texts = [each for each in (found.one, found.other) if isinstance(each, str)]
    return len({put(text, lambda _name: "\0") for text in texts}) <= 1


def _between(place: Place, one: object, other: object) -> Iterator[Difference]:
    if isinstance(one, SettingsModel) and type(one) is type(other) and not isinstance(one, SecretReference):
        for key, name in _names(one).items():
            yield from _between((*place, key), getattr(one, name), getattr(other, name))
    elif isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*one, *other)):
            yield from _between((*place, key), one.get(key), other.get(key))
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _between((*place, number), mine, theirs)
    elif one != other or type(one) is not type(other):  # 1 is no true
        yield Difference(place, one, other)


def _names(model: SettingsModel) -> dict[str, str]:
    """Return the names of a model's fields, by those that they have in a file."""
    return {field.alias or name: name for name, field in type(model).model_fields.items()}


def _may_be_secret(value: object) -> bool:
    return isinstance(value, SecretReference) or (isinstance(value, str) and "${" in value)
