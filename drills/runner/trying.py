"""Trying a step, or its undo: once, or again and again until it passes or its time is over.

- Each try is a task of its own: whatever it raises, `SystemExit` too, becomes what was found and goes no further.
- A try is cancelled when the time is over. One that does not end even then is left behind after a few seconds.
- A try that was cut short has found nothing, and so has one that was put off. What an earlier one found stands.
- Who asks for a pause is given it. Where there is no time for it a step is not tried again; an undo is, as it would be.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from drills.errors import AskedToWait
from drills.model.found import Found
from drills.model.step import Status
from drills.runner.steady import let_go, spawn, words
from glasswatch.clock import Clock
from glasswatch.errors import NotMeasured, SecretUnavailable

Try = Callable[[float], Awaitable[Found]]
"""Makes one try, which may take so many seconds."""

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How long in all, in seconds; the pause between tries; how many there may be.

    `every` None: it is tried once. With `tries`, the first pause is a second where `every` is None, and each is twice
    the one before it.
    """

    within: float
    every: float | None = None
    tries: int | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it, and how many tries were made."""

    found: Found
    tries: int


async def until_passed(call: Try, terms: Terms, clock: Clock) -> Tried:
    """Try until it passes, can't pass any more, or the time is over."""
    ends = clock.monotonic() + terms.within
    best: Found | None = None
    tries = 0
    while True:
        left = ends - clock.monotonic()
        found = await _once(partial(call, left), left)
        tries += 1
        best = best if best is not None and _is_put_off(found) else found or best
        pause = _longer(_pause(terms, tries), found, terms, ends - clock.monotonic())
        is_last = found is not None and (found.status is Status.PASSED or not found.can_still)
        if is_last or pause is None or ends - clock.monotonic() <= pause:
            return Tried(best or _nothing(terms.within), tries)
        await asyncio.sleep(pause)


def _pause(terms: Terms, tries: int) -> float | None:
    """Return how long to wait before the next try; None where there is none."""
    if terms.tries is not None:
        if tries >= terms.tries:
            return None
        return terms.every or min(_FIRST_PAUSE * 2 ** (tries - 1), _LONGEST_PAUSE)
    return terms.every


def _is_put_off(found: Found | None) -> bool:
    return found is not None and found.status is Status.NOT_MEASURED and found.pause > 0


def _longer(pause: float | None, found: Found | None, terms: Terms, left: float) -> float | None:
    """Return the pause, or what was asked for where that is longer."""
    if pause is None or found is None or (terms.tries is not None and found.pause >= left):
        return pause
    return max(pause, found.pause)


async def _once(call: Callable[[], Awaitable[Found]], seconds: float) -> Found | None:
    """Make one try; return what it found, None where it was not over in time."""
    task = spawn(_guarded(call))
    try:
        await asyncio.wait({task}, timeout=max(seconds, 0.0))
        if task.done():
            return None if task.cancelled() else task.result()
    finally:
        await let_go(task)
    return None


async def _guarded(call: Callable[[], Awaitable[Found]]) -> Found:
    try:
        return await call()
    except AskedToWait as fault:
        return Found(Status.NOT_MEASURED, str(fault), pause=fault.seconds)
    except (NotMeasured, SecretUnavailable) as fault:
        return Found(Status.NOT_MEASURED, str(fault))
    except asyncio.CancelledError:
        raise
    except BaseException as fault:  # noqa: BLE001 - SystemExit in an action must not end the run without clean-up
        return Found(Status.ERROR, f"a fault: {words(fault)}", can_still=False)


def _nothing(seconds: float) -> Found:
    return Found(Status.NOT_MEASURED, f"it was not over within {seconds:g} s")
