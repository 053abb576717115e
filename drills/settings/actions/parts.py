"""Parts that the settings of several actions have in common."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from drills.settings.fill import FillShape
from drills.settings.step import StepSettings
from glasswatch.placeholders import is_stray, names_in, put, whole
from glasswatch.secrets import SecretReference
from glasswatch.settings.addresses import SafeAddressShape
from glasswatch.settings.model import Finding, SettingsModel
from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import JsonScalar, JsonScalarShape, TextShape


class GivenShape(Shape):
    """Text in which `${name}` stands for a value, or a reference to a secret."""

    expected = "text in which ${name} stands for a value, or a reference to a secret such as {env: NAME}"
    _text = FillShape()

    def read(self, value: object) -> str | SecretReference:
        """Return the text or the reference."""
        return self._read(value, None)

    def _read(self, value: object, info: ValidationInfo | None) -> str | SecretReference:
        if isinstance(value, Mapping):
            return SecretReference.model_validate(value, context=info.context if info else None)
        if isinstance(value, SecretReference):
            return value
        if not isinstance(value, str):
            raise self.wrong()
        return self._text.read(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:  # noqa: ANN401 - pydantic's signature
        return core_schema.with_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        return {"oneOf": [{"type": "string"}, handler(SecretReference.__pydantic_core_schema__)]}


class ScalarFillShape(JsonScalarShape):
    """A single JSON value; in a text `${name}` stands for a value."""

    expected = "text in which ${name} stands for a value, a number, true, false or null"

    def read(self, value: object) -> JsonScalar:
        """Return the value."""
        found = super().read(value)
        if isinstance(found, str) and is_stray(found):
            raise self.wrong()
        return found


class HiddenGivenShape(GivenShape):
    """A value that is a secret: never written down in the scenario."""

    expected = "a reference to a secret such as {env: NAME}, or exactly ${name}"

    def _read(self, value: object, info: ValidationInfo | None) -> str | SecretReference:
        found = super()._read(value, info)
        if isinstance(found, str) and whole(found) is None:
            raise self.wrong()
        return found


Given = Annotated[str | SecretReference, GivenShape()]
HiddenGiven = Annotated[str | SecretReference, HiddenGivenShape()]
JsonGiven = Annotated[JsonScalar, ScalarFillShape()]
PlatformName = Annotated[
    str, TextShape("a platform's name of a-z, 0-9, - and _, at most 63 long", r"[a-z0-9][a-z0-9_-]{0,62}")
]
Principal = Annotated[
    str, TextShape("a name of a-z, 0-9 and . _ @ + -, at most 63 long", r"[a-z0-9][a-z0-9._@+-]{0,62}")
]


def unsafe(url: str, *place: str) -> Iterable[Finding]:
    """Yield that a credential would be sent in clear, where it would."""
    try:
        SafeAddressShape().read(put(url, lambda _name: "value"))
    except PydanticCustomError:
        yield place, "expected an https address: a credential is sent over https, or to this machine only"


def texts(given: Iterable[object]) -> frozenset[str]:
    """Return the names of the values in what is given as text; references hold none."""
    return names_in([each for each in given if isinstance(each, str)])


def secrets(given: Iterable[object]) -> tuple[str, ...]:
    """Return in words which secrets are read."""
    return tuple(f"to read the secret from {each}" for each in given if isinstance(each, SecretReference))


def nothing_comes_of(what: str, given: Mapping[str, object]) -> Iterable[Finding]:
    """Find what is expected or captured of an answer that there is not: of `what`, in words."""
    for key in ("capture", "expect"):
        if given.get(key):
            yield (key,), f"expected nothing to {key} {what}"


def refusals(step: StepSettings, given: Mapping[str, object], keys: Sequence[str]) -> Iterable[Finding]:
    """Find what is expected or captured of a refusal but which it is (`keys` of `expect`), and the other way round."""
    expect: SettingsModel = step.expect  # type: ignore[attr-defined]
    said = expect.model_fields_set
    if not step.refused:
        yield from (
            (("expect", key), "expected only where access is refused: refused: true") for key in keys if key in said
        )
        return
    others = {key: each for key, each in given.items() if key != "expect" or not said <= set(keys)}
    yield from nothing_comes_of("where access is refused", others)
