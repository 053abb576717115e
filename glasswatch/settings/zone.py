"""Time zones in the settings."""

from typing import Final

from glasswatch.settings.shape import Shape, expected
from glasswatch.settings.shapes import TextShape
from glasswatch.zones import ZONE_PATTERN, zone

_ZONE: Final = TextShape("a time zone such as Europe/Berlin or UTC", ZONE_PATTERN)


class ZoneShape(Shape):
    """A time zone of the IANA database of this machine."""

    expected = "a time zone that this machine knows, such as Europe/Berlin or UTC"

    def read(self, value: object) -> str:
        """Return its name."""
        name = _ZONE.read(value)
        if zone(name) is None:
            raise expected(self.expected)
        return name

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of its name."""
        return _ZONE.schema()
