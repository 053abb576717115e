"""The action `kubernetes`: asks a cluster's API server whether we may, or for one document, through kubectl.

Only the API server's own word is a refusal (`drills.rules.cluster`). Nothing is changed.
"""

from drills import credentials, kubectl, tethered
from drills.actions import document, printed
from drills.actions.undoing import NOTHING_TO_TAKE_BACK
from drills.model.found import Attempt, Found, Output
from drills.model.step import Status
from drills.ports import Tools
from drills.rules import answer, cluster, fill
from drills.settings.actions.kubernetes import KubernetesStep
from glasswatch import strict_json
from glasswatch.errors import NotMeasured


def make(step: KubernetesStep, tools: Tools) -> "KubernetesAction":
    """Return the action. Nobody is asked, no secret is read."""
    return KubernetesAction(step, tools)


class KubernetesAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: KubernetesStep, tools: Tools) -> None:
        self._step = step
        self._tools = tools

    async def act(self, attempt: Attempt) -> Found:
        """Ask once."""
        what = self._step.what
        seconds = min(attempt.seconds, what.timeout.total_seconds())
        given = await self._cluster(attempt)
        path, body = self._request(attempt)
        try:
            ended = await kubectl.asked(given, path, body, attempt.run.id, seconds)
        except TimeoutError:
            raise NotMeasured(f"kubectl did not end within {seconds:g} s, and was killed") from None
        return self._judged(ended, attempt)

    async def undo(self, attempt: Attempt) -> Found:
        """Nothing."""
        del attempt
        return NOTHING_TO_TAKE_BACK

    async def _cluster(self, attempt: Attempt) -> kubectl.Cluster:
        what = self._step.what
        found = str(what.program) if what.program else tethered.found("kubectl")
        if what.server is None:
            return kubectl.Cluster(found, what.kubeconfig, what.context)
        token = await credentials.given(self._tools.secret, what.token, attempt.values)
        return kubectl.Cluster(found, own=kubectl.own_settings(what.server, token or "", what.ca_file))

    def _request(self, attempt: Attempt) -> tuple[str, bytes | None]:
        review = self._step.what.review
        if review is None:
            return fill.target(self._step.what.get or "/", attempt.values), None
        return kubectl.REVIEWS, kubectl.review(review.model_dump(exclude_none=True))

    def _judged(self, ended: tethered.Ended, attempt: Attempt) -> Found:
        outputs = printed.outputs_of(ended.stdout, ended.stderr)
        if ended.left or ended.status < 0:
            return Found(Status.NOT_MEASURED, "kubectl was ended, or left something that can't be", outputs=outputs)
        said = cluster.told(ended.status, ended.stderr.decode("utf-8", "replace"))
        if said.reply is cluster.Reply.LET_IN and self._step.what.review is not None:
            said = cluster.reviewed(ended.stdout)
        status, detail = cluster.judge(said, self._step.expect.refusal, is_refused=self._step.refused)
        detail = f"the API server: {detail}"
        if status is not Status.PASSED or self._step.refused or self._step.what.review is not None:
            return Found(status, detail, outputs=outputs)
        return self._document(ended.stdout, detail, outputs, attempt)

    def _document(self, content: bytes, detail: str, outputs: tuple[Output, ...], attempt: Attempt) -> Found:
        step = self._step
        if not step.expect.json_values and not step.capture:
            return Found(Status.PASSED, detail, outputs=outputs)
        try:
            found = strict_json.parse(content)
        except ValueError as error:
            return Found(Status.FAILED, f"{detail}, but the document is not JSON: {error}", outputs=outputs)
        for objection in answer.objections_to(found, document.expected(step.expect.json_values, attempt.values)):
            return Found(Status.FAILED, f"{detail}, but {objection}", outputs=outputs)
        return document.captured(found, step.capture, detail, outputs)
