"""Saying over HTTP that residue is gone: who may, and what is answered."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.errors import StoreUnavailable
from monitor.model.residue import Gone
from monitor.web.face import WebFace
from monitor.wire.residue import GoneAnswer
from tests.support.desk import bearer, token
from tests.support.face import World, asking
from tests.support.watching import PLATFORM

PATH = f"/api/v1/probes/{PLATFORM}/access/residue"
BODY = {"run": "run-1", "because": "withdrawn by hand"}
ANNA = bearer("anna-token")
TOKENS = (
    token("anna-token", "maintenance", person="anna"),
    token("machine-token", "maintenance", person=None),
    token("reader-token", "read", person="ben"),
    token("elsewhere-token", "maintenance", person="carl", platforms=("ledger",)),
)


class Said:
    """Keeps what was said to be gone."""

    def __init__(self, steps: Sequence[str] = ("request",), fault: Exception | None = None) -> None:
        self.said: list[Gone] = []
        self._steps = steps
        self._fault = fault

    async def gone(self, gone: Gone) -> Sequence[str]:
        """Keep it."""
        self.said.append(gone)
        if self._fault is not None:
            raise self._fault
        return self._steps

    def face(self) -> WebFace:
        """Return a face whose word this takes."""
        world = World()
        object.__setattr__(world.site, "tokens", TOKENS)
        return WebFace(world.site, replace(world.sources(), gone=self.gone), world.static_file)


async def test_a_person_says_that_it_is_gone() -> None:
    """With who, and why; the answer names the steps. One that no journey closes any more is named as well."""
    said = Said()
    async with asking(said.face()) as client:
        answer = await client.post(PATH, headers=ANNA, json=BODY)
        step = await client.post(PATH.replace("access", "renamed"), headers=ANNA, json={**BODY, "step": "request"})
    assert (answer.status_code, step.status_code) == (200, 200)
    assert GoneAnswer.model_validate_json(answer.content).steps == ("request",)
    assert said.said == [
        Gone(PLATFORM, "access", "run-1", None, "anna", "anna-token", "withdrawn by hand"),
        Gone(PLATFORM, "renamed", "run-1", "request", "anna", "anna-token", "withdrawn by hand"),
    ]


@pytest.mark.parametrize(
    ("who", "status"),
    [("", 401), ("machine-token", 403), ("reader-token", 403), ("elsewhere-token", 403)],
)
async def test_nobody_else_does(who: str, status: int) -> None:
    """No machine, nobody without the scope, and nobody whose token is for other platforms."""
    said = Said()
    async with asking(said.face()) as client:
        answer = await client.post(PATH, headers=bearer(who) if who else {}, json=BODY)
    assert answer.status_code == status
    assert said.said == []


@pytest.mark.parametrize(
    ("said", "code"),
    [(Said(()), "no_such"), (Said(fault=StoreUnavailable("slow")), "store_unavailable")],
    ids=["nothing on record", "no store"],
)
async def test_what_could_not_be_forgotten_is_said(said: Said, code: str) -> None:
    """Nothing is on record, or nothing can be written."""
    async with asking(said.face()) as client:
        answer = await client.post(PATH, headers=ANNA, json=BODY)
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("body", [{}, {"run": "run-1"}, {"run": "../x", "because": "y"}, {**BODY, "step": "A b"}])
async def test_a_body_that_says_too_little_is_refused(body: dict[str, str]) -> None:
    """No reason, no word."""
    said = Said()
    async with asking(said.face()) as client:
        answer = await client.post(PATH, headers=ANNA, json=body)
    assert answer.json()["error"]["code"] == "bad_body"
    assert said.said == []
