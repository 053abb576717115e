"""Our own DNS servers fail: nothing a probe finds of a name may be believed then, whatever is in a cache."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import pytest

from monitor.controls import make
from monitor.model.outcome import Attempt, Outcome
from monitor.probes.context import ProbeContext
from monitor.probes.secrets import KeptSecrets
from monitor.settings.controls import ControlSettings, tell_of_names
from platforms.transport.reach import Network
from platforms.transport.resolver import AresResolver
from tests.servers.dns import DnsServer
from tests.servers.dns import answering as dns_answering
from tests.servers.http import answer, answering
from tests.servers.raw import serving
from tests.support.sockets import probe
from tests.support.tls import Authority

CONTROL = "www.control.test"


@dataclass
class Scene:
    """A control and a DNS server that knows it; the control's address was looked up before."""

    dns: DnsServer
    network: Network
    control: ControlSettings

    async def answers(self) -> bool:
        """Ask the control."""
        return await make([self.control], self.network).ask()


@pytest.fixture
async def scene(network: Network, authority: Authority) -> AsyncIterator[Scene]:
    """All is well."""
    server = DnsServer({CONTROL: ["127.0.0.1"]})
    async with (
        dns_answering(server),
        serving(answering(answer(200)), authority.issue(CONTROL).context()) as https,
    ):
        resolver = AresResolver([server.place])
        control = ControlSettings.model_validate(
            {
                "url": f"https://{CONTROL}:{https.port}/",
                "tls": {"ca_file": str(authority.ca_file)},
                "timeout": "10s",
            }
        )
        made = Scene(server, replace(network, resolver=resolver, has_witness=True), control)
        assert await made.answers()
        yield made
        await resolver.aclose()


@pytest.mark.parametrize("failure", ["is_mute", "is_failing"])
async def test_a_control_in_the_cache_proves_nothing(scene: Scene, failure: str) -> None:
    """Its address is known still, and it would answer; but no name resolves here."""
    setattr(scene.dns, failure, True)
    scene.control = scene.control.model_copy(update={"timeout": scene.control.timeout / 10})
    assert (await scene.network.resolver.resolve(CONTROL, 443)).host == "127.0.0.1"  # from the cache
    assert not await scene.answers()


async def test_a_control_proves_names_by_one_that_nobody_asked_for(scene: Scene) -> None:
    """Each time another, below its own; that it does not exist is an answer."""
    assert await scene.answers()
    below = [name for name, _ in scene.dns.asked if name.endswith(f".{CONTROL}")]
    assert len(below) == len(set(below)) == 2


async def test_a_control_where_no_dns_server_listens(scene: Scene) -> None:
    """It is no answer either."""
    resolver = AresResolver(["127.0.0.1:1"])
    scene.network = replace(scene.network, resolver=resolver)
    try:
        assert not await scene.answers()
    finally:
        await resolver.aclose()


async def _attempt(scene: Scene, *, has_witness: bool, within: str = "10s") -> Outcome:
    network = replace(scene.network, has_witness=has_witness)
    settings = {"host": "portal.vendor.test", "port": 80, "timeout": within}
    return await probe(ProbeContext(network, KeptSecrets(network.clock)), "tcp", **settings).attempt(Attempt.SCHEDULED)


@pytest.mark.parametrize(
    ("has_witness", "told"),
    [
        (True, ("bad", "resolve_failed", "the DNS servers could not answer for this name")),
        (
            False,
            (
                "not_measured",
                "own_fault",
                "the DNS servers could not answer for this name, and no control can tell whose fault that is",
            ),
        ),
    ],
)
async def test_a_look_up_that_failed_is_the_names_only_where_a_control_can_tell(
    scene: Scene, *, has_witness: bool, told: tuple[str, str, str]
) -> None:
    """Else it may be our own DNS server that fails."""
    scene.dns.is_failing = True
    outcome = await _attempt(scene, has_witness=has_witness)
    assert (outcome.kind, outcome.reason, outcome.detail) == told


@pytest.mark.parametrize(("has_witness", "kind"), [(True, "bad"), (False, "not_measured")])
async def test_a_deadline_that_passes_meanwhile(scene: Scene, *, has_witness: bool, kind: str) -> None:
    """It is worth no more."""
    scene.dns.is_mute = True
    outcome = await _attempt(scene, has_witness=has_witness, within="500ms")
    assert outcome.kind == kind


async def test_that_a_name_does_not_exist_is_believed(scene: Scene) -> None:
    """That is an answer, whoever is asked."""
    outcome = await _attempt(scene, has_witness=False)
    assert (outcome.kind, outcome.reason) == ("bad", "resolve_failed")


@pytest.mark.parametrize(
    ("urls", "tell"),
    [
        ((), False),
        (("https://www.example.org/", "https://www.example.net/"), True),
        (("https://www.example.org/", "https://192.0.2.7/"), False),
        (("https://[2001:db8::7]/", "https://www.example.net/"), False),
        (("https://localhost/", "https://www.example.net/"), False),
        (("https://a.localhost./", "https://www.example.net/"), False),
    ],
)
def test_who_can_tell_of_names(urls: Sequence[str], *, tell: bool) -> None:
    """Controls whose names DNS is asked for: one that has none might be the one that answers."""
    assert tell_of_names([ControlSettings.model_validate(url) for url in urls]) is tell
