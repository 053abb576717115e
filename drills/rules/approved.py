"""Whether the approval that a run says it had was one: the second person's own signed word, from the journal.

1. What the journal says of an approval is what whoever ran the drill wrote. What the second person signed stands beside
   it, and is judged by `approval` as it was before the first step: at the time of the first entry, for the scenario,
   the deployment and the operator that stand there.
2. Where it would not have counted, or is of another person, key or time than was said, something is wrong.
3. Where the journal does not hold it, nobody knows the key, or there is no trust file, nobody can tell: it is said, and
   the run is not known to be what it says.
4. A run that says that nobody approved it has nothing to check. What that means for it, the verdict says.
"""

from datetime import datetime
from typing import NamedTuple

from drills.model.event import Opened
from drills.rules.approval import Asked, Unapproved, judge
from glasswatch.flag.errors import Refused, shown
from glasswatch.flag.jws import EVIDENCE_TYP, open_
from glasswatch.flag.trust import Trust


class Checked(NamedTuple):
    """What is wrong with an approval, or why nobody can tell; both empty where it holds, or none was said to be had."""

    problem: str = ""
    untold: str = ""


def checked(opened: Opened, at: datetime, trust: Trust | None) -> Checked:
    """Return what the approval of a run comes to that was opened at this time."""
    said = opened.approval
    if said.person is None:
        return Checked(problem="it holds a signed approval, and names nobody" if said.jws else "")
    who = f"the approval by {shown(said.person)}"
    if not said.jws:
        return Checked(untold=f"not checked: {who}: the journal does not hold what was signed")
    if trust is None:
        return Checked(untold=f"not checked: {who}: there is no trust file to know the signer by (--trust)")
    if _is_a_strangers(said.jws, trust):
        return Checked(untold=f"not checked: {who}: it is by a key that the trust file does not have")
    asked = Asked(opened.scenario, opened.scenario_sha256, opened.deployment, opened.operator)
    found = judge(said.jws.encode(), trust, asked, at)
    if isinstance(found, Unapproved):
        return Checked(problem=f"{who} is not believed: {found.why}")
    is_as_said = (found.person, found.kid, found.at) == (said.person, said.kid, said.at)
    return Checked() if is_as_said else Checked(problem=f"{who} is of another person, key or time than it says")


def _is_a_strangers(jws: str, trust: Trust) -> bool:
    try:
        return trust.key(open_(jws, EVIDENCE_TYP).kid) is None
    except Refused:
        return False
