"""The action `expect_page`: asks the pager, not our own outbox, whether this run's page has come.

What the pager does not say is not measured. When the page came is the pager's word where it gives one that can be
believed: of Alertmanager the time at which it was told last, which is never before the page came.
"""

from drills.actions.undoing import NOTHING_TO_TAKE_BACK
from drills.model.found import Attempt, Found, Output
from drills.pagers import Pagers
from drills.ports import Tools
from drills.rules import fill
from drills.rules.page import Sought, judge
from drills.settings.actions.expect_page import ExpectPageStep
from drills.settings.fitting import RUN
from glasswatch.placeholders import names_in


def make(step: ExpectPageStep, tools: Tools) -> "ExpectPageAction":
    """Return the action. Nothing is asked yet."""
    return ExpectPageAction(step, tools)


class ExpectPageAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: ExpectPageStep, tools: Tools) -> None:
        self._what = step.what
        self._after = step.expect.after
        self._tools = tools
        self._pagers = Pagers(step.what, tools)

    async def act(self, attempt: Attempt) -> Found:
        """Ask once."""
        mentions = [fill.put(text, attempt.values) for text in self._what.mentions]
        shown = f"it mentions {', '.join(self._what.mentions)}" if self._what.mentions else "since the outage began"
        seen, raw = await self._pagers.pages(attempt)
        is_named = any(RUN in names_in(text) for text in self._what.mentions)
        sought = Sought(mentions, attempt.since, shown, is_named, self._after)
        judged = judge(seen, sought, self._tools.clock.now())
        return Found(judged.status, judged.detail, outputs=(Output("pages.json", raw),), at=judged.at)

    async def undo(self, attempt: Attempt) -> Found:
        """Nothing."""
        del attempt
        return NOTHING_TO_TAKE_BACK
