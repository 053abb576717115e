"""The base of every settings model.

Rules:
- Frozen; unknown keys are mistakes; each default is written once, here in the model.
- Every mistake is reported, not only the first: a check across fields (`@finding`) runs whenever the fields it names
  are sound, whatever else is wrong.
- An error never holds what was written: it says what was expected.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, InitErrorDetails

from glasswatch.settings.sentences import describe, tell, unknown_key
from glasswatch.settings.shape import SENTENCE, sentence

Place = tuple[str | int, ...]
Finding = tuple[Place, str]
_Check = Callable[..., Iterable[Finding]]
_C = TypeVar("_C", bound=_Check)
_NEEDS = "__finding_needs__"
_BESIDE = "__finding_beside__"


def finding(*needs: str, beside: str = "") -> Callable[[_C], _C]:
    """Mark a method `(self, given) -> Iterable[(place, sentence)]` as a check across fields.

    It runs when the fields in `needs` are sound, and may read only those. `given` maps the keys that were written to
    what was written, unchecked. `place` is relative to the model; the sentence never holds a value. `beside`: it runs
    only where this field is not sound, and looks for more in what was written of it.
    """

    def mark(check: _C) -> _C:
        setattr(check, _NEEDS, needs)  # marks on a function, read by the model
        setattr(check, _BESIDE, beside)
        return check

    return mark


class SettingsModel(BaseModel):
    """A part of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    expected: ClassVar[str] = "a mapping"
    hides_keys: ClassVar[bool] = False
    """Whether a key nobody reads may be a secret in the wrong place, and must not be named."""
    left_to_types: ClassVar[frozenset[str]] = frozenset()
    """Required settings that a type built on this model may give a default: missing under no type, they may be good."""
    findings: ClassVar[tuple[_Check, ...]] = ()

    @classmethod
    def written_fields(cls) -> dict[str, FieldInfo]:
        """Return the fields by the names they have in a file."""
        return {_key(field, name): field for name, field in cls.model_fields.items()}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        members = (getattr(cls, name, None) for name in dir(cls) if not name.startswith("__"))
        cls.findings = tuple(member for member in members if member is not None and hasattr(member, _NEEDS))

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:  # noqa: ANN401 - it is what was written, whatever that is
        try:
            model = handler(value)
        except ValidationError as error:
            raise _retold(cls, value, error, info) from None
        if cls.findings and not isinstance(value, SettingsModel):
            given = value if isinstance(value, Mapping) else {}  # in a short form no key was written
            lines = _found(model, given, _running(cls, frozenset()))
            if lines:
                raise _failure(cls, lines)
        return model


def _failure(model: type[SettingsModel], lines: list[InitErrorDetails]) -> ValidationError:
    return ValidationError.from_exception_data(model.__name__, lines, hide_input=True)


def _line(place: Place, text: str) -> InitErrorDetails:
    return {"type": sentence(text), "loc": place, "input": None}


def _running(cls: type[SettingsModel], failed: frozenset[object]) -> list[_Check]:
    """Return the checks that can run where these fields are not sound."""
    return [
        check
        for check in cls.findings
        if failed.isdisjoint(getattr(check, _NEEDS)) and getattr(check, _BESIDE) in ("", *failed)
    ]


def _found(model: SettingsModel, given: Mapping[str, object], checks: Sequence[_Check]) -> list[InitErrorDetails]:
    return [_line(place, text) for check in checks for place, text in check(model, given)]


def _retold(cls: type[SettingsModel], value: object, error: ValidationError, info: ValidationInfo) -> ValidationError:
    """Return the same failure in our words, with what the checks across the sound fields found as well."""
    details = error.errors(include_url=False, include_input=False)
    lines = [_retell(cls, detail) for detail in details if not _is_echo(detail, details)]
    names = {_key(field, name): name for name, field in cls.model_fields.items()}
    failed = frozenset(names.get(str(detail["loc"][0])) for detail in details if detail["loc"])
    checks = _running(cls, failed)
    if isinstance(value, Mapping) and checks:
        lines += _found(_partial(cls, value, checks, info), value, checks)
    return _failure(cls, lines)


def _is_echo(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Return whether a list is called too short only because its items are wrong, which is said for each of them."""
    if detail["type"] != "too_short":
        return False
    place = detail["loc"]
    return any(len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in details)


def _retell(cls: type[SettingsModel], detail: ErrorDetails) -> InitErrorDetails:
    place = detail["loc"]
    if detail["type"] == SENTENCE:
        return _line(place, detail["msg"])
    fields = cls.written_fields()
    if detail["type"] == "extra_forbidden" and cls.hides_keys:
        return _line((), f"expected {cls.expected}")
    if detail["type"] == "extra_forbidden":
        end, text = unknown_key(str(place[-1]), tuple(fields))
        return _line((*place, end), text)
    field = fields.get(str(place[0])) if place else None
    what = describe(field) if field is not None else cls.expected
    return _line(place, tell(detail["type"], what))


def _partial(
    cls: type[SettingsModel], given: Mapping[str, object], checks: Sequence[_Check], info: ValidationInfo
) -> SettingsModel:
    """Return a model that holds only the fields which these checks will read."""
    values: dict[str, Any] = {}
    for name in {name for check in checks for name in getattr(check, _NEEDS)}:
        field = cls.model_fields[name]
        key = _key(field, name)
        value = given[key] if key in given else _default(field)
        is_raw = key in given or field.validate_default
        values[name] = _adapter(cls, name).validate_python(value, context=info.context) if is_raw else value
    # Not `model_construct`: it copies every default, which makes up most of the time of a file full of mistakes.
    partial = cls.__new__(cls)
    object.__setattr__(partial, "__dict__", values)
    return partial


def _default(field: FieldInfo) -> Any:  # noqa: ANN401 - whatever the field's type is
    return field.get_default(call_default_factory=True) if field.default_factory is not None else field.default


def _key(field: FieldInfo, name: str) -> str:
    """Return what a field is called in the file."""
    return field.alias or name


@lru_cache(maxsize=1024)
def _adapter(cls: type[SettingsModel], name: str) -> TypeAdapter[Any]:
    field = cls.model_fields[name]
    annotation: Any = field.annotation
    return TypeAdapter(Annotated[annotation, *field.metadata] if field.metadata else annotation)
