"""Programs of this machine that the demo's targets need: found, and run to their end."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

# Debian keeps servers off the search path.
_PLACES: Final = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/sbin"))
_SECONDS: Final = 60.0
_LONGEST: Final = 300


class NotUsable(Exception):
    """A program that is there and does not do what it is asked; it never leaves the demo's targets."""


def find(name: str) -> Path | None:
    """Return where a program is; None if it isn't here."""
    # The newest PostgreSQL's own first: what is on the search path may be of another version, or a wrapper.
    here = next((place / name for place in _PLACES if os.access(place / name, os.X_OK)), None)
    found = shutil.which(name)
    return here or (Path(found) if found else None)


def missing(*names: str) -> str:
    """Return in words which of these programs aren't here; empty: all are."""
    gone = [name for name in names if find(name) is None]
    return f"{' and '.join(gone)} {'is' if len(gone) == 1 else 'are'} not on this machine" if gone else ""


def run(
    argv: Sequence[str | Path],
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    owner: tuple[int, int] | None = None,
) -> bytes:
    """Run a program to its end and return what it printed. `owner`: the user and group that it runs as.

    Raises:
        NotUsable: it can't be run, fails, or takes too long.
    """
    user, group = owner or (None, None)
    name = Path(argv[0]).name
    try:
        done = subprocess.run(  # noqa: S603 - the demo's own command line
            [str(each) for each in argv],
            input=given,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            cwd="/",
            env={**os.environ, **(environment or {})},
            start_new_session=True,  # Ctrl-C is ours: what is half done is done first
            user=user,
            group=group,
            extra_groups=() if owner else None,
        )
    except subprocess.TimeoutExpired:
        raise NotUsable(f"{name} did not end within {_SECONDS:g} s") from None
    except OSError as error:
        raise NotUsable(f"{name} can't be run: {error.strerror}") from None
    if done.returncode != 0:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[-_LONGEST:]
        raise NotUsable(f"{name} ended with {done.returncode}: {said or 'it did not say why'}")
    return bytes(done.stdout)
