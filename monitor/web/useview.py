"""Decides what the status page shows of open uses of break-glass: they stand on top, loud if one is critical."""

from collections.abc import Sequence

from glasswatch import visible
from monitor.model.use import Decision, Judgement, Use
from monitor.web.pageview import Mark, Tone, UsesView, UseView
from monitor.web.seen import Seen

_SHOWN = 10
_MARKS = {
    Judgement.UNEXPECTED: Mark(Tone.BAD, "CRITICAL"),
    Judgement.UNREPORTED: Mark(Tone.WARN, "not reported yet"),
    Judgement.LOCKED_OUT: Mark(Tone.BAD, "locked out"),
    Judgement.EXERCISE: Mark(Tone.GOOD, "exercise"),
    Judgement.EXPECTED: Mark(Tone.GOOD, "expected"),
    Judgement.REFUSED: Mark(Tone.UNKNOWN, "refused"),
}


def uses_view(uses: Sequence[Use], seen: Seen) -> UsesView | None:
    """Return the open uses, critical ones first; None if there are none."""
    if not uses:
        return None
    ordered = sorted(uses, key=lambda use: not use.is_critical)  # stable: within each the newest stays first
    critical = sum(use.is_critical for use in uses)
    counted = f"{len(uses)} open use{'s' if len(uses) > 1 else ''} of break-glass"
    return UsesView(
        title=f"{counted}, {critical} CRITICAL" if critical else counted,
        sentence="Another person than the one who used it says what it was, and that its credential was rotated.",
        is_critical=critical > 0,
        shown=tuple(_use(use, seen) for use in ordered[:_SHOWN]),
        note=f"{len(uses) - _SHOWN} more: monitor uses list --open" if len(uses) > _SHOWN else "",
    )


def _use(use: Use, seen: Seen) -> UseView:
    who = use.person or "somebody"
    if use.second is not None:
        who = f"{who} and {use.second}"
    did = "was refused at" if use.decision is Decision.REFUSED else "got in to"
    return UseView(
        mark=_MARKS[use.judgement],
        summary=visible.line(f"{use.platform}: {who} {did} {use.target} ({use.id})"),
        at=seen.moment(use.at),
        why=visible.line(use.why),
        lacks="" if use.decision is Decision.REFUSED else _lacks(use),
    )


def _lacks(use: Use) -> str:
    classed = f"classed {use.classing.kind}" if use.classing else "not classed"
    return f"{classed}, {'rotated' if use.rotation else 'not rotated'}"
