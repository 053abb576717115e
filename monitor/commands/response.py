"""`monitor probe NAME --response FILE`: what the servers said, as it was received.

Every answer on the way is in it, redirects included, with its framing and its content coding. Our credentials are in
requests, which are not; but an answer may hold secrets of its own. So the file is its owner's alone, nothing but this
command ever writes one, and it says so.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from glasswatch.errors import EvidenceUnwritable, UsageFault
from glasswatch.files import replace
from monitor.settings.http import HttpProbeSettings
from monitor.settings.probe import ProbeSettings
from platforms.transport.tape import Tape

_PRIVATE: Final = 0o600


def tape_for(wanted: Sequence[ProbeSettings]) -> Tape:
    """Return an empty tape for the one probe that is wanted.

    Raises:
        UsageFault: there are several, or it is of a type whose answers aren't kept.
    """
    if len(wanted) != 1:
        raise UsageFault("--response needs exactly one probe: name it, and with --platform the platform it is of")
    if not isinstance(wanted[0], HttpProbeSettings):
        raise UsageFault("--response needs a probe of the type http")
    return Tape()


def write(file: Path, tape: Tape) -> None:
    """Put what was received into the file, in place of what was there.

    Raises:
        EvidenceUnwritable: it can't be written; what was there before still is.
    """
    try:
        replace(file, bytes(tape.said), _PRIVATE)
    except OSError as fault:
        raise EvidenceUnwritable(f"--response: {file} can't be written: {fault.strerror or fault}") from None
    if not tape.said:
        click.echo(f"{file} is empty: no answer was received", err=True)
        return
    cut = ", cut off where it became too long" if tape.is_cut else ""
    click.echo(
        f"{file} holds what was received{cut}. It may hold cookies, tokens or personal data: look before you share it.",
        err=True,
    )
