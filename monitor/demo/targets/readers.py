"""The shipped readers, set up for the demo: they judge its flag by its trust file, as they would on any host.

They are run where they stand in the checkout. Their attempts are told to no syslog: the demo's are nobody's alarm.
"""

import shlex
import sys
from pathlib import Path
from typing import Final

from glasswatch import files
from monitor.demo.processes import environment
from monitor.demo.targets.places import DRILL_PRINCIPAL, READERS, TargetPlaces

_PRIVATE: Final = 0o600
_PROGRAM: Final = 0o700
_PATIENCE_SECONDS: Final = 20

READER: Final = "reader"
CUT_OFF: Final = "cut-off"
"""A reader that hears nothing of the monitor any more: its last flag is an hour old. It goes by an order."""
BAD: Final = ("forged", "stale")
"""Readers that are given a flag which nobody must believe."""

# The readers take names of flags apart at blanks, so that they are named from where they stand.
_SETTINGS: Final = """\
READER=demo:targets
PLATFORM={platform}
AUDIENCE={audience}
TRUST=trust.json
FLOOR=targets/{name}.floor.json
FLAGS={flag}
ORDER=targets/order.jws
MONITOR={monitor}
SYSLOG=targets/no-syslog
PATIENCE={patience}
"""
_START: Final = """\
#!/bin/sh
# Starts one of the shipped readers on the demo's settings: reader NAME ARGUMENT…
cd {state} || exit 4
export GLASSWATCH_READER_CONF="${{GLASSWATCH_READER_CONF:-{settings}}}" SUDO_USER="${{SUDO_USER:-{principal}}}"
reader=$1
shift
exec {readers}/"$reader" "$@"
"""
_MONITOR: Final = """\
#!/bin/sh
PYTHONPATH={packages} exec {python} -P -m monitor "$@"
"""


def write(places: TargetPlaces, flag: Path, platform: str, audience: str) -> None:
    """Write the readers' settings, and what starts them."""
    program = places.root / "monitor"
    packages = shlex.quote(environment()["PYTHONPATH"])
    _program(program, _MONITOR.format(packages=packages, python=shlex.quote(sys.executable)))
    for name, shown in (
        (READER, flag.name),
        (CUT_OFF, "targets/stale.jws"),
        *((each, f"targets/{each}.jws") for each in BAD),
    ):
        settings = _SETTINGS.format(
            name=name,
            platform=platform,
            audience=audience,
            flag=shown,
            monitor=shlex.quote(str(program)),
            patience=_PATIENCE_SECONDS,
        )
        files.replace(places.root / f"{name}.conf", settings.encode(), _PRIVATE)
    for name in (READER, CUT_OFF):
        start = _START.format(
            state=shlex.quote(str(places.state)),
            settings=shlex.quote(str(places.root / f"{name}.conf")),
            principal=DRILL_PRINCIPAL,
            readers=shlex.quote(str(READERS)),
        )
        _program(places.root / name, start)
    _program(places.opener, f'#!/bin/sh\nexec {shlex.quote(str(places.root / READER))} secret/open "$@"\n')


def _program(path: Path, text: str) -> None:
    files.replace(path, text.encode(), _PROGRAM)
