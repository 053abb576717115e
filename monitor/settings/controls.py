"""Settings of the controls: other people's addresses that tell "they are down" from "we can't see"."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import Finding, SettingsModel
from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import AddressShape, SecureAddress
from glasswatch.settings.tls import TrustSettings
from platforms.transport.resolver import numeric

NONE = "none"
_WHAT = "`none`, or a list of https addresses at two or more independent operators"


class ControlSettings(SettingsModel):
    """One control. May be written as the address alone."""

    expected: ClassVar[str] = "an https address, or a mapping with url"

    url: SecureAddress
    """Address that answers whenever we can see: verified https, run by somebody else than the platform."""
    tls: TrustSettings = TrustSettings()
    """How it is verified."""
    timeout: Annotated[timedelta, DurationShape(at_most=timedelta(seconds=30))] = timedelta(seconds=5)
    """How long it may take to answer."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:  # noqa: ANN401 - what was written, whatever that is
        return {"url": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"oneOf": [AddressShape("https").schema(), handler(core)]}


class ControlsShape(Shape):
    """A list of controls; `none` is an empty one."""

    expected = _WHAT

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's signature
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"oneOf": [{"const": NONE}, {**handler(core), "minItems": 2}]}

    def read(self, value: object) -> object:
        """Return the list as it was written, empty for `none`."""
        if isinstance(value, str):
            if value != NONE:
                raise self.wrong()
            return ()
        return value


Controls = Annotated[tuple[ControlSettings, ...], ControlsShape()]


def tell_of_names(controls: Sequence[ControlSettings]) -> bool:
    """Return whether an answer of any of them proves that names resolve here: each has a name that DNS is asked for."""
    return bool(controls) and all(is_named(control) for control in controls)


def is_named(control: ControlSettings) -> bool:
    """Return whether DNS is asked for its host: an address needs none, nor does `localhost`."""
    host = (urlsplit(control.url).hostname or "").rstrip(".")
    return numeric(host, 0) is None and host.rpartition(".")[2] != "localhost"


def too_alike(controls: Sequence[ControlSettings]) -> Iterable[Finding]:
    """Yield what is wrong with controls that can fail together. `controls: none` is not given to this."""
    hosts: set[str] = set()
    for index, control in enumerate(controls):
        host = (urlsplit(control.url).hostname or "").rstrip(".")
        if host in hosts:
            yield (index,), "expected another host than those before it, run by somebody else"
        hosts.add(host)
    if len(controls) < 2:  # noqa: PLR2004 - two, so that one operator's fault does not look like ours
        yield (), f"expected {_WHAT}"
