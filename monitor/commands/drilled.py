"""What `monitor status` says of drills: runs to be looked after, and what is due."""

from collections.abc import Iterator

from monitor.wire.drills import DrillsStatusAnswer, RunAnswer


def lines(held: DrillsStatusAnswer) -> Iterator[str]:
    """Yield a line for each run that is not closed or left something behind, and for each scenario that is due."""
    for run in held.runs:
        yield f"drill: {run.platform}: {run.scenario} ({run.run}) by {run.operator}: {_stands(run)}"
    for each in held.scenarios:
        from_ = "since" if each.state == "overdue" else "overdue from"
        yield f"drill: {each.platform}: {each.scenario} is {each.state}, {from_} {each.overdue:%Y-%m-%d} on"


def _stands(run: RunAnswer) -> str:
    if run.standing == "open":
        return "running"
    what_next = f"drill resume {run.run} --clean-up-only"
    if run.standing == "closed":
        return f"left behind: {'; '.join(run.residue)} ({what_next})"
    if run.standing == "overdue":
        return f"not closed by its end, so it failed; heard of last at {run.heard:%Y-%m-%d %H:%M:%SZ} ({what_next})"
    return f"not heard of since {run.heard:%Y-%m-%d %H:%M:%SZ} ({what_next})"
