"""An exercise's own probes, of every type and with everything that one may need: nothing of them gets anywhere."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from glasswatch.settings.registry import model_of
from monitor.exercises.stand_ins import BorrowedSight, context_of, probe_of
from monitor.model.exercise import Sees
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.model.verdict import Role
from monitor.probes.context import Unlimited
from monitor.registries import PROBES
from monitor.settings.probe import ProbeSettings
from platforms.transport.reach import Network
from tests.servers.raw import RawServer, Talk, serving
from tests.support.journey_settings import STEPS, journey_settings
from tests.support.tls import Certificate

UNSET = {"env": "GLASSWATCH_TEST_NEVER_SET"}
Make = Callable[[RawServer, Certificate], ProbeSettings]


def _of(kind: str, **settings: Any) -> ProbeSettings:
    model = model_of(PROBES[kind].settings)
    made = model.model_validate({"type": kind, "function": "connect", "timeout": "250ms", **settings})
    assert isinstance(made, ProbeSettings)
    return made


def _shown(certificate: Certificate) -> dict[str, Any]:
    """Return a client certificate whose key is nowhere."""
    return {"certificate": str(certificate.cert_file), "key": UNSET}


def _oauth2(server: RawServer) -> dict[str, Any]:
    return {"oauth2": {"token_url": server.url("/token"), "client_id": "probe", "client_secret": UNSET}}


def _token(server: RawServer, _: Certificate) -> ProbeSettings:
    return _of("http", url=server.url(), auth=_oauth2(server), interval="15s")


def _proxy(server: RawServer, _: Certificate) -> ProbeSettings:
    return _of("http", url="https://platform.invalid/", proxy={"url": server.url(""), "user": "u", "password": UNSET})


def _https(server: RawServer, certificate: Certificate) -> ProbeSettings:
    return _of("http", url=f"https://127.0.0.1:{server.port}/", headers={"X-Key": UNSET}, tls=_shown(certificate))


def _http2(server: RawServer, _: Certificate) -> ProbeSettings:
    return _of("http", url=f"https://127.0.0.1:{server.port}/", http_version="2")


def _tcp(server: RawServer, certificate: Certificate) -> ProbeSettings:
    step = {"send": "${password}", "expect": "a", "refused": "b"}
    place = {"host": "127.0.0.1", "port": server.port}
    return _of("tcp", **place, steps=[step], secrets={"password": UNSET}, tls=_shown(certificate))


def _tls(server: RawServer, certificate: Certificate) -> ProbeSettings:
    return _of("tls", host="127.0.0.1", port=server.port, tls=_shown(certificate))


def _dns(server: RawServer, _: Certificate) -> ProbeSettings:
    return _of("dns", name="portal.example", resolver=f"127.0.0.1:{server.port}", transport="tcp")


def _own_dns(_: RawServer, __: Certificate) -> ProbeSettings:
    return _of("dns", name="portal.example")


def _grpc(server: RawServer, certificate: Certificate) -> ProbeSettings:
    place = {"host": "127.0.0.1", "port": server.port}
    return _of("grpc_health", **place, metadata={"x-key": UNSET}, tls=_shown(certificate))


def _journey(server: RawServer, _: Certificate) -> ProbeSettings:
    times = {"timeout": "250ms", "clean_up": "1s"}
    steps = STEPS.replace("within: 2s", "within: 200ms")
    return journey_settings(server.url(""), steps=steps, secrets={"password": UNSET}, **times)


MADE: dict[str, tuple[Make, ...]] = {
    "http": (_token, _proxy, _https, _http2),
    "tcp": (_tcp,),
    "tls": (_tls,),
    "dns": (_dns, _own_dns),
    "grpc_health": (_grpc,),
    "journey": (_journey,),
}
EACH = [(make, sees) for makes in MADE.values() for make in makes for sees in Sees]


async def _nobody_comes(_: Talk) -> None:
    raise AssertionError("somebody came")


async def _seen(make: Make, sees: Sees, network: Network, certificate: Certificate) -> Outcome:
    async with serving(_nobody_comes) as server:
        context = context_of(network, sees, Unlimited())
        probe = probe_of(make(server, certificate), context)
        outcome = await probe.attempt(Attempt.SCHEDULED)
        while outcome.detail.startswith("this machine was busy"):
            outcome = await probe.attempt(Attempt.SCHEDULED)
        assert server.connections == 0
    return outcome


def test_every_type_that_reaches_out_is_tried_here() -> None:
    """A new one has to be."""
    assert MADE.keys() == {kind for kind, each in PROBES.items() if _role(each.settings) is not Role.SECOND_HAND}


def _role(settings: str) -> Role:
    model = model_of(settings)
    assert issubclass(model, ProbeSettings)
    return model.role


@pytest.mark.parametrize(("make", "sees"), EACH, ids=lambda each: each.__name__ if callable(each) else str(each))
async def test_it_is_bad_as_by_a_platform_that_is_away_and_nobody_was_asked(
    make: Make, sees: Sees, network: Network, certificate: Certificate
) -> None:
    """With or without a witness for names; no secret is there to be read, and none is needed."""
    wanted = Reason.TIMEOUT if sees is Sees.HANG else Reason.CONNECT_REFUSED
    for has_witness in (False, True):
        outcome = await _seen(make, sees, replace(network, has_witness=has_witness), certificate)
        assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, wanted), outcome.detail


async def test_the_sight_is_lent_without_a_say() -> None:
    """What the exercise sees makes nobody blind."""

    class Seeing:
        is_blind = False

        def ask(self, *, afresh: bool = False) -> asyncio.Task[bool]:
            return asyncio.create_task(self._answer(afresh))

        async def _answer(self, answer: bool) -> bool:  # noqa: FBT001 - what was asked
            return answer

        def lost(self) -> None:
            raise AssertionError("blind")

    sight = BorrowedSight(Seeing())
    sight.lost()
    assert await sight.ask(afresh=True)
    assert not await sight.ask()
    assert not sight.is_blind
