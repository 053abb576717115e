"""`python -m checks.soak`: the scenarios over and over, each time from another seed, until time is up.

Ends with 1 at the first failure, and says how to play it again.
"""

import os
import random
import subprocess
import sys

from glasswatch.clock import SystemClock

MINUTES = float(os.environ.get("MINUTES", "10"))
STEPS = os.environ.get("GLASSWATCH_FAULT_STEPS", "40")
_CLOCK = SystemClock()


def main(arguments: list[str]) -> int:
    """Run until time is up; `arguments` go to pytest."""
    ends = _CLOCK.monotonic() + MINUTES * 60
    rounds = 0
    while _CLOCK.monotonic() < ends:
        seed = random.SystemRandom().randrange(1, 2**31)
        environment = {"GLASSWATCH_FAULT_SEED": str(seed), "GLASSWATCH_FAULT_STEPS": STEPS}
        command = [sys.executable, "-m", "pytest", "-q", *arguments]
        if subprocess.run(command, env=os.environ | environment, check=False).returncode != 0:  # noqa: S603 - ourselves
            print("To play it again:", *(f"{name}={value}" for name, value in environment.items()), end=" ")
            print("make test TESTS=tests/faults", flush=True)
            return 1
        rounds += 1
        print(f"{rounds} rounds without a fault, the last of seed {seed}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
