"""How a report is made, in plain words: it goes with every report, so that nobody has to believe it unexplained."""

from collections.abc import Iterable
from typing import Final

from monitor.rules.sla import LEAST, Unmeasured
from monitor.rules.slavalues import SlaReport

_COUNTS: Final = {
    Unmeasured.LEFT_OUT: (
        "Time that was not measured is left out, it counts neither as up nor as down: availability = up / (up + down)."
    ),
    Unmeasured.DOWN: (
        "Time that was not measured counts as down, as was agreed: availability = up / (up + down + not measured)."
    ),
    Unmeasured.UP: (
        "Time that was not measured counts as up, as was agreed: "
        "availability = (up + not measured) / (up + down + not measured)."
    ),
}
METHOD: Final = tuple(
    " ".join(rule.split())
    for rule in f"""
Every second of a period is one of: maintenance that was agreed on, not measured, down, or up; the first of these that
holds.

The platform was down from the start of the first bad attempt of an outage until the start of the first good one that
ended it, without the time within which it was good. It is down when a function that engineers can't do without is. A
bad attempt alone is no outage: it is repeated, and where reference hosts elsewhere are set one of them must answer
meanwhile, so that a fault of our own network is not taken for the platform's. A degraded platform counts as up.

Not measured is the time in which the monitor was off, could not see beyond its own network, or had no answer to go by.
What nobody saw is never counted as an outage that somebody saw.

Maintenance is taken out where it was agreed on for the whole platform, or, in an outage, for every function that was
down. What a status page merely announced is not taken out.

Coverage = (up + down) / (up + down + not measured).

Error budget = (1 - objective) x (the period - agreed maintenance). Burn rate = (1 - availability) / (1 - objective), in
a window that ends now. A pair of windows fires when both burn by its factor, the long one also if all that was not
measured there was up, and at least {LEAST.total_seconds():g} s of it were down.

Credit is that of the lowest step that the availability is below; one that is equal to a step is not below it.

An outage over the end of a period counts in each by its own part. Periods begin at midnight of the time zone that is
named. All times are in UTC, by the monitor's clock; a start belongs to its span, an end does not. Percentages are cut
off and never rounded up; lengths of time are rounded to tenths of seconds where they are not whole.

Mean time to detect is from the first bad attempt to the confirmed outage, of outages that began in the period; mean
time to recover is from the first bad attempt to the first good one, without good time within, of outages that ended in
it. Outages that lay wholly in agreed maintenance are left out of both.

Of a single function: it was down from when its verdict turned down until it no longer was. Where it opened an outage,
it is from that one's first bad attempt, and where it was down until its end, until the first good one.

A status page is what its operator says; it decides nothing here. What it said holds until it said something else, or
was not read any more. Availability by its word = (1 - time of outage / time that it told anything but maintenance).
Unsaid downtime is how long we found the platform down while its page told something, and of no outage.

Response times are those of good attempts that were due, from the look-up of the name to the last byte.

Outages, verdicts and agreed maintenance stand in a hash chain, and the flags that are signed each minute name its end:
monitor store verify --entry NUMBER:SHA256 shows whether the chain still holds the entry that a report names. Signs of
life, and what status pages said, stand in the store alone.
""".strip().split("\n\n")
)


def rules_of(reports: Iterable[SlaReport]) -> tuple[str, ...]:
    """Return how these reports are made."""
    counts = dict.fromkeys(_COUNTS[each.terms.not_measured] for each in reports)
    return (*METHOD[:3], *counts, *METHOD[3:])
