"""`proxy`: the way through it, and that what it does wrong is never the platform's."""

from base64 import b64encode
from typing import Any

import pytest

from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from tests.servers.http import OK, answer, answering, closing, silent, then_hanging
from tests.servers.proxy import Proxy
from tests.servers.raw import Script, Talk, serving
from tests.servers.tokens import TokenEndpoint
from tests.support.probing import attempt, patiently
from tests.support.tls import Authority, Certificate


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXY_SECRET", "s3cr3t")
    monkeypatch.setenv("PROBE_SECRET", "pr0be")


async def _through(context: ProbeContext, proxy: Script, url: str, **settings: Any) -> Outcome:
    async with serving(proxy) as server:
        return await patiently(context, url, **{"proxy": server.url(""), **settings})


async def test_https_goes_through_a_tunnel(
    context: ProbeContext, authority: Authority, certificate: Certificate
) -> None:
    """TLS is verified end to end, the proxy sees nothing but where to, and the phases are those of any attempt."""
    proxy, heads = Proxy(), list[bytes]()
    async with serving(answering(OK, keeps=heads), certificate.context()) as server:
        outcome = await _through(
            context,
            proxy.script,
            server.url("/health", "localhost"),
            tls={"ca_file": str(authority.ca_file)},
            auth={"bearer": {"env": "PROBE_SECRET"}},
        )
    assert outcome.is_good, outcome.detail
    place = f"localhost:{server.port}".encode()
    assert proxy.heads == [b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (place, place)]
    assert heads[0].startswith(b"GET /health HTTP/1.1\r\n")
    assert b"Bearer pr0be" in heads[0]
    assert set(outcome.phases) == {"connect", "tls", "processing", "transfer"}


async def test_http_goes_in_the_absolute_form(context: ProbeContext) -> None:
    """The proxy is told the whole address."""
    proxy, heads = Proxy(), list[bytes]()
    async with serving(answering(OK, keeps=heads)) as server:
        outcome = await _through(context, proxy.script, server.url("/health?a=1"))
    assert outcome.is_good, outcome.detail
    assert proxy.heads[0].startswith(b"GET " + server.url("/health?a=1").encode() + b" HTTP/1.1\r\n")
    assert heads[0].startswith(b"GET /health")


@pytest.mark.parametrize("is_tls", [False, True])
async def test_the_proxy_is_told_who_we_are(
    context: ProbeContext, authority: Authority, certificate: Certificate, *, is_tls: bool
) -> None:
    """And in a tunnel nobody else is."""
    proxy, heads = Proxy(), list[bytes]()
    async with serving(proxy.script) as through:
        tls = {"tls": {"ca_file": str(authority.ca_file)}} if is_tls else {}
        settings = {"url": through.url(""), "user": "probe", "password": {"env": "PROXY_SECRET"}}
        async with serving(answering(OK, keeps=heads), certificate.context() if is_tls else None) as server:
            outcome = await attempt(context, server.url(), proxy=settings, **tls)
    assert outcome.is_good, outcome.detail
    line = b"Proxy-Authorization: Basic " + b64encode(b"probe:s3cr3t") + b"\r\n"
    assert line in proxy.heads[0]
    assert (line in heads[0]) is not is_tls
    assert "s3cr3t" not in repr(outcome)


@pytest.mark.parametrize(
    ("status", "words"),
    [(407, "does not accept our credentials"), (403, "refused the connection"), (502, "for its own sake or the")],
)
async def test_a_proxy_that_refuses_is_our_own_fault(context: ProbeContext, status: int, words: str) -> None:
    """Whatever it answers to CONNECT."""
    outcome = await _through(context, Proxy(says=answer(status, b"leaked")).script, "https://portal.example/")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)
    assert words in outcome.detail
    assert outcome.detail.endswith(f"status {status}")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "script", [closing, answering(b"SSH-2.0-x\r\n"), answering(b"HTTP/1.1 2"), answering(b"a" * 200_000)]
)
async def test_a_proxy_that_talks_nonsense_is_our_own_fault(context: ProbeContext, scheme: str, script: Script) -> None:
    """Nothing of it is the platform's."""
    outcome = await _through(context, script, f"{scheme}://portal.example/")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)
    assert outcome.detail.startswith("through the proxy: ")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_is_not_there_is_our_own_fault(context: ProbeContext, scheme: str) -> None:
    """The server was never asked."""
    async with serving(silent) as gone:
        url = gone.url("")
    outcome = await attempt(context, f"{scheme}://portal.example/", proxy=url)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)
    assert outcome.detail == "through the proxy: the connection was refused"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_is_silent_is_our_own_fault(context: ProbeContext, scheme: str) -> None:
    """A deadline that passes while it is waited for is no timeout of the platform."""
    outcome = await _through(context, silent, f"{scheme}://portal.example/", timeout="500ms")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)
    assert outcome.detail == "no answer within 0.5 s, waiting for the proxy"


@pytest.mark.parametrize("then", ["silent", "closed"])
async def test_before_tls_stands_nobody_can_tell(context: ProbeContext, then: str) -> None:
    """A tunnel in which nothing comes, or that ends, may be the proxy's doing."""

    async def ending(talk: Talk) -> None:
        await talk.reader.read(100)

    proxy = Proxy(then=silent if then == "silent" else ending)
    outcome = await _through(context, proxy.script, "https://portal.example/", timeout="300ms")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (silent, Reason.TIMEOUT),
        (then_hanging(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), Reason.TIMEOUT),
        (closing, Reason.CONNECTION_LOST),
        (answering(answer(502)), Reason.STATUS),
        (answering(b"nonsense\r\n\r\n"), Reason.PROTOCOL),
    ],
)
async def test_after_tls_it_is_the_servers(
    context: ProbeContext, authority: Authority, certificate: Certificate, script: Script, reason: Reason
) -> None:
    """The server has proved who it is, so the proxy works."""
    async with serving(script, certificate.context()) as server:
        tls = {"ca_file": str(authority.ca_file)}
        outcome = await _through(
            context, Proxy().script, server.url(), tls=tls, timeout="1s" if reason is Reason.TIMEOUT else "10s"
        )
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, reason)


async def test_a_wrong_certificate_behind_it_is_bad(
    context: ProbeContext, authority: Authority, stranger: Authority
) -> None:
    """No proxy makes us trust another authority."""
    async with serving(answering(OK), stranger.issue().context()) as server:
        tls = {"ca_file": str(authority.ca_file)}
        outcome = await _through(context, Proxy().script, server.url(), tls=tls)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, Reason.TLS_FAILED)


@pytest.mark.parametrize("status", [403, 407, 500, 502, 503, 504])
async def test_in_clear_some_statuses_may_be_its_own(context: ProbeContext, status: int) -> None:
    """Unless they are expected; every other status counts."""
    async with serving(answering(answer(status))) as server:
        outcome = await _through(context, Proxy().script, server.url())
        expected = await _through(context, Proxy().script, server.url(), expect={"status": [status]})
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)
    assert expected.is_good
    async with serving(answering(answer(404))) as server:
        assert (await _through(context, Proxy().script, server.url())).reason is Reason.STATUS


async def test_a_token_goes_the_same_way(context: ProbeContext) -> None:
    """Where one needs a proxy, the other does."""
    proxy, endpoint = Proxy(), TokenEndpoint()

    async with serving(endpoint.script) as issuer, serving(answering(OK)) as server:
        oauth2 = {"token_url": issuer.url(), "client_id": "probe", "client_secret": {"env": "PROBE_SECRET"}}
        outcome = await _through(context, proxy.script, server.url(), auth={"oauth2": oauth2})
    assert outcome.is_good, outcome.detail
    assert [head.split(b" ")[0] for head in proxy.heads] == [b"POST", b"GET"]


async def test_the_environment_is_not_asked(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that nobody configured here is not used."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving(answering(OK)) as server:
        assert (await attempt(context, server.url())).is_good


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd20:ce::254]", "2852039166", "169.254.169.254."])
async def test_nobody_is_led_to_metadata_through_it(context: ProbeContext, host: str) -> None:
    """An address in numbers is refused before the proxy is asked for it."""
    heads: list[bytes] = []
    away = answer(302, headers=[("Location", f"http://{host}/latest/meta-data/")])
    script = answering(away, keeps=heads)
    outcome = await _through(context, script, "http://portal.example.com/", follow_redirects="2")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, Reason.REDIRECT)
    assert outcome.detail == "a redirect leads to an address of this machine's own"
    assert len(heads) == 1
