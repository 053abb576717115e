"""Which findings may share a record.

A transaction costs a write to the disk, some milliseconds. After a start thousands of probes are good for the first
time within seconds: one by one they would keep the store busy for a minute, and whatever else has to be written would
wait for them.

Only what nobody acts on is joined: how probes and functions are. A flag, a page, an outage, a cause, a person's act
each keep a record of their own, and nothing overtakes anything.
"""

from typing import Final

from monitor.model.fact import FunctionChanged, ProbeChanged, Step

MOST_FACTS: Final = 200

_QUIET: Final = (ProbeChanged, FunctionChanged)


def joined(first: Step, second: Step) -> Step | None:
    """Return what two findings lead to together, the second right after the first; None where they stay apart."""
    if not (_is_quiet(first) and _is_quiet(second)) or len(first.facts) + len(second.facts) > MOST_FACTS:
        return None
    facts = (*first.facts, *second.facts)
    return Step(second.state, facts, (*first.calls, *second.calls), second.wake_at)


def _is_quiet(step: Step) -> bool:
    # One without facts is a checkpoint, which writes other rows.
    return bool(step.facts) and step.ruling is None and all(isinstance(fact, _QUIET) for fact in step.facts)
