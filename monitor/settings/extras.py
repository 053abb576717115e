"""Libraries that only some settings need, and that are installed where they are wanted: the package's extras."""

from typing import Final

APPRISE: Final = "apprise"
NO_APPRISE: Final = (
    "needs the extra apprise, which isn't installed: `pipx inject glasswatch apprise`, or in a virtual environment, "
    "from a clone, `pip install '.[apprise]'`"
)
