"""The action `http`: sends a request in which an audit can find the run, and judges the answer (`drills.rules.answer`).

What can't be reached, answers too late or breaks off is not measured: it has neither let anybody in nor refused. Only a
server that ends TLS because of our client certificate has refused, in its own way.
"""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from drills import credentials
from drills.actions import document
from drills.actions.undoing import NOTHING_TO_TAKE_BACK, unknown
from drills.asking import JSON, Asker, Heard, Manner, Question, ours, place_of
from drills.model.found import Attempt, Found, Output, Value
from drills.model.step import Status
from drills.ports import Tools
from drills.rules import answer, fill
from drills.settings.actions.http import SAFE, HttpStep
from glasswatch import strict_json
from glasswatch.errors import NotMeasured
from glasswatch.patterns import compiled
from glasswatch.secrets import SecretReference
from glasswatch.settings.json_path import parse
from platforms.errors import CertificateAsked, TransportFault

LARGEST_KEPT: Final = 64 * 1024


def make(step: HttpStep, tools: Tools) -> "HttpAction":
    """Return the action. Nothing is sent, no secret is read."""
    return HttpAction(step, tools)


class HttpAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: HttpStep, tools: Tools) -> None:
        self._step = step
        self._tools = tools
        self._asker = Asker(tools.clock)

    async def act(self, attempt: Attempt) -> Found:
        """Send the request once."""
        what, step = self._step.what, self._step
        seconds = min(attempt.seconds, what.timeout.total_seconds())
        expected = _expected(step, attempt.values)
        question, manner = await self._question(attempt), await self._manner()
        place = place_of(what.url)
        try:
            heard = await self._asker.ask(question, seconds, manner)
        except TransportFault as fault:
            if _says_no(fault):
                return Found(Status.PASSED if step.refused else Status.FAILED, f"{place}: {fault}")
            raise NotMeasured(f"{place}: {fault}") from None
        except TimeoutError:
            raise NotMeasured(f"{place} did not answer within {seconds:g} s") from None
        status, detail = (answer.refusal if step.refused else answer.access)(expected, heard)
        outputs = (Output("answer.http", _kept(heard)),)
        if status is not Status.PASSED or step.refused:
            return Found(status, f"{place}: {detail}", outputs=outputs)
        return self._captured(heard, f"{place}: {detail}", outputs)

    async def undo(self, attempt: Attempt) -> Found:
        """Say that nothing is taken back: how that is done, the scenario's own steps say."""
        del attempt
        return NOTHING_TO_TAKE_BACK if self._step.what.method in SAFE else unknown("the request")

    async def _question(self, attempt: Attempt) -> Question:
        what, values = self._step.what, attempt.values
        headers = {**ours(attempt.run), **await credentials.authorization(self._tools.secret, what.auth)}
        for name, value in what.headers.items():
            headers[name] = (
                await credentials.read_for_header(self._tools.secret, value)
                if isinstance(value, SecretReference)
                else fill.header(value, values)
            )
        content = None
        if "json_body" in what.model_fields_set:
            content = json.dumps(fill.json_body(what.json_body, values), ensure_ascii=False).encode()
            headers = _with(headers, "Content-Type", JSON)
        elif what.form is not None:
            content = urlencode({name: fill.put(text, values) for name, text in what.form.items()}).encode()
            headers = _with(headers, "Content-Type", "application/x-www-form-urlencoded")
        return Question(what.method, fill.url(what.url, values), headers, content)

    async def _manner(self) -> Manner:
        tls = self._step.what.tls
        identity = await credentials.identity(self._tools.secret, tls)
        return Manner(await credentials.trust(tls.ca_file, tls.min_version), identity, tls.server_name)

    def _captured(self, heard: Heard, detail: str, outputs: tuple[Output, ...]) -> Found:
        found: dict[str, Value] = {}
        for name, place in self._step.capture.items():
            if place.json_place is not None:
                text = _in_json(heard, place.json_place)
                where = f"json {place.json_place}"
            else:
                text = next((value for key, value in heard.headers if key == (place.header or "").lower()), None)
                where = f"header {place.header}"
            if text is None:
                return Found(Status.FAILED, f"{detail}, but {where} holds no value to capture", outputs=outputs)
            found[name] = Value(text, place.secret)
        return Found(Status.PASSED, detail, found, outputs)


def _expected(step: HttpStep, values: Mapping[str, Value]) -> answer.Expected:
    expect = step.expect
    is_usual_refusal = step.refused and "status" not in expect.model_fields_set
    return answer.Expected(
        status=answer.REFUSALS if is_usual_refusal else expect.status,
        headers={name.lower(): compiled(pattern) for name, pattern in expect.headers.items()},
        body_matches=compiled(expect.body_matches) if expect.body_matches is not None else None,
        body_not_matches=compiled(expect.body_not_matches) if expect.body_not_matches is not None else None,
        json=document.expected(expect.json_values, values),
    )


def _says_no(fault: TransportFault) -> bool:
    """Whether the server said that it won't have our certificate; that it merely broke off says nothing."""
    return isinstance(fault, CertificateAsked) or isinstance(fault.__cause__, CertificateAsked)


def _in_json(heard: Heard, place: str) -> str | None:
    try:
        return answer.scalar(strict_json.find(heard.json(), parse(place)))
    except ValueError:
        return None


def _kept(heard: Heard) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in heard.headers)
    return f"HTTP {heard.status}\r\n{head}\r\n".encode("utf-8", "replace") + heard.body[:LARGEST_KEPT]


def _with(headers: Mapping[str, str], name: str, value: str) -> dict[str, str]:
    is_given = any(given.lower() == name.lower() for given in headers)
    return dict(headers) if is_given else {**headers, name: value}
