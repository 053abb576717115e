"""The action `fault`: has the demo's simulated platform misbehave, and takes that away again."""

import json
from collections.abc import Mapping

from drills import credentials
from drills.actions.asked import document
from drills.asking import JSON, Asker, Question, agent_of, place_of
from drills.model.found import Attempt, Found
from drills.model.step import Status
from drills.ports import Tools
from drills.settings.actions.fault import FaultStep
from glasswatch.errors import NotMeasured


def make(step: FaultStep, tools: Tools) -> "FaultAction":
    """Return the action. Nothing is sent, no secret is read."""
    return FaultAction(step, tools)


class FaultAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: FaultStep, tools: Tools) -> None:
        self._what = step.what
        self._tools = tools
        self._asker = Asker(tools.clock)

    async def act(self, attempt: Attempt) -> Found:
        """Set the fault."""
        target = self._what.target
        faults = await self._asked("PUT", attempt, json.dumps(dict(self._what.fault)).encode())
        if target not in faults:
            return Found(Status.FAILED, f"the simulated platform shows no fault on {target}, expected one")
        return Found(Status.PASSED, f"the simulated platform shows {self._what.fault.get('kind')} on {target}")

    async def undo(self, attempt: Attempt) -> Found:
        """Take it away."""
        faults = await self._asked("DELETE", attempt)
        if self._what.target in faults:
            return Found(Status.FAILED, f"the simulated platform still shows a fault on {self._what.target}")
        return Found(Status.PASSED, f"the simulated platform shows no fault on {self._what.target}")

    async def _asked(self, method: str, attempt: Attempt, content: bytes | None = None) -> Mapping[str, object]:
        token = await credentials.read_for_header(self._tools.secret, self._what.token)
        headers = {credentials.AUTHORIZATION: f"Bearer {token}", "User-Agent": agent_of(attempt.run.id)}
        if content is not None:
            headers["Content-Type"] = JSON
        url = f"{self._what.url.rstrip('/')}/admin/faults/{self._what.target}"
        heard = await self._asker.heard(Question(method, url, headers, content), attempt.seconds)
        faults = document(heard, place_of(url))
        if not isinstance(faults, dict):
            raise NotMeasured(f"{place_of(url)} did not answer as a simulated platform does")
        return faults
