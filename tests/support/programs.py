"""Programs that tests run, where they are installed.

A missing one skips its test and says which Debian package brings it; with GLASSWATCH_REQUIRE_ALL set it fails, so
that CI can't pass by leaving things out.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

# Debian keeps PostgreSQL's server programs off the search path.
_PLACES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/sbin"))


def require(program: str, *, package: str) -> str:
    """Return the program's path; without it skip, or fail where everything is required."""
    found = shutil.which(program) or next(
        (str(place / program) for place in _PLACES if (place / program).exists()), None
    )
    return found or _missing(program, package)


def require_library(name: str, *, package: str) -> Path:
    """Return a library's path; without it skip, or fail where everything is required."""
    found = next(iter(Path("/usr/lib").glob(f"*/{name}")), None)
    return found or _missing(name, package)


def _missing(name: str, package: str) -> NoReturn:
    message = f"{name} is missing: install Debian's package {package}"
    if os.environ.get("GLASSWATCH_REQUIRE_ALL"):
        pytest.fail(message)
    pytest.skip(message)
