"""A run that another process began, before it is gone on with: whoever holds its heads elsewhere is asked about it.

What follows from the answer is `rules.behind`'s. Nothing is written before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from drills.errors import JournalBehind, RunHeardOf
from drills.model.event import Entry, Resumed
from drills.rules import behind
from drills.rules.behind import QUIET_SECONDS, Alive, Behind, Claim, ClosedElsewhere, GoOn, Held, NotKnown
from glasswatch.errors import GlasswatchError, NotMeasured


async def may_go_on(
    ask: Callable[[], Awaitable[Held]], seconds: float, entries: Sequence[Entry], claim: Claim, resumed: Resumed
) -> tuple[Resumed, GoOn]:
    """Return how a run may be gone on with, and what is to be written of that. `ask` may take so many seconds.

    Raises:
        RunHeardOf: another process may be at work on it.
        JournalBehind: it went on elsewhere, or was closed there by hand, and more is to be done than to clean up.
        NotMeasured: nobody can say whether it did, and more is to be done than to clean up.
    """
    held = await _held(ask, seconds)
    match behind.ruling(entries, held, claim, clean_up_only=resumed.clean_up_only):
        case Alive(quiet_seconds=quiet) as alive:
            raise RunHeardOf(_alive(alive), QUIET_SECONDS - quiet)
        case Behind(head=head):
            raise JournalBehind(
                f"the monitor holds entry {head.seq} of this run, and it is not in the journal here: go on with the "
                "newest copy, where no process goes on with it. If there is none, --clean-up-only takes back whatever "
                "the scenario may have done"
            )
        case ClosedElsewhere():
            raise JournalBehind(
                "the monitor has this run as closed, and its journal here does not: a person closed it by hand. "
                "--clean-up-only takes back what it did; drill close, with --nothing-left, says that it is gone"
            )
        case NotKnown(why=why):
            raise NotMeasured(
                f"nobody can say whether this copy is the newest, and whether another process goes on with the run: "
                f"{why}. --clean-up-only takes back whatever the scenario may have done; --newest goes on, where you "
                "know that it is the newest and that its process is gone"
            )
        case GoOn(unsure=unsure) as go_on:
            is_said = unsure and claim.is_newest and not claim.is_original
            said = f"{unsure}; {resumed.operator} says that it is" if is_said else unsure
            return replace(resumed, unsure=said), go_on


async def _held(ask: Callable[[], Awaitable[Held]], seconds: float) -> Held | str:
    try:
        return await asyncio.wait_for(ask(), seconds)
    except GlasswatchError as fault:
        return str(fault)
    except TimeoutError:
        return f"no answer within {seconds:g} s"


def _alive(alive: Alive) -> str:
    at = f" at {alive.heard_at:%Y-%m-%d %H:%M:%SZ}" if alive.heard_at is not None else ""
    return (
        f"another process may be at work on this run: the monitor heard of it last{at}, and has heard nothing for "
        f"{alive.quiet_seconds:.0f} s; expected {QUIET_SECONDS:.0f} s. Stop it where it runs (`drill stop`), or wait "
        "(--wait)"
    )
