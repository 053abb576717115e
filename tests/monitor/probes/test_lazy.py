"""What only one type of probe needs is loaded for that type only."""

import subprocess
import sys

import pytest

_CODE = """
import sys
import monitor.daemon, monitor.probes.build, monitor.probes.http, monitor.probes.tcp
from glasswatch.settings.registry import load
from monitor.registries import PROBES
load(PROBES["{kind}"].settings)
print(sorted(name for name in ("OpenSSL", "dns") if name in sys.modules))
load(PROBES["{kind}"].make)
print(sorted(name for name in ("OpenSSL", "dns") if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("kind", "loaded"), [("tcp", "[]\n[]\n"), ("tls", "[]\n['OpenSSL']\n"), ("dns", "['dns']\n['dns']\n")]
)
def test_libraries_wait_for_their_probe(kind: str, loaded: str) -> None:
    """Nobody else pays for them."""
    done = subprocess.run(
        [sys.executable, "-c", _CODE.format(kind=kind)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == loaded
