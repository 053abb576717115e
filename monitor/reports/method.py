"""How a report is made, in plain words: it goes with every report, so that nobody has to believe it unexplained."""

from typing import Final

from monitor.rules.sla import LEAST, Unmeasured

COUNTS: Final = {
    Unmeasured.LEFT_OUT: "Time that was not measured is left out: it counts neither as up nor as down.",
    Unmeasured.DOWN: "Time that was not measured counts as down.",
    Unmeasured.UP: "Time that was not measured counts as up.",
}
METHOD: Final = tuple(
    " ".join(rule.split())
    for rule in f"""
Every second of a period is one of: maintenance that was agreed on, not measured, down, or up; the first of these that
holds.

The platform was down from the first bad attempt of an outage until the first good one that ended it. A bad attempt
alone is no outage: it is repeated, and reference hosts elsewhere must answer meanwhile, so that a fault of our own
network is not taken for the platform's.

Not measured is the time in which the monitor was off, could not see beyond its own network, or had no answer to go by.
What nobody saw is never counted as an outage that somebody saw.

Availability = up / (up + down). Coverage = (up + down) / (up + down + not measured).

Error budget = (1 - objective) x (the period - agreed maintenance). Burn rate = (1 - availability) / (1 - objective), in
a window that ends now. A pair of windows fires when both burn by its factor and at least {LEAST.total_seconds():g} s of
the long one were down.

An outage over the end of a period counts in each by its own part. Periods begin at midnight of the time zone that is
named; all times are in UTC.

A degraded platform counts as up. A status page is what its operator says; it decides nothing here.
""".strip().split("\n\n")
)
