"""What a program costs: processor time and memory, measured from within, in a process of its own."""

import subprocess
import sys

from tests.support.verifying import ROOT

# Not getrusage for the memory: its peak is that of the program before exec too, here the test run itself.
_MEASURED = """
import atexit, resource, sys
def tell():
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    spent = resource.getrusage(resource.RUSAGE_SELF)
    print(spent.ru_utime + spent.ru_stime, peak.split()[1], file=sys.stderr)
atexit.register(tell)
"""


def cost(code: str, *words: str) -> tuple[float, int]:
    """Run a piece of Python with these arguments; return its processor seconds and its peak of memory, in KiB.

    It must end with 0.
    """
    line = [sys.executable, "-c", _MEASURED + code, *words]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, check=True, timeout=60)
    spent, peak = done.stderr.splitlines()[-1].split()
    return float(spent), int(peak)
