"""Garbage is not looked for while a command loads, which `entry` sees to, and is again once a run begins.

What was loaded stays, so looking through it finds nothing, and takes an eighth of the time until the first step.
"""

import gc


def looked_for() -> None:
    """Have it looked for from now on, but not in what is there already."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
