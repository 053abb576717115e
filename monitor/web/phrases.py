"""The words of the status page, and how it writes times. Words are chosen for a reader woken at 3 a.m."""

from datetime import UTC, datetime, timedelta

from monitor.model.act import RequestKind
from monitor.model.outcome import Reason
from monitor.model.verdict import CauseKind, FlagState, Phase, Verdict

VERDICT_SENTENCES = {
    Verdict.UP: "Access works.",
    Verdict.DEGRADED: "Access works, but something is wrong.",
    Verdict.DOWN: "Access can't be had through the platform.",
    Verdict.UNKNOWN: "Can't tell whether access works. Decide by hand.",
}

GLASS_WORDS = {
    FlagState.READY: "PERMITTED",
    FlagState.STANDBY: "SEALED",
    FlagState.EXERCISE: "SEALED",
}

GLASS_SENTENCES = {
    FlagState.READY: "You may break the glass. Follow the procedure below.",
    FlagState.STANDBY: "Don't break the glass.",
    FlagState.EXERCISE: "Don't break the glass: a drill is on, and only its own test identities may use it.",
}

NO_FLAG_WORD = "NO VALID FLAG"
NO_FLAG_SENTENCE = "This monitor has no valid flag, so readers refuse."
NOT_RAISED_SENTENCE = "The flag is not raised, so readers refuse."
CLOCK_RAN_AHEAD = "This monitor's clock ran ahead and was set back: readers refuse every flag it signs"
AN_ORDER = "An order of two persons opens the way meanwhile."
OTHER_WAYS = "Other ways: another copy of the flag, or the sealed credential that no reader guards."

CAUSE_WORDS = {
    CauseKind.OUTAGE: "Outage",
    CauseKind.MANUAL: "Raised by hand",
    CauseKind.EXERCISE: "Drill",
}

REQUEST_WORDS = {
    RequestKind.RAISE: "to raise break-glass",
    RequestKind.INHIBIT: "to hold closed what outages raise",
}

PHASE_NOTES = {
    Phase.UNPROVEN: "not good once since its settings changed",
    Phase.GOOD: "",
    Phase.BAD: "confirmed bad",
}

# Reasons by what they say of the platform. All others are bad.
NOT_MEASURED = frozenset(
    {
        Reason.CREDENTIALS_REFUSED,
        Reason.RATE_LIMITED,
        Reason.DENIED,
        Reason.NOT_TOLD,
        Reason.NOT_LISTENED,
        Reason.RESIDUE,
        Reason.SECRET_UNAVAILABLE,
        Reason.OWN_FAULT,
    }
)
SKIPPED = frozenset({Reason.BUDGET})


def reason(of: Reason) -> str:
    """Return what a probe found, in words."""
    words = of.value.replace("_", " ")
    if of is Reason.OK:
        return "good"
    if of in NOT_MEASURED:
        return f"not measured: {words}"
    if of in SKIPPED:
        return f"skipped: {words}"
    return f"bad: {words}"


def moment(at: datetime) -> str:
    """Return an instant for a person: to the second, in UTC, and saying so."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def sealed_again(at: datetime, *, is_if_up: bool) -> str:
    """Say when the glass is sealed again."""
    return f"Sealed again at {moment(at)}{' if it stays up' if is_if_up else ''}."


def duration(span: timedelta) -> str:
    """Return a length of time for a person: its two largest units."""
    seconds = max(int(span.total_seconds()), 0)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    first = next((place for place, (count, _) in enumerate(units) if count), len(units) - 1)
    largest, *rest = units[first : first + 2]
    return " ".join(f"{count} {unit}" for count, unit in (largest, *(pair for pair in rest if pair[0])))
