"""The action `aws`: makes one call in a process apart, in a role's session where one is given, and judges the answer.

The run's id is the session's name and stands in the user agent: CloudTrail has both. Nothing of our own environment's
AWS settings is used, unless the step says so. What a session is opened with ends by itself: nothing of ours keeps it.
"""

import json
import os
from collections.abc import Mapping
from typing import Any, Final

from drills import apart, credentials
from drills.actions import document
from drills.actions.undoing import NOTHING_TO_TAKE_BACK, unknown
from drills.model.found import Attempt, Found, Output
from drills.model.step import Status
from drills.ports import Tools
from drills.rules import call, fill
from drills.settings.actions.aws import AwsStep
from glasswatch.errors import NotMeasured

_NOTHING_OF_OURS: Final[Mapping[str, str]] = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def make(step: AwsStep, tools: Tools) -> "AwsAction":
    """Return the action. Nobody is asked, no secret is read, boto3 is not loaded."""
    return AwsAction(step, tools)


class AwsAction:
    """A `drills.ports.Action`. `ask` asks in a process apart, and stands in for that in tests."""

    def __init__(self, step: AwsStep, tools: Tools, ask: apart.Ask = apart.ask) -> None:
        self._step = step
        self._tools = tools
        self._ask = ask

    async def act(self, attempt: Attempt) -> Found:
        """Make the call once."""
        what = self._step.what
        seconds = min(attempt.seconds, what.timeout.total_seconds())
        question = await self._question(attempt, seconds)
        try:
            answer = await self._ask("aws", question, _environment(is_ambient=what.ambient), seconds)
        except TimeoutError:
            raise NotMeasured(f"{what.service} did not answer within {seconds:g} s") from None
        expected = document.expected(self._step.expect.json_values, attempt.values)
        status, detail = call.judge(answer, expected, self._step.expect.refusal, is_refused=self._step.refused)
        outputs = (Output("answer.json", json.dumps(call.kept(answer), ensure_ascii=False).encode()),)
        if status is not Status.PASSED or self._step.refused:
            return Found(status, detail, outputs=outputs)
        return document.captured(answer["answer"], self._step.capture, detail, outputs)

    async def undo(self, attempt: Attempt) -> Found:
        """Say that nothing is taken back: how that is done, the scenario's own steps say."""
        del attempt
        return NOTHING_TO_TAKE_BACK if self._step.only_reads else unknown("what the call changed")

    async def _question(self, attempt: Attempt, seconds: float) -> dict[str, Any]:
        what, values, secret = self._step.what, attempt.values, self._tools.secret
        key, role = what.credentials, what.role
        return {
            "region": what.region,
            "endpoint_url": what.endpoint_url,
            "ca_file": str(what.ca_file) if what.ca_file else None,
            "credentials": {
                "access_key_id": await credentials.given(secret, key.access_key_id, values),
                "secret_access_key": await credentials.given(secret, key.secret_access_key, values),
                "session_token": await credentials.given(secret, key.session_token, values),
            }
            if key
            else None,
            "role": {
                "arn": role.arn,
                "external_id": await credentials.given(secret, role.external_id, values),
                "seconds": int(role.duration.total_seconds()),
            }
            if role
            else None,
            "run": attempt.run.id,
            "service": what.service,
            "operation": what.operation,
            "parameters": fill.json_body(what.parameters, values),
            "seconds": seconds,
        }


def _environment(*, is_ambient: bool) -> Mapping[str, str]:
    if not is_ambient:
        return _NOTHING_OF_OURS
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
